"""Many videos at once: their names, what is done already, and one that fails among them."""

import threading
from pathlib import Path

import pytest

from app.cli.options import DEFAULT_LIFTER
from app.commands import batch
from app.commands.batch import find_videos, is_done, run_batch
from app.errors import StudioError
from app.settings import Settings
from stcformer.weights import DEFAULT_WEIGHTS
from tests.made_takes import exact_take
from tests.synthetic_body import walk


def _touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(str(path).encode())


def test_folders_are_searched_and_every_video_is_named_once(tmp_path: Path) -> None:
    _touch(
        tmp_path / "a" / "walk.mp4",
        tmp_path / "b" / "walk.mp4",
        tmp_path / "b" / "run.MOV",
        tmp_path / "notes.txt",
    )
    found = find_videos([tmp_path, tmp_path / "b" / "run.MOV"])
    assert {path.relative_to(tmp_path).as_posix(): name for path, name in found} == {
        "a/walk.mp4": "a-walk.mp4",
        "b/run.MOV": "run",
        "b/walk.mp4": "b-walk.mp4",
    }


def test_names_that_differ_in_suffix_or_case_alone_are_kept_apart(tmp_path: Path) -> None:
    _touch(tmp_path / "walk.mp4", tmp_path / "walk.avi", tmp_path / "Run.mp4", tmp_path / "x" / "run.mp4")
    names = [name for _, name in find_videos([tmp_path])]
    assert len({name.casefold() for name in names}) == 4


def test_nothing_to_do_is_said(tmp_path: Path) -> None:
    _touch(tmp_path / "notes.txt")
    with pytest.raises(StudioError, match="no video"):
        find_videos([tmp_path])
    with pytest.raises(StudioError, match="no file or folder"):
        find_videos([tmp_path / "nowhere"])


@pytest.fixture
def processed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the videos that went through the pipeline, which is a double that fails on a broken one."""
    names: list[str] = []

    def process_video(path: Path, settings: Settings, *, progress: object = None) -> object:
        from dataclasses import asdict, replace

        from app.video.fingerprint import fingerprint

        names.append(path.name)
        if "broken" in path.name:
            raise StudioError(f"'{path}' is no video.")
        if "stop" in path.name:
            raise KeyboardInterrupt
        take = exact_take(walk(20, 30.0))
        provenance = take.provenance | {
            "settings": asdict(settings),
            "video": {"file": fingerprint(path)},
            "seconds": {"total": 1.0},
        }
        return replace(take, provenance=provenance, source=replace(take.source, path=path))

    monkeypatch.setattr(batch.pipeline, "process_video", process_video)
    return names


def test_one_that_fails_is_said_and_the_others_go_on(
    tmp_path: Path, processed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    _touch(tmp_path / "in" / "a.mp4", tmp_path / "in" / "broken.mp4", tmp_path / "in" / "c.mp4")
    assert not run_batch([tmp_path / "in"], tmp_path / "out", ["csv"], Settings(), again=False)
    assert processed == ["a.mp4", "broken.mp4", "c.mp4"]
    assert (tmp_path / "out" / "a" / "a.csv").is_file()
    assert (tmp_path / "out" / "c" / "c.csv").is_file()
    said = capsys.readouterr().out
    assert "FAILED. " in said
    assert "1 of 3 failed" in said


def test_what_is_done_is_not_done_twice_unless_asked_or_changed(tmp_path: Path, processed: list[str]) -> None:
    _touch(tmp_path / "in" / "a.mp4", tmp_path / "in" / "b.mp4")
    arguments = ([tmp_path / "in"], tmp_path / "out")
    assert run_batch(*arguments, ["csv"], Settings(), again=False)
    assert run_batch(*arguments, ["csv"], Settings(), again=False)
    assert processed == ["a.mp4", "b.mp4"]
    run_batch(*arguments, ["csv", "npz"], Settings(), again=False)  # a format more
    assert processed == ["a.mp4", "b.mp4"] * 2
    run_batch(*arguments, ["csv"], Settings(height_m=1.6), again=False)
    assert processed == ["a.mp4", "b.mp4"] * 3
    (tmp_path / "in" / "b.mp4").write_bytes(b"another video")
    run_batch(*arguments, ["csv"], Settings(height_m=1.6), again=False)
    assert processed == [*["a.mp4", "b.mp4"] * 3, "b.mp4"]
    run_batch(*arguments, ["csv"], Settings(height_m=1.6), again=True)
    assert processed[-2:] == ["a.mp4", "b.mp4"]


def test_a_file_that_went_missing_is_written_again(tmp_path: Path, processed: list[str]) -> None:
    _touch(tmp_path / "a.mp4")
    run_batch([tmp_path / "a.mp4"], tmp_path / "out", ["csv"], Settings(), again=False)
    (tmp_path / "out" / "a" / "a.csv").unlink()
    assert not is_done(tmp_path / "a.mp4", tmp_path / "out" / "a", ["csv"], Settings())


def test_a_foreign_sidecar_is_no_result(tmp_path: Path) -> None:
    _touch(tmp_path / "a.mp4")
    for text in ("{}", "nonsense", '{"schema": 1, "provenance": [], "files": 3}'):
        (tmp_path / "a.json").write_text(text)
        assert not is_done(tmp_path / "a.mp4", tmp_path, ["csv"], Settings())


def test_stopping_stops_all(tmp_path: Path, processed: list[str]) -> None:
    _touch(tmp_path / "in" / "a-stop.mp4", tmp_path / "in" / "b.mp4")
    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        run_batch([tmp_path / "in"], tmp_path / "out", ["csv"], Settings(), again=False)
    assert processed == ["a-stop.mp4"]
    assert set(threading.enumerate()) <= before


def test_the_command_lines_own_lifter_is_the_shipped_default() -> None:
    assert DEFAULT_LIFTER == DEFAULT_WEIGHTS == Settings().lifter
