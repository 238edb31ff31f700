"""`stcstudio live`: a camera, or a file in its place, without a window: numbers, and files of what was recorded."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from app.commands.run import check_output
from app.export import export_take, find_formats
from app.live import LOST_AFTER_S, LiveFacts, LiveResult, LiveSession, LiveSource, Recording, limits
from app.settings import Settings

_POLL_S = 0.1
_STOP_S = 5.0


def run_live(
    source: LiveSource,
    settings: Settings,
    *,
    seconds: float | None = None,
    record: Path | None = None,
    formats: Sequence[str] = (),
) -> None:
    """Work on a source until it ends, for `seconds` from the first result on, or until Ctrl-C; then say how it went.

    `record`: a folder for the video of what was worked on, and for its motion in `formats`. Raises StudioError,
    LifterError or DetectorError; what was recorded until then is written first.
    """
    formats = [name.strip() for name in formats if name.strip()]
    find_formats(formats)
    if record is not None:
        check_output(record)
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    session, log = _run(source, settings, seconds, record)
    if log.error is not None and log.newest is None:
        raise log.error
    for line in log.summary():
        console.print(line, markup=False)
    console.print(limits(settings), markup=False)
    if record is not None:
        _write(session.stop_recording(), record, formats, console)
    if log.error is not None:
        raise log.error


def _run(
    source: LiveSource, settings: Settings, seconds: float | None, record: Path | None
) -> "tuple[LiveSession, _Log]":
    log = _Log()
    session = LiveSession(
        source, settings, log.add, on_start=log.begin, on_error=lambda error: setattr(log, "error", error)
    )
    if record is not None:
        session.start_recording(record)
    session.start()
    try:
        with Console(stderr=True).status("Loading…") as status:
            while not session.wait(_POLL_S):
                status.update(log.line())
                if seconds is not None and log.seconds() >= seconds:
                    break
    except KeyboardInterrupt:
        pass  # the usual way to end it
    session.stop(_STOP_S)
    log.dropped = session.dropped
    return session, log


def _write(recording: Recording | None, folder: Path, formats: Sequence[str], console: Console) -> None:
    if recording is None:
        console.print("Nothing was recorded: there was no result.")
        return
    take = recording.take()
    written = [recording.path, *export_take(take, folder, recording.path.stem, list(formats))]
    console.print("Written:", markup=False)
    for path in written:
        console.print(f"  {path}", markup=False)


class _Log:
    """What a session told, as numbers. Filled in the session's thread, read in another."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.dropped = 0
        self._facts: LiveFacts | None = None
        self._moments: list[float] = []
        self._latencies: list[float] = []
        self._seen = 0
        self._followed = 0
        self.newest: LiveResult | None = None

    def begin(self, facts: LiveFacts) -> None:
        self._facts = facts

    def add(self, result: LiveResult) -> None:
        self._moments.append(time.monotonic())
        self._latencies.append(result.latency_s)
        self._seen += bool(np.isfinite(result.camera).all())
        before = None if self.newest is None else self.newest.person
        self._followed += result.person is not None and result.person != before
        self.newest = result

    def seconds(self) -> float:
        """Since the first result."""
        return time.monotonic() - self._moments[0] if self._moments else 0.0

    def line(self) -> str:
        """How it goes."""
        newest = self.newest
        if newest is None:
            return "Loading…" if self._facts is None else "Waiting for a picture…"
        return (
            f"{newest.rate:.1f} a second, {newest.latency_s * 1000:.0f} ms, {newest.dropped} dropped; "
            "Ctrl-C ends it"
        )

    def summary(self) -> list[str]:
        """How it went, in a few lines."""
        lines = []
        if self._facts is not None:
            facts = self._facts
            rate = f", {facts.fps:.4g} pictures a second" if facts.fps > 0 else ""
            lines += [
                f"{facts.source}: {facts.width}x{facts.height}{rate}",
                f"Detector {facts.detector}; lifter {facts.lifter} on {facts.device}",
            ]
        count = len(self._moments)
        if count == 0:
            return [*lines, "No result: it ended before the first picture was worked on."]
        span = self._moments[-1] - self._moments[0]
        rate = f", {(count - 1) / span:.1f} a second" if span > 0 else ""
        middle, high = np.percentile(self._latencies, [50, 95]) * 1000
        changes = self._followed - 1
        several = (
            f"Went over to another person {'once' if changes == 1 else f'{changes} times'}: "
            f"whoever is lost for {LOST_AFTER_S:g} s is given up for the largest in view"
        )
        return [
            *lines,
            f"Worked on {count} pictures in {span:.1f} s{rate}; dropped {self.dropped}",
            f"Latency from capture to result: p50 {middle:.0f} ms, p95 {high:.0f} ms",
            f"Somebody was seen in {self._seen} of {count}",
            *([several] if self._followed > 1 else []),
        ]
