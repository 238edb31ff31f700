"""Wrong usage, wrong settings, wrong weights and outputs that cannot be written: said at once, nothing lost."""

import contextlib
import errno
import io
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from command_line import CommandLine, SlowDetector, listing
from made_videos import make_video
from person_clips import person_clip
from safetensors.torch import save_file

from app import pipeline
from app.export import FORMATS
from stcformer import STCFormer, atomic
from stcformer.device import DEVICES
from stcformer.weights import SHIPPED_WEIGHTS, Feeding, save_weights

FRAMES = 400
"""At 20 ms a frame, eight seconds of detection: what is said after a fraction of them is said early."""


@pytest.fixture
def stcstudio(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capfd)


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> SlowDetector:
    made = SlowDetector()
    monkeypatch.setattr(pipeline, "create_detector", lambda name: made)
    return made


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("video") / "clip.mp4", range(0, FRAMES * 512, 512))


@pytest.mark.parametrize(
    "arguments",
    [["--no-such-option"], ["--height", "tall"], ["--fov"], ["a second video.mp4"]],
    ids=lambda arguments: arguments[0],
)
def test_wrong_usage_is_exit_code_2(stcstudio: CommandLine, video: Path, arguments: list[str]) -> None:
    outcome = stcstudio("run", video, *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert "Error: " in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--format", "csv,fbx", ["'fbx'", *FORMATS]),
        ("--detector", "yolo", ["'yolo'", "auto", "mediapipe"]),
        ("--smooth", "kalman", ["'kalman'", "auto", "butterworth", "savitzky-golay", "gaussian", "none"]),
        ("--foot-lock", "glue", ["'glue'", "auto", "always", "never"]),
        ("--height", "-1.75", ["-1.75 m", "such as 1.75"]),
        ("--height", "180", ["180 m", "in metres"]),
        ("--height", "nan", ["nan m"]),
        ("--fov", "0", ["0 degrees", "5 to 170"]),
        ("--fov", "400", ["400 degrees"]),
    ],
)
def test_a_wrong_setting_is_said_before_the_first_frame(
    stcstudio: CommandLine,
    detector: SlowDetector,
    video: Path,
    tmp_path: Path,
    option: str,
    value: str,
    said: list[str],
) -> None:
    sentence = stcstudio("run", video, "-o", tmp_path / "out", option, value).sentence()
    assert [word for word in said if word not in sentence] == []
    assert detector.pictures == 0
    assert listing(tmp_path) == {}


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("--device", "tpu", ["'tpu'", *DEVICES]), ("--lifter", "best", ["'best'", *SHIPPED_WEIGHTS])],
)
def test_an_unknown_device_or_lifter_stops_detection_with_the_known_names(
    stcstudio: CommandLine,
    detector: SlowDetector,
    video: Path,
    tmp_path: Path,
    option: str,
    value: str,
    said: list[str],
) -> None:
    sentence = stcstudio("run", video, "-o", tmp_path / "out", option, value).sentence()
    assert [word for word in said if word not in sentence] == []
    assert detector.pictures < FRAMES / 2
    assert listing(tmp_path) == {}


def _small_model() -> STCFormer:
    torch.manual_seed(0)
    return STCFormer(width=32, depth=1, input_channels=3)


def _text(path: Path) -> None:
    path.write_text("These are not weights.\n" * 100)


def _empty(path: Path) -> None:
    path.touch()


def _folder(path: Path) -> None:
    path.mkdir()


def _another_model(path: Path) -> None:
    _save(path, torch.nn.Sequential(torch.nn.Linear(34, 51), torch.nn.LayerNorm(51)).state_dict())


def _wrong_shape(path: Path) -> None:
    state = _small_model().state_dict()
    _save(path, state | {"regress_head.weight": torch.zeros(4, 32)})


def _a_layer_missing(path: Path) -> None:
    state = dict(_small_model().state_dict())
    del state["stcformer.stc_block.0.mlp.fc1.weight"]
    _save(path, state)


def _impossible_depth(path: Path) -> None:
    state = dict(_small_model().state_dict())
    _save(path, state | {"stcformer.stc_block.999999999.mlp.fc1.weight": torch.zeros(1)})


def _impossible_width(path: Path) -> None:
    state = dict(_small_model().state_dict())
    _save(path, state | {"pose_emb.weight": torch.zeros(1, 3).expand(16 * 10**6, 3)})


def _not_a_number(path: Path) -> None:
    state = dict(_small_model().state_dict())
    state["pose_emb.weight"] = torch.full((32, 3), torch.nan)
    _save(path, state)


def _cut(path: Path) -> None:
    _save(path, _small_model().state_dict())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _training_state(path: Path) -> None:
    torch.save({"epoch": 3, "optimizer": {"lr": 0.001}}, path)


def _save(path: Path, state: dict[str, torch.Tensor]) -> None:
    if path.suffix == ".safetensors":
        save_file({name: value.contiguous() for name, value in state.items()}, path)
    else:
        torch.save(state, path)


_EITHER = (".pth", ".safetensors")


@pytest.mark.parametrize(
    ("make", "suffix", "reason"),
    [
        *(
            (_text, suffix, reason)
            for suffix, reason in zip(_EITHER, ("refused", "not a readable"), strict=True)
        ),
        *((_empty, suffix, "not a readable") for suffix in _EITHER),
        *((_cut, suffix, "not a readable") for suffix in _EITHER),
        *((_another_model, suffix, "is not an STCFormer checkpoint") for suffix in _EITHER),
        *(
            (_wrong_shape, suffix, "'regress_head.weight' should be (3, 32) and is (4, 32)")
            for suffix in _EITHER
        ),
        *((_a_layer_missing, suffix, "fc1.weight' should be (128, 32) and is absent") for suffix in _EITHER),
        *((_not_a_number, suffix, "'pose_emb.weight' holds NaN") for suffix in _EITHER),
        (_impossible_depth, ".pth", "depth 1000000000"),
        (_impossible_width, ".pth", "width 16000000"),
        (_training_state, ".pth", "holds no table of tensors"),
        (_folder, ".pth", "neither a file nor one of"),
    ],
)
def test_weights_that_are_none_stop_detection_with_the_reason(
    stcstudio: CommandLine,
    detector: SlowDetector,
    video: Path,
    tmp_path: Path,
    make: Callable[[Path], None],
    suffix: str,
    reason: str,
) -> None:
    weights, output = tmp_path / f"weights{suffix}", tmp_path / "out"
    make(weights)
    output.mkdir()
    (output / "clip.csv").write_text("of an earlier run")
    before = listing(tmp_path)
    sentence = stcstudio("run", video, "-o", output, "--lifter", weights).sentence()
    assert f"'{weights}'" in sentence
    assert reason in sentence
    assert detector.pictures < FRAMES / 2
    assert listing(tmp_path) == before


class _Payload:
    """Unpickling this makes a folder: a harmless stand-in for any command."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.marker),)


def _malicious_zip(payload: _Payload) -> bytes:
    content = io.BytesIO()
    torch.save(dict(_small_model().state_dict()) | {"extra": payload}, content)
    return content.getvalue()


def _malicious_old_format(payload: _Payload) -> bytes:
    content = io.BytesIO()
    torch.save({"model_pos": payload}, content, _use_new_zipfile_serialization=False)
    return content.getvalue()


def _malicious_pickle(payload: _Payload) -> bytes:
    return pickle.dumps({"state_dict": payload})


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".bin", ".safetensors"])
@pytest.mark.parametrize("make", [_malicious_zip, _malicious_old_format, _malicious_pickle])
def test_a_malicious_pickle_is_refused_and_not_executed(
    stcstudio: CommandLine,
    detector: SlowDetector,
    video: Path,
    tmp_path: Path,
    make: Callable[[_Payload], bytes],
    suffix: str,
) -> None:
    marker, weights = tmp_path / "executed", tmp_path / f"weights{suffix}"
    weights.write_bytes(make(_Payload(marker)))
    sentence = stcstudio("run", video, "-o", tmp_path / "out", "--lifter", weights).sentence()
    assert f"'{weights}'" in sentence
    assert "was refused" in sentence or "not a readable safetensors" in sentence
    assert list(tmp_path.iterdir()) == [weights]
    assert detector.pictures < FRAMES / 2
    if suffix == ".pth":  # the payload is a live one: whoever loads it carelessly runs it
        with contextlib.suppress(RuntimeError):  # afterwards it finds that this was no checkpoint
            torch.load(weights, weights_only=False)
        assert marker.is_dir()


@pytest.mark.parametrize("below", [".", "deeper/still"])
def test_an_output_folder_that_is_a_file_is_said_before_the_first_frame(
    stcstudio: CommandLine, detector: SlowDetector, video: Path, tmp_path: Path, below: str
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("keep me")
    sentence = stcstudio("run", video, "-o", notes / below).sentence()
    assert f"'{notes}' is a file" in sentence
    assert detector.pictures == 0
    assert listing(tmp_path) == {"notes.txt": b"keep me"}


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder that this process may not write to; root gives up its rights for the time."""
    if sys.platform == "win32":
        pytest.skip("a folder's read-only flag does not keep files out of it on Windows")
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as name:  # pytest's own folder is closed to everybody but root
        Path(name).chmod(0o555)
        if is_root:
            os.seteuid(65534)  # nobody
        try:
            yield Path(name)
        finally:
            if is_root:
                os.seteuid(0)
            Path(name).chmod(0o755)


@pytest.mark.parametrize("below", [".", "a new folder"])
def test_a_read_only_output_folder_is_said_before_the_first_frame(
    stcstudio: CommandLine, detector: SlowDetector, video: Path, read_only_folder: Path, below: str
) -> None:
    sentence = stcstudio("run", video, "-o", read_only_folder / below).sentence()
    assert f"'{read_only_folder}' may not be read or written" in sentence
    assert detector.pictures == 0
    assert list(read_only_folder.iterdir()) == []


def _old_results(folder: Path) -> dict[str, bytes | None]:
    folder.mkdir()
    for suffix in (*(entry.suffix for entry in FORMATS.values()), ".json"):
        (folder / f"clip{suffix}").write_bytes(b"of an earlier run")
    return listing(folder)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, the disk that is always full")
@pytest.mark.parametrize("name", [*FORMATS, "sidecar"])
def test_a_disk_that_is_full_keeps_the_old_file_and_says_so(
    stcstudio: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    video, output = person_clip(tmp_path / "clip.mp4", 4), tmp_path / "out"
    before = _old_results(output)
    target = f"clip{FORMATS[name].suffix if name in FORMATS else '.json'}"
    real = tempfile.mkstemp

    def full(prefix: str, suffix: str, dir: Path) -> tuple[int, str]:  # noqa: A002
        handle, path = real(prefix=prefix, suffix=suffix, dir=dir)
        if target.endswith(suffix):
            Path(path).unlink()
            Path(path).symlink_to("/dev/full")
        return handle, path

    monkeypatch.setattr(atomic.tempfile, "mkstemp", full)
    formats = name if name in FORMATS else ""
    outcome = stcstudio("run", video, "-o", output, "--format", formats)
    assert f"'{output / target}' cannot be written because the disk is full" in outcome.sentence()
    assert listing(output) == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_at_the_last_moment_keeps_all_old_files(
    stcstudio: CommandLine, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    # Network drives and quotas tell only when the file is flushed.
    def failing(descriptor: int) -> None:
        del descriptor
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(pipeline, "create_detector", lambda name: SlowDetector(0))
    monkeypatch.setattr(atomic.os, "fsync", failing)
    output = tmp_path / "out"
    before = _old_results(output)
    sentence = stcstudio("run", video, "-o", output, "--format", "csv,npz").sentence()
    assert f"'{output / 'clip.csv'}'" in sentence
    assert ("disk is full" if code == errno.ENOSPC else os.strerror(code)) in sentence
    assert listing(output) == before


def test_a_result_whose_name_a_folder_has_is_one_sentence(
    stcstudio: CommandLine, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "create_detector", lambda name: SlowDetector(0))
    (tmp_path / "clip.csv").mkdir()
    sentence = stcstudio("run", video, "-o", tmp_path, "--format", "csv").sentence()
    assert f"'{tmp_path / 'clip.csv'}'" in sentence
    assert listing(tmp_path) == {"clip.csv": None}


def test_weights_saved_here_are_taken(stcstudio: CommandLine, tmp_path: Path) -> None:
    # The other side of all the refusals above.
    weights = tmp_path / "mine.safetensors"
    save_weights(weights, _small_model(), Feeding("person", 30.0, (20.0, 45.0), 9), "made in a test")
    done = stcstudio.done(
        "run", person_clip(tmp_path / "clip.mp4", 4), "-o", tmp_path, "--format", "csv", "--lifter", weights
    )
    assert "lifter mine.safetensors" in done.out
