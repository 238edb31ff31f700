"""A web server on 127.0.0.1 that gives out files as a model host does, and fails as one does when it is told to."""

import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


@dataclass
class Served:
    """One file and how it is given out."""

    content: bytes
    ranges: bool = True
    """Whether a part of it can be asked for."""
    edition: str | None = '"one"'
    """Its ETag."""
    cut_after: list[int] = field(default_factory=list)
    """Bytes after which the connection breaks, for each of the first answers."""
    claims: int | None = None
    """A Content-Length other than the true one."""
    status: int = 200
    moved_to: str | None = None
    """The address that a request is sent on to."""


class FileServer:
    """Serves `files` by path; `requests` holds (path, Range, If-Range) of each request."""

    def __init__(self, files: dict[str, Served]) -> None:
        self.files = files
        self.requests: list[tuple[str, str | None, str | None]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def address(self, path: str) -> str:
        """The address of a file."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def __enter__(self) -> "FileServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(server: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked, condition = self.headers.get("Range"), self.headers.get("If-Range")
            server.requests.append((self.path, asked, condition))
            served = server.files.get(self.path)
            if served is None or served.status != 200:
                self.send_error(404 if served is None else served.status)
                return
            if served.moved_to:
                self.send_response(302)
                self.send_header("Location", served.moved_to)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start = 0
            if asked and served.ranges and condition in (None, served.edition):
                start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
            if start and start >= len(served.content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(served.content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self._give(served, start)

        def _give(self, served: Served, start: int) -> None:
            content = served.content[start:]
            self.send_response(206 if start else 200)
            if start:
                end = len(served.content) - 1
                self.send_header("Content-Range", f"bytes {start}-{end}/{len(served.content)}")
            if served.edition:
                self.send_header("ETag", served.edition)
            length = len(content) if served.claims is None else served.claims
            if length >= 0:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            if served.cut_after:
                content = content[: served.cut_after.pop(0)]
            self.wfile.write(content)
            self.close_connection = True

        def log_message(self, *arguments: object) -> None:
            """Nothing goes to the terminal."""

    return Handler
