"""Another lifter's figure beside one's own: in step, gone when it is asked to, and said when it cannot be had."""

from pathlib import Path

import numpy as np
import pytest

from app.gui.main_window import MainWindow
from tests.gui.conftest import Pump
from tests.gui.driver import gone_to, opened


@pytest.fixture
def other_lifter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A weights file of the user's own, in the published form."""
    import torch

    from stcformer.model import STCFormer

    torch.manual_seed(4)
    torch.save(STCFormer(32, 1).state_dict(), tmp_path / "h36m-27.pth")
    monkeypatch.setenv("STCSTUDIO_WEIGHTS", str(tmp_path))
    return "h36m-27"


def ghost_of(window: MainWindow) -> np.ndarray | None:
    return window.scene_view._ghost


def test_the_other_figure_is_what_the_other_lifter_makes_of_the_same_keypoints(
    window: MainWindow, pump: Pump, project: Path, other_lifter: str, answers: dict[str, object]
) -> None:
    from app.comparing import lifted_by
    from app.lifting import load_lifter
    from app.settings import Settings

    answers["ask_lifter"] = other_lifter
    opened(window, pump, project)
    gone_to(window, pump, 7)
    pump.call(window.actions_["compare"].trigger)
    pump.until(lambda: ghost_of(window) is not None, what="the other figure")
    take = window.document.take
    assert take is not None
    expected = lifted_by(take, other_lifter, load_lifter(Settings(lifter=other_lifter)))
    np.testing.assert_allclose(ghost_of(window), expected.world[0, 7], atol=1e-6)
    gone_to(window, pump, 9)
    np.testing.assert_allclose(ghost_of(window), expected.world[0, 9], atol=1e-6)
    assert "h36m-27" in window.layout_.status_label.text()
    assert len(window.scene_view.canvas._figures.persons) == 2 if window.scene_view.canvas else True
    assert window.actions_["compare"].isChecked()
    pump.call(window.actions_["compare"].trigger)
    assert ghost_of(window) is None
    assert not window.actions_["compare"].isChecked()


def test_a_lifter_that_is_not_there_is_said_and_compared_with_no_more(
    window: MainWindow, pump: Pump, project: Path, answers: dict[str, object]
) -> None:
    answers["ask_lifter"] = "no such lifter"
    opened(window, pump, project)
    pump.call(window.actions_["compare"].trigger)
    pump.until(lambda: window.notice.isVisible(), what="the sentence")
    assert window.comparison.lifter_name is None
    assert not window.actions_["compare"].isChecked()


def test_live_shows_no_other_figure(
    window: MainWindow, pump: Pump, project: Path, other_lifter: str, answers: dict[str, object]
) -> None:
    from app.gui.window_layout import CLIP, LIVE

    answers["ask_lifter"] = other_lifter
    opened(window, pump, project)
    pump.call(window.actions_["compare"].trigger)
    pump.until(lambda: ghost_of(window) is not None, what="the other figure")
    pump.call(lambda: window.set_mode(LIVE))
    assert ghost_of(window) is None
    pump.call(lambda: window.set_mode(CLIP))
    assert ghost_of(window) is not None
