"""Stopping half way: exit code 130, at once, and in the output folder what was there before."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_line import SlowDetector, listing
from made_videos import make_video

from app import lifting, pipeline
from app.errors import CancelledError
from app.pipeline import Progress, process_video

ON_WINDOWS = pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal to a process there")

SOON = 20.0
"""Seconds, on a busy machine that is importing torch meanwhile; on a quiet one it is a fifth of a second."""


@contextmanager
def command(*arguments: str | Path, stderr: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs `stcstudio`, killed if the test fails before it has ended."""
    # Where the tests run in the background, Ctrl-C is ignored, and a child would inherit that; a handler it does not.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=stderr,
            stdin=subprocess.DEVNULL,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            yield process
        finally:
            process.kill()


def interrupt(process: subprocess.Popen[bytes]) -> float:
    """Ctrl-C; seconds until the process has ended."""
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)
    return time.monotonic() - began


@ON_WINDOWS
def test_ctrl_c_while_joints_are_found_ends_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    import pty

    video = make_video(
        tmp_path / "clip.mp4", range(0, 3000 * 512, 512), codec_options={"preset": "ultrafast"}
    )
    terminal, other_end = pty.openpty()  # on a terminal the command shows how far it is
    shown = b""
    try:
        with command("run", video, "-o", tmp_path / "out", stderr=other_end) as process:
            os.close(other_end)
            while b"Finding joints" not in shown:
                shown += os.read(terminal, 4096)
            seconds = interrupt(process)
            shown += os.read(terminal, 65536)
            assert process.returncode == 130
            assert process.stdout is not None
            assert process.stdout.read() == b""
    finally:
        os.close(terminal)
    assert b"Cancelled; nothing half-written is left." in shown
    assert b"Traceback" not in shown
    assert seconds < SOON
    assert list(listing(tmp_path)) == ["clip.mp4"]


@ON_WINDOWS
def test_ctrl_c_while_a_file_is_written_leaves_the_old_one_and_no_other(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clip.mp4", range(0, 150 * 512, 512))
    output = tmp_path / "out"
    output.mkdir()
    (output / "clip.overlay.mp4").write_bytes(b"of an earlier run")
    with command("run", video, "-o", output, "--format", "overlay,csv", stderr=subprocess.PIPE) as process:
        while len(list(output.iterdir())) == 1:
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        time.sleep(0.2)
        assert len(list(output.iterdir())) == 2, "the overlay is still being written"
        seconds = interrupt(process)
        said, complained = process.communicate()
    assert process.returncode == 130
    assert (said, complained) == (b"", b"Cancelled; nothing half-written is left.\n")
    assert seconds < SOON
    assert listing(output) == {"clip.overlay.mp4": b"of an earlier run"}


def test_cancelling_from_another_thread_ends_within_a_frame_and_leaves_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = make_video(tmp_path / "clip.mp4", range(0, 300 * 512, 512))
    detector = SlowDetector(0.01)
    monkeypatch.setattr(pipeline, "create_detector", lambda name: detector)
    before, stop, loaded = set(threading.enumerate()), threading.Event(), threading.Event()
    monkeypatch.setattr(lifting, "load_lifter", lambda settings: loaded.wait(60))  # a slow disk

    def at_the_fifth_frame(step: Progress) -> None:
        if step.done == 5:
            stop.set()

    began = time.monotonic()
    with pytest.raises(CancelledError):
        process_video(video, progress=at_the_fifth_frame, cancel=stop)
    assert time.monotonic() - began < SOON
    assert detector.pictures == 5
    loaded.set()
    for thread in set(threading.enumerate()) - before:
        assert thread.name.startswith("lift")
        thread.join(timeout=60)
        assert not thread.is_alive()
