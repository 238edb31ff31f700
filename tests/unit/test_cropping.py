"""Several people by a detector of one: each sees a window, and not those beside."""

from collections.abc import Sequence

import numpy as np
import pytest

from detectors import Boxes, DetectorError, Person
from detectors.people.cropping import MOST_PEOPLE, CroppingDetector

WIDTH, HEIGHT = 640, 480
Place = tuple[int, int, int, int]


class BlobFinder:
    """Finds the boxes that it was told of."""

    description = "a list"

    def __init__(self) -> None:
        self.boxes: list[Place] = []
        self.closed = 0

    def find(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        boxes = np.array(self.boxes, dtype=float).reshape(-1, 4)
        return [Boxes(boxes, np.full(len(boxes), 0.9)) for _ in images]

    def close(self) -> None:
        self.closed += 1


class BrightDetector:
    """Sees one person: of all that is bright, what takes up most of the picture."""

    name = description = "bright"
    keypoint_format = "h36m17"
    batch_size = 1

    def __init__(self) -> None:
        self.resets = self.closed = 0
        self.views: list[tuple[int, int]] = []
        self.astray = 0
        """How many pixels beside the person it sees them."""

    def detect(self, image: np.ndarray) -> list[Person]:
        self.views.append((image.shape[1], image.shape[0]))
        grey = image.max(axis=2)
        if grey.max() <= 150:
            return []
        rows, columns = np.nonzero(grey == np.bincount(grey[grey > 150]).argmax())
        box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], dtype=float)
        box[[0, 2]] += self.astray
        keypoints = np.linspace(box[:2], box[2:], 17)
        return [Person(keypoints, np.ones(17), "h36m17", box)]

    def detect_batch(self, images: Sequence[np.ndarray]) -> list[list[Person]]:
        return [self.detect(image) for image in images]

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        self.closed += 1

    def __enter__(self) -> "BrightDetector":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Scene:
    """A cropping detector with its parts, and pictures of bright people."""

    def __init__(self) -> None:
        self.finder = BlobFinder()
        self.made: list[BrightDetector] = []
        self.detector = CroppingDetector("test", self.finder, self._make)

    def _make(self) -> BrightDetector:
        self.made.append(BrightDetector())
        return self.made[-1]

    def see(self, *people: tuple[Place, int]) -> list[Person]:
        """What is found in a picture of people: a box each, and how bright it is; later ones stand in front."""
        image = np.full((HEIGHT, WIDTH, 3), 30, np.uint8)
        for (x0, y0, x1, y1), brightness in people:
            image[max(y0, 0) : y1, max(x0, 0) : x1] = brightness
        self.finder.boxes = [
            (max(x0, 0), max(y0, 0), min(x1, WIDTH), min(y1, HEIGHT)) for (x0, y0, x1, y1), _ in people
        ]
        before = image.copy()
        found = self.detector.detect(image)
        np.testing.assert_array_equal(image, before)
        return found


@pytest.fixture
def scene() -> Scene:
    return Scene()


def corners(person: Person) -> list[float]:
    return [*person.keypoints[0], *person.keypoints[-1]]


def test_everybody_is_found_in_pixels_of_the_whole_picture_the_largest_first(scene: Scene) -> None:
    small, large = (100, 100, 140, 220), (400, 60, 500, 400)
    found = scene.see((small, 255), (large, 200))
    assert [corners(person) for person in found] == [list(large), list(small)]
    assert [person.box.tolist() for person in found] == [list(large), list(small)]


def test_somebody_brighter_who_stands_beside_is_not_taken_for_oneself(scene: Scene) -> None:
    behind, front = (300, 100, 380, 400), (220, 90, 310, 430)
    found = scene.see((behind, 200), (front, 255))
    assert len(found) == 2
    assert corners(found[0]) == list(front)
    assert found[1].keypoints[:, 0].min() >= 300


def test_a_pose_that_fits_anothers_box_better_is_not_believed(scene: Scene) -> None:
    one, other = (100, 100, 160, 300), (190, 100, 260, 310)
    scene.see((one, 255), (other, 255))
    astray = scene.made[1]
    astray.astray, before = 75, astray.resets
    assert [corners(person) for person in scene.see((one, 255), (other, 255))] == [list(other)]
    assert astray.resets == before + 1


def test_the_window_stands_still_until_the_person_nears_its_edge_and_then_begins_anew(scene: Scene) -> None:
    for step in range(60):
        x = 60 + 6 * step
        assert [corners(person) for person in scene.see(((x, 150, x + 60, 330), 255))] == [
            [x, 150, x + 60, 330]
        ]
    (only,) = scene.made
    assert 1 <= only.resets <= 8
    assert len(set(only.views)) < 10


def test_a_person_cut_off_by_the_picture_is_seen_to_the_edge(scene: Scene) -> None:
    for x in (20, -20, -40):
        assert len(scene.see(((x, 200, x + 60, 500), 255))) == 1


def test_people_keep_their_detectors_while_their_order_changes(scene: Scene) -> None:
    one, other = (100, 100, 160, 300), (400, 100, 460, 300)
    for _ in range(3):
        scene.see((one, 255), (other, 255))
        scene.see((other, 255), (one, 255))
    assert len(scene.made) == 2
    assert [made.resets for made in scene.made] == [0, 0]


def test_who_has_left_frees_a_detector_for_the_next(scene: Scene) -> None:
    for step in range(5):
        x = 100 * step
        scene.see(((x, 100, x + 50, 300), 255))
        for _ in range(20):
            assert scene.see() == []
    assert len(scene.made) == 1


def test_twenty_people_take_no_more_than_the_most_detectors_and_the_largest_are_seen(scene: Scene) -> None:
    for shift in (0, 15):
        people = [((30 * k + shift, 100, 30 * k + shift + 20, 160 + 5 * k), 255) for k in range(20)]
        found = scene.see(*people)
        assert len(found) == MOST_PEOPLE
        assert min(person.box[3] for person in found) == 160 + 5 * 14
    assert len(scene.made) == MOST_PEOPLE


def test_reset_forgets_everybody_and_close_closes_all(scene: Scene) -> None:
    scene.see(((100, 100, 160, 300), 255), ((400, 100, 460, 300), 255))
    scene.detector.reset()
    assert [made.resets for made in scene.made] == [1, 1]
    scene.see(((100, 100, 160, 300), 255))
    assert len(scene.made) == 2
    scene.detector.close()
    scene.detector.close()
    assert [made.closed for made in scene.made] == [1, 1]
    assert scene.finder.closed >= 1
    with pytest.raises(DetectorError, match="has been closed"):
        scene.see()


def test_nobody_in_view_is_an_empty_list(scene: Scene) -> None:
    assert scene.see() == []
    assert "a list" in scene.detector.description
    assert scene.detector.keypoint_format == "h36m17"
