"""The evaluation: it measures what it says, on the very same motion in every row."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from stcformer import evaluation
from stcformer.activities import clip_activities
from stcformer.corpus import Corpus, pack_clips
from stcformer.evaluation import EvaluationRow, Way, evaluate, measure, ways_to_see
from stcformer.figures import Figures
from stcformer.held_out import RATES, draw_segments, see_segments
from stcformer.lifter import Lifter
from stcformer.live import LiveLifter
from stcformer.mocap import MocapClip
from stcformer.model import STCFormer
from stcformer.weights import Feeding, Weights


def moving(name: str, subject: str, seconds: float, phase: float = 0.0) -> MocapClip:
    time = np.arange(round(seconds * 60) + 1) / 60
    body = np.random.default_rng(1).normal(0, 0.3, (17, 3)) + np.array([0, 0, 1])
    sway = 0.2 * np.sin(3 * time + phase)[:, None, None] * np.linspace(-1, 1, 17)[:, None]
    return MocapClip(name, subject, 60.0, body + sway)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return pack_clips([moving("x/walk", "a", 6), moving("x/dance", "b", 6, 1.0), moving("x/run", "b", 1)])


class FlatLifter:
    """Says of every frame alone what a flat camera would: the keypoints, scaled, without depth. NaN where unseen."""

    window = 27
    weights = SimpleNamespace(feeding=Feeding("person", 30.0, (20.0, 45.0), 27))

    def lift(self, keypoints: np.ndarray, scores: np.ndarray, **_: Any) -> np.ndarray:
        pose = np.concatenate((keypoints / 500, np.zeros((*keypoints.shape[:2], 1))), axis=-1)
        return np.asarray(pose - pose[:, :1])

    def lift_windows(self, keypoints: np.ndarray, scores: np.ndarray, **_: Any) -> np.ndarray:
        return np.stack([self.lift(*window) for window in zip(keypoints, scores, strict=True)])


@pytest.fixture(scope="module")
def rows(corpus: Corpus) -> list[EvaluationRow]:
    return evaluate(FlatLifter(), corpus, 8, 1)  # type: ignore[arg-type]


def figure(rows: list[EvaluationRow], name: str, keypoints: str = "exact") -> Figures:
    found: Figures | None = getattr(next(row for row in rows if row.name == name), keypoints)
    assert found is not None
    return found


def test_every_row_of_the_issue_is_there(rows: list[EvaluationRow]) -> None:
    names = [row.name for row in rows]
    assert names[:2] == ["30 fps", "a third of the joints missing"]
    for rate in RATES:
        assert f"{rate} fps" in names
    sections = {row.section for row in rows}
    assert {"", "live (ratio to offline)", "camera pitch (ratio to level)", "activity", "posture"} <= sections
    assert {"walking", "dance", "running and jumping"} == {
        row.name for row in rows if row.section == "activity"
    }
    for row in rows:
        assert row.exact is not None
        assert (row.detected is None) == (row.name == "a third of the joints missing")


def test_the_brief_table_has_the_same_figures_without_other_rates_and_single_pitches(
    rows: list[EvaluationRow], corpus: Corpus
) -> None:
    brief = evaluate(FlatLifter(), corpus, 8, 1, brief=True)  # type: ignore[arg-type]
    left_out = {row.name for row in rows} - {row.name for row in brief}
    assert left_out == {
        "15 fps",
        "24 fps",
        "25 fps",
        "50 fps",
        "60 fps",
        "-5 to 5 degrees",
        "35 to 45 degrees",
    }
    for row in brief:
        for keypoints in ("exact", "detected"):
            if getattr(row, keypoints) is not None:
                assert str(figure(brief, row.name, keypoints)) == str(figure(rows, row.name, keypoints))


def test_errors_are_those_of_the_poses(corpus: Corpus) -> None:
    segments = draw_segments(corpus, 4, 1)
    seen = see_segments(corpus, segments, 5)
    errors = measure(FlatLifter(), seen, segments, Way("any", "exact"))  # type: ignore[arg-type]
    video = seen.video("any", "exact", 30)
    for index, frames in enumerate(segments.frames(30)):
        pose = FlatLifter().lift(video.keypoints[index].double().numpy(), np.ones((120, 17)))
        difference = np.linalg.norm(pose - video.pose[index].numpy(), axis=-1).mean(axis=-1)
        assert np.allclose(errors.p1[index, :frames], difference[:frames], atol=1e-5)
        assert np.isnan(errors.p1[index, frames:]).all()
        assert (errors.p2[index, :frames] <= errors.p1[index, :frames]).all()
        assert np.isfinite(errors.acceleration[index]).sum() == frames - 2
    assert not errors.unseen.any()


def test_a_lifter_of_single_frames_is_as_good_at_every_rate_and_live(rows: list[EvaluationRow]) -> None:
    for keypoints, within in (("exact", 0.003), ("detected", 0.03)):
        for rate in RATES:
            if rate != 30:
                ratio = figure(rows, f"{rate} fps", keypoints).ratio
                assert ratio is not None
                assert ratio.value == pytest.approx(1, abs=within)
        live = figure(rows, "the newest frame, no look-ahead", keypoints).ratio
        assert live is not None
        assert live.value == pytest.approx(1, abs=1e-9)
        assert live.standard_error == pytest.approx(0, abs=1e-9)


def test_a_steep_camera_is_harder_for_one_who_knows_no_depth(rows: list[EvaluationRow]) -> None:
    steep = figure(rows, "35 to 45 degrees").ratio
    assert steep is not None
    assert figure(rows, "-5 to 5 degrees").ratio is None
    assert not 0.99 < steep.value < 1.01


def test_groups_share_the_frames_out(rows: list[EvaluationRow]) -> None:
    whole = rows[0].seconds
    for section in ("camera pitch, bands", "activity", "posture"):
        assert sum(row.seconds for row in rows if row.section == section) == pytest.approx(whole)


def test_live_is_what_the_live_lifter_gives(corpus: Corpus) -> None:
    torch.manual_seed(3)
    model = STCFormer(width=32, depth=1, input_channels=3)
    weights = Weights(model, Feeding("person", 30.0, (20.0, 45.0), 9), "test", "0" * 64, "made in a test")
    segments = draw_segments(corpus, 2, 1)
    seen = see_segments(corpus, segments, 5)
    video = seen.video("any", "exact", 30)
    errors = measure(Lifter(weights, "cpu"), seen, segments, Way("any", "exact", live=True))
    size = tuple(video.image_size[0].tolist())
    fov = 2 * math.degrees(math.atan(max(size) / 2 / float(video.focal[0])))
    live = LiveLifter(weights, "cpu", image_size=size, field_of_view=fov)
    keypoints = video.keypoints[0].double().numpy()
    poses = np.stack([live.push(points, np.ones(17), k / 30) for k, points in enumerate(keypoints)])
    error = np.linalg.norm(poses - video.pose[0].numpy(), axis=-1).mean(axis=-1)
    measured = np.isfinite(errors.p1[0])
    assert measured.sum() == 3 * len(evaluation._LIVE_PLACES)
    assert measured[-1]
    assert np.allclose(errors.p1[0, measured], error[measured], atol=1e-5)


def test_frames_that_nobody_could_lift_are_told(corpus: Corpus) -> None:
    class Blind(FlatLifter):
        def lift(self, keypoints: np.ndarray, scores: np.ndarray, **options: Any) -> np.ndarray:
            pose = super().lift(keypoints, scores, **options)
            pose[: len(pose) // 4] = np.nan
            return pose

    found = evaluate(Blind(), corpus, 4, 1)[0].exact  # type: ignore[arg-type]
    assert found is not None
    assert found.unseen_share == pytest.approx(0.25, abs=0.01)
    assert np.isfinite(found.p1_mm.value)


def test_the_same_seed_gives_the_same_table_and_progress_ends_at_one(corpus: Corpus) -> None:
    shares: list[float] = []
    first = evaluate(FlatLifter(), corpus, 3, 2, progress=shares.append)  # type: ignore[arg-type]
    again = evaluate(FlatLifter(), corpus, 3, 2)  # type: ignore[arg-type]
    assert repr(first) == repr(again)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    assert len(shares) == len(ways_to_see())


@pytest.mark.parametrize(
    ("clip", "activity"),
    [
        ("cmu/02__02_01", "walking"),
        ("cmu/02__02_07", "martial arts and swordplay"),
        ("cmu/05__05_09", "dance"),
        ("cmu_dance/martial__03", "martial arts and swordplay"),
        ("animated_drawings/5yr_old__running", "running and jumping"),
        ("somebody/Morning_Walk_2", "walking"),
        ("somebody/take_17", "other"),
    ],
)
def test_clips_are_known_by_their_names(clip: str, activity: str) -> None:
    assert clip_activities([clip]) == (activity,)
