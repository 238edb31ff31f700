"""The one model in a ZIP archive, read as bytes: nothing is unpacked, no name in it is used as a path."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from detectors.errors import DetectorError

_MOST_MEMBERS = 1000
_LONGEST_DIRECTORY = 1 << 20
_BLOCK = 1 << 18
_END = struct.Struct("<4s4H2LH")
"""The end of the central directory (APPNOTE 4.3.16): signature, disks, members, bytes, place, comment."""


def read_member(archive: Path, ending: str, limit: int) -> Iterator[bytes]:
    """The blocks of the only member whose name has that ending, at most `limit` bytes in all.

    A damaged member is found by the archive's own CRC-32 at its end. Raises DetectorError for an archive that
    is damaged, has no such member or several, is encrypted, or grows beyond the limit; OSError.
    """
    _check_directory(archive)
    try:
        with zipfile.ZipFile(archive) as opened:
            found = [member for member in opened.infolist() if member.filename.lower().endswith(ending)]
            if len(found) != 1:
                raise DetectorError(
                    f"'{archive.name}' holds {len(found)} {ending} files where one is needed."
                )
            (member,) = found
            if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise DetectorError(
                    f"'{archive.name}' is encrypted or packed in a way that is not read here."
                )
            length = 0
            with opened.open(member) as stream:
                while block := stream.read(_BLOCK):
                    length += len(block)
                    if length > limit:
                        raise DetectorError(
                            f"The {ending} file in '{archive.name}' is longer than {limit:,} bytes; it is not "
                            "unpacked further."
                        )
                    yield block
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise _damaged(archive, str(error)) from error


def _check_directory(archive: Path) -> None:
    """Refuse a table of contents that is too long, before `zipfile` reads all of it into memory."""
    with archive.open("rb") as file:
        length = file.seek(0, 2)
        file.seek(max(0, length - 0xFFFF - _END.size - 20))
        tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) < place + _END.size:
        raise _damaged(archive, "it has no table of contents")
    fields = _END.unpack_from(tail, place)
    members, directory = fields[4], fields[5]
    is_zip64 = tail[max(0, place - 20) : place].startswith(b"PK\x06\x07")
    if is_zip64 or members > _MOST_MEMBERS or directory > _LONGEST_DIRECTORY:
        raise DetectorError(f"'{archive.name}' has a table of contents far longer than a model's archive.")


def _damaged(archive: Path, why: str) -> DetectorError:
    return DetectorError(f"'{archive.name}' is no archive or is damaged ({why}); fetch it again.")
