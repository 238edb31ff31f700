"""Several people, from a video to files: who is followed, what is said of them, and what real detectors give."""

import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from command_line import CommandLine, is_empty, rows, sidecar
from made_takes import short_lifter
from made_videos import make_video, read_number
from person_clips import person_clip
from synthetic_body import Stance, body, seen_by_camera, walk

from app import lifting, pipeline
from app.edits import NamePerson, SwapPeople
from app.errors import CancelledError
from app.pipeline import Partial, Progress, process_video
from app.project import open_project, save_project
from app.settings import Settings
from app.video import open_video
from detectors import Person, create_detector
from detectors.people.tracking import Track, Tracker

FRAMES, FPS = 60, 30.0
SIZE = (320, 256)


def two_people() -> np.ndarray:
    """(2, F, 17, 2) pixels: somebody far who leaves, and somebody near who comes."""
    far = seen_by_camera(walk(FRAMES, FPS) + np.array([-1, 3, 0]))[1] / 4
    near = seen_by_camera(body(Stance(heading=160, hip=(1.0, 3, 0.93)), FRAMES))[1] / 4
    near[:20], far[50:] = np.nan, np.nan
    return np.stack([far, near])


class ScriptedDetector:
    """Knows who is in each frame by the number that the picture shows; several pictures at once."""

    name = description = "scripted"
    keypoint_format = "h36m17"
    batch_size = 4
    device = ""

    def __init__(self) -> None:
        self._people = two_people()
        self.batches: list[list[int]] = []

    def detect(self, image: np.ndarray) -> list[Person]:
        return self.detect_batch([image])[0]

    def detect_batch(self, images: Sequence[np.ndarray]) -> list[list[Person]]:
        self.batches.append([read_number(image) for image in images])
        return [self._persons(frame) for frame in self.batches[-1]]

    def _persons(self, frame: int) -> list[Person]:
        found = []
        for keypoints in self._people[:, frame]:
            if np.isfinite(keypoints).all():
                box = np.concatenate([keypoints.min(axis=0), keypoints.max(axis=0)]).clip(0, [*SIZE, *SIZE])
                found.append(Person(keypoints, np.full(17, 0.9), "h36m17", box))
        return found

    def reset(self) -> None:
        """Nothing to forget."""

    def close(self) -> None:
        """Nothing to free."""

    def __enter__(self) -> "ScriptedDetector":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to free."""


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedDetector:
    made = ScriptedDetector()
    monkeypatch.setattr(pipeline, "create_detector", lambda name: made)
    monkeypatch.setattr(lifting, "load_lifter", lambda settings: short_lifter())
    return made


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("video") / "two.mp4", range(0, FRAMES * 512, 512), block=64)


@pytest.fixture
def stcstudio(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capfd)


def test_pictures_are_detected_several_at_once_in_their_order(
    scripted: ScriptedDetector, video: Path
) -> None:
    steps: list[Progress] = []
    take = process_video(video, Settings(person="all"), progress=steps.append)
    assert [frame for batch in scripted.batches for frame in batch] == list(range(FRAMES))
    assert {len(batch) for batch in scripted.batches} == {4}
    assert [step.done for step in steps if step.stage == "detect"] == list(range(1, FRAMES + 1))
    np.testing.assert_array_equal(take.keypoints, two_people()[::-1])


def test_a_run_with_batches_stops_after_the_one_that_is_looked_at(
    scripted: ScriptedDetector, video: Path
) -> None:
    stop = threading.Event()

    def at_the_fifth_frame(step: Progress) -> None:
        if step.done == 5:
            stop.set()

    with pytest.raises(CancelledError):
        process_video(video, progress=at_the_fifth_frame, cancel=stop)
    assert len(scripted.batches) == 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


@pytest.mark.usefixtures("scripted")
def test_partial_results_hold_who_is_wanted_so_far(video: Path) -> None:
    known: list[Partial] = []
    process_video(video, Settings(person="all"), partial=known.append)
    people = [len(partial.keypoints) for partial in known]
    assert people[0] == 1
    assert people[-1] == 2
    assert {len(arrays) for partial in known[-1:] for arrays in (partial.scores, partial.camera)} == {2}
    assert known[-1].frames_detected == known[-1].frames_lifted == FRAMES


@pytest.mark.usefixtures("scripted")
def test_people_can_be_swapped_and_kept_in_a_project(video: Path, tmp_path: Path) -> None:
    edits = (SwapPeople(0, 1, 30), NamePerson(1, "Ann"))
    take = process_video(video, Settings(person="all"), edits=edits)
    near, far = two_people()[1], two_people()[0]
    np.testing.assert_array_equal(take.keypoints[0], np.concatenate([near[:30], far[30:]]))
    save_project(take, tmp_path / "two.stctake")
    found = open_project(tmp_path / "two.stctake")
    assert found.settings == take.settings
    assert found.provenance["people"] == take.provenance["people"]
    np.testing.assert_array_equal(found.world, take.world)


@pytest.mark.usefixtures("scripted")
def test_the_command_says_who_was_found_and_writes_a_file_for_each(
    stcstudio: CommandLine, video: Path, tmp_path: Path
) -> None:
    done = stcstudio.done("run", video, "-o", tmp_path / "all", "--person", "all", "--format", "csv")
    assert "Person 1: in 40 of 60 frames, " in done.out
    assert "Person 2: in 50 of 60 frames, " in done.out
    assert "left out" not in done.out
    assert {path.name for path in (tmp_path / "all").iterdir()} == {"two.csv", "two.p2.csv", "two.json"}
    first, second = rows(tmp_path / "all" / "two.csv"), rows(tmp_path / "all" / "two.p2.csv")
    assert [is_empty(first[0]), is_empty(first[40]), is_empty(second[5])] == [True, False, False]


@pytest.mark.usefixtures("scripted")
def test_the_main_person_is_the_default_and_the_others_are_named(
    stcstudio: CommandLine, video: Path, tmp_path: Path
) -> None:
    done = stcstudio.done("run", video, "-o", tmp_path, "--format", "csv")
    assert "% of the picture's height, left out (--person 2 or --person all keeps them)" in done.out
    assert {path.name for path in tmp_path.iterdir()} == {"two.csv", "two.json"}
    assert is_empty(rows(tmp_path / "two.csv")[0])
    second = stcstudio.done("run", video, "-o", tmp_path / "second", "--format", "csv", "--person", "2")
    assert "Person 1: in 40 of 60 frames" in second.out
    assert ", person 1 in the files" in second.out
    people = sidecar(tmp_path / "second" / "two.json")["provenance"]["people"]
    assert [person["person"] for person in people] == [None, 1]
    assert not is_empty(rows(tmp_path / "second" / "two.csv")[0])
    assert sidecar(tmp_path / "two.json")["provenance"]["people"][1]["chosen"] is False


def test_a_person_who_is_not_there_and_a_wrong_choice_end_in_a_sentence(
    stcstudio: CommandLine, scripted: ScriptedDetector, video: Path, tmp_path: Path
) -> None:
    assert (
        "2 people were found, but person 3 is wanted"
        in stcstudio("run", video, "-o", tmp_path / "out", "--person", "3").sentence()
    )
    before = len(scripted.batches)
    assert (
        "'both' is no choice of people"
        in stcstudio("run", video, "-o", tmp_path / "out", "--person", "both").sentence()
    )
    assert len(scripted.batches) == before, "said before the video is read"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("person", "expected"), [("main", "mediapipe"), ("all", "mediapipe-people"), ("2", "mediapipe-people")]
)
def test_for_several_people_a_run_takes_a_detector_that_sees_several(
    scripted: ScriptedDetector, video: Path, monkeypatch: pytest.MonkeyPatch, person: str, expected: str
) -> None:
    pytest.importorskip("onnxruntime")
    made: list[str] = []
    monkeypatch.setattr(pipeline, "create_detector", lambda name: made.append(name) or scripted)
    monkeypatch.setattr("detectors.models.files.is_present", lambda name: name == "rtmdet-nano-person")
    take = process_video(video, Settings(person=person))
    assert made == [expected]
    assert f"automatically: {expected}" in take.provenance["detector"]["chosen"]


def test_a_detector_of_one_person_says_so_where_more_are_wanted(
    stcstudio: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(lifting, "load_lifter", lambda settings: short_lifter())
    run = ("run", person_clip(tmp_path / "clip.mp4"), "-o", tmp_path / "out", "--format", "csv")
    sentence = "detector mediapipe sees one person at a time"
    done = stcstudio.done(*run, "--detector", "mediapipe", "--person", "all")
    assert [line for line in done.out.splitlines() if sentence in line] == [
        "Note: The detector mediapipe sees one person at a time; mmpose, rtmpose, mediapipe-people and "
        "mediapipe-tasks see several ('stcstudio doctor' says what each lacks)."
    ]
    assert sentence not in stcstudio.done(*run, "--detector", "mediapipe").out
    missing = stcstudio(*run, "--detector", "mediapipe", "--person", "2").sentence()
    assert "1 person was found, but person 2 is wanted; choose another, or another detector: the " in missing
    assert sentence in missing


def tracks_of(path: Path, detector_name: str, start: int, stop: int) -> list[Track]:
    """Who a detector and the tracker find in some frames of a video."""
    with open_video(path) as video, create_detector(detector_name) as detector:
        tracker = Tracker((video.width, video.height))
        for frame in video.frames(start, stop):
            tracker.update(frame.index, frame.time_s, detector.detect(frame.image), frame.image)
        return tracker.tracks()


def test_mediapipe_that_goes_from_one_person_to_another_is_cut(shared: Path) -> None:
    tracks = tracks_of(shared / "videos" / "walk_outdoors.mp4", "mediapipe", 0, 215)
    spans = sorted((track.frames[0], track.frames[-1]) for track in tracks)
    assert len(spans) == 3, "the man on the roof, the woman, and the man after his leap"
    assert all(stop < start for (_, stop), (start, _) in pairwise(spans))


def test_mediapipe_on_crops_sees_both_of_two_people_who_cross(shared: Path) -> None:
    pytest.importorskip("onnxruntime")
    model = shared / "weights" / "rtmdet_nano_person_320.onnx"
    tracks = tracks_of(shared / "videos" / "two_people_indoors.avi", f"mediapipe-people:{model}", 20, 60)
    assert [len(track.frames) >= 36 for track in tracks] == [True, True]
    hips = [np.array(track.keypoints)[:, 0, 0] for track in tracks]
    assert hips[0][0] < hips[1][0], "the one in front stands left of the other"
    assert hips[1][-1] - hips[0][-1] > 250, "and goes away to the left"
    assert np.abs(np.diff(hips[0])).max() < 60
    assert np.abs(np.diff(hips[1])).max() < 60
