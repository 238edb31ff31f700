"""MediaPipe Pose on real pictures."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from detectors import DetectorError, Person, create_detector
from detectors.keypoints import FORMATS, H36M17, to_h36m17
from detectors.mediapipe.solutions import MediaPipeDetector
from detectors.opencv import import_cv2

REPO = Path(__file__).resolve().parents[2]
BLAZEPOSE = FORMATS["blazepose33"]


def pictures(path: Path, step: int = 1, first: int = 0, count: int | None = None) -> list[np.ndarray]:
    if not path.is_file():
        pytest.skip(f"needs ../shared/videos/{path.name}")
    with av.open(str(path)) as container:
        frames = [frame for index, frame in enumerate(container.decode(video=0)) if index >= first]
    return [frame.to_ndarray(format="rgb24") for frame in frames[::step][:count]]


@pytest.fixture
def detector() -> Iterator[MediaPipeDetector]:
    with MediaPipeDetector() as made:
        yield made


def one(detector: MediaPipeDetector, image: np.ndarray) -> Person:
    persons = detector.detect(image)
    assert len(persons) == 1
    return persons[0]


def joints(persons: list[list[Person]]) -> np.ndarray:
    """(F, 17, 2) of the frames in which a person was found."""
    found = [person[0] for person in persons if person]
    return to_h36m17(
        np.array([p.keypoints for p in found]), np.array([p.scores for p in found]), "blazepose33"
    )[0]


@pytest.mark.parametrize(
    ("video", "step"), [("boxing_fast.mp4", 3), ("walk_10fps.mp4", 1), ("squats_portrait_5fps.mp4", 1)]
)
def test_a_person_is_found_in_nearly_all_frames(
    shared: Path, detector: MediaPipeDetector, video: str, step: int
) -> None:
    images = pictures(shared / "videos" / video, step)
    found = [detector.detect(image) for image in images]
    assert sum(map(bool, found)) > 0.9 * len(images)
    height, width = images[0].shape[:2]
    for person in (persons[0] for persons in found if persons):
        assert person.format == detector.keypoint_format == "blazepose33"
        assert person.keypoints.shape == (33, 2)
        assert person.keypoints.dtype == np.float64
        assert person.world is not None
        assert person.world.shape == (33, 3)
        assert ((person.scores >= 0) & (person.scores <= 1)).all()
        x0, y0, x1, y1 = person.box
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height


@pytest.mark.parametrize(("video", "step"), [("walk_10fps.mp4", 2), ("squats_portrait_5fps.mp4", 4)])
def test_left_is_the_left_of_a_person_who_faces_the_camera(
    shared: Path, detector: MediaPipeDetector, video: str, step: int
) -> None:
    found = joints([detector.detect(image) for image in pictures(shared / "videos" / video, step)])
    for limb in ("shoulder", "hip"):
        left, right = (found[:, H36M17.index(f"{side}{limb}"), 0] for side in "lr")
        assert (left > right).mean() > 0.95


def test_left_is_at_the_left_of_the_picture_for_a_person_seen_from_behind(
    shared: Path, detector: MediaPipeDetector
) -> None:
    images = pictures(shared / "videos" / "people_one_by_one_from_behind.mp4", step=4, first=240)
    found = joints([detector.detect(image) for image in images])
    left, right = (found[:, H36M17.index(f"{side}shoulder"), 0] for side in "lr")
    assert (left < right).mean() > 0.9


def test_the_head_is_above_the_nose_and_the_joints_lie_on_the_person(
    shared: Path, detector: MediaPipeDetector
) -> None:
    """A woman alone in front of a light wall: hair, trousers and shoes are dark or red, the wall is not."""
    image = pictures(shared / "videos" / "squats_portrait_5fps.mp4", count=1)[0]
    height = np.ptp(one(detector, image).keypoints[:, 1])
    found = joints([detector.detect(image)])[0]
    head, nose = found[H36M17.index("head")], found[H36M17.index("neck")]
    assert 0.05 * height < nose[1] - head[1] < 0.16 * height
    wall = np.median(image[: image.shape[0] // 12], axis=(0, 1))
    for name in ("rknee", "lknee", "hip", "spine", "thorax", "rhip", "lhip"):
        x, y = found[H36M17.index(name)].astype(int)
        assert np.abs(image[y - 2 : y + 3, x - 2 : x + 3].mean(axis=(0, 1)) - wall).max() > 40, name
    around = image[int(head[1] - 0.04 * height) : int(head[1] + 0.04 * height), int(head[0])].astype(float)
    difference = np.abs(around - wall).max(axis=1)
    assert difference[0] < 40 < difference[-1], "the top of the hair is within 4 % of the height"


def test_a_joint_outside_the_picture_keeps_its_place_and_has_a_low_score(
    shared: Path, detector: MediaPipeDetector
) -> None:
    image = pictures(shared / "videos" / "squats_portrait_5fps.mp4", count=1)[0]
    whole = one(detector, image)
    cut = int(whole.keypoints[[BLAZEPOSE.index("left_knee"), BLAZEPOSE.index("right_knee")], 1].min()) - 30
    detector.reset()
    part = one(detector, image[:cut])
    ankles = [BLAZEPOSE.index("left_ankle"), BLAZEPOSE.index("right_ankle")]
    shoulders = [BLAZEPOSE.index("left_shoulder"), BLAZEPOSE.index("right_shoulder")]
    assert (part.keypoints[ankles, 1] > cut).all()
    assert (part.scores[ankles] < 0.2).all()
    assert (whole.scores[ankles] > 0.7).all()
    assert (part.scores[shoulders] > 0.9).all()
    assert part.box[3] <= cut


def test_nobody_in_view_is_an_empty_list(shared: Path, detector: MediaPipeDetector) -> None:
    empty = pictures(shared / "videos" / "people_one_by_one_from_behind.mp4", step=3, count=20)
    assert [detector.detect(image) for image in empty] == [[]] * len(empty)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 4000), (4000, 1), (6000, 2), (240, 320)])
def test_a_picture_of_any_shape_without_a_person_is_an_empty_list(
    detector: MediaPipeDetector, shape: tuple[int, int]
) -> None:
    assert detector.detect(np.full((*shape, 3), 90, np.uint8)) == []


def test_an_8k_picture_gives_the_same_person_in_its_own_pixels(
    shared: Path, detector: MediaPipeDetector
) -> None:
    image = pictures(shared / "videos" / "walk_10fps.mp4", count=1)[0]
    small = one(detector, image)
    cv2 = import_cv2()
    factor = 7680 / image.shape[1]
    large = cv2.resize(image, (7680, round(image.shape[0] * factor)), interpolation=cv2.INTER_LINEAR)
    detector.reset()
    found = one(detector, large)
    seen = small.scores > 0.8
    distance = np.linalg.norm(found.keypoints / factor - small.keypoints, axis=1)[seen]
    assert seen.sum() > 20
    assert np.median(distance) < 0.01 * np.ptp(small.keypoints[:, 1])


def test_a_picture_that_is_a_view_of_another_is_read_rightly(
    shared: Path, detector: MediaPipeDetector
) -> None:
    image = pictures(shared / "videos" / "walk_10fps.mp4", count=1)[0]
    plain = one(detector, image).keypoints
    detector.reset()
    window = np.pad(image, ((0, 0), (0, 0), (3, 3)))[..., 3:6]  # not in one piece of memory
    assert np.array_equal(one(detector, window).keypoints, plain)


def test_reset_forgets_the_person_followed(shared: Path, detector: MediaPipeDetector) -> None:
    images = pictures(shared / "videos" / "walk_10fps.mp4", count=4)
    first = [one(detector, image).keypoints for image in images]
    followed = one(detector, images[0]).keypoints
    detector.reset()
    again = [one(detector, image).keypoints for image in images]
    assert np.array_equal(first, again)
    assert not np.array_equal(followed, first[0]), "without a reset the last frames count"


def test_it_works_in_a_worker_thread_as_in_the_main_thread(shared: Path, detector: MediaPipeDetector) -> None:
    images = pictures(shared / "videos" / "walk_10fps.mp4", count=5)
    here = [one(detector, image).keypoints for image in images]
    there: list[np.ndarray] = []

    def work() -> None:
        with create_detector("mediapipe") as other:
            there.extend(other.detect(image)[0].keypoints for image in images)

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert np.array_equal(here, there)


def test_a_closed_detector_says_so(detector: MediaPipeDetector) -> None:
    detector.close()
    detector.close()
    with pytest.raises(DetectorError, match="closed"):
        detector.detect(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(DetectorError, match="closed"):
        detector.reset()


def test_a_grey_picture_is_refused(detector: MediaPipeDetector) -> None:
    with pytest.raises(DetectorError, match="grey picture: repeat it three times"):
        detector.detect(np.zeros((8, 8), np.uint8))


def test_a_confidence_outside_0_to_1_is_refused() -> None:
    with pytest.raises(DetectorError, match=r"between 0 and 1; 1\.5 does not"):
        create_detector("mediapipe", min_detection_confidence=1.5)


def test_a_failure_inside_mediapipe_becomes_one_sentence(
    detector: MediaPipeDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_graph: object, _image: np.ndarray) -> None:
        os.write(2, b"E0000 00:00:1.5    81 calculator_graph.cc:12] the reason\n")
        raise RuntimeError("Graph has\nerrors")

    monkeypatch.setattr("detectors.mediapipe.solutions._run", broken)
    monkeypatch.setattr(MediaPipeDetector, "_chatter_over", False)  # as before the first person
    with pytest.raises(
        DetectorError, match=r"MediaPipe failed on a picture of 9x8: Graph has errors .*the reason"
    ):
        detector.detect(np.zeros((8, 9, 3), np.uint8))
    with pytest.raises(DetectorError, match="has failed; create another one"):
        detector.detect(np.zeros((8, 9, 3), np.uint8))


def test_the_description_names_library_version_and_settings(detector: MediaPipeDetector) -> None:
    assert detector.name == "mediapipe"
    assert detector.description.startswith("MediaPipe Pose 0.10.")
    assert "min_detection_confidence 0.6" in detector.description


def test_a_mediapipe_without_the_pose_solution_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mediapipe").mkdir()
    (tmp_path / "mediapipe" / "__init__.py").write_text("__version__ = '0.10.35'\n")
    done = _python("from detectors import create_detector\ncreate_detector('mediapipe')", tmp_path)
    last = done.stderr.splitlines()[-1]
    assert "MediaPipe 0.10.35 no longer has the Pose solution" in last
    assert last.endswith("pip install mediapipe==0.10.21, or use the detector mediapipe-tasks.")


def test_mediapipe_without_its_system_library_ends_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "mediapipe").mkdir()
    (tmp_path / "mediapipe" / "__init__.py").write_text(
        "raise ImportError('libGLESv2.so.2: cannot open shared object file: No such file or directory')\n"
    )
    done = _python("from detectors import create_detector\ncreate_detector('mediapipe')", tmp_path)
    assert done.stderr.splitlines()[-1].endswith(
        "MediaPipe needs the system library libGLESv2.so.2, which is not installed: "
        "apt install libgl1 libegl1 libgles2."
    )


def test_nothing_is_written_to_the_terminal_and_no_warning_is_raised(shared: Path) -> None:
    video = shared / "videos" / "walk_10fps.mp4"
    pictures(video, count=1)
    code = (
        "import av, os, time\n"
        "from detectors import create_detector\n"
        f"decoded = av.open({str(video)!r}).decode(video=0)\n"
        "frames = [next(decoded).to_ndarray(format='rgb24') for _ in range(6)]\n"
        "os.write(2, b'before\\n')\n"
        "for _ in range(2):\n"
        "    with create_detector() as detector:\n"
        "        time.sleep(0.5)\n"  # MediaPipe starts in threads of its own
        "        detector.detect(frames[0][:50, :50])\n"
        "        found = [len(detector.detect(frame)) for frame in frames]\n"
        "        detector.reset()\n"
        "        time.sleep(0.5)\n"
        "        found += [len(detector.detect(frame)) for frame in frames]\n"
        "os.write(2, b'after\\n')\n"
        "print(sum(found))\n"
    )
    done = _python(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "12\n", "before\nafter\n")


def _python(code: str, first_path: Path | None = None) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(path) for path in (first_path, REPO) if path)
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
