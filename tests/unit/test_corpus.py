"""The table of clips: split by person, kept in a cache, and outspoken about what it leaves out."""

from pathlib import Path

import numpy as np
import pytest
from made_motion import write_body

from stcformer import corpus as module
from stcformer.corpus import Corpus, held_out_subjects, pack_clips, read_corpus
from stcformer.errors import LifterError
from stcformer.mocap import MocapClip, read_clip


def made_clip(name: str, subject: str, frames: int, fps: float = 60.0) -> MocapClip:
    rng = np.random.default_rng(frames)
    return MocapClip(name, subject, fps, rng.normal(size=(frames, 17, 3)).astype(np.float32))


def equal(first: Corpus, second: Corpus) -> bool:
    arrays = ("joints", "starts", "lengths", "rates")
    return (first.names, first.subjects) == (second.names, second.subjects) and all(
        np.array_equal(getattr(first, name), getattr(second, name))
        and getattr(first, name).dtype == getattr(second, name).dtype
        for name in arrays
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(("ann__walk", "ann__run", "bob__walk")):
        write_body(tmp_path / "motion" / "studio" / f"{name}.bvh", 6 + number, seed=number)
    return tmp_path / "motion"


def no_skips(reason: str) -> None:
    raise AssertionError(reason)


def test_packed_clips_come_out_as_they_went_in() -> None:
    clips = [made_clip("a/1", "a", 5), made_clip("b/1", "b", 9, 30.0), made_clip("a/2", "a", 2)]
    corpus = pack_clips(clips)
    assert corpus.joints.shape == (16, 17, 3)
    assert corpus.starts.tolist() == [0, 5, 14]
    for index, clip in enumerate(clips):
        kept = corpus.clip(index)
        assert (kept.name, kept.subject, kept.fps) == (clip.name, clip.subject, clip.fps)
        assert np.array_equal(kept.joints, clip.joints)


def test_minutes_count_time_and_not_frames() -> None:
    corpus = pack_clips([made_clip("a", "a", 600, 60.0), made_clip("b", "b", 600, 30.0)])
    assert corpus.minutes() == pytest.approx(0.5)


def test_no_clip_at_all_is_refused() -> None:
    with pytest.raises(LifterError, match="no motion capture clip"):
        pack_clips([])


def test_a_split_by_subject_has_nobody_on_both_sides_and_loses_no_clip() -> None:
    corpus = pack_clips([made_clip(f"{s}/{k}", s, 20 + k) for s in "abcdefgh" for k in range(3)])
    held_out = held_out_subjects(corpus, 0.25)
    training, validation = corpus.of_subjects(held_out, without=True), corpus.of_subjects(held_out)
    assert set(validation.subjects) == set(held_out)
    assert not set(training.subjects) & set(validation.subjects)
    assert sorted(training.names + validation.names) == sorted(corpus.names)
    assert 0.1 < validation.minutes() / corpus.minutes() < 0.5


def test_who_is_held_out_does_not_depend_on_the_order_of_the_clips() -> None:
    clips = [made_clip(f"{s}/1", s, 30) for s in "abcdefgh"]
    assert held_out_subjects(pack_clips(clips)) == held_out_subjects(pack_clips(clips[::-1]))


def test_of_two_subjects_the_one_with_less_footage_is_held_out() -> None:
    corpus = pack_clips([made_clip("a", "a", 100), made_clip("b", "b", 90)])
    assert held_out_subjects(corpus) == ("b",)


def test_one_subject_alone_cannot_be_split() -> None:
    with pytest.raises(LifterError, match="All clips are of one subject, 'a'"):
        held_out_subjects(pack_clips([made_clip("a/1", "a", 100), made_clip("a/2", "a", 100)]))


def test_a_folder_is_read_with_all_below_it(folder: Path) -> None:
    corpus = read_corpus(folder, no_skips)
    assert corpus.names == ("studio/ann__run", "studio/ann__walk", "studio/bob__walk")
    assert corpus.subjects == ("studio/ann", "studio/ann", "studio/bob")
    assert corpus.lengths.tolist() == [6, 5, 7]
    assert corpus.joints.dtype == np.float32


def test_a_suffix_in_capitals_is_motion_capture_too(folder: Path) -> None:
    (folder / "studio" / "ann__run.bvh").rename(folder / "studio" / "ann__run.BVH")
    assert "studio/ann__run" in read_corpus(folder, no_skips).names


def test_a_file_that_cannot_be_used_is_skipped_with_its_name_and_the_reason(folder: Path) -> None:
    (folder / "studio" / "broken.bvh").write_text("HIERARCHY nonsense")
    (folder / "studio" / "empty.bvh").write_text("")
    reasons: list[str] = []
    corpus = read_corpus(folder, reasons.append)
    assert len(corpus.names) == 3
    assert len(reasons) == 2
    assert "broken.bvh" in reasons[0]
    assert "unexpected word 'nonsense'" in reasons[0]
    assert "empty.bvh" in reasons[1]


def test_a_link_that_leads_nowhere_and_a_folder_named_like_a_clip_are_passed_over(folder: Path) -> None:
    (folder / "gone.bvh").symlink_to(folder / "nowhere.bvh")
    (folder / "folder.bvh").mkdir()
    assert len(read_corpus(folder, no_skips).names) == 3


def test_a_folder_without_usable_files_is_refused_by_its_name(tmp_path: Path) -> None:
    for folder in (tmp_path / "missing", tmp_path):
        with pytest.raises(LifterError, match=f"'{folder}' holds no BVH file"):
            read_corpus(folder, no_skips)


def test_the_cache_is_used_and_holds_exactly_what_was_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "run" / "corpus.npz"
    first = read_corpus(folder, no_skips, cache)
    monkeypatch.setattr(module, "read_clip", lambda path: no_skips(f"{path} was read again"))
    assert equal(read_corpus(folder, no_skips, cache), first)


def test_a_cache_of_any_name_is_found_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_corpus(folder, no_skips, tmp_path / "corpus.cache")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.cache", "motion"]
    monkeypatch.setattr(module, "read_clip", lambda path: no_skips(f"{path} was read again"))
    read_corpus(folder, no_skips, tmp_path / "corpus.cache")


def test_the_cache_is_made_anew_when_files_come_go_or_change(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "corpus.npz"
    assert len(read_corpus(folder, no_skips, cache).names) == 3
    write_body(folder / "studio" / "cid__walk.bvh")
    assert len(read_corpus(folder, no_skips, cache).names) == 4
    (folder / "studio" / "ann__run.bvh").unlink()
    assert "studio/ann__run" not in read_corpus(folder, no_skips, cache).names
    write_body(folder / "studio" / "bob__walk.bvh", 20)
    assert 19 in read_corpus(folder, no_skips, cache).lengths


@pytest.mark.parametrize("damage", ["cut", "text", "other archive", "other skeleton", "empty"])
def test_a_damaged_cache_is_told_and_made_again(folder: Path, tmp_path: Path, damage: str) -> None:
    cache = tmp_path / "corpus.npz"
    corpus = read_corpus(folder, no_skips, cache)
    content = cache.read_bytes()
    if damage == "other archive":
        np.savez(cache, something=np.zeros(3))
    elif damage == "other skeleton":
        with np.load(cache) as table:
            np.savez(cache, **{**table, "joint_changes": np.zeros((18, 16, 3), dtype=np.int32)})
    else:
        cache.write_bytes({"cut": content[: len(content) // 2], "text": b"hello", "empty": b""}[damage])
    told: list[str] = []
    assert equal(read_corpus(folder, told.append, cache), corpus)
    assert len(told) == 1
    assert "corpus.npz" in told[0]
    assert equal(read_corpus(folder, no_skips, cache), corpus)


def test_a_stop_while_the_cache_is_written_leaves_no_half_of_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", stop)
    with pytest.raises(KeyboardInterrupt):
        read_corpus(folder, no_skips, tmp_path / "corpus.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["motion"]


def test_a_table_is_the_motion_to_an_eighth_of_a_millimetre_in_a_fraction_of_the_bytes(
    tmp_path: Path,
) -> None:
    path = tmp_path / "motion" / "ann__walk.bvh"
    write_body(path, 600, seed=3)
    table = read_corpus(path.parent, no_skips, tmp_path / "corpus.npz").joints
    captured = read_clip(path).joints
    # Half a step, and what float32 cannot tell apart at a few metres.
    assert np.abs(table - captured).max() < 0.000125 + 1e-6
    assert (tmp_path / "corpus.npz").stat().st_size < 0.6 * captured.nbytes


def test_a_table_that_would_unpack_to_more_than_memory_holds_is_not_believed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "corpus.npz"
    read_corpus(folder, no_skips, cache)
    monkeypatch.setattr(module, "_LARGEST_TABLE", 100)
    with pytest.raises(LifterError, match="no table of motion capture"):
        read_corpus(cache, no_skips)


def test_a_cache_serves_in_place_of_the_files_it_was_made_from(folder: Path, tmp_path: Path) -> None:
    read = read_corpus(folder, no_skips, tmp_path / "corpus.npz")
    assert equal(read_corpus(tmp_path / "corpus.npz", no_skips), read)


def test_a_file_that_is_no_table_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(LifterError, match=r"other\.npz' is no table of motion capture"):
        read_corpus(path, no_skips)
