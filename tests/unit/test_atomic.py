"""A file is the old one or the new one, whatever stops the writing."""

import errno
import os
import stat
from pathlib import Path

import pytest

from stcformer.atomic import atomic_path


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_new_file_replaces_the_old_one_and_leaves_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "take.csv"
    target.write_text("old")
    with atomic_path(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
        assert temporary.suffix == ".csv"
        assert temporary.parent == tmp_path
    assert target.read_text() == "new"
    assert names_in(tmp_path) == ["take.csv"]


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt, SystemExit, MemoryError])
def test_the_old_file_stays_when_the_block_raises(tmp_path: Path, stop: type[BaseException]) -> None:
    target = tmp_path / "take.csv"
    target.write_text("old")

    def stopped_half_way() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half of the ne")
            raise stop

    with pytest.raises(stop):
        stopped_half_way()
    assert target.read_text() == "old"
    assert names_in(tmp_path) == ["take.csv"]


def test_no_file_appears_when_there_was_none_and_the_block_raises(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_path(tmp_path / "take.csv"):
        raise KeyboardInterrupt
    assert names_in(tmp_path) == []


def test_missing_folders_are_made(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a" / "b" / "take.npz") as temporary:
        temporary.write_bytes(b"1")
    assert (tmp_path / "a" / "b" / "take.npz").read_bytes() == b"1"


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_permissions_are_those_of_any_new_file(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with atomic_path(tmp_path / "ours") as temporary:
            temporary.write_text("x")
        (tmp_path / "plain").write_text("x")
    finally:
        assert os.umask(before) == mask
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "plain")]
    assert modes[0] == modes[1] == 0o666 & ~mask


def test_a_failing_disk_is_reported_under_the_name_of_the_target(tmp_path: Path) -> None:
    target = tmp_path / "take.csv"
    with pytest.raises(OSError, match=r"take\.csv") as raised, atomic_path(target) as temporary:
        raise OSError(errno.ENOSPC, "No space left on device", str(temporary))
    assert raised.value.errno == errno.ENOSPC
    assert raised.value.filename == str(target)
    assert names_in(tmp_path) == []


def test_an_error_about_another_file_keeps_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised, atomic_path(tmp_path / "take.csv"):
        (tmp_path / "source.mp4").read_bytes()
    assert Path(raised.value.filename) == tmp_path / "source.mp4"
    assert names_in(tmp_path) == []


def test_an_error_in_words_keeps_its_words_and_its_class(tmp_path: Path) -> None:
    class EncoderError(OSError):
        def __init__(self, reason: str) -> None:
            super().__init__(f"the encoder said: {reason}")

    with pytest.raises(EncoderError, match="the encoder said: no"), atomic_path(tmp_path / "take.mp4"):
        raise EncoderError("no")
    assert names_in(tmp_path) == []


def test_a_folder_in_the_way_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "take.csv").mkdir()
    with pytest.raises(OSError, match=r"take\.csv'$"), atomic_path(tmp_path / "take.csv") as temporary:
        temporary.write_text("x")
    assert names_in(tmp_path) == ["take.csv"]


def test_a_file_in_place_of_the_folder_is_refused_by_the_targets_name(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    with pytest.raises(OSError, match=r"take\.csv"), atomic_path(tmp_path / "results" / "take.csv"):
        raise AssertionError("the block must not run")


def test_long_names_and_names_without_suffix_work(tmp_path: Path) -> None:
    for name in ("x" * 240, "y" * 230 + ".csv", "ü" * 100 + ".json"):
        with atomic_path(tmp_path / name) as temporary:
            temporary.write_text(name)
        assert (tmp_path / name).read_text() == name
