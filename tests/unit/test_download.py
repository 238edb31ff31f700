"""Fetching a file: whole, in several goes, never beyond its limit, and only over a safe connection."""

import os
import socket
from pathlib import Path

import pytest

from detectors.models.download import DownloadError, discard, fetch
from tests.file_server import FileServer, Served

CONTENT = os.urandom(700_000)
LIMIT = 1_000_000


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "model.onnx.main.part"


def test_a_file_arrives_whole_and_its_progress_is_told(part: Path) -> None:
    told: list[tuple[int, int | None]] = []
    with FileServer({"/m": Served(CONTENT)}) as server:
        fetch(server.address("/m"), part, limit=LIMIT, progress=lambda *step: told.append(step))
    assert part.read_bytes() == CONTENT
    assert told[0] == (0, len(CONTENT))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert sorted(told) == told


def test_a_broken_connection_is_taken_up_where_it_broke(part: Path) -> None:
    with FileServer({"/m": Served(CONTENT, cut_after=[300_000, 100_000])}) as server:
        fetch(server.address("/m"), part, limit=LIMIT)
        assert server.requests == [
            ("/m", None, None),
            ("/m", "bytes=300000-", '"one"'),
            ("/m", "bytes=400000-", '"one"'),
        ]
    assert part.read_bytes() == CONTENT


def test_a_download_that_was_stopped_goes_on_in_the_next_run(part: Path) -> None:
    def stop(done: int, total: int | None) -> None:
        if done > 200_000:
            raise KeyboardInterrupt

    with FileServer({"/m": Served(CONTENT)}) as server:
        with pytest.raises(KeyboardInterrupt):
            fetch(server.address("/m"), part, limit=LIMIT, progress=stop)
        here = part.stat().st_size
        assert 200_000 < here < len(CONTENT)
        assert part.read_bytes() == CONTENT[:here]
        fetch(server.address("/m"), part, limit=LIMIT)
        assert server.requests[-1] == ("/m", f"bytes={here}-", '"one"')
    assert part.read_bytes() == CONTENT


def test_a_file_that_has_changed_since_is_fetched_from_its_beginning(part: Path) -> None:
    with FileServer({"/m": Served(CONTENT, cut_after=[300_000, 0, 0])}) as server:
        with pytest.raises(DownloadError, match=r"could not be read to the end \(it ended after 300,000 of"):
            fetch(server.address("/m"), part, limit=LIMIT)
        server.files["/m"] = Served(CONTENT[::-1], edition='"two"')
        fetch(server.address("/m"), part, limit=LIMIT)
        assert server.requests[-1] == ("/m", "bytes=300000-", '"one"')
    assert part.read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("served", [Served(CONTENT, ranges=False), Served(CONTENT, edition=None)])
def test_a_server_that_cannot_go_on_sends_all_of_it_again(part: Path, served: Served) -> None:
    served.cut_after = [300_000]
    with FileServer({"/m": served}) as server:
        fetch(server.address("/m"), part, limit=LIMIT)
        assert len(server.requests) == 2
    assert part.read_bytes() == CONTENT


def test_a_weak_etag_does_not_say_that_it_is_the_same_file(part: Path) -> None:
    with FileServer({"/m": Served(CONTENT, edition='W/"one"', cut_after=[300_000])}) as server:
        fetch(server.address("/m"), part, limit=LIMIT)
        assert server.requests == [("/m", None, None)] * 2
    assert part.read_bytes() == CONTENT


def test_a_file_that_was_complete_is_not_fetched_again(part: Path) -> None:
    with FileServer({"/m": Served(CONTENT)}) as server:
        fetch(server.address("/m"), part, limit=LIMIT)
        fetch(server.address("/m"), part, limit=LIMIT)
        assert server.requests[-1][1] == f"bytes={len(CONTENT)}-"
    assert part.read_bytes() == CONTENT


def test_what_was_begun_at_another_address_is_begun_anew(part: Path) -> None:
    files = {"/m": Served(CONTENT, cut_after=[300_000, 0, 0]), "/n": Served(CONTENT[::-1])}
    with FileServer(files) as server:
        with pytest.raises(DownloadError):
            fetch(server.address("/m"), part, limit=LIMIT)
        fetch(server.address("/n"), part, limit=LIMIT)
    assert part.read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        (10**12, "offers 1,000,000,000,000 bytes where 500,000 are the most"),
        (-1, "sends more than the 500,000"),
    ],
)
def test_a_file_beyond_the_limit_is_refused_and_does_not_stay(part: Path, claims: int, sentence: str) -> None:
    told: list[int] = []
    with FileServer({"/m": Served(CONTENT, claims=claims)}) as server, pytest.raises(DownloadError) as failed:
        fetch(server.address("/m"), part, limit=500_000, progress=lambda done, total: told.append(done))
    assert sentence in str(failed.value)
    assert max(told, default=0) <= 500_000
    assert list(part.parent.iterdir()) == []


def test_a_truncated_file_is_not_taken_for_a_whole_one(part: Path) -> None:
    with (
        FileServer({"/m": Served(CONTENT, claims=len(CONTENT) + 5, ranges=False)}) as server,
        pytest.raises(DownloadError, match="it ended after 700,000 of 700,005 bytes"),
    ):
        fetch(server.address("/m"), part, limit=LIMIT)


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_refusal_is_said_with_its_number(part: Path, status: int) -> None:
    with (
        FileServer({"/m": Served(CONTENT, status=status)}) as server,
        pytest.raises(DownloadError, match=rf"127\.0\.0\.1 does not give it out \(HTTP {status}\)"),
    ):
        fetch(server.address("/m"), part, limit=LIMIT)


def test_nobody_there_is_said(part: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 cannot be reached \("):
        fetch(f"http://127.0.0.1:{port}/m", part, limit=LIMIT)


@pytest.mark.parametrize(
    "address", ["http://models.example/m", "file:///etc/passwd", "ftp://models.example/m"]
)
def test_an_address_that_is_not_https_is_not_opened(part: Path, address: str) -> None:
    with pytest.raises(DownloadError, match="is no https address"):
        fetch(address, part, limit=LIMIT)


def test_damaged_notes_of_a_part_begin_it_anew(part: Path) -> None:
    with FileServer({"/m": Served(CONTENT)}) as server:
        part.write_bytes(b"something else")
        part.with_name(part.name + ".json").write_text("[1, ")
        fetch(server.address("/m"), part, limit=LIMIT)
        assert server.requests == [("/m", None, None)]
    assert part.read_bytes() == CONTENT


def test_a_part_is_discarded_with_its_notes(part: Path) -> None:
    with FileServer({"/m": Served(CONTENT)}) as server:
        fetch(server.address("/m"), part, limit=LIMIT)
    discard(part)
    discard(part)
    assert list(part.parent.iterdir()) == []


def test_a_file_that_has_moved_is_followed_and_gone_on_with(part: Path) -> None:
    with FileServer({"/m": Served(CONTENT, cut_after=[300_000])}) as server:
        server.files["/old"] = Served(b"", moved_to=server.address("/m"))
        fetch(server.address("/old"), part, limit=LIMIT)
        assert server.requests[-1] == ("/m", "bytes=300000-", '"one"')
    assert part.read_bytes() == CONTENT


def test_a_move_to_an_unsafe_address_is_not_followed(part: Path) -> None:
    with (
        FileServer({"/m": Served(b"", moved_to="http://models.example/m")}) as server,
        pytest.raises(DownloadError, match=r"http://models\.example/m is no https address"),
    ):
        fetch(server.address("/m"), part, limit=LIMIT)
