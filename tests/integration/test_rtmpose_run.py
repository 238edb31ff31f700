"""RTMPose by ONNX files on the whole road from a video to files: models that find coloured dots stand in for it."""

from pathlib import Path

import numpy as np
import pytest
from command_line import CommandLine, sidecar
from person_clips import write_clip

pytest.importorskip("onnx", reason="needs onnx to build models")
pytest.importorskip("onnxruntime", reason="needs onnxruntime")

from tests.onnx_models import draw, write_box_model, write_pose_model

FRAMES = 12
STANDING = {
    0: (0.5, 0.1),
    5: (0.7, 0.22),
    6: (0.3, 0.22),
    7: (0.8, 0.36),
    8: (0.2, 0.36),
    9: (0.85, 0.5),
    10: (0.15, 0.5),
    11: (0.6, 0.52),
    12: (0.4, 0.52),
    13: (0.62, 0.72),
    14: (0.38, 0.72),
    15: (0.63, 0.92),
    16: (0.37, 0.92),
    17: (0.5, 0.04),
}
"""Keypoints of Halpe of somebody who stands and faces the camera, as parts of the person's box."""
JOINTS = {1: 12, 2: 14, 3: 16, 4: 11, 5: 13, 6: 15, 9: 0, 10: 17, 11: 5, 12: 7, 13: 9, 14: 6, 15: 8, 16: 10}
"""Human3.6M joint -> the keypoint of Halpe that it is."""


def test_two_people_go_the_whole_road_with_rtmpose(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    truth = np.full((2, FRAMES, 26, 2), np.nan)
    pictures = [np.zeros((480, 640, 3), np.uint8) for _ in range(FRAMES)]
    for frame, picture in enumerate(pictures):
        truth[0, frame] = draw(picture, (40 + 4 * frame, 30, 240 + 4 * frame, 450), 0, STANDING)
        truth[1, frame] = draw(picture, (420, 60 + 2 * frame, 580, 400 + 2 * frame), 1, STANDING)
    # without losses: the models know the persons by their colours
    clip = write_clip(tmp_path / "dots.mkv", pictures, codec="ffv1", pixels="bgr0")
    pose, person = write_pose_model(tmp_path / "pose.onnx"), write_box_model(tmp_path / "rtmdet.onnx")
    run = ("run", clip, "-o", tmp_path, "--format", "npz", "--person", "all")
    done = CommandLine(capfd).done(*run, "--detector", f"rtmpose:{pose},{person}")
    assert "Detector rtmpose on CPU; lifter " in done.out
    detector = sidecar(tmp_path / "dots.json")["provenance"]["detector"]
    assert (detector["name"], detector["device"]) == ("rtmpose", "CPU")
    assert "pose.onnx" in detector["description"]
    with np.load(tmp_path / "dots.npz") as found:
        keypoints, scores, world = found["keypoints"], found["scores"], found["world"]
    errors = np.abs(keypoints[:, :, list(JOINTS)] - truth[:, :, list(JOINTS.values())])
    assert errors.max() < 2.5, "a pixel of the crop, or little more"
    assert scores[:, :, list(JOINTS)].min() > 0.3
    assert np.isfinite(world).all()
    for models in (f"rtmpose:{pose},{person}", f"mediapipe-people:{person}"):
        named = CommandLine(capfd)(*run, "--detector", f"{models},device=directml")
        assert "has no DirectML" in named.sentence()
