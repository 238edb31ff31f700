"""What a timeline shows of a clip's frames, and how many frames become one column of pixels. No Qt.

Everything is summed up once; a column then costs two look-ups, so that a clip of 100,000 frames is drawn as quickly as a
short one. A short event is never lost: a column shows "nobody seen", "suspicious" and "edited" if any of its frames is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.timeline.axis import TimeView

if TYPE_CHECKING:
    from app.quality import Suspicion

Array = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]
Counts = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class TimelineLanes:
    """What is known of one person, frame by frame."""

    scores: Array
    """(F,) mean score 0..1; NaN where it is not known (yet)."""
    seen: Flags
    """(F,) whether the person was seen."""
    contacts: NDArray[np.int8]
    """(F, 2) whether the left, the right foot stands: 1, 0, or -1 where it is not known."""
    suspicions: Sequence[Suspicion]
    """`app.quality.suspicious_frames`."""
    edited: Flags
    """(F,) whether something was corrected by hand."""

    def __post_init__(self) -> None:
        frames = len(self.scores)
        shapes = {
            "seen": (self.seen, (frames,)),
            "contacts": (self.contacts, (frames, 2)),
            "edited": (self.edited, (frames,)),
        }
        for name, (values, wanted) in shapes.items():
            if np.shape(values) != wanted:
                raise ValueError(f"Timeline lane {name} has shape {np.shape(values)}, expected {wanted}.")


@dataclass(frozen=True)
class Columns:
    """Each lane in W columns of pixels."""

    scores: Array
    """(W,) mean score; NaN where no frame of the column has one."""
    unseen: Flags
    """(W,) whether any frame is without a pose."""
    contacts: Array
    """(W, 2) share 0..1 of the frames with the left, the right foot standing."""
    unknown_contacts: Array
    """(W, 2) share of the frames in which that is not known, though the person was seen."""
    suspicious: dict[str, Flags]
    """For each kind that occurs, (W,) whether any frame is suspicious."""
    edited: Flags
    """(W,) whether any frame was corrected."""


def column_frames(edges: Array, view: TimeView, columns: int) -> tuple[Counts, Counts]:
    """(W,) first frame and (W,) the one after the last that each column of a view shows: always at least one."""
    moments = np.linspace(view.start_s, view.stop_s, columns + 1)
    last = len(edges) - 2
    first = np.clip(np.searchsorted(edges, moments[:-1], side="right") - 1, 0, last)
    stop = np.clip(np.searchsorted(edges, moments[1:], side="left"), first + 1, last + 1)
    return first, stop


class LaneSums:
    """A clip's lanes, summed from the left (F + 1,): any part's sum is the difference of two of them."""

    def __init__(self, lanes: TimelineLanes) -> None:
        known = np.isfinite(lanes.scores)
        self._scores = _summed(np.where(known, lanes.scores, 0.0))
        self._known = _summed(known)
        self._unseen = _summed(~lanes.seen)
        contacts = np.asarray(lanes.contacts).astype(np.int8)
        self._contacts = _summed(contacts == 1)
        self._unknown_contacts = _summed((contacts == -1) & np.asarray(lanes.seen)[:, None])
        self._edited = _summed(lanes.edited)
        self._suspicious = {
            kind: _summed(flags) for kind, flags in suspicious_flags(lanes.suspicions, len(known)).items()
        }

    def columns(self, first: Counts, stop: Counts) -> Columns:
        """The lanes of columns that show frames `first` (W,) up to but without `stop` (W,)."""
        known = self._known[stop] - self._known[first]
        totals = self._scores[stop] - self._scores[first]
        return Columns(
            scores=np.divide(totals, known, out=np.full(len(first), np.nan), where=known > 0),
            unseen=self._unseen[stop] > self._unseen[first],
            contacts=(self._contacts[stop] - self._contacts[first]) / (stop - first)[:, None],
            unknown_contacts=(self._unknown_contacts[stop] - self._unknown_contacts[first])
            / (stop - first)[:, None],
            suspicious={kind: sums[stop] > sums[first] for kind, sums in self._suspicious.items()},
            edited=self._edited[stop] > self._edited[first],
        )


def suspicious_flags(suspicions: Sequence[Suspicion], frames: int) -> dict[str, Flags]:
    """For each kind that occurs, (F,) whether each frame is suspicious."""
    flags: dict[str, Flags] = {}
    for each in suspicions:
        flags.setdefault(each.kind, np.zeros(frames, dtype=bool))[max(0, each.start) : max(0, each.stop)] = (
            True
        )
    return flags


def suspicions_near(
    suspicions: Sequence[Suspicion], frame: int, reach: int, kind: str | None = None
) -> list[Suspicion]:
    """Those (of one kind) that lie within `reach` frames of a frame, the nearest and then the shortest first."""
    found = [
        (distance, each.stop - each.start, number)
        for number, each in enumerate(suspicions)
        if (kind is None or each.kind == kind) and (distance := _distance(each, frame)) <= reach
    ]
    return [suspicions[number] for *_, number in sorted(found)]


def next_suspicion(suspicions: Sequence[Suspicion], frame: int) -> int | None:
    """The first frame after `frame` where something suspicious begins; None: no more."""
    return min((each.start for each in suspicions if each.start > frame), default=None)


def previous_suspicion(suspicions: Sequence[Suspicion], frame: int) -> int | None:
    """The last frame before `frame` where something suspicious begins; None: none."""
    return max((each.start for each in suspicions if each.start < frame), default=None)


def _distance(suspicion: Suspicion, frame: int) -> int:
    """Frames between a frame and a run; 0 inside."""
    return max(0, suspicion.start - frame, frame - (suspicion.stop - 1))


def _summed(values: NDArray[Any]) -> NDArray[Any]:
    sums = np.zeros((len(values) + 1, *values.shape[1:]), np.int64 if values.dtype == bool else np.float64)
    np.cumsum(values, axis=0, out=sums[1:])
    return sums
