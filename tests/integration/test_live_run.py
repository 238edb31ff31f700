"""Live work with the real detector and lifter, a file standing in for the camera."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import CommandLine, rows, sidecar
from person_clips import FPS, person_clip

from app.edits import MoveJoint
from app.export import export_take
from app.lifting import load_lifter
from app.live import FileSource, LiveResult, LiveSession, Recording
from app.live.sources import Picture
from app.rebuilding import rebuild
from app.settings import Settings
from app.video import open_video

LONG_S = 120.0


@pytest.fixture
def stcstudio(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """The command line, with what it writes to the terminal."""
    return CommandLine(capfd)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return person_clip(tmp_path / "clip.mp4", 24)


def pictures(source: FileSource, stop: threading.Event | None = None) -> list[Picture]:
    with source.open() as opened:
        return list(opened.pictures(stop or threading.Event()))


@pytest.mark.parametrize("realtime", [True, False])
def test_a_file_gives_its_frames_with_its_own_times(clip: Path, realtime: bool) -> None:
    given = pictures(FileSource(clip, realtime))
    with open_video(clip) as video:
        assert [picture.time_s for picture in given] == video.time_s.tolist()
    assert [picture.index for picture in given] == list(range(24))
    if realtime:
        waited = given[-1].captured_s - given[0].captured_s
        assert waited >= 23 / FPS - 1e-3, "a frame never comes before its time"


def test_a_file_in_real_time_ends_when_it_is_told_to(clip: Path) -> None:
    stop = threading.Event()
    stop.set()
    assert pictures(FileSource(clip), stop) == []


def test_a_person_is_followed_live_and_the_recording_is_a_take(clip: Path, tmp_path: Path) -> None:
    results: list[LiveResult] = []
    errors: list[Exception] = []
    session = LiveSession(
        FileSource(clip, realtime=False), Settings(), results.append, on_error=errors.append
    )
    session.start_recording(tmp_path / "films")
    session.start()
    assert session.wait(LONG_S)
    assert errors == []
    assert [result.index for result in results] == list(range(24))
    for result in results:
        height, width = result.image.shape[:2]
        assert ((result.keypoints > 0) & (result.keypoints < (width, height))).any()
        assert np.isfinite(result.world).all()
    last = results[-1].world
    assert 1.2 < last[10, 2] - last[[3, 6], 2].min() < 2.1, "as tall as a person"
    assert last[10, 2] > last[0, 2] > last[[3, 6], 2].min()

    recording = session.stop_recording()
    assert recording is not None
    take = recording.take()
    assert take.frame_count() == 24
    assert np.array_equal(take.keypoints[0], [result.keypoints for result in results])
    lifter = load_lifter(Settings())
    x, y = take.keypoints[0, 10, 16] + 15
    corrected = rebuild(take, [MoveJoint(0, 10, 16, float(x), float(y))], take.settings, lifter)
    assert np.abs(corrected.camera[0, 10, 16] - take.camera[0, 10, 16]).max() > 0.005
    written = export_take(corrected, tmp_path / "out", recording.path.stem, ["csv", "bvh", "npz"])
    assert all(path.stat().st_size > 0 for path in written)


def test_live_poses_are_near_those_of_the_whole_clip(clip: Path, tmp_path: Path) -> None:
    """Without a look ahead the newest frame is less sure, but it is the same person in the same posture."""
    results: list[LiveResult] = []
    session = LiveSession(FileSource(clip, realtime=False), Settings(smoothing="none"), results.append)
    session.start_recording(tmp_path)
    session.start()
    assert session.wait(LONG_S)
    recording = session.stop_recording()
    assert recording is not None
    whole = recording.take().camera[0]
    live = np.array([result.camera for result in results])
    assert np.linalg.norm(live - whole, axis=-1)[5:].mean() < 0.12


def test_the_command_prints_numbers_and_writes_the_recording(
    stcstudio: CommandLine, clip: Path, tmp_path: Path
) -> None:
    outcome = stcstudio(
        "live", "--no-window", "--source", clip, "--record", tmp_path / "out", "--format", "csv,bvh"
    )
    assert outcome.code == 0, outcome
    assert "clip.mp4: " in outcome.out
    assert "lifter wild-27 on " in outcome.out
    assert "Worked on 24 pictures in " in outcome.out
    assert "dropped 0" in outcome.out
    assert "Latency from capture to result: p50 " in outcome.out
    assert "Somebody was seen in 24 of 24" in outcome.out
    assert "another person" not in outcome.out
    assert (
        "the camera is taken as level, feet are not held, and the floor comes from the feet so far"
        in outcome.out
    )
    assert "processed as a clip, is more accurate" in outcome.out
    (table,) = (tmp_path / "out").glob("live-*.csv")
    assert len(rows(table)) == 24
    assert sidecar(table.with_suffix(".json"))["source"]["frames"] == 24
    assert table.with_suffix(".mp4").is_file()
    assert table.with_suffix(".bvh").is_file()


def test_in_real_time_every_picture_is_worked_on_or_counted_as_dropped(
    stcstudio: CommandLine, clip: Path
) -> None:
    outcome = stcstudio("live", "--no-window", "--source", clip, "--realtime")
    assert outcome.code == 0, outcome
    line = next(line for line in outcome.out.splitlines() if line.startswith("Worked on"))
    worked, dropped = int(line.split()[2]), int(line.split()[-1])
    assert worked + dropped == 24
    assert worked > 0


def test_it_ends_after_the_seconds_asked_for(stcstudio: CommandLine, tmp_path: Path) -> None:
    clip = person_clip(tmp_path / "long.mp4", 300)
    outcome = stcstudio("live", "--no-window", "--source", clip, "--realtime", "--seconds", "0.3")
    assert outcome.code == 0, outcome
    line = next(line for line in outcome.out.splitlines() if line.startswith("Worked on"))
    assert int(line.split()[2]) + int(line.split()[-1]) < 300


def test_a_camera_that_is_not_there_is_one_sentence(stcstudio: CommandLine) -> None:
    outcome = stcstudio("live", "--no-window", "--camera", "97")
    assert outcome.sentence().startswith("stcstudio: Camera 97 cannot be opened; ")


def test_a_file_that_is_not_there_is_one_sentence(stcstudio: CommandLine, tmp_path: Path) -> None:
    outcome = stcstudio("live", "--no-window", "--source", tmp_path / "none.mp4")
    assert "none.mp4" in outcome.sentence()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--camera", "0", "--source", "clip.mp4"),
        ("--realtime",),
        ("--seconds", "3"),
        ("--record", "out"),
        ("--camera", "-1", "--no-window"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(
    stcstudio: CommandLine, arguments: tuple[str, ...]
) -> None:
    assert stcstudio("live", *arguments).code == 2


def test_ctrl_c_is_the_usual_end_and_the_recording_is_written(
    stcstudio: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait, results = LiveSession.wait, []
    add = Recording.add

    def count(recording: Recording, *picture: Any) -> None:
        add(recording, *picture)
        results.append(picture)

    def interrupted(session: LiveSession, timeout_s: float | None = None) -> bool:
        if len(results) >= 3:
            monkeypatch.setattr(LiveSession, "wait", wait)
            raise KeyboardInterrupt
        return wait(session, timeout_s)

    monkeypatch.setattr(Recording, "add", count)
    monkeypatch.setattr(LiveSession, "wait", interrupted)
    clip = person_clip(tmp_path / "long.mp4", 300)
    outcome = stcstudio(
        "live", "--no-window", "--source", clip, "--realtime", "--record", tmp_path, "--format", "csv"
    )
    assert outcome.code == 0, outcome
    (table,) = tmp_path.glob("live-*.csv")
    assert len(rows(table)) == len(results)
    assert f"Worked on {len(results)} pictures" in outcome.out
