"""A made table of model files, served by a made server, for tests of downloads and imports."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from detectors.models import table as model_table
from detectors.models.files import FOLDER_VARIABLE

ONNX = b"\x08\x07onnx" + bytes(range(256)) * 300
TASK = b"PK task" + bytes(range(255, -1, -1)) * 200


def sha256(content: bytes) -> str:
    """Its SHA-256 in hex digits."""
    return hashlib.sha256(content).hexdigest()


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive of these."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return file.getvalue()


ZIP = archive({"20230831/net/end2end.onnx": ONNX, "20230831/net/detail.json": b"{}"})


def entry(name: str, kind: str, addresses: list[str], **facts: Any) -> dict[str, Any]:
    """A row of the table."""
    return {
        "name": name,
        "what": f"a made {kind} file",
        "kind": kind,
        "file": f"{name}_as_published.{kind}",
        "licence": "Apache-2.0",
        "addresses": addresses,
        **facts,
    }


@contextmanager
def made_table(monkeypatch: pytest.MonkeyPatch, folder: Path, rows: list[dict[str, Any]]) -> Iterator[Path]:
    """The program with this table and this models folder."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    monkeypatch.setattr(model_table, "_table_text", lambda: json.dumps(rows))
    model_table.model_table.cache_clear()
    try:
        yield folder
    finally:
        monkeypatch.undo()
        model_table.model_table.cache_clear()


def names(folder: Path) -> list[str]:
    """What lies in the folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
