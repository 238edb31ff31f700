"""Several people with a detector that sees one: a person detector finds boxes, and each has a detector of its own.

Each person's detector looks through a window of twice the person's size, which stands still until the person
nears its edge: what it remembers of the last picture (MediaPipe: where to look) stays true that way. When the window
moves, it begins anew. The boxes of others are painted grey in it, except where they overlap the person's own: else
the detector takes whoever stands in front. A pose that fits another box better than its own is not believed.

Measured on ../shared/videos/two_people_indoors.avi with RTMDet-nano and MediaPipe, as the median change of motion
from one picture to the next: 4.6 pixels for either person and 27 ms a person. A single picture at a time (MediaPipe
searching each anew): 5.4 pixels, 79 ms. Everything but the person's box grey: 4 and 6 pixels, and while the one
stands behind the other, both poses are of the one in front. Nothing grey: the same, for 70 of 87 pictures.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from detectors.errors import DetectorError
from detectors.protocol import Array, Detector, Image, Person, PersonDetector, check_image

MOST_PEOPLE = 6
"""At once; each takes a network of its own. Of more, the largest are looked at."""

_WINDOW = 2.0
"""Side of a window, in longer sides of the person's box."""
_EDGE = 0.15
"""How near its edge a person may come, in the same measure."""
_SIZES = (0.4, 0.8)
"""How large the person may become in the window before it is made anew."""
_GREY = 114
_LEAST_OVERLAP, _LEAST_FIT = 0.2, 0.3
"""Intersection over union: of a person's boxes in two pictures, and of a pose with its box."""
_PATIENCE = 15
"""Pictures without a box after which a person's detector is free for another."""


class CroppingDetector:
    """A detector of several people; see `detectors.protocol.Detector`.

    `finder` says where they are, `make` gives one more detector of one person. It closes them all. Raises what
    they raise.
    """

    batch_size = 1
    device = ""

    def __init__(self, name: str, finder: PersonDetector, make: Callable[[], Detector]) -> None:
        self.name = name
        self._finder, self._make = finder, make
        self._lock = threading.Lock()  # a window may close while its worker is still in `detect`
        first = make()
        self.keypoint_format = first.keypoint_format
        self.description = f"{first.description}, on up to {MOST_PEOPLE} people found by {finder.description}"
        self._free: list[Detector] = [first]
        self._followed: list[_Followed] = []
        self._is_closed = False

    def detect(self, image: Image) -> list[Person]:
        """The persons of an (H, W, 3) uint8 RGB picture, the largest first. Raises DetectorError."""
        check_image(image)
        with self._lock:
            if self._is_closed:
                raise DetectorError(f"This {self.name} detector has been closed; create another one.")
            boxes = _largest_first(self._finder.find([image])[0].boxes)
            owners = self._owners(boxes[:MOST_PEOPLE])
            found = [_pose(owner, image, boxes, place) for place, owner in enumerate(owners)]
            return [person for person in found if person is not None]

    def detect_batch(self, images: Sequence[Image]) -> list[list[Person]]:
        """See `Detector.detect_batch`: one picture after the other, for each follows the last."""
        return [self.detect(image) for image in images]

    def reset(self) -> None:
        """Forget all people. Raises DetectorError."""
        with self._lock:
            for followed in self._followed:
                followed.detector.reset()
                self._free.append(followed.detector)
            self._followed = []

    def close(self) -> None:
        """Close all detectors; closing twice is allowed."""
        with self._lock:
            self._is_closed = True
            for detector in (*self._free, *(followed.detector for followed in self._followed)):
                detector.close()
            self._free, self._followed = [], []
            self._finder.close()

    def __enter__(self) -> "CroppingDetector":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _owners(self, boxes: Array) -> list["_Followed"]:
        """Who each box belongs to: somebody followed, or somebody new."""
        from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

        overlap = np.array([[_overlap(followed.box, box) for box in boxes] for followed in self._followed])
        mine: dict[int, _Followed] = {}
        if overlap.size:
            for row, column in zip(*linear_sum_assignment(-overlap), strict=True):
                if overlap[row, column] >= _LEAST_OVERLAP:
                    mine[int(column)] = self._followed[row]
        for followed in self._followed:
            followed.pictures_unseen += 1
        self._release(set(mine.values()), len(boxes) - len(mine))
        for place, box in enumerate(boxes):
            if place not in mine:
                mine[place] = _Followed(self._free.pop() if self._free else self._make())
                self._followed.append(mine[place])
            mine[place].box, mine[place].pictures_unseen = box, 0
        return [mine[place] for place in range(len(boxes))]

    def _release(self, seen: set["_Followed"], needed: int) -> None:
        """Let go of those who are gone for long, and of more where others need their detectors."""
        unseen = sorted(
            (followed for followed in self._followed if followed not in seen),
            key=lambda followed: -followed.pictures_unseen,
        )
        for followed in unseen:
            if followed.pictures_unseen > _PATIENCE or len(self._followed) + needed > MOST_PEOPLE:
                self._followed.remove(followed)
                followed.detector.reset()
                self._free.append(followed.detector)


class _Followed:
    """A person with a detector and the window that it looks through."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector
        self.box: Array = np.zeros(4)
        self.pictures_unseen = 0
        self._window: NDArray[np.intp] | None = None
        self._side = 1.0

    def window(self, width: int, height: int) -> NDArray[np.intp]:
        """x0, y0, x1, y1 of the window, inside the picture; where it has to move, the detector begins anew."""
        size = float(max(self.box[2:] - self.box[:2]))
        edge = _EDGE * size * np.array([-1, -1, 1, 1])
        needed = (self.box + edge).clip(0, [width, height, width, height])
        if self._window is not None:
            fits = (needed[:2] >= self._window[:2]).all() and (needed[2:] <= self._window[2:]).all()
            if fits and _SIZES[0] < size / self._side < _SIZES[1]:
                return self._window
            self.detector.reset()
        self._side = _WINDOW * size
        middle = (self.box[:2] + self.box[2:]) / 2
        corners = np.concatenate([middle - self._side / 2, middle + self._side / 2])
        self._window = corners.round().clip(0, [width, height, width, height]).astype(np.intp)
        return self._window


def _pose(followed: _Followed, image: Image, boxes: Array, place: int) -> Person | None:
    """The person of the box at that place, in pixels of the whole picture."""
    height, width = image.shape[:2]
    left, top, right, bottom = followed.window(width, height)
    others = np.delete(boxes, place, axis=0)
    view = _without_others(image[top:bottom, left:right], boxes[place], others, np.array([left, top] * 2))
    persons = followed.detector.detect(view)
    if not persons:
        return None
    person = persons[0]
    shift = np.array([left, top])
    around = person.box + np.tile(shift, 2)
    fit = _overlap(around, boxes[place])
    if fit < _LEAST_FIT or any(_overlap(around, other) > fit for other in others):
        followed.detector.reset()
        return None
    return replace(person, keypoints=person.keypoints + shift, box=boxes[place].copy())


def _without_others(view: Image, own: Array, others: Array, shift: NDArray[np.intp]) -> Image:
    """A window's picture with the others' boxes grey, except where they overlap the person's own."""
    view = np.array(view)  # in one piece of memory, and not the caller's

    def part(box: Array) -> tuple[slice, slice]:
        x0, y0, x1, y1 = (box.round().astype(np.intp) - shift).clip(0)
        return slice(y0, y1), slice(x0, x1)

    kept = view[part(own)].copy()
    for other in others:
        view[part(other)] = _GREY
    view[part(own)] = kept
    return view


def _largest_first(boxes: Array) -> Array:
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return boxes[np.argsort(-area, kind="stable")]


def _overlap(first: Array, second: Array) -> float:
    """Intersection over union of two boxes."""
    sides = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
    common = float(np.prod(sides.clip(0)))
    whole = float(np.prod(first[2:] - first[:2]) + np.prod(second[2:] - second[:2])) - common
    return common / whole if whole > 0 else 0.0
