"""A folder of motion capture as one table, split by subject, from which windows are drawn."""

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stcformer.atomic import atomic_path
from stcformer.errors import LifterError
from stcformer.frame_tables import changes, summed, unpacked_bytes
from stcformer.mocap import MocapClip, read_clip
from stcformer.skeleton import JOINT_COUNT

_STEP_M = 0.00025
"""To which the places of joints are rounded: finer than they are captured."""
_LARGEST_TABLE = 8 * 1024**3
"""Bytes, unpacked."""


@dataclass(frozen=True)
class Corpus:
    """C clips of motion capture, one after the other: N frames in all."""

    joints: NDArray[np.float32]
    """(N, 17, 3) metres, z up."""
    starts: NDArray[np.int64]
    """(C,) the first frame of each clip."""
    lengths: NDArray[np.int64]
    """(C,) frames of each clip."""
    rates: NDArray[np.float64]
    """(C,) frames a second of each clip."""
    names: tuple[str, ...]
    subjects: tuple[str, ...]

    def minutes(self) -> float:
        """How long all clips play together."""
        return float((self.lengths / self.rates).sum() / 60)

    def clip(self, index: int) -> MocapClip:
        """One clip by its place in the table."""
        span = slice(self.starts[index], self.starts[index] + self.lengths[index])
        return MocapClip(self.names[index], self.subjects[index], float(self.rates[index]), self.joints[span])

    def of_subjects(self, subjects: Iterable[str], *, without: bool = False) -> "Corpus":
        """The clips of the named subjects, or all others when `without`."""
        wanted = set(subjects)
        return pack_clips(
            [self.clip(i) for i, subject in enumerate(self.subjects) if (subject in wanted) != without]
        )


def pack_clips(clips: Sequence[MocapClip]) -> Corpus:
    """Clips into one table; raises LifterError when there are none."""
    if not clips:
        raise LifterError("There is no motion capture clip to learn from; name a folder of BVH files.")
    lengths = np.array([len(clip.joints) for clip in clips])
    return Corpus(
        joints=np.concatenate([clip.joints for clip in clips]).astype(np.float32),
        starts=np.concatenate(([0], np.cumsum(lengths)[:-1])),
        lengths=lengths,
        rates=np.array([clip.fps for clip in clips]),
        names=tuple(clip.name for clip in clips),
        subjects=tuple(clip.subject for clip in clips),
    )


def read_corpus(folder: Path, skipped: Callable[[str], None], cache: Path | None = None) -> Corpus:
    """Every BVH file below a folder, its suffix in capitals or not.

    Files that cannot be used are passed over, each with its reason given to `skipped`. Places are rounded to a quarter
    of a millimetre. With `cache`, the table is kept there and read back while the files (names, sizes) are the same;
    one that cannot be read is told to `skipped` and made again. A run goes on with the table it began with: delete the
    cache to have the files read anew. `folder` may be such a table itself (`.npz`), for a machine that has no room for
    the files. Raises LifterError when no file could be used.
    """
    if folder.suffix == ".npz" and folder.is_file():
        reasons: list[str] = []
        table = _read_cache(folder, None, reasons.append)
        if table is None:
            raise LifterError(
                f"'{folder}' is no table of motion capture; name the corpus.npz of a training run."
            )
        return table
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".bvh" and path.is_file())
    listing = "\n".join(f"{path.relative_to(folder)} {path.stat().st_size}" for path in paths)
    key = hashlib.sha256(listing.encode()).hexdigest()
    if cache is not None and (kept := _read_cache(cache, key, skipped)) is not None:
        return kept
    clips = []
    for path in paths:
        try:
            clips.append(read_clip(path))
        except (LifterError, OSError) as error:
            skipped(str(error))
    if not clips:
        raise LifterError(
            f"'{folder}' holds no BVH file that could be used; name a folder of motion capture."
        )
    corpus = pack_clips(clips)
    steps = np.rint(corpus.joints / _STEP_M).astype(np.int32)
    if cache is not None:
        _write_cache(cache, key, corpus, steps)
    # Rounded with a cache and without: a run that goes on from one sees what it saw before.
    return replace(corpus, joints=_metres(steps))


def held_out_subjects(corpus: Corpus, fraction: float = 0.15) -> tuple[str, ...]:
    """Subjects for validation: drawn by a hash of their names until they hold `fraction` of the minutes.

    The order depends on nothing but the names, so the same subjects stay held out as a corpus grows. Where
    all subjects are too large it is the one with the least footage. Raises LifterError when there is only one.
    """
    minutes: dict[str, float] = {}
    for subject, frames, rate in zip(corpus.subjects, corpus.lengths, corpus.rates, strict=True):
        minutes[subject] = minutes.get(subject, 0.0) + frames / rate / 60
    chosen: list[str] = []
    held = 0.0
    for subject in sorted(minutes, key=lambda name: hashlib.sha256(name.encode()).hexdigest()):
        if held >= fraction * corpus.minutes():
            break
        if held + minutes[subject] <= 2 * fraction * corpus.minutes():
            chosen.append(subject)
            held += minutes[subject]
    if not chosen:
        if len(minutes) < 2:
            raise LifterError(
                f"All clips are of one subject, '{corpus.subjects[0]}', and a lifter must be measured on somebody "
                "else; add clips of another."
            )
        chosen.append(min(minutes, key=lambda name: (minutes[name], name)))
    return tuple(sorted(chosen))


def _read_cache(cache: Path, key: str | None, skipped: Callable[[str], None]) -> Corpus | None:
    """The table that a cache holds; None where it is another folder's (`key`; None: any) or cannot be read."""
    if not cache.is_file():
        return None
    try:
        if unpacked_bytes(cache) > _LARGEST_TABLE:
            raise ValueError("it would unpack to more than there can be")
        with cache.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if key is not None and str(stored["key"]) != key:
                return None
            fields: dict[str, Any] = {name: stored[name] for name in ("starts", "lengths", "rates")}
            joints = np.asarray(stored["joint_changes"], dtype=np.int32)
            names, subjects = tuple(map(str, stored["names"])), tuple(map(str, stored["subjects"]))
        if joints.shape[1:] != (JOINT_COUNT, 3) or fields["lengths"].sum() != len(joints):
            raise ValueError("its arrays do not fit together")
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError) as error:
        skipped(f"'{cache}' is not a readable corpus cache ({error}); it is made again.")
        return None
    return Corpus(_metres(summed(summed(joints))), **fields, names=names, subjects=subjects)


def _metres(steps: NDArray[np.int32]) -> NDArray[np.float32]:
    return (steps * _STEP_M).astype(np.float32)


def _write_cache(cache: Path, key: str, corpus: Corpus, steps: NDArray[np.int32]) -> None:
    with atomic_path(cache) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            key=key,
            joint_changes=changes(changes(steps)),  # a fifth of the size that the places have
            starts=corpus.starts,
            lengths=corpus.lengths,
            rates=corpus.rates,
            names=np.array(corpus.names),
            subjects=np.array(corpus.subjects),
        )
