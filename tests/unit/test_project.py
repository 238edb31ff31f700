"""Project files: what is saved comes back exactly, and a file of somebody else's making is never believed."""

import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_takes import OF_PEOPLE, exact_take
from synthetic_body import turn_around, walk

from app import project
from app.edits import HideJoint, MoveJoint, NamePerson, SwapPeople
from app.errors import StudioError
from app.project import find_video, is_same_video, open_project, save_project, with_video
from app.settings import Settings
from app.take import Evidence, Take
from app.video.fingerprint import fingerprint

FEET = ("feet", "foot_scores", "toes", "evidence_feet", "evidence_foot_scores")
"""The arrays that came with the third version."""
EDITS = (MoveJoint(0, 3, 5, 0.1, 1 / 3), HideJoint(1, 0, 4, 2), SwapPeople(0, 1, 5), NamePerson(0, "Zoë 🎬"))


@pytest.fixture
def take() -> Take:
    """Two people, frames without one of them, heels and toes, edits and settings."""
    made = exact_take(walk(12, 30.0), turn_around(12))
    assert made.evidence is not None
    feet, foot_scores = np.arange(192.0).reshape(2, 12, 2, 2, 2), np.linspace(0, 1, 96).reshape(2, 12, 2, 2)
    world, scores = made.world.copy(), made.scores.copy()
    world[1, 3:5], scores[1, 3:5] = np.nan, 0
    return replace(
        made,
        world=world,
        scores=scores,
        feet=feet,
        foot_scores=foot_scores,
        evidence=replace(made.evidence, feet=feet + 1, foot_scores=foot_scores),
        settings=Settings(lifter="my weights.safetensors", height_m=1.81, smoothing="none"),
        edits=EDITS,
        provenance={"program": "test", "detector": {"name": "é"}, "list": [1, None, 2.5]},
    )


def assert_same(found: Take, expected: Take) -> None:
    for field in fields(Take):
        value, wanted = getattr(found, field.name), getattr(expected, field.name)
        if isinstance(wanted, np.ndarray):
            np.testing.assert_array_equal(value, wanted, err_msg=field.name)
            assert value.dtype == wanted.dtype
        elif isinstance(wanted, Evidence):
            for name, array in vars(wanted).items():
                np.testing.assert_array_equal(getattr(value, name), array, err_msg=name)
        elif field.name != "source":
            assert value == wanted
    assert replace(found.source, path=expected.source.path) == expected.source


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def npy(array: Any) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    return content.getvalue()


# Round trip


def test_everything_comes_back_exactly(take: Take, tmp_path: Path) -> None:
    save_project(take, tmp_path / "a.stctake")
    assert_same(open_project(tmp_path / "a.stctake"), take)


def test_a_take_without_evidence_or_people_comes_back(take: Take, tmp_path: Path) -> None:
    save_project(replace(take, evidence=None), tmp_path / "a.stctake")
    assert open_project(tmp_path / "a.stctake").evidence is None
    nobody = replace(take, evidence=None, **{name: getattr(take, name)[:0] for name in OF_PEOPLE})
    save_project(nobody, tmp_path / "b.stctake")
    assert_same(open_project(tmp_path / "b.stctake"), nobody)


def test_a_project_of_the_first_version_opens_with_its_contacts_found_anew(
    take: Take, tmp_path: Path
) -> None:
    save_project(take, tmp_path / "a.stctake")
    files = members(tmp_path / "a.stctake")
    for newer in ("contacts", *FEET):
        del files[f"{newer}.npy"]
    content = json.loads(files["project.json"]) | {"version": 1}
    for newer in ("foot_lock", "longest_gap_s"):
        del content["settings"][newer]
    files["project.json"] = json.dumps(content).encode()
    opened = open_project(pack(tmp_path / "old.stctake", files))
    assert opened.settings == take.settings
    assert opened.contacts.shape == take.contacts.shape
    assert (opened.contacts[0] >= 0).all()
    assert (opened.contacts[1, 3:5] == -1).all()


def test_a_project_of_the_second_version_opens_without_feet(take: Take, tmp_path: Path) -> None:
    save_project(take, tmp_path / "a.stctake")
    files = members(tmp_path / "a.stctake")
    for newer in FEET:
        del files[f"{newer}.npy"]
    files["project.json"] = json.dumps(json.loads(files["project.json"]) | {"version": 2}).encode()
    opened = open_project(pack(tmp_path / "old.stctake", files))
    np.testing.assert_array_equal(opened.contacts, take.contacts)
    assert opened.evidence is not None
    for found in (opened, opened.evidence):
        assert found.feet.shape == (2, 12, 2, 2, 2)
        assert np.isnan(found.feet).all()
        assert not found.foot_scores.any()
    assert np.isnan(opened.toes).all()


def test_arrays_that_are_views_are_saved_as_they_look(take: Take, tmp_path: Path) -> None:
    turned = replace(take, world=np.asfortranarray(take.world[:, ::-1]))
    save_project(turned, tmp_path / "a.stctake")
    np.testing.assert_array_equal(open_project(tmp_path / "a.stctake").world, turned.world)


def test_a_failing_save_leaves_the_old_project(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.stctake"
    save_project(take, target)
    before = target.read_bytes()

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np.lib.format, "write_array", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_project(replace(take, edits=()), target)
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]


def test_a_path_that_is_no_text_and_settings_of_an_older_version_come_back(
    take: Take, tmp_path: Path
) -> None:
    path = Path(os.fsdecode(b"/videos/\xff\xfe.mp4"))
    save_project(with_video(take, path), tmp_path / "a.stctake")
    files = members(tmp_path / "a.stctake")
    content = json.loads(files["project.json"])
    del content["settings"]["smoothing"]
    files["project.json"] = json.dumps(content).encode()
    found = open_project(pack(tmp_path / "b.stctake", files))
    assert found.source.path == path
    assert found.settings == replace(take.settings, smoothing="auto")


# The video


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "videos" / "clip.mp4"
    path.parent.mkdir()
    path.write_bytes(np.random.default_rng(0).bytes(300_000))
    return path


def made_from(take: Take, video: Path) -> Take:
    return replace(with_video(take, video), provenance={"video": {"file": fingerprint(video)}})


def test_a_video_that_moved_with_its_project_is_found(take: Take, video: Path, tmp_path: Path) -> None:
    save_project(made_from(take, video), tmp_path / "projects" / "a.stctake")
    (tmp_path / "elsewhere").mkdir()
    for folder in ("videos", "projects"):
        shutil.move(tmp_path / folder, tmp_path / "elsewhere" / folder)
    moved = open_project(tmp_path / "elsewhere" / "projects" / "a.stctake")
    assert moved.source.path == tmp_path / "elsewhere" / "videos" / "clip.mp4"
    assert find_video(moved) == moved.source.path


def test_a_project_that_moved_alone_finds_the_video_where_it_was(
    take: Take, video: Path, tmp_path: Path
) -> None:
    save_project(made_from(take, video), tmp_path / "a.stctake")
    (tmp_path / "far" / "away").mkdir(parents=True)
    path = shutil.move(tmp_path / "a.stctake", tmp_path / "far" / "away" / "a.stctake")
    assert find_video(open_project(path), path) == video


def test_a_video_laid_beside_the_project_is_found(take: Take, video: Path, tmp_path: Path) -> None:
    save_project(made_from(take, video), tmp_path / "projects" / "a.stctake")
    shutil.move(video, tmp_path / "projects" / "clip.mp4")
    found = open_project(tmp_path / "projects" / "a.stctake")
    assert find_video(found) is None
    for beside in (tmp_path / "projects", tmp_path / "projects" / "a.stctake"):
        assert find_video(found, beside) == tmp_path / "projects" / "clip.mp4"


def test_another_file_of_the_same_name_and_size_is_not_the_video(
    take: Take, video: Path, tmp_path: Path
) -> None:
    made = made_from(take, video)
    assert is_same_video(made, video)
    content = bytearray(video.read_bytes())
    content[-5] ^= 1
    video.write_bytes(content)
    assert not is_same_video(made, video)
    assert find_video(made, tmp_path) is None
    assert not is_same_video(made, tmp_path / "absent.mp4")


def test_a_take_that_does_not_know_its_video_takes_any_file(take: Take, video: Path) -> None:
    assert find_video(with_video(take, video)) == video


# Hostile files


def test_a_file_that_is_no_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.stctake").write_text("hello")
    (tmp_path / "empty.stctake").write_bytes(b"")
    pack(tmp_path / "other.stctake", {"readme.txt": b"hello"})
    for name in ("text", "empty", "other"):
        with pytest.raises(StudioError, match=name) as caught:
            open_project(tmp_path / f"{name}.stctake")
        assert "\n" not in str(caught.value)
    with pytest.raises(FileNotFoundError):
        open_project(tmp_path / "absent.stctake")


def change_json(**values: Any) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files["project.json"] = json.dumps(json.loads(files["project.json"]) | values).encode()

    return change


def replace_file(name: str, content: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files[name] = content

    return change


def without(name: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        del files[name]

    return change


WORLD = (2, 12, 17, 3)
VIDEO = {"path": "clip.mp4", "width": 1280, "height": 720, "fps": 30.0}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (change_json(version=4), "version 4.*newer program"),
        (change_json(version="1"), "does not say its version"),
        (change_json(people=1), "larger than it can be"),
        (change_json(frames=13), "damaged"),
        (change_json(frames=0), "how many people and frames"),
        (change_json(people=-1), "how many people and frames"),
        (change_json(people=True), "how many people and frames"),
        (change_json(people=60_000, frames=2**31), "more people and frames"),
        (change_json(people=10, frames=60_000), "damaged"),
        (change_json(has_evidence=None), "evidence"),
        (change_json(settings={"detector": 3}), "'detector' of Its settings"),
        (change_json(settings={"colour": "red"}), "'colour'"),
        (change_json(settings=None), "Its settings"),
        (change_json(edits={"a": 1}), "edits are not a list"),
        (change_json(edits=[{"edit": "explode"}]), "unknown kind 'explode'"),
        (change_json(provenance=[]), "what it was made from"),
        (change_json(video=None), "what it was made from"),
        (change_json(video=VIDEO | {"width": 10**9}), "how large"),
        (change_json(video=VIDEO | {"fps": 0}), "frame rate"),
        (change_json(video=VIDEO | {"path": "a\0b"}), "where its video is"),
        (change_json(video=VIDEO | {"first_frame": -1}), "which frame it begins with"),
        (change_json(video=VIDEO | {"fov_degrees": "wide"}), "the field of view"),
        (change_json(video=VIDEO | {"fov_degrees": 180}), "the field of view"),
        (replace_file("project.json", b"{"), "project.json"),
        (replace_file("project.json", b"\xff\xfe"), "project.json"),
        (replace_file("project.json", b"[1]"), "not a table"),
        (replace_file("project.json", b"[" * 200_000), "project.json"),
        (replace_file("project.json", b'{"version": NaN}'), "project.json"),
        (replace_file("project.json", b'{"version": 1' + b"0" * 5000 + b"}"), "project.json"),
        (without("project.json"), "'project.json' is missing"),
        (without("world.npy"), "'world.npy' is missing"),
        (without("evidence_lifted.npy"), "'evidence_lifted.npy' is missing"),
        (without("contacts.npy"), "'contacts.npy' is missing"),
        (replace_file("contacts.npy", npy(np.full((*WORLD[:2], 2), 2, np.int8))), "contacts are not between"),
        (replace_file("contacts.npy", npy(np.zeros((*WORLD[:2], 2)))), "damaged|shape"),
        (replace_file("world.npy", b"hello"), "damaged"),
        (replace_file("world.npy", b""), "damaged"),
        (replace_file("world.npy", npy(np.zeros(WORLD, np.float32))), "shape"),
        (replace_file("world.npy", npy(np.zeros(WORLD[::-1]))), "shape"),
        (replace_file("world.npy", npy(np.zeros(WORLD, order="F"))), "shape"),
        (replace_file("world.npy", npy(np.zeros(WORLD))[:-8]), "shape"),
        (replace_file("world.npy", npy(np.zeros(WORLD)) + b"tail"), "shape"),
        (replace_file("world.npy", npy(np.full(WORLD, np.inf))), "infinite"),
        (replace_file("world.npy", npy(np.array([{"a": print}] * 3, dtype=object))), "damaged|shape"),
        (replace_file("world.npy", npy(np.zeros(20_000))), "larger than it can be"),
        (replace_file("scores.npy", npy(np.full(WORLD[:3], 2.0))), "between 0 and 1"),
        (replace_file("scores.npy", npy(np.full(WORLD[:3], np.nan))), "between 0 and 1"),
        (replace_file("time_s.npy", npy(np.zeros(12))), "do not rise"),
    ],
)
def test_a_project_that_is_not_what_it_should_be_is_refused_in_a_sentence(
    change: Callable[[dict[str, bytes]], None], said: str, take: Take, tmp_path: Path
) -> None:
    save_project(take, tmp_path / "a.stctake")
    files = members(tmp_path / "a.stctake")
    change(files)
    with pytest.raises(StudioError, match=said) as caught:
        open_project(pack(tmp_path / "b.stctake", files))
    assert "b.stctake" in str(caught.value)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_what_an_array_claims_is_checked_before_memory_is_taken(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A header that promises terabytes, and a table that promises frames that the file does not hold."""
    save_project(take, tmp_path / "a.stctake")
    files = members(tmp_path / "a.stctake")
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 17, 3)}
    )
    read: list[int] = []
    original = project._read_member

    def noted(*arguments: Any) -> bytes:
        content = original(*arguments)
        read.append(len(content))
        return content

    monkeypatch.setattr(project, "_read_member", noted)
    hostile = {**files, "world.npy": header.getvalue()}
    with pytest.raises(StudioError, match="shape"):
        open_project(pack(tmp_path / "b.stctake", hostile))
    change_json(people=100, frames=10_000)(files)
    with pytest.raises(StudioError, match="damaged"):
        open_project(pack(tmp_path / "c.stctake", files))
    assert max(read) < 100_000


def test_a_compressed_archive_is_refused_before_it_is_unpacked(take: Take, tmp_path: Path) -> None:
    save_project(take, tmp_path / "a.stctake")
    bomb = members(tmp_path / "a.stctake") | {"world.npy": bytes(50_000_000)}
    path = pack(tmp_path / "b.stctake", bomb, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 200_000
    with pytest.raises(StudioError, match="packed by another program"):
        open_project(path)


def test_two_members_of_one_name_are_refused(take: Take, tmp_path: Path) -> None:
    save_project(take, tmp_path / "a.stctake")
    with (
        pytest.warns(UserWarning, match="Duplicate"),
        zipfile.ZipFile(tmp_path / "a.stctake", "a") as archive,
    ):
        archive.writestr("project.json", b"{}")
    with pytest.raises(StudioError, match="two files of one name"):
        open_project(tmp_path / "a.stctake")


def test_a_project_cut_short_anywhere_is_refused(take: Take, tmp_path: Path) -> None:
    save_project(take, tmp_path / "a.stctake")
    content = (tmp_path / "a.stctake").read_bytes()
    for length in np.linspace(0, len(content) - 1, 40).astype(int):
        (tmp_path / "b.stctake").write_bytes(content[:length])
        with pytest.raises(StudioError):
            open_project(tmp_path / "b.stctake")


def test_a_project_with_any_bit_turned_is_refused_or_the_same(take: Take, tmp_path: Path) -> None:
    save_project(take, tmp_path / "a.stctake")
    content = (tmp_path / "a.stctake").read_bytes()
    random = np.random.default_rng(0)
    directory = content.rindex(b"PK\x01\x02", 0, content.rindex(b"PK\x01\x02") - 1) - 500
    places = [*random.integers(0, len(content), 150), *random.integers(directory, len(content), 350)]
    refused = 0
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(random.integers(0, 8))
        (tmp_path / "b.stctake").write_bytes(damaged)
        try:
            found = open_project(tmp_path / "b.stctake")
        except StudioError:
            refused += 1
        else:
            assert_same(found, take)
    assert refused > 150
