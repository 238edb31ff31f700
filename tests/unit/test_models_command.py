"""`stcstudio models` and what the other commands say about detectors and their files."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from detectors.models.table import model_table
from tests.command_line import CommandLine
from tests.file_server import FileServer, Served
from tests.made_models import ONNX, TASK, ZIP, entry, made_table, sha256


@pytest.fixture
def stcstudio(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    monkeypatch.setenv("COLUMNS", "200")
    return CommandLine(capfd)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer({"/net.zip": Served(ZIP), "/pose.task": Served(TASK)}) as running:
        yield running


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: FileServer) -> Iterator[Path]:
    net, pose = server.address("/net.zip"), server.address("/pose.task")
    rows = [
        entry("net", "onnx", [net, net], sha256=sha256(ONNX), size=len(ONNX)),
        entry("pose", "task", [pose, pose]),
    ]
    with made_table(monkeypatch, tmp_path / "models", rows) as made:
        yield made


def row(listing: str, name: str) -> str:
    """The line of the table that begins with a name."""
    return next(line for line in listing.splitlines() if line.startswith(f"{name} "))


def test_the_list_shows_name_size_licence_and_whether_it_is_here(
    stcstudio: CommandLine, folder: Path
) -> None:
    listing = stcstudio.done("models", "list").out
    assert row(listing, "net").split() == [
        "net",
        "a",
        "made",
        "onnx",
        "file",
        "0.1",
        "MB",
        "Apache-2.0",
        "no",
    ]
    assert row(listing, "pose").split() == ["pose", "a", "made", "task", "file", "?", "Apache-2.0", "no"]
    assert listing.rstrip().endswith(f"Folder: {folder}")
    stcstudio.done("models", "download", "net", "pose")
    listing = stcstudio.done("models", "list").out
    assert row(listing, "net").rstrip().endswith("yes, verified by its SHA-256")
    assert row(listing, "pose").rstrip().endswith("could not be verified: no SHA-256 of it is published")


def test_where_prints_the_folder_alone(stcstudio: CommandLine, folder: Path) -> None:
    assert stcstudio.done("models", "where").out == f"{folder}\n"


def test_a_download_ends_with_the_verified_path_and_is_not_repeated(
    stcstudio: CommandLine, folder: Path, server: FileServer
) -> None:
    outcome = stcstudio.done("models", "download", "net")
    assert outcome.out == f"net: verified by its SHA-256.\n  {folder / 'net_as_published.onnx'}\n"
    requests = len(server.requests)
    again = stcstudio.done("models", "download", "net")
    assert again.out == "net is here already (verified by its SHA-256).\n"
    assert len(server.requests) == requests


def test_a_wrong_name_is_said_before_anything_is_fetched(
    stcstudio: CommandLine, folder: Path, server: FileServer
) -> None:
    assert "'nett' is no model file" in stcstudio("models", "download", "net", "nett").sentence()
    assert server.requests == []


def test_offline_is_one_sentence_with_the_addresses_and_exit_code_1(
    stcstudio: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/net.onnx"
    with made_table(monkeypatch, tmp_path, [entry("net", "onnx", [address])]):
        outcome = stcstudio("models", "download", "net")
    sentence = outcome.sentence()
    assert sentence.startswith("stcstudio: 'net' could not be downloaded: 127.0.0.1 cannot be reached")
    assert address in sentence


def test_files_are_imported_by_hash_and_by_name(stcstudio: CommandLine, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(ZIP)
    (tmp_path / "pose_as_published.task").write_bytes(TASK)
    outcome = stcstudio.done("models", "import", tmp_path / "a.zip", tmp_path / "pose_as_published.task")
    assert outcome.out.splitlines()[0] == "net: verified by its SHA-256."
    assert outcome.out.splitlines()[2].startswith("pose: could not be verified")
    (tmp_path / "odd.onnx").write_bytes(b"odd")
    assert "is none of the model files" in stcstudio("models", "import", tmp_path / "odd.onnx").sentence()
    assert "does not exist" in stcstudio("models", "import", tmp_path / "missing.onnx").sentence()


def test_wrong_usage_of_models_is_exit_code_2(stcstudio: CommandLine, tmp_path: Path) -> None:
    for arguments in (
        ["models"],
        ["models", "download"],
        ["models", "fetch"],
        ["models", "import", "a.onnx", "b.onnx", "--as", "net"],
    ):
        assert stcstudio(*arguments).code == 2, arguments


def test_listing_names_every_file_that_ships_in_the_table(stcstudio: CommandLine) -> None:
    listing = stcstudio.done("models", "list").out
    assert all(row(listing, name) for name in model_table())
