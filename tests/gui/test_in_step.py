"""In step: the picture, the 2D joints, the 3D pose, the timeline and the curves always show the same frame.

The clip's pictures carry their number, and so do the joints and the poses of its Take.
"""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from driver import opened

from app.gui.main_window import MainWindow
from app.project import save_project
from app.settings import Settings
from app.take import Source, Take
from app.video import open_video
from tests.gui.conftest import Pump
from tests.made_videos import make_video, read_number
from tests.synthetic_body import walk

FRAMES, RATE = 150, 30
LIFT_M = 0.001
"""Metres by which the pose of each frame is higher than that of the one before."""


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project: in frame k the picture shows k, every keypoint is at x = k, and the hip is k millimetres high."""
    folder = tmp_path_factory.mktemp("numbered")
    video = make_video(
        folder / "numbered.mp4",
        [512 * frame for frame in range(FRAMES)],
        time_base=Fraction(1, 512 * RATE),
        rate=RATE,
        block=64,
    )
    with open_video(video) as facts:
        time_s, size = facts.time_s, (facts.width, facts.height)
    numbers = np.arange(FRAMES, dtype=float)
    keypoints = np.zeros((1, FRAMES, 17, 2))
    keypoints[..., 0] = numbers[:, None]
    world = walk(FRAMES, RATE)[None].copy()
    world[..., 2] += (LIFT_M * numbers - world[0, :, 0, 2])[:, None]
    take = Take(
        Source(video, *size, RATE),
        time_s,
        keypoints,
        np.full((1, FRAMES, 17), 0.9),
        world - world[:, :, :1],
        np.tile([0.0, 0.0, 4.0], (1, FRAMES, 1)),
        world,
        {},
        Settings(),
    )
    save_project(take, folder / "numbered.stctake")
    return folder / "numbered.stctake"


class Witness:
    """Looks at every part of the window after each pass of its event loop."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.seen: list[int] = []

    def look(self) -> None:
        window = self._window
        image = window.video_view._image
        assert image is not None
        number = read_number(np.array(_rows(image)))
        joints = window.video_view._keypoints[0, 0, 0]
        height = window.scene_view._viewpoint.poses[0, 0, 2] / LIFT_M
        shown = {
            "picture": number,
            "joints": round(float(joints)),
            "pose": round(float(height)),
            "timeline": window.timeline._frame,
            "curves": window.curve_view._frame,
            "shown_frame": window.shown_frame,
        }
        assert set(shown.values()) == {number}, f"out of step: {shown}"
        if not self.seen or self.seen[-1] != number:
            self.seen.append(number)


def _rows(image: object) -> np.ndarray:
    from driver import pixels

    return pixels(image).astype(np.uint8)  # type: ignore[arg-type]


@pytest.fixture
def witness(window: MainWindow, pump: Pump, numbered: Path) -> Witness:
    opened(window, pump, numbered)
    return Witness(window)


def test_while_playing(window: MainWindow, pump: Pump, witness: Witness) -> None:
    window.player.clock.play()

    def looked() -> bool:
        witness.look()
        return len(witness.seen) >= 25

    pump.until(looked, 60, "25 frames to be played")
    assert witness.seen == sorted(witness.seen)


def test_while_scrubbing(window: MainWindow, pump: Pump, witness: Witness) -> None:
    rng = np.random.default_rng(1)
    passes = 0

    def looked(enough: int) -> bool:
        nonlocal passes
        witness.look()
        passes += 1
        return passes >= enough

    for wanted in rng.integers(0, FRAMES, 40).tolist():
        window.timeline.frame_requested.emit(wanted)
        passes = 0
        pump.until(lambda: looked(12))
    pump.until(lambda: looked(0) and window.shown_frame == wanted, 20, "the last frame asked for")
    assert len(witness.seen) > 10


def test_to_the_end_without_a_loop(window: MainWindow, pump: Pump, witness: Witness) -> None:
    clock = window.player.clock
    clock.set_looping(False)
    clock.show(FRAMES - 20)
    clock.play()
    pump.until(lambda: not clock.is_playing and window.shown_frame == FRAMES - 1, 60, "the end of the clip")
    witness.look()
    assert not window.actions_["loop"].isChecked()


def test_the_views_catch_up_when_the_clip_comes_back_from_live(
    window: MainWindow, pump: Pump, witness: Witness
) -> None:
    from app.gui.window_layout import CLIP, LIVE

    window.player.clock.show(40)
    pump.until(lambda: window.shown_frame == 40)
    pump.is_watching = False
    window.set_mode(LIVE)
    pump.run(0.2)
    window.set_mode(CLIP)
    pump.run(0.2)
    witness.look()
    assert witness.seen == [40]
