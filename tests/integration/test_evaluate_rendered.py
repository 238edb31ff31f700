"""`stcstudio eval --rendered` on one clip: pixels in, our errors beside MediaPipe's own 3D out."""

import re

import pytest

from app import rendered_evaluation
from app.cli import invoke
from app.commands import evaluate_rendered
from app.rendered_evaluation import rendered_clips, yardstick_poses
from stcformer.metrics import mean_joint_error
from stcformer.skeleton import mirror

NAME = "punch"


def test_one_clip_from_pixels_to_the_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (clip,) = [clip for clip in rendered_clips() if clip.name == NAME]
    monkeypatch.setattr(evaluate_rendered, "rendered_clips", lambda: [clip])
    results = []

    def kept(*arguments: object) -> rendered_evaluation.ClipResult:
        results.append(rendered_evaluation.evaluate_clip(*arguments))
        return results[-1]

    monkeypatch.setattr(evaluate_rendered, "evaluate_clip", kept)
    assert invoke(["eval", "--rendered", "--device", "cpu"]) == 0
    (result,) = results
    frames = len(clip.truth["camera"])
    assert (result.frames, result.frames_compared) == (frames, frames)
    assert 5 < result.ours.p2 < result.ours.p1 < 120
    assert 5 < result.yardstick.p2 < result.yardstick.p1 < 200
    assert result.path_mm < 300
    assert result.keypoints_of_height < 0.05
    said = capsys.readouterr().out
    assert re.search(
        rf"^ *{NAME} +{frames}/{frames} +{result.ours.p1:.1f} +{result.yardstick.p1:.1f} ", said, re.M
    )
    assert re.search(r"^ *mean ", said, re.M)
    assert re.search(r": [01] of 1 clips", said)


def test_the_yardsticks_3d_has_the_axes_of_the_camera_and_is_not_mirrored() -> None:
    (clip,) = [clip for clip in rendered_clips() if clip.name == NAME]
    found = yardstick_poses(clip.video)
    truth = clip.truth["camera"] - clip.truth["camera"][:, :1]
    assert found.shape == truth.shape
    right = mean_joint_error(found, truth).mean()
    assert mean_joint_error(mirror(found), truth).mean() > 1.3 * right
    for axis in range(3):
        turned = found.copy()
        turned[..., axis] *= -1
        assert mean_joint_error(turned, truth).mean() > right
