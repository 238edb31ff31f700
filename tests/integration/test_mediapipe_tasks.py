"""MediaPipe's Pose Landmarker on real pictures: held against the older interface, and with two people."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from detectors import DetectorError, Person, create_detector
from detectors.mediapipe.solutions import MediaPipeDetector
from detectors.mediapipe.tasks import MediaPipeTasksDetector
from detectors.models.files import FOLDER_VARIABLE
from tests.command_line import CommandLine, sidecar
from tests.made_task import made_task
from tests.person_clips import nobody, person_clip, person_pictures

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_task(tmp_path_factory.mktemp("task") / "made.task")


@pytest.fixture
def detector(task: Path) -> Iterator[MediaPipeTasksDetector]:
    with MediaPipeTasksDetector(task) as made:
        yield made


def pictures(path: Path, first: int = 0, count: int = 20, step: int = 1) -> list[np.ndarray]:
    if not path.is_file():
        pytest.skip(f"needs ../shared/videos/{path.name}")
    chosen = range(first, first + count * step, step)
    with av.open(str(path)) as container:
        frames = [
            frame
            for index, frame in zip(range(chosen.stop), container.decode(video=0), strict=False)
            if index in chosen
        ]
    return [frame.to_ndarray(format="rgb24") for frame in frames]


def distance(one: Person, other: Person) -> float:
    """Mean distance of the joints that both see, in parts of the person's height."""
    seen = (one.scores > 0.5) & (other.scores > 0.5)
    height = np.ptp(one.keypoints[:, 1])
    return float(np.linalg.norm(one.keypoints - other.keypoints, axis=1)[seen].mean() / height)


def lag(found: list[Person], expected: list[Person]) -> float:
    """How many pictures `found` is behind `expected`, from the direction of their differences."""
    truth = np.array([person.keypoints for person in expected])
    moved, off = np.diff(truth, axis=0), np.array([person.keypoints for person in found])[1:] - truth[1:]
    return float(-(moved * off).sum() / (moved * moved).sum())


def test_a_person_is_found_as_by_the_older_interface(detector: MediaPipeTasksDetector) -> None:
    images = person_pictures()
    with MediaPipeDetector() as older:
        expected = [older.detect(image)[0] for image in images]
    found = detector.detect_batch(images)
    assert [len(persons) for persons in found] == [1] * len(images)
    first = [persons[0] for persons in found]
    assert np.median([distance(a, b) for a, b in zip(expected, first, strict=True)]) < 0.015
    for person in first:
        assert person.format == detector.keypoint_format == "blazepose33"
        assert person.keypoints.shape == (33, 2)
        assert person.keypoints.dtype == np.float64
        assert ((person.scores >= 0) & (person.scores <= 1)).all()
        assert person.world is not None
        assert person.world.shape == (33, 3)


@pytest.mark.parametrize("max_people", [1, 3])
@pytest.mark.parametrize("video", ["boxing_fast.mp4", "walk_10fps.mp4"])
def test_joints_and_scores_are_those_of_the_older_interface_without_a_lag(
    shared: Path, task: Path, video: str, max_people: int
) -> None:
    images = pictures(shared / "videos" / video, count=30)
    with MediaPipeDetector() as older, MediaPipeTasksDetector(task, max_people) as detector:
        expected = [older.detect(image)[0] for image in images]
        found = [detector.detect(image)[0] for image in images]
    distances = [distance(a, b) for a, b in zip(expected, found, strict=True)]
    assert np.median(distances) < 0.012
    assert np.percentile(distances, 95) < 0.025
    scores = [np.abs(a.scores - b.scores).mean() for a, b in zip(expected, found, strict=True)]
    assert scores[0] < 0.001
    assert np.median(scores) < 0.1
    assert abs(lag(found, expected)) < 0.25
    worlds = [np.linalg.norm(a.world - b.world, axis=1).mean() for a, b in zip(expected, found, strict=True)]
    assert np.median(worlds) < 0.1
    assert worlds[0] < 0.001, "the same networks see the same crop of the first picture"
    assert distance(expected[0], found[0]) < 0.006


def test_two_people_are_two_persons_apart_from_one_another(shared: Path, task: Path) -> None:
    images = pictures(shared / "videos" / "walk_outdoors.mp4", count=45, step=2)
    with MediaPipeTasksDetector(task) as detector, MediaPipeTasksDetector(task, max_people=1) as single:
        found = detector.detect_batch(images)
        assert all(len(single.detect(image)) <= 1 for image in images[:5])
    assert sum(len(persons) == 2 for persons in found) >= 8
    for persons in (persons for persons in found if len(persons) == 2):
        man, woman = sorted(persons, key=lambda person: person.box[1])
        middles = [person.keypoints[:, 1].mean() for person in (man, woman)]
        assert middles[1] - middles[0] > 300, "she walks below, he stands on a roof"
        areas = [np.prod(person.box[2:] - person.box[:2]) * person.scores.mean() for person in persons]
        assert areas[0] > areas[1], "the most prominent first"


def test_nobody_in_view_is_an_empty_list(detector: MediaPipeTasksDetector) -> None:
    assert detector.detect(nobody()) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (6000, 2)])
def test_a_picture_of_any_shape_without_a_person_is_an_empty_list(
    detector: MediaPipeTasksDetector, shape: tuple[int, int]
) -> None:
    assert detector.detect(np.full((*shape, 3), 90, np.uint8)) == []


def test_reset_forgets_the_people_followed(task: Path) -> None:
    images = person_pictures()[:5]
    with MediaPipeTasksDetector(task, max_people=1) as detector:
        first = [detector.detect(image)[0].keypoints for image in images]
        followed = detector.detect(images[0])[0].keypoints
        detector.reset()
        again = [detector.detect(image)[0].keypoints for image in images]
    assert np.array_equal(first, again)
    assert not np.array_equal(followed, first[0]), "without a reset the last pictures count"


def test_a_closed_detector_says_so(detector: MediaPipeTasksDetector) -> None:
    detector.close()
    detector.close()
    for use in (lambda: detector.detect(np.zeros((8, 8, 3), np.uint8)), detector.reset):
        with pytest.raises(DetectorError, match="has been closed"):
            use()


def test_without_its_model_file_it_says_what_to_fetch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(DetectorError, match="stcstudio models download mediapipe-pose-heavy"):
        create_detector("mediapipe-tasks:heavy")
    with pytest.raises(
        DetectorError, match=r"'.*missing\.task' cannot be read .*lite, full, heavy or a \.task"
    ):
        create_detector("mediapipe-tasks", model=tmp_path / "missing.task")


@pytest.mark.parametrize("content", [b"", b"no archive", bytes(5000)])
def test_a_damaged_task_file_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.task").write_bytes(content)
    with pytest.raises(DetectorError, match=r"MediaPipe could not be started with 'bad\.task': .+") as failed:
        MediaPipeTasksDetector(tmp_path / "bad.task")
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"max_people": 0}, "one person or more, not for 0"),
        ({"min_detection_confidence": 1.5}, r"between 0 and 1; 1\.5 does not"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    task: Path, options: dict[str, float], sentence: str
) -> None:
    with pytest.raises(DetectorError, match=sentence):
        create_detector("mediapipe-tasks", model=task, **options)


def test_nothing_is_written_to_the_terminal_and_no_warning_is_raised(task: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "pictures.npy", np.array(person_pictures()[:4]))
    code = (
        "import numpy as np, os\n"
        "from detectors import create_detector\n"
        f"images = np.load({str(tmp_path / 'pictures.npy')!r})\n"
        "os.write(2, b'before\\n')\n"
        "for _ in range(2):\n"
        f"    with create_detector('mediapipe-tasks:' + {str(task)!r}) as detector:\n"
        "        found = [len(detector.detect(image)) for image in images]\n"
        "        detector.reset()\n"
        "        found += [len(detector.detect(image)) for image in images]\n"
        "os.write(2, b'after\\n')\n"
        "print(sum(found), detector.description)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPO)},
    )
    assert done.stderr == "before\nafter\n"
    assert done.stdout.startswith("8 MediaPipe 0.")
    assert "Pose Landmarker, made.task, tracking up to 4, not smoothed" in done.stdout


def test_the_automatic_choice_is_said_and_is_in_the_sidecar(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "no models"))
    clip = person_clip(tmp_path / "clip.mp4", 8)
    outcome = CommandLine(capfd)("run", clip, "--output", tmp_path / "out", "--format", "csv")
    assert outcome.code == 0, outcome
    detector = sidecar(tmp_path / "out" / "clip.json")["provenance"]["detector"]
    assert detector["name"] == "mediapipe"
    assert detector["chosen"].startswith("Detector chosen automatically: mediapipe; mmpose lacks ")
    assert detector["chosen"] in outcome.out.splitlines()
    named = CommandLine(capfd)("run", clip, "--output", tmp_path / "named", "--detector", "mediapipe")
    assert "chosen" not in sidecar(tmp_path / "named" / "clip.json")["provenance"]["detector"]
    assert "chosen automatically" not in named.out
