"""Model files: the table, and what is fetched or taken in is verified before it gets its name."""

import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from detectors import DetectorError
from detectors.models import files as model_files
from detectors.models.archive import read_member
from detectors.models.files import (
    BY_DIGITS,
    BY_HASH,
    BY_USER,
    NOT_VERIFIED,
    Transfer,
    download,
    find,
    import_file,
    is_present,
    verify,
)
from detectors.models.table import KINDS, model_table
from tests.file_server import FileServer, Served
from tests.made_models import ONNX, TASK, ZIP, archive, entry, made_table, names, sha256

Make = Callable[[list[dict[str, Any]]], None]


@pytest.fixture
def server() -> Iterator[FileServer]:
    files = {"/net.zip": Served(ZIP), "/net.onnx": Served(ONNX), "/pose.task": Served(TASK)}
    with FileServer(files) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch, folder: Path, server: FileServer) -> Iterator[None]:
    net, pose = [server.address("/net.zip"), server.address("/net.onnx")], [server.address("/pose.task")]
    rows = [
        entry("net", "onnx", net, sha256=sha256(ONNX), size=len(ONNX), archive_sha256=sha256(ZIP)),
        entry("pose", "task", [*pose, *pose], sha256=sha256(TASK), other_sha256=["ab" * 32]),
        entry("digits", "pth", pose, sha256_start=sha256(TASK)[:8]),
        entry("unknown", "onnx", [net[0]]),
    ]
    with made_table(monkeypatch, folder, rows):
        yield


def test_the_table_that_ships_is_whole() -> None:
    needed = {
        *(f"rtmpose-{size}-halpe26" for size in "sml"),
        *("rtmpose-m-body17", "rtmdet-nano-person", "rtmdet-m-person"),
        *(f"mediapipe-pose-{size}" for size in ("lite", "full", "heavy")),
    }
    assert needed <= set(model_table())
    files = [row.file for row in model_table().values()]
    assert len(set(files)) == len(files)
    for row in model_table().values():
        assert row.kind in KINDS
        assert row.file.endswith(f".{row.kind}")
        assert re.fullmatch(r"[\w.-]+", row.file), "it is put into the folder by this name"
        assert len(row.addresses) == 2
        assert len(set(row.addresses)) == 2
        assert all(address.startswith("https://") for address in row.addresses)
        assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in row.hashes())
        assert row.sha256_start is None or re.search(rf"-{row.sha256_start}[_.]", row.file)
        assert row.licence


def test_a_file_comes_out_of_its_archive_verified_and_with_a_receipt(table: None, folder: Path) -> None:
    steps: list[Transfer] = []
    installed = download("net", steps.append)
    assert installed.path == folder / "net_as_published.onnx"
    assert installed.path.read_bytes() == ONNX
    assert (installed.sha256, installed.verified) == (sha256(ONNX), BY_HASH)
    assert names(folder) == ["net_as_published.onnx", "net_as_published.onnx.json"]
    assert steps[-1].done == steps[-1].total == len(ZIP)
    assert find("net") == installed.path
    assert verify("net") == installed


def test_a_file_that_is_missing_says_what_to_fetch_from_where_and_where_to(
    table: None, folder: Path, server: FileServer
) -> None:
    assert not is_present("net")
    with pytest.raises(DetectorError) as failed:
        find("net")
    sentence = str(failed.value)
    for part in ("stcstudio models download net", *model_table()["net"].addresses, "stcstudio models import"):
        assert part in sentence
    assert str(folder / "net_as_published.onnx") in sentence
    assert server.requests == []
    assert not folder.exists()


def test_an_unknown_name_is_refused_with_those_there_are(table: None) -> None:
    for ask in (find, is_present, download):
        with pytest.raises(
            DetectorError, match="'nett' is no model file; there are: net, pose, digits, unknown"
        ):
            ask("nett")


def test_the_mirror_serves_where_the_main_address_does_not_and_that_is_said(
    table: None, folder: Path, server: FileServer
) -> None:
    server.files["/net.zip"].status = 503
    said: list[str] = []
    installed = download("net", say=said.append)
    assert installed.path.read_bytes() == ONNX
    assert installed.source.endswith("/net.onnx")
    assert said == ["net: 127.0.0.1 does not give it out (HTTP 503); trying the mirror."]


def test_a_wrong_file_is_deleted_and_said_and_the_mirror_is_tried(
    table: None, folder: Path, server: FileServer
) -> None:
    server.files["/net.zip"].content = archive({"a.onnx": ONNX[::-1]})
    said: list[str] = []
    assert download("net", say=said.append).path.read_bytes() == ONNX
    assert "what 127.0.0.1 gave has been deleted" in said[0]
    assert names(folder) == ["net_as_published.onnx", "net_as_published.onnx.json"]


def test_where_no_address_gives_the_right_file_nothing_is_kept_of_the_wrong_ones(
    table: None, folder: Path, server: FileServer
) -> None:
    server.files["/pose.task"].content = TASK[::-1]
    with pytest.raises(DetectorError) as failed:
        download("pose")
    sentence = str(failed.value)
    assert sentence.count("gave has been deleted") == 2
    assert sha256(TASK[::-1]) in sentence
    assert names(folder) == []
    assert not is_present("pose")


def test_offline_is_one_sentence_and_what_was_begun_is_kept(
    table: None, folder: Path, server: FileServer
) -> None:
    server.files["/pose.task"].cut_after = [9_000, 0, 0]
    server.files["/net.zip"].status = server.files["/net.onnx"].status = 404
    for name in ("net", "digits"):
        with pytest.raises(DetectorError) as failed:
            download(name)
        sentence = str(failed.value)
        assert f"'{name}' could not be downloaded" in sentence
        assert all(address in sentence for address in model_table()[name].addresses)
        assert "stcstudio models import FILE" in sentence
        assert "\n" not in sentence
    assert names(folder) == ["pose.task.main.part", "pose.task.main.part.json"]
    assert (folder / "pose.task.main.part").read_bytes() == TASK[:9_000]
    assert download("digits").path.read_bytes() == TASK


def test_digits_verify_where_the_whole_hash_is_not_known(
    table: None, folder: Path, server: FileServer
) -> None:
    assert download("digits").verified == BY_DIGITS
    (folder / "digits_as_published.pth").unlink()
    server.files["/pose.task"].content = TASK[::-1]
    with pytest.raises(DetectorError, match=rf"not {sha256(TASK)[:8]}\.\.\."):
        download("digits")
    assert not is_present("digits")


def test_a_file_of_which_no_hash_is_known_says_so(table: None) -> None:
    assert download("unknown").verified == NOT_VERIFIED
    assert verify("unknown").verified == NOT_VERIFIED


def test_a_file_that_was_damaged_since_is_deleted_and_said(table: None, folder: Path) -> None:
    path = download("unknown").path
    path.write_bytes(ONNX[:-1])
    with pytest.raises(
        DetectorError, match=r"was damaged and has been deleted\. Run 'stcstudio models download"
    ):
        find("unknown")
    assert names(folder) == []


def test_a_file_in_a_folder_that_may_only_be_read_is_used_and_a_damaged_one_is_said(
    table: None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    folder.mkdir()
    (folder / "net_as_published.onnx").write_bytes(ONNX)
    with monkeypatch.context() as read_only:
        for action in ("write_text", "write_bytes", "replace"):
            read_only.setattr(Path, action, refuse)
        assert verify("net").verified == BY_HASH
        assert find("net") == folder / "net_as_published.onnx"
    assert names(folder) == ["net_as_published.onnx"]
    verify("net")
    (folder / "net_as_published.onnx").write_bytes(b"other" + ONNX[5:])
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(DetectorError, match="is damaged and may not be deleted"):
        find("net")


def test_a_truncated_file_is_not_taken_for_present(table: None, folder: Path) -> None:
    path = download("net").path
    path.write_bytes(ONNX[:-1])
    assert not is_present("net")


def test_a_file_put_there_by_hand_is_verified_and_a_wrong_one_is_left_alone(
    table: None, folder: Path
) -> None:
    folder.mkdir()
    path = folder / "net_as_published.onnx"
    path.write_bytes(ONNX[::-1])
    with pytest.raises(DetectorError, match=r"It is not 'net', or it is damaged.*Remove it"):
        find("net")
    assert path.read_bytes() == ONNX[::-1]
    path.write_bytes(ONNX)
    assert verify("net").verified == BY_HASH
    assert names(folder) == ["net_as_published.onnx", "net_as_published.onnx.json"]


@pytest.mark.parametrize(
    ("file", "content", "name"),
    [
        ("anything.bin", ONNX, "net"),
        ("anything.zip", ZIP, "net"),
        ("packed again.zip", archive({"x/y.ONNX": ONNX}, zipfile.ZIP_STORED), "net"),
        ("digits_as_published.pth", TASK, "pose"),  # the hash counts, not the name
        ("unknown_as_published.onnx", b"of which no hash is known", "unknown"),
    ],
)
def test_an_imported_file_is_recognised_by_hash_then_by_name(
    table: None, folder: Path, tmp_path: Path, file: str, content: bytes, name: str
) -> None:
    (tmp_path / file).write_bytes(content)
    installed = import_file(tmp_path / file)
    assert installed.name == name
    assert find(name) == installed.path
    assert (tmp_path / file).read_bytes() == content
    assert len(names(folder)) == 2


def test_an_import_that_is_neither_known_by_hash_nor_by_name_is_refused(table: None, tmp_path: Path) -> None:
    (tmp_path / "odd.onnx").write_bytes(b"odd")
    with pytest.raises(DetectorError, match=rf"'.*odd\.onnx' is none of the model files .*{sha256(b'odd')}"):
        import_file(tmp_path / "odd.onnx")


def test_an_import_under_the_name_of_another_file_is_refused(
    table: None, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "net_as_published.onnx").write_bytes(b"something else")
    with pytest.raises(DetectorError, match="It is not 'net', or it is damaged"):
        import_file(tmp_path / "net_as_published.onnx")
    with pytest.raises(DetectorError, match="It is not 'pose', or it is damaged"):
        import_file(tmp_path / "net_as_published.onnx", "pose")
    assert names(folder) == []


def test_a_hash_that_the_user_knows_stands_in_for_digits_only(table: None, tmp_path: Path) -> None:
    again = tmp_path / "digits_as_published.pth"
    again.write_bytes(b"published again")
    with pytest.raises(DetectorError, match="--as digits --sha256"):
        import_file(again, "digits")
    with pytest.raises(DetectorError, match="has another SHA-256"):
        import_file(again, "digits", "0" * 64)
    with pytest.raises(DetectorError, match="is no SHA-256"):
        import_file(again, "digits", "0000")
    assert import_file(again, "digits", sha256(b"published again").upper()).verified == BY_USER
    with pytest.raises(DetectorError, match="It is not 'net'"):
        import_file(again, "net", sha256(b"published again"))


def _with_directory(members: int, size: int) -> bytes:
    return ZIP[:-22] + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, members, members, size, 0, 0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (archive({"a.onnx": b"1", "b.onnx": b"2"}), "holds 2 .onnx files where one is needed"),
        (archive({"a.txt": b"1"}), "holds 0 .onnx files"),
        (archive({"a.onnx": bytes(len(ONNX) + 1)}), "is longer than"),
        (archive({"a.onnx": ONNX}, zipfile.ZIP_BZIP2), "packed in a way that is not read here"),
        (ZIP[: len(ZIP) // 2], "it has no table of contents"),
        (ZIP.replace(ZIP[200:240], bytes(40)), "is no archive or is damaged"),
        (_with_directory(60_000, 100), "a table of contents far longer"),
        (_with_directory(2, 50_000_000), "a table of contents far longer"),
        (b"", "it has no table of contents"),
    ],
)
def test_an_archive_that_is_no_good_is_refused(
    table: None, folder: Path, tmp_path: Path, content: bytes, sentence: str
) -> None:
    (tmp_path / "net.zip").write_bytes(content)
    with pytest.raises(DetectorError, match=re.escape(sentence)):
        import_file(tmp_path / "net.zip", "net")
    assert names(folder) == []


def test_a_bomb_is_read_no_further_than_its_limit(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    bomb.write_bytes(archive({"a.onnx": bytes(50_000_000)}))
    blocks = read_member(bomb, ".onnx", 1_000_000)
    read = [len(next(blocks)) for _ in range(3)]
    with pytest.raises(DetectorError, match="longer than 1,000,000 bytes"):
        next(blocks)
    assert sum(read) <= 1_000_000


def test_a_name_in_an_archive_that_leads_elsewhere_leads_nowhere(
    table: None, folder: Path, tmp_path: Path
) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("../../escaped.onnx", ONNX)
        opened.writestr("/absolute.txt", b"x")
    (tmp_path / "net.zip").write_bytes(file.getvalue())
    assert import_file(tmp_path / "net.zip").path == folder / "net_as_published.onnx"
    assert len(names(folder)) == 2
    assert not any("escaped" in path.name or "absolute" in path.name for path in tmp_path.rglob("*"))


def test_a_file_far_too_large_is_not_read(
    table: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_files, "_MOST_BYTES", 10)
    (tmp_path / "net.zip").write_bytes(ZIP)
    with pytest.raises(DetectorError, match="larger than any model file"):
        import_file(tmp_path / "net.zip")


def test_the_folder_is_the_user_s_own_unless_another_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(model_files.FOLDER_VARIABLE, str(tmp_path / "mine"))
    assert model_files.where() == tmp_path / "mine"
    monkeypatch.delenv(model_files.FOLDER_VARIABLE)
    assert model_files.where().is_absolute()
    assert model_files.where().parts[-1] == "models"
    assert "stcformer-studio" in model_files.where().parts


def test_damaged_receipts_are_not_believed(table: None, folder: Path) -> None:
    path = download("net").path
    for content in (
        "{",
        "[]",
        '{"name": "net"}',
        '{"name": "pose", "sha256": 1, "verified": 2, "source": 3}',
    ):
        (folder / f"{path.name}.json").write_text(content)
        assert verify("net").verified == BY_HASH
