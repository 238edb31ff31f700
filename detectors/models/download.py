"""Fetching one file over HTTP: it goes on where it was stopped, and never grows beyond its limit.

The only module of the program that opens a network connection. What arrives is not believed: whoever asked
for the file verifies it before it is used (`detectors.models.files`).

A file on its way is `<name>.part`; beside it `<name>.part.json` holds what the server called this edition of
it (a strong ETag, else Last-Modified: RFC 9110, section 13.1.5). The next attempt sends both, and a server
whose file has changed since sends all of it.
"""

import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from detectors.errors import DetectorError

_BLOCK = 1 << 18
_TIMEOUT_S = 30.0
_ATTEMPTS_WITHOUT_GAIN = 2
_LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are here and, where the server says it, the bytes that there are."""


class DownloadError(DetectorError):
    """An address from which the file could not be had; the sentence is a part: what happened, without a stop."""


@dataclass(frozen=True)
class _Part:
    """What is here of a file that is on its way."""

    path: Path

    @property
    def notes(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    def length(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def edition(self, address: str) -> str | None:
        """What the server at `address` called the file; None where nothing can be gone on with."""
        try:
            notes = json.loads(self.notes.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(notes, dict) or notes.get("address") != address or not self.length():
            return None
        edition = notes.get("edition")
        return edition if isinstance(edition, str) and edition.isprintable() else None

    def begin(self, address: str, edition: str | None) -> None:
        """Empty it for a new start; without an edition, it cannot be gone on with later."""
        self.path.write_bytes(b"")
        self.notes.write_text(json.dumps({"address": address, "edition": edition}), encoding="utf-8")

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self.notes.unlink(missing_ok=True)


def fetch(address: str, part: Path, *, limit: int, progress: Progress | None = None) -> None:
    """Bring the file at `address` to `part`, whole, going on with what is there of it.

    `limit` bytes is the most that is taken, whatever the server says. An interrupted transfer is taken up
    again as long as that gains something. Raises DownloadError; `part` is then kept where it can be gone on
    with. What `progress` raises passes (Ctrl-C too), and the part is kept.
    """
    here, failures, report = _Part(part), 0, progress or (lambda done, total: None)
    while True:
        before = here.length()
        try:
            return _attempt(address, here, limit, report)
        except _InterruptedError as error:
            failures = 0 if here.length() > before else failures + 1
            if failures >= _ATTEMPTS_WITHOUT_GAIN:
                raise DownloadError(f"{host(address)} could not be read to the end ({error})") from error


def discard(part: Path) -> None:
    """Remove a part and what is noted of it."""
    _Part(part).remove()


class _InterruptedError(Exception):
    """The transfer ended early: worth another attempt, from where it ended."""


def _attempt(address: str, part: _Part, limit: int, report: Progress) -> None:
    """One request, to the end of the file. Raises DownloadError and _InterruptedError."""
    edition = part.edition(address)
    start = part.length() if edition else 0
    try:
        response = _open(address, start, edition)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
            # All of it is here already, or the file is another one: its hash will tell, or a new start does.
            if _range_total(error.headers.get("Content-Range")) == start:
                return
            part.remove()
            raise _InterruptedError("the file has changed") from error
        raise DownloadError(f"{host(address)} does not give it out (HTTP {error.code})") from error
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        why = str(reason) or type(reason).__name__
        raise DownloadError(f"{host(address)} cannot be reached ({why})") from error
    with response:
        start, total = _place(response, start, address)
        if total is not None and total > limit:
            part.remove()
            raise DownloadError(f"{host(address)} offers {total:,} bytes where {limit:,} are the most")
        if start == 0:
            part.begin(address, _edition(response))
        _receive(response, part, start, total, limit, report)


def _place(response: Any, start: int, address: str) -> tuple[int, int | None]:
    """Where in the file the response begins, and how long the file is said to be."""
    if response.headers.get("Content-Encoding", "identity") not in ("identity", ""):
        raise DownloadError(f"{host(address)} sends it in an encoding that was not asked for")
    length = response.headers.get("Content-Length", "")
    length = int(length) if re.fullmatch(r"\d{1,15}", length) else None
    if response.status == http.HTTPStatus.PARTIAL_CONTENT:
        found = re.fullmatch(
            r"bytes (\d{1,15})-\d{1,15}/(\d{1,15}|\*)", response.headers.get("Content-Range", "")
        )
        if not found or int(found[1]) != start:
            raise DownloadError(f"{host(address)} sends another part of it than was asked for")
        total = _range_total(response.headers.get("Content-Range"))
        return start, total if total is not None or length is None else start + length
    return 0, length


def _receive(response: Any, part: _Part, start: int, total: int | None, limit: int, report: Progress) -> None:
    done = start
    report(done, total)
    with part.path.open("r+b") as file:
        file.seek(start)
        file.truncate()
        while True:
            try:
                block = response.read(_BLOCK)
            except (OSError, http.client.HTTPException) as error:
                raise _InterruptedError(str(error) or type(error).__name__) from error
            if not block:
                break
            done += len(block)
            if done > limit:
                break
            file.write(block)
            file.flush()
            report(done, total)
    if done > limit:
        part.remove()
        raise DownloadError(f"{host(response.url)} sends more than the {limit:,} bytes that are the most")
    if total is not None and done < total:
        raise _InterruptedError(f"it ended after {done:,} of {total:,} bytes")


def _open(address: str, start: int, edition: str | None) -> Any:
    headers = {"User-Agent": "stcformer-studio", "Accept-Encoding": "identity"}
    if start and edition:
        headers |= {"Range": f"bytes={start}-", "If-Range": edition}
    _check_scheme(address)
    request = urllib.request.Request(address, headers=headers)
    return urllib.request.build_opener(_SameSafety).open(request, timeout=_TIMEOUT_S)


class _SameSafety(urllib.request.HTTPRedirectHandler):
    """Follows a redirection only where it is as safe as the address that was asked."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        _check_scheme(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_scheme(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL_HOSTS):
        raise DownloadError(f"{address} is no https address")


def _edition(response: Any) -> str | None:
    """What `If-Range` may carry: a strong ETag, else the date; None where the server gives neither."""
    tag = response.headers.get("ETag", "")
    if tag.startswith('"'):
        return str(tag)
    date = response.headers.get("Last-Modified")
    return str(date) if date else None


def _range_total(content_range: str | None) -> int | None:
    found = re.fullmatch(r"bytes (?:\*|\d+-\d+)/(\d{1,15})", content_range or "")
    return int(found[1]) if found else None


def host(address: str) -> str:
    """The host of an address, for a sentence."""
    return urlsplit(address).hostname or address
