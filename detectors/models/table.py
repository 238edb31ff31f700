"""The table of model files, `model_files.json`: what there is, where it is fetched from, how it is recognised.

Facts only, each with a public source; where none was found, the field is absent and the program says so.
OpenMMLab ends the names of its checkpoints in the first eight hex digits of their SHA-256. That is used
(`sha256_start`) where the whole is not known, and only there: some of its files were published again under
their old name (RTMDet-nano `05d8511e` is `0e2da635...`), and an archive's digits are those of the checkpoint
that it was made from, not its own.

RTMDet-nano for persons as ONNX is given out by OpenMMLab in two exports, which differ: alone (`8297e829...`), and as
`rtmdet-nano/end2end.onnx` in `mmpose/v1/projects/rtmpose/rtmpose-cpu.zip`, the example of MMPose's page on RTMPose
(`b8585adb...`; a public program that fetches that archive states the hash). It is not known whether their weights are
the same: the checkpoint that both are named after was published twice.
"""

import json
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from detectors.errors import DetectorError

KINDS = ("onnx", "pth", "task")


@dataclass(frozen=True)
class ModelFile:
    """One file that a detector loads. Sizes in bytes, SHA-256 as 64 lower-case hex digits."""

    name: str
    """What the program calls it."""
    what: str
    kind: str
    """One of `KINDS`; the ending of `file`."""
    file: str
    """Its name in the models folder: the one that its publisher gave it."""
    licence: str
    addresses: tuple[str, ...]
    """The main one, then the mirror. One that ends in .zip holds the file as its only one of that kind."""
    size: int | None = None
    sha256: str | None = None
    other_sha256: tuple[str, ...] = ()
    """Other editions of the same model that its publisher gives out, under the same name or in another archive."""
    sha256_start: str | None = None
    """The first eight digits, where the whole is not known."""
    archive_size: int | None = None
    archive_sha256: str | None = None
    """Of the archive at the first address."""

    def hashes(self) -> tuple[str, ...]:
        """The whole hashes that the file may have."""
        return (self.sha256, *self.other_sha256) if self.sha256 else ()

    def archive_file(self) -> str | None:
        """The name of the archive that holds the file, if one does."""
        names = [address_file(address) for address in self.addresses if is_archive(address)]
        return names[0] if names else None


def address_file(address: str) -> str:
    """The file name that an address ends in."""
    return urlsplit(address).path.rpartition("/")[2]


def is_archive(name: str) -> bool:
    """Whether an address or a path names an archive."""
    return name.lower().endswith(".zip")


@cache
def model_table() -> dict[str, ModelFile]:
    """Every model file by name, in the order of the table."""
    entries = [_entry(row) for row in json.loads(_table_text())]
    return {entry.name: entry for entry in entries}


def model_entry(name: str) -> ModelFile:
    """The entry of that name; raises DetectorError for an unknown one, with those there are."""
    if name not in model_table():
        raise DetectorError(f"'{name}' is no model file; there are: {', '.join(model_table())}.")
    return model_table()[name]


def _table_text() -> str:
    return resources.files("detectors.models").joinpath("model_files.json").read_text(encoding="utf-8")


def _entry(row: dict[str, Any]) -> ModelFile:
    known = {field.name for field in fields(ModelFile)}
    if unknown := set(row) - known:
        raise ValueError(f"model_files.json: {row.get('name')} has unknown fields {sorted(unknown)}")
    lists = {name: tuple(row[name]) for name in ("addresses", "other_sha256") if name in row}
    return ModelFile(**row | lists)
