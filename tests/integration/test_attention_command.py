"""`stcstudio attention`: from a project or a video to pictures and numbers."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.project import save_project
from stcformer.model import STCFormer
from stcformer.skeleton import JOINTS
from stcformer.weights import Feeding, load_weights, save_weights
from tests.command_line import CommandLine


@pytest.fixture
def command_line(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capfd)


@pytest.fixture
def lifter(tmp_path: Path) -> Path:
    import torch

    torch.manual_seed(6)
    path = tmp_path / "small.safetensors"
    save_weights(path, STCFormer(32, 2, 3), Feeding("person", 30.0, (20.0, 45.0), 9), "made in a test")
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two people of numbers, whose video is nowhere."""
    from tests.made_takes import exact_take
    from tests.synthetic_body import walk

    path = tmp_path / "walk.stctake"
    save_project(exact_take(walk(40, 30.0), walk(40, 30.0, heading=90.0)), path)
    return path


def test_a_project_gives_pictures_and_the_very_numbers_of_the_network(
    tmp_path: Path, command_line: CommandLine, project: Path, lifter: Path
) -> None:
    from app.project import open_project
    from stcformer import Lifter
    from stcformer.attention import attention_about, trajectory_correlation

    out = tmp_path / "out"
    told = command_line.done(
        *("attention", project, "-o", out, "--lifter", lifter, "--device", "cpu"),
        *("--frame", "21", "--joint", "lankle", "--person", "2", "--block", "2"),
    )
    assert "walk.mp4" in told.out  # the video that was not found
    assert "--video" in told.out
    names = ["attention.npz", "correlation.png", "frame_lankle.png", "space.png", "time_lankle.png"]
    assert sorted(path.name for path in out.iterdir()) == names
    for name in names[1:]:
        with Image.open(out / name) as image:
            assert min(image.size) > 300
    take = open_project(project)
    expected = attention_about(
        Lifter(load_weights(lifter), "cpu"),
        take.keypoints[1],
        take.scores[1],
        21,
        image_size=(take.source.width, take.source.height),
        fps=take.source.fps,
    )
    with np.load(out / "attention.npz") as numbers:
        np.testing.assert_allclose(numbers["space"], expected.space, atol=1e-5)
        np.testing.assert_allclose(numbers["time"], expected.time[:, JOINTS.index("lankle")], atol=1e-5)
        np.testing.assert_allclose(numbers["correlation"], trajectory_correlation(take.world[1]), atol=1e-9)
        assert numbers["frames"].tolist() == list(range(17, 26))
        assert (int(numbers["frame"]), int(numbers["person"])) == (21, 2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--joint", "tail"), ("'tail'", "rwrist")),
        (("--frame", "400"), ("400", "39")),
        (("--block", "9"), ("9", "1 to 2")),
        (("--person", "3"), ("3", "1 to 2")),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    tmp_path: Path,
    command_line: CommandLine,
    project: Path,
    lifter: Path,
    options: tuple[str, ...],
    words: tuple[str, ...],
) -> None:
    sentence = command_line(
        "attention", project, "-o", tmp_path / "out", "--lifter", lifter, *options
    ).sentence()
    assert all(word in sentence for word in words), sentence
    assert not list((tmp_path / "out").glob("*"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--detector", "mediapipe"), ("--detector", "project")),
        (("--fov", "300"), ("300 degrees", "5 to 170")),
    ],
)
def test_a_project_keeps_its_joints_and_an_impossible_lens_is_refused(
    tmp_path: Path, command_line: CommandLine, project: Path, options: tuple[str, ...], words: tuple[str, ...]
) -> None:
    sentence = command_line("attention", project, "-o", tmp_path / "out", *options).sentence()
    assert all(word in sentence for word in words), sentence


def test_the_field_of_view_that_is_given_is_what_the_lifter_reads(
    tmp_path: Path, command_line: CommandLine, project: Path, lifter: Path
) -> None:
    space = []
    for name, options in (("usual", ()), ("wide", ("--fov", "110"))):
        common = ("attention", project, "-o", tmp_path / name, "--lifter", lifter, "--device", "cpu")
        command_line.done(*common, "--frame", "21", *options)
        with np.load(tmp_path / name / "attention.npz") as numbers:
            space.append(numbers["space"])
    assert np.abs(space[0] - space[1]).max() > 1e-4


def test_a_video_is_processed_with_the_detector_and_the_lens_that_are_named(
    tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import pipeline
    from app.errors import StudioError
    from app.settings import Settings

    used: list[Settings] = []

    def processed(_path: Path, settings: Settings, **_: object) -> None:
        used.append(settings)
        raise StudioError("That is enough.")

    monkeypatch.setattr(pipeline, "process_video", processed)
    options = ("--detector", "rtmpose", "--fov", "61", "--person", "2")
    assert command_line("attention", "walk.mp4", "-o", tmp_path / "out", *options).sentence()
    assert used == [Settings(detector="rtmpose", fov_degrees=61.0, person="2")]


def test_a_video_is_processed_and_the_lines_lie_on_its_own_picture(
    tmp_path: Path, command_line: CommandLine, lifter: Path
) -> None:
    from app.video import open_video
    from tests.person_clips import person_clip

    video, out = person_clip(tmp_path / "clip.mp4", 30), tmp_path / "out"
    command_line.done("attention", video, "-o", out, "--lifter", lifter, "--device", "cpu")
    with np.load(out / "attention.npz") as numbers:
        frame = int(numbers["frame"])
        assert numbers["frames"][0] <= frame <= numbers["frames"][-1]
    with Image.open(out / "frame_rwrist.png") as image:
        shown = np.asarray(image.convert("L").resize((64, 64)), dtype=float)
    with open_video(video) as opened:
        picture = Image.fromarray(opened.frame(frame).image).convert("L").resize((64, 64))
    likeness = np.corrcoef(shown[16:].ravel(), np.asarray(picture, dtype=float)[16:].ravel())[0, 1]
    assert likeness > 0.5


def test_a_network_that_attends_over_time_alone_has_no_map_over_joints(
    tmp_path: Path, command_line: CommandLine, project: Path
) -> None:
    path, out = tmp_path / "time.safetensors", tmp_path / "out"
    save_weights(
        path, STCFormer(32, 1, 3, attention="time"), Feeding("person", 30.0, (20.0, 45.0), 9), "made"
    )
    command_line.done("attention", project, "-o", out, "--lifter", path, "--device", "cpu")
    assert not (out / "space.png").exists()
    assert (out / "time_rwrist.png").exists()


def test_lifters_are_listed_with_their_hash_and_what_they_are_fed(
    tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hashlib

    import torch

    monkeypatch.setenv("STCSTUDIO_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    torch.save(STCFormer(32, 1).state_dict(), tmp_path / "h36m-81.pth")
    (tmp_path / "broken.pth").write_bytes(b"no weights")
    told = command_line.done("lifters").out
    digest = hashlib.sha256((tmp_path / "h36m-81.pth").read_bytes()).hexdigest()[:16]
    row = next(line for line in told.splitlines() if "h36m-81" in line and digest in line)
    assert "81" in row
    assert "16.7" in row
    assert "Human3.6M" in row
    assert "broken cannot be used" in told
    assert "refused" in told
