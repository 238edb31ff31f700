"""The model files of the detectors on this machine: which are here, fetched, taken in and verified.

    path = find("rtmpose-m-halpe26")      # raises DetectorError with what to fetch, from where, and where to

Nothing is ever fetched unless `download` is called, and nothing comes into the folder under its own name
before it is verified. Beside each file lies `<file>.json`, its receipt: the SHA-256 that it came with, how
that was verified, and from where. `find` holds the file against its receipt, each time.
"""

import datetime
import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from detectors.errors import DetectorError
from detectors.models.archive import read_member
from detectors.models.download import DownloadError, discard, fetch, host
from detectors.models.table import ModelFile, address_file, is_archive, model_entry, model_table

FOLDER_VARIABLE = "STCSTUDIO_MODELS"
_MOST_BYTES = 400_000_000
"""The most that is read of a file whose size is not known; the largest of the table has 113 MB."""
_BLOCK = 1 << 20

BY_HASH = "verified by its SHA-256"
BY_DIGITS = "verified by the first eight digits of its SHA-256"
BY_USER = "verified by the SHA-256 that was given with it"
NOT_VERIFIED = "could not be verified: no SHA-256 of it is published"


@dataclass(frozen=True)
class Installed:
    """A model file that is in the folder."""

    name: str
    path: Path
    sha256: str
    verified: str
    """One of `BY_HASH`, `BY_DIGITS`, `BY_USER`, `NOT_VERIFIED`."""
    source: str
    """The address or the file that it came from."""


@dataclass(frozen=True)
class Transfer:
    """Where a download stands."""

    name: str
    address: str
    done: int
    total: int | None
    """Bytes; None where the server does not say."""


class WrongFileError(DetectorError):
    """A file that is not what it should be."""


def where() -> Path:
    """The folder of the model files; it need not be there yet. `STCSTUDIO_MODELS` names another one."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen).expanduser().absolute()
    import platformdirs  # noqa: PLC0415 - `stcstudio --help` does not need it

    return platformdirs.user_data_path("stcformer-studio", appauthor=False) / "models"


def is_present(name: str) -> bool:
    """Whether the named file is in the folder, with the size that it should have; it is not read."""
    entry = model_entry(name)
    try:
        size = (where() / entry.file).stat().st_size
    except OSError:
        return False
    return size == entry.size if entry.size else size > 0


def find(name: str) -> Path:
    """The path of the named file, verified. Raises DetectorError with what to do where it is not here."""
    return verify(name).path


def verify(name: str) -> Installed:
    """Hold the named file against its receipt, or against the table where it was put there by hand.

    Raises DetectorError: it is not here; it was right when it came and is damaged now (it is deleted); it was
    put there by hand and is another file (it is left alone).
    """
    entry = model_entry(name)
    path = where() / entry.file
    if not path.is_file():
        raise DetectorError(f"The model file '{name}' is not here. {_how_to_get(entry)}")
    digest, length = _hash_file(path)
    receipt = _read_receipt(entry, path)
    if receipt is None:
        try:
            verified = _check(entry, digest, length)
        except WrongFileError as error:
            raise WrongFileError(f"'{path}': {error} Remove it. {_how_to_get(entry)}") from error
        found = Installed(name, path, digest, verified, "put there by hand")
        with suppress(OSError):  # a folder for everybody on the machine that only its keeper may write to
            _note(found)
        return found
    if digest != receipt.sha256:
        try:
            _remove(path)
        except OSError as error:
            raise WrongFileError(
                f"The model file '{path}' is damaged and may not be deleted; have it removed. {_how_to_get(entry)}"
            ) from error
        raise WrongFileError(
            f"The model file '{path}' was damaged and has been deleted. {_how_to_get(entry)}"
        )
    return receipt


def receipt_of(name: str) -> Installed | None:
    """What is noted of a file that is here; None for one that is not here or was put there by hand."""
    entry = model_entry(name)
    return _read_receipt(entry, where() / entry.file) if is_present(name) else None


def download(
    name: str,
    progress: Callable[[Transfer], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> Installed:
    """Fetch the named file into the folder: from its main address, else from its mirror, which is said.

    A transfer that was stopped goes on where it was. What arrives is verified before it gets its name; what
    is wrong is deleted. `say` is given a sentence for each address that failed. Raises DetectorError where
    no address serves, and OSError as the file system does; what `progress` raises passes.
    """
    entry = model_entry(name)
    folder = where()
    folder.mkdir(parents=True, exist_ok=True)
    problems: list[str] = []
    for role, address in zip(("main", "mirror"), entry.addresses, strict=False):
        part = folder / f"{address_file(address)}.{role}.part"
        limit = (entry.archive_size if is_archive(address) else entry.size) or _MOST_BYTES

        def report(done: int, total: int | None, address: str = address) -> None:
            if progress:
                progress(Transfer(name, address, done, total))

        try:
            fetch(address, part, limit=limit, progress=report)
            return _take_in(entry, part, address, is_ours=True)
        except DownloadError as error:
            problems.append(str(error))
        except WrongFileError as error:
            problems.append(f"what {host(address)} gave has been deleted ({str(error).rstrip('.')})")
        if say and address != entry.addresses[-1]:
            say(f"{name}: {problems[-1]}; trying the mirror.")
    raise DetectorError(
        f"'{name}' could not be downloaded: {'; '.join(problems)}. Fetch {' or '.join(entry.addresses)} in "
        "another way and run 'stcstudio models import FILE'; started downloads go on when tried again."
    )


def import_file(path: Path, name: str | None = None, sha256: str | None = None) -> Installed:
    """Copy a model file that was fetched in another way into the folder.

    It is recognised by its SHA-256, or by its file name, or is the one that `name` says; an archive as
    published is unpacked. `sha256` (64 hex digits) is what it must have, and stands in where the table knows
    none or only its first digits. Raises DetectorError for a file that is unknown or wrong; OSError.
    """
    if sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise DetectorError(f"'{sha256}' is no SHA-256, which has 64 hex digits.")
    path = Path(path)
    digest = _hash_file(path)[0]
    if sha256 and digest != sha256.lower():
        raise WrongFileError(f"'{path}' has another SHA-256, {digest}, than was given.")
    entry = model_entry(name) if name else _recognise(path, digest)
    if entry is None:
        raise DetectorError(
            f"'{path}' is none of the model files that are known, neither by its SHA-256 ({digest}) nor by its "
            "name; if it is one under another name, say which with --as NAME (see 'stcstudio models list')."
        )
    where().mkdir(parents=True, exist_ok=True)
    return _take_in(entry, path, str(path.absolute()), given=bool(sha256))


def _recognise(path: Path, digest: str) -> ModelFile | None:
    """The entry of a file, by its hash first: names are easily changed."""
    for entry in model_table().values():
        if digest in (*entry.hashes(), entry.archive_sha256):
            return entry
    for entry in model_table().values():
        if path.name in (entry.file, *map(address_file, entry.addresses)):
            return entry
    for entry in model_table().values():
        if entry.sha256_start and digest.startswith(entry.sha256_start):
            return entry
    if not is_archive(path.name):
        return None
    digest = hashlib.sha256(b"".join(read_member(path, ".onnx", _MOST_BYTES))).hexdigest()
    return next((entry for entry in model_table().values() if digest in entry.hashes()), None)


def _take_in(
    entry: ModelFile,
    source: Path,
    origin: str,
    *,
    given: bool = False,
    is_ours: bool = False,
) -> Installed:
    """Verify the file or archive `source` and put it into the folder; one that `is_ours` does not stay.

    `origin` is where it comes from; `given`: its SHA-256 has been held against the user's. Raises
    WrongFileError.
    """
    packed = is_archive(origin)
    limit = entry.size or _MOST_BYTES
    try:
        if packed and is_ours and entry.archive_sha256 not in (None, _hash_file(source)[0]):
            raise WrongFileError("It is another archive than it should be, or it is damaged (wrong SHA-256).")
        blocks = read_member(source, f".{entry.kind}", limit) if packed else _blocks(source)
        with _beside(where() / entry.file) as temporary:
            digest, length = _copy(blocks, temporary, limit)
            verified = BY_USER if given and not entry.hashes() else _check(entry, digest, length)
            receipt = Installed(entry.name, where() / entry.file, digest, verified, origin)
            _place(temporary, receipt)
    except WrongFileError:
        raise
    except DetectorError as error:
        raise WrongFileError(str(error)) from error
    finally:
        if is_ours:
            discard(source)
    return receipt


def _check(entry: ModelFile, digest: str, length: int) -> str:
    """How a file with that SHA-256 and length is verified; raises WrongFileError where it is another one."""
    if entry.hashes():
        if digest in entry.hashes():
            return BY_HASH
        expected = entry.hashes()[0]
    elif entry.sha256_start:
        if digest.startswith(entry.sha256_start):
            return BY_DIGITS
        expected = f"{entry.sha256_start}..."
    elif entry.size and length != entry.size:
        raise WrongFileError(f"It has {length:,} bytes and '{entry.name}' has {entry.size:,}: refused.")
    else:
        return NOT_VERIFIED
    advice = (
        ""
        if entry.hashes()
        else f" Some files were published again under their old name: where you know that this one was, import it "
        f"with --as {entry.name} --sha256 and its whole SHA-256."
    )
    raise WrongFileError(
        f"It is not '{entry.name}', or it is damaged: its SHA-256 is {digest}, not {expected}.{advice}"
    )


def _how_to_get(entry: ModelFile) -> str:
    target = where() / entry.file
    return (
        f"Run 'stcstudio models download {entry.name}'; without a network here, fetch {entry.addresses[0]} (or "
        f"{entry.addresses[-1]}) elsewhere and run 'stcstudio models import FILE', which puts it at '{target}'."
    )


def _read_receipt(entry: ModelFile, path: Path) -> Installed | None:
    try:
        notes = json.loads(_receipt_path(path).read_text(encoding="utf-8"))
        fields = [notes[key] for key in ("sha256", "verified", "source")]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if notes.get("name") != entry.name or not all(isinstance(field, str) for field in fields):
        return None
    return Installed(entry.name, path, *fields)


def _note(installed: Installed) -> Installed:
    """Write the receipt of a file that is in its place."""
    notes = {
        "name": installed.name,
        "sha256": installed.sha256,
        "verified": installed.verified,
        "source": installed.source,
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
    }
    with _beside(_receipt_path(installed.path)) as temporary:
        temporary.write_text(json.dumps(notes, indent=1) + "\n", encoding="utf-8")
        temporary.replace(_receipt_path(installed.path))
    return installed


def _place(temporary: Path, receipt: Installed) -> None:
    """The file takes its name. Without its receipt for a moment, it is one that was put there by hand."""
    _receipt_path(receipt.path).unlink(missing_ok=True)
    temporary.replace(receipt.path)
    _note(receipt)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    _receipt_path(path).unlink(missing_ok=True)


def _receipt_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A name in the target's folder for what becomes it; gone at the end unless it took the target's name."""
    temporary = target.with_name(f".arriving-{secrets.token_hex(6)}{target.suffix}")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _copy(blocks: Iterable[bytes], target: Path, limit: int) -> tuple[str, int]:
    """Write the blocks, to the disk; their SHA-256 and length. Raises WrongFileError beyond `limit` bytes."""
    digest, length = hashlib.sha256(), 0
    with target.open("xb") as file:
        for block in blocks:
            length += len(block)
            if length > limit:
                raise WrongFileError(f"It is longer than the {limit:,} bytes that it should have: refused.")
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), length


def _hash_file(path: Path) -> tuple[str, int]:
    """SHA-256 and length of a file; raises WrongFileError for one that is too long to be a model."""
    if path.stat().st_size > _MOST_BYTES:
        raise WrongFileError(f"'{path}' is larger than any model file ({_MOST_BYTES:,} bytes): not read.")
    digest, length = hashlib.sha256(), 0
    for block in _blocks(path):
        digest.update(block)
        length += len(block)
    return digest.hexdigest(), length


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
