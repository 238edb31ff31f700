"""Project files (`.stctake`): a Take with its edits and what they start from, to go on another day.

A ZIP archive without compression: `project.json` (`FORMAT_VERSION`, the video, settings, edits, provenance) and one
`.npy` file an array of `ARRAYS`, each of 64-bit floats but for the contacts, which are bytes. It holds no pictures: the
video stays where it is. Because nothing in it is compressed, an array cannot claim to be larger than the file.
"""

import io
import json
import math
import os
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.edits import edits_from_json, edits_to_json
from app.errors import StudioError
from app.export.sidecar import plain
from app.motion.contact import find_contacts, visible_feet
from app.records import record_from_json, record_to_json
from app.settings import Settings
from app.take import Array, Evidence, Source, Take
from app.video.fingerprint import fingerprint
from detectors.registry import without_programs
from stcformer.atomic import atomic_path
from stcformer.skeleton import JOINT_COUNT

SUFFIX = ".stctake"
FORMAT_VERSION = 3
"""1 had no contacts: they are found anew. 2 had no feet: none was observed, then."""

ARRAYS: dict[str, tuple[str, ...]] = {
    "time_s": ("F",),
    "keypoints": ("P", "F", "J", "2"),
    "scores": ("P", "F", "J"),
    "camera": ("P", "F", "J", "3"),
    "root_camera": ("P", "F", "3"),
    "world": ("P", "F", "J", "3"),
    "contacts": ("P", "F", "2"),
    "feet": ("P", "F", "2", "2", "2"),
    "foot_scores": ("P", "F", "2", "2"),
    "toes": ("P", "F", "2", "3"),
    "evidence_keypoints": ("P", "F", "J", "2"),
    "evidence_scores": ("P", "F", "J"),
    "evidence_lifted": ("P", "F", "J", "3"),
    "evidence_disagreement": ("P", "F"),
    "evidence_feet": ("P", "F", "2", "2", "2"),
    "evidence_foot_scores": ("P", "F", "2", "2"),
}
"""Name and shape of every array, as in `app.take`; those of the evidence are absent where a Take has none."""
_BYTES = ("contacts",)
_NEWER = {
    "contacts": 2,
    **dict.fromkeys(("feet", "foot_scores", "toes", "evidence_feet", "evidence_foot_scores"), 3),
}
"""The version in which an array came, where that is not the first."""

LARGEST_BYTES = 2**32
"""Of all arrays together: one person for 19 hours at 30 frames a second."""
LARGEST_JSON_BYTES = 2**26
LONGEST_HEADER = 1000
_LARGEST_SIDE = 2**16


def save_project(take: Take, path: str | os.PathLike[str]) -> None:
    """Write the Take to a project file, whole or not at all. Raises OSError when it cannot be written."""
    path = Path(path)
    video = take.source.path
    content = {
        "format": "STCFormer Studio project",
        "version": FORMAT_VERSION,
        "people": take.person_count(),
        "frames": take.frame_count(),
        "has_evidence": take.evidence is not None,
        "video": {
            "path": str(video.absolute()),
            "relative_path": _relative(video, path.absolute().parent),
            "width": take.source.width,
            "height": take.source.height,
            "fps": take.source.fps,
            "first_frame": take.source.first_frame,
            "fov_degrees": take.source.fov_degrees,
        },
        "settings": record_to_json(take.settings),
        "edits": edits_to_json(take.edits),
        "provenance": plain(take.provenance),
    }
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        # ASCII: a path may hold bytes that are no text, which only escapes can tell.
        archive.writestr("project.json", json.dumps(content, indent=1, allow_nan=False))
        for name, array in _arrays_of(take).items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(
                    member, np.ascontiguousarray(array, dtype=_kind(name)), version=(1, 0), allow_pickle=False
                )


def open_project(path: str | os.PathLike[str]) -> Take:
    """Read a project file. The video is looked for beside the project, then where it was; it need not be there
    (`find_video`). Raises StudioError when the file is not a project, is damaged or of a newer version, and
    OSError when it cannot be read.
    """
    path = Path(path)
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, size)
            content = _read_json(archive, members)
            arrays = _read_arrays(archive, members, content)
    except _ProjectError as error:
        raise StudioError(f"'{path}' cannot be opened: {error}.") from error
    except _DAMAGE as error:
        raise StudioError(f"'{path}' is not a project file, or it is damaged; open another.") from error
    try:
        return _take(path, content, arrays)
    except (_ProjectError, StudioError) as error:
        raise StudioError(f"'{path}' cannot be opened: {str(error).rstrip('.')}.") from error


def is_same_video(take: Take, video: str | os.PathLike[str]) -> bool:
    """Whether a file is the video that the Take was made from; a Take that does not know is content with any file.

    False when the file cannot be read.
    """
    known = take.provenance.get("video", {}).get("file")
    try:
        found = fingerprint(video)
    except OSError:
        return False
    return known is None or known == found


def find_video(take: Take, beside: str | os.PathLike[str] | None = None) -> Path | None:
    """The Take's video: where its source says, else a file of its name in the folder `beside`, or beside that file.

    None when neither is there or is the same video; then ask for it, and use `with_video`.
    """
    candidates = [take.source.path]
    if beside is not None:
        folder = Path(beside) if Path(beside).is_dir() else Path(beside).parent
        candidates.append(folder / take.source.path.name)
    return next((path for path in candidates if is_same_video(take, path)), None)


def with_video(take: Take, video: str | os.PathLike[str]) -> Take:
    """The Take with its video somewhere else."""
    return replace(take, source=replace(take.source, path=Path(video)))


class _ProjectError(Exception):
    """The end of a sentence that begins with the project's name."""


_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    KeyError,
    TypeError,
    SyntaxError,
    OverflowError,
    MemoryError,
)
"""What the standard library and NumPy raise for archives and arrays that are not what they should be."""


def _relative(video: Path, folder: Path) -> str | None:
    try:
        return Path(os.path.relpath(video.absolute(), folder)).as_posix()
    except ValueError:  # on another drive of Windows
        return None


def _arrays_of(take: Take) -> dict[str, Array]:
    names = [name for name in ARRAYS if not name.startswith("evidence_")]
    arrays = {name: getattr(take, name) for name in names}
    if take.evidence is not None:
        arrays |= {f"evidence_{name}": array for name, array in vars(take.evidence).items()}
    return arrays


def _kind(name: str) -> np.dtype[Any]:
    return np.dtype("|i1" if name in _BYTES else "<f8")


def _members(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    members = {member.filename: member for member in archive.infolist()}
    if len(members) != len(archive.infolist()):
        raise _ProjectError("it holds two files of one name")
    for member in members.values():
        if not 0 <= member.header_offset < size:
            raise _ProjectError("its table of contents is damaged")
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            raise _ProjectError("it was packed by another program; save it with this one again")
    if sum(member.file_size for member in members.values()) > size:
        raise _ProjectError("it claims to hold more than it does; it is damaged")
    return members


def _read_member(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], name: str, largest: int
) -> bytes:
    if name not in members:
        raise _ProjectError(f"'{name}' is missing; it is damaged or no project")
    if members[name].file_size > largest:
        raise _ProjectError(f"'{name}' is larger than it can be; it is damaged")
    return archive.read(members[name])


def _read_json(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> dict[str, Any]:
    text = _read_member(archive, members, "project.json", LARGEST_JSON_BYTES)
    try:
        content = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise _ProjectError("its project.json is not readable; it is damaged") from error
    if not isinstance(content, dict):
        raise _ProjectError("its project.json is not a table; it is damaged")
    version: Any = content.get("version")
    if not _is_count(version, 2**31):
        raise _ProjectError("it does not say its version; it is damaged or no project")
    if version > FORMAT_VERSION:
        raise _ProjectError(
            f"it is of version {version}, and this program reads up to {FORMAT_VERSION}; get a newer program"
        )
    return content


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _is_count(value: object, largest: int) -> bool:
    return type(value) is int and 0 <= value <= largest


def _read_arrays(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], content: dict[str, Any]
) -> dict[str, Array]:
    people: Any = content.get("people")
    frames: Any = content.get("frames")
    if not (_is_count(people, 2**16) and _is_count(frames, 2**31)) or frames == 0:
        raise _ProjectError("it does not say how many people and frames it has; it is damaged")
    sizes: dict[str, int] = {"P": people, "F": frames, "J": JOINT_COUNT, "2": 2, "3": 3}
    evidence = content.get("has_evidence")
    if not isinstance(evidence, bool):
        raise _ProjectError("it does not say whether it holds evidence; it is damaged")
    shapes = {
        name: tuple(sizes[letter] for letter in letters)
        for name, letters in ARRAYS.items()
        if (evidence or not name.startswith("evidence_")) and content["version"] >= _NEWER.get(name, 1)
    }
    if sum(_kind(name).itemsize * math.prod(shape) for name, shape in shapes.items()) > LARGEST_BYTES:
        raise _ProjectError("it says that it has more people and frames than this program can hold")
    return {name: _read_array(archive, members, name, shape) for name, shape in shapes.items()}


def _read_array(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], name: str, shape: tuple[int, ...]
) -> Array:
    file = f"{name}.npy"
    expected = _kind(name).itemsize * math.prod(shape)
    data = io.BytesIO(_read_member(archive, members, file, expected + LONGEST_HEADER))
    if np.lib.format.read_magic(data) != (1, 0):
        raise _ProjectError(f"'{file}' is of another format; it is damaged")
    found, fortran_order, kind = np.lib.format.read_array_header_1_0(data)
    rest = data.read()
    if found != shape or fortran_order or kind != _kind(name) or len(rest) != expected:
        raise _ProjectError(f"'{file}' is not an array of the shape {shape}; it is damaged")
    array = np.frombuffer(rest, dtype=kind).reshape(shape).astype(kind.newbyteorder("="))
    if np.isinf(array).any():
        raise _ProjectError(f"'{file}' holds an infinite number; it is damaged")
    return array


def _take(path: Path, content: dict[str, Any], arrays: dict[str, Array]) -> Take:
    video, provenance = content.get("video"), content.get("provenance")
    if not isinstance(video, dict) or not isinstance(provenance, dict):
        raise _ProjectError("it does not say what it was made from; it is damaged")
    times = arrays["time_s"]
    if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise _ProjectError("the times of its frames do not rise; it is damaged")
    scores = [array for name, array in arrays.items() if name.endswith("scores")]
    if not all(((array >= 0) & (array <= 1)).all() for array in scores):
        raise _ProjectError("its scores are not between 0 and 1; it is damaged")
    evidence = None
    if "evidence_scores" in arrays:
        start = "evidence_"
        evidence = Evidence(
            **{name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}
        )
    source = _source(path, video)
    take = Take(
        source=source,
        time_s=arrays["time_s"],
        keypoints=arrays["keypoints"],
        scores=arrays["scores"],
        camera=arrays["camera"],
        root_camera=arrays["root_camera"],
        world=arrays["world"],
        provenance=provenance,
        settings=_settings(content.get("settings")),
        edits=edits_from_json(content.get("edits")),
        evidence=evidence,
        contacts=_contacts(arrays, source),
        **{name: arrays[name] for name in ("feet", "foot_scores", "toes") if name in arrays},
    )
    moved = with_video(take, _beside(path, video.get("relative_path")) or take.source.path)
    return moved if is_same_video(moved, moved.source.path) else take


def _settings(content: Any) -> Settings:
    settings = record_from_json(Settings, content, "Its settings")
    return replace(settings, detector=without_programs(settings.detector))


def _contacts(arrays: dict[str, Array], source: Source) -> NDArray[np.int8]:
    """(P, F, 2) contacts as they were kept; found anew where the project was made before that."""
    kept = arrays.get("contacts")
    if kept is not None:
        if not ((kept >= -1) & (kept <= 1)).all():
            raise _ProjectError("its contacts are not between -1 and 1; it is damaged")
        return kept.astype(np.int8)
    contacts = np.empty((*arrays["world"].shape[:2], 2), dtype=np.int8)
    for person, world in enumerate(arrays["world"]):
        visible = visible_feet(
            arrays["keypoints"][person], arrays["scores"][person], (source.width, source.height)
        )
        contacts[person] = find_contacts(world, source.fps, visible=visible)
    return contacts


def _source(path: Path, video: dict[str, Any]) -> Source:
    width, height, fps, where = (video.get(name) for name in ("width", "height", "fps", "path"))
    if not (_is_count(width, _LARGEST_SIDE) and _is_count(height, _LARGEST_SIDE) and width and height):
        raise _ProjectError("it does not say how large the pictures are; it is damaged")
    if not isinstance(fps, (int, float)) or isinstance(fps, bool) or not 0 < fps < 1e6:
        raise _ProjectError("it does not say the frame rate; it is damaged")
    if not isinstance(where, str) or not where or "\0" in where:
        raise _ProjectError("it does not say where its video is; it is damaged")
    first_frame = video.get("first_frame", 0)
    if not _is_count(first_frame, 2**31):
        raise _ProjectError("it does not say which frame it begins with; it is damaged")
    fov = video.get("fov_degrees")  # absent in projects from before it was read
    if fov is not None and (isinstance(fov, bool) or not isinstance(fov, (int, float)) or not 0 < fov < 180):
        raise _ProjectError("it does not say the field of view; it is damaged")
    return Source(
        Path(where), width, height, float(fps), first_frame, fov_degrees=None if fov is None else float(fov)
    )


def _beside(path: Path, relative: object) -> Path | None:
    """Where the video lies as seen from the project's folder."""
    if not isinstance(relative, str) or not relative or "\0" in relative:
        return None
    return Path(os.path.normpath(path.absolute().parent / relative))
