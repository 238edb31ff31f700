"""Who is who in a video: the persons that a detector finds become tracks, one for each person.

From one picture to the next `detectors.people.matching` tells them apart, by their joints, their motion and their
clothes.

A person who was away for long is recognised by clothes alone, and only when they agree well, with nobody else's
that were seen coming near: it takes half a second of looking, then the new track is joined to the old one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from detectors.keypoints import H36M17
from detectors.people.matching import BRIEF_S, FEWEST_LOOKS, PATIENCE_S, Follower, Matcher, Seen
from detectors.protocol import Array, Image, Person

MOST_TRACKS = 60
"""Kept of a video; of more, the least prominent ones who have gone are forgotten."""

_LOOKING_S = 0.5
_SAME_CLOTHES, _CLOTHES_MARGIN = 8.0, 4.0


@dataclass(eq=False)
class Track:
    """One person's frames, in the order of time."""

    number: int
    frames: list[int] = field(default_factory=list)
    keypoints: list[Array] = field(default_factory=list)
    """(17, 2) pixels of each frame, Human3.6M's joints."""
    scores: list[Array] = field(default_factory=list)
    """(17,) of each frame."""
    feet: list[Array] = field(default_factory=list)
    """(2, 2, 2) pixels of each frame: left and right, heel and toe."""
    foot_scores: list[Array] = field(default_factory=list)
    """(2, 2) of each frame."""
    prominence: float = 0.0
    """Body sizes over all frames, in pixels: the largest and longest in view comes first."""
    height_share: float = 0.0
    """Mean height of the person's box, as a part of the picture's."""

    def dense(self, frames: int) -> tuple[Array, Array]:
        """(F, 17, 2) pixels and (F, 17) scores over a video's frames; NaN and 0 where the person was not seen."""
        keypoints = np.full((frames, len(H36M17.keypoints), 2), np.nan)
        scores = np.zeros(keypoints.shape[:2])
        if self.frames:
            keypoints[self.frames], scores[self.frames] = self.keypoints, self.scores
        return keypoints, scores

    def dense_feet(self, frames: int) -> tuple[Array, Array]:
        """(F, 2, 2, 2) pixels and (F, 2, 2) scores of heels and toes over a video's frames; NaN and 0 likewise."""
        feet, foot_scores = np.full((frames, 2, 2, 2), np.nan), np.zeros((frames, 2, 2))
        if self.frames:
            feet[self.frames], foot_scores[self.frames] = self.feet, self.foot_scores
        return feet, foot_scores


class _Follower(Follower):
    """What is remembered of a track."""

    def __init__(self, track: Track) -> None:
        super().__init__()
        self.track = track
        self.was_compared = False


class Tracker:
    """Follows the people of one video, picture by picture in order; memory does not grow with those who come and go.

    `image_size`: (width, height) pixels.
    """

    def __init__(self, image_size: tuple[int, int]) -> None:
        self._height = image_size[1]
        self._followers: list[_Follower] = []
        self._count = 0
        self._matcher = Matcher()

    def update(
        self, frame: int, time_s: float, persons: Sequence[Person], image: Image | None = None
    ) -> None:
        """The persons of the next picture; with the picture itself, clothes count. Raises DetectorError."""
        for seen, known in self._matcher.match(self._followers, time_s, persons, image):
            follower = self._new_follower() if known is None else known
            follower.see(time_s, seen)
            _add_frame(follower.track, frame, seen, self._height)
        self._recognise(time_s)
        self._forget(time_s)

    def tracks(self) -> list[Track]:
        """The tracks so far, the most prominent first, without those that are mere flickers."""
        if not self._followers:
            return []
        longest = max(len(follower.track.frames) for follower in self._followers)
        lasting = [follower for follower in self._followers if not _is_flicker(follower, longest)]
        return sorted(
            (follower.track for follower in lasting), key=lambda track: (-track.prominence, track.number)
        )

    def _new_follower(self) -> _Follower:
        self._followers.append(_Follower(Track(self._count)))
        self._count += 1
        return self._followers[-1]

    def _recognise(self, time_s: float) -> None:
        """Join a track that has been looked at for long enough to the one of the same person who had gone before."""
        for new in list(self._followers):
            if new.was_compared or new.seen_for_s < _LOOKING_S or new.looks < FEWEST_LOOKS:
                continue
            new.was_compared = True
            begun = new.track.frames[0]
            gone = [other for other in self._followers if other.track.frames[-1] < begun]
            clothes = new.wardrobe.mean()
            apart = np.array([other.clothes_apart(clothes) for other in gone])
            order = np.argsort(apart)  # NaN last
            if not len(order) or not apart[order[0]] <= _SAME_CLOTHES:
                continue
            if len(order) > 1 and apart[order[1]] - apart[order[0]] < _CLOTHES_MARGIN:
                continue
            old = gone[order[0]]
            _join(old.track, new.track)
            new.track = old.track
            new.wardrobe.join(old.wardrobe)
            new.looks += old.looks
            new.seen_for_s += old.seen_for_s
            self._followers.remove(old)

    def _forget(self, time_s: float) -> None:
        """Drop flickers that are over, and the least prominent of too many."""
        longest = max((len(follower.track.frames) for follower in self._followers), default=0)
        kept = [
            follower
            for follower in self._followers
            if time_s - follower.last_s <= PATIENCE_S or not _is_flicker(follower, longest)
        ]
        while len(kept) > MOST_TRACKS:
            gone = [follower for follower in kept if follower.last_s < time_s]
            kept.remove(min(gone, key=lambda follower: follower.track.prominence))
        self._followers = kept


def _add_frame(track: Track, frame: int, seen: Seen, picture_height: float) -> None:
    track.frames.append(frame)
    track.keypoints.append(seen.keypoints)
    track.scores.append(seen.scores)
    track.feet.append(seen.feet)
    track.foot_scores.append(seen.foot_scores)
    track.prominence += seen.size * float(seen.scores.mean())
    share = float(seen.box[3] - seen.box[1]) / picture_height
    track.height_share += (share - track.height_share) / len(track.frames)


def _join(old: Track, new: Track) -> None:
    """All frames of `new`, which come later, are `old`'s."""
    total = len(old.frames) + len(new.frames)
    old.height_share = (old.height_share * len(old.frames) + new.height_share * len(new.frames)) / total
    old.prominence += new.prominence
    old.frames += new.frames
    old.keypoints += new.keypoints
    old.scores += new.scores
    old.feet += new.feet
    old.foot_scores += new.foot_scores


def _is_flicker(follower: _Follower, longest: int) -> bool:
    return follower.seen_for_s < BRIEF_S and longest >= 4 * len(follower.track.frames)
