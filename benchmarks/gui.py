"""Figures of the window: `python benchmarks/gui.py [--only start|scrub|paint|live]`.

Without a display: `xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/gui.py`.

start: from the process's first moment to the shown window, and to lifter and detector loaded behind it.
scrub: from asking for a frame to that very frame in every view, a full-HD clip.
paint: one picture of each view, and all of them in one pass of the event loop.
live: from the capture of a picture to the screen.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PyQt6.QtCore import QSettings
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication

from app.gui.application import make_application
from app.gui.diagnostics import graphics_text
from app.gui.main_window import MainWindow
from app.live import FileSource
from app.pipeline import process_video
from app.project import save_project

WINDOW = (1440, 900)
WIDTH, HEIGHT = 1920, 1080
SCRUBS, PAINTS, LIVE_SECONDS, STARTS = 80, 60, 12.0, 3
DEMO = Path(__file__).resolve().parents[1] / "assets" / "demo" / "demo.mp4"

_START = """
import os, sys, time
began = float(os.environ["BEGAN"])
from PyQt6.QtCore import QSettings
from app.gui.application import make_application
from app.gui.diagnostics import graphics_text
sys.setswitchinterval(0.001)
application = make_application(["start"])
from app.gui.main_window import MainWindow
window = MainWindow(QSettings(os.environ["STORE"], QSettings.Format.IniFormat))
window.show()
application.processEvents()
print(f"shown {time.time() - began:.3f}", flush=True)
print(f"busy {time.process_time():.3f}", flush=True)
last, stalls = time.perf_counter(), []
while window.ready is None:
    application.processEvents()
    time.sleep(0.002)
    now = time.perf_counter()
    stalls.append(now - last)
    last = now
print(f"ready {time.time() - began:.3f}", flush=True)
print(f"stall {max(stalls):.3f}", flush=True)
window.close()
os._exit(0)
"""


def main() -> None:
    """Print every figure."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", choices=("start", "scrub", "paint", "live"), default=None)
    only = arguments.parse_args().only
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {_graphics()}")
    for name, measure in (("start", _start), ("scrub", _scrub), ("paint", _paint), ("live", _live)):
        if only in (None, name):
            measure()


def _start() -> None:
    with tempfile.TemporaryDirectory() as folder:
        shown, busy, ready, stalls = [], [], [], []
        for number in range(STARTS):
            environment = os.environ | {
                "BEGAN": str(time.time()),
                "STORE": str(Path(folder) / f"{number}.ini"),
            }
            command = [sys.executable, "-c", _START]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            told = dict(line.split() for line in done.stdout.splitlines() if line.count(" ") == 1)
            shown.append(float(told["shown"]))
            busy.append(float(told["busy"]))
            ready.append(float(told["ready"]))
            stalls.append(float(told["stall"]))
    print(
        f"start: window shown after {np.median(shown):.2f} s (runs: {_list(shown)}), "
        f"{np.median(busy):.2f} s of processor time each;"
    )
    print(f"  lifter and detector loaded after {np.median(ready):.1f} s behind it, meanwhile the window")
    print(f"  stood still for at most {1000 * np.median(stalls):.0f} ms")


def _scrub() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for interval in (1, 12, 250):
            path = _full_hd(Path(folder) / f"{interval}.mp4", interval)
            window, wait = _window()
            window.open(path)
            wait(lambda: window.shown_frame == 0)  # noqa: B023
            count = window.document.frame_count
            rng = np.random.default_rng(0)
            jumps = rng.integers(0, count, SCRUBS).tolist()
            drag = [round(place) for place in np.linspace(0, count - 1, SCRUBS)]
            name = "every frame a key frame" if interval == 1 else f"key frame every {interval} frames"
            print(f"scrub, {WIDTH}x{HEIGHT} H.264, {count} frames, {name}:")
            for text, frames in (("drag along the clip", drag), ("jumps", jumps)):
                first, sharp = _scrubbed(window, wait, frames, count)
                print(
                    f"  {text}: exact frame in every view p50 {_ms(first, 50)}, p95 {_ms(first, 95)};"
                    f" at full size p50 {_ms(sharp, 50)}, p95 {_ms(sharp, 95)}"
                )
            _close(window, wait)


def _scrubbed(
    window: Any, wait: Callable[..., None], frames: list[int], count: int
) -> tuple[list[float], list[float]]:
    """Seconds from each wish to the first picture of that very frame, and to the one at full size."""
    first: list[float] = []
    sharp: list[float] = []
    for frame in frames:
        if frame == window.shown_frame:
            continue
        told: list[tuple[float, bool]] = []

        def on_showing(shown: int, image: Any, frame: int = frame, told: list[Any] = told) -> None:
            if shown == frame and image is not None:
                told.append((time.perf_counter(), image.shape[0] == HEIGHT))

        window.player.showing.connect(on_showing)
        began = time.perf_counter()
        window.player.clock.show(frame)
        wait(lambda told=told: any(is_sharp for _, is_sharp in told))
        window.player.showing.disconnect(on_showing)
        first.append(told[0][0] - began)
        sharp.append(next(moment for moment, is_sharp in told if is_sharp) - began)
    return first, sharp


def _paint() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "demo.stctake"
        save_project(process_video(DEMO), project)
        window, wait = _window()
        window.open(project)
        wait(lambda: window.shown_frame == 0 and window.display.analysis is not None)
        times: dict[str, list[float]] = {"video": [], "3D": [], "timeline": [], "all in one pass": []}
        busy: list[float] = []
        surface = QImage(window.size(), QImage.Format.Format_RGB32)
        for number in range(PAINTS):
            frame = number % window.document.frame_count
            window.player.clock.show(frame)
            wait(lambda frame=frame: window.shown_frame == frame)
            wait(_after(5))
            for name, paint in (
                ("video", lambda: window.video_view.render(surface)),
                ("3D", window.scene_view.paint_now),
                ("timeline", lambda: window.timeline.render(surface)),
            ):
                began = time.perf_counter()
                paint()
                times[name].append(time.perf_counter() - began)
            began, processor = time.perf_counter(), time.thread_time()
            window.display._show(frame, window.display._image)
            QApplication.processEvents()
            times["all in one pass"].append(time.perf_counter() - began)
            busy.append(time.thread_time() - processor)
        sizes = ", ".join(
            f"{name} {view.width()}x{view.height()}"
            for name, view in (("video", window.video_view), ("3D", window.scene_view))
        )
        print(
            f"paint ({sizes}; {graphics_text(window.scene_view)}): "
            + ", ".join(
                f"{name} p50 {_ms(values, 50)} p95 {_ms(values, 95)}" for name, values in times.items()
            )
        )
        print(
            f"  of the pass, processor time of the window's own thread: p50 {_ms(busy, 50)} p95 {_ms(busy, 95)}"
        )
        _close(window, wait)


def _live() -> None:
    window, wait = _window()
    window.lifter.get(window.document.settings)
    window.start_live(FileSource(DEMO, realtime=True))
    panel = window.live().panel
    numbers: list[Any] = []
    panel.controller.numbers.connect(numbers.append)
    wait(lambda: any(np.isfinite(each.latency_s) for each in numbers))
    end = time.perf_counter() + LIVE_SECONDS
    wait(lambda: time.perf_counter() > end or not panel.is_running)
    last = [each for each in numbers if np.isfinite(each.latency_s)][-1]
    print(
        f"live, {DEMO.name} in a camera's place: capture to screen p50 {1000 * last.latency_s:.0f} ms, "
        f"p95 {1000 * last.latency_p95_s:.0f} ms (to the result alone p50 {1000 * last.result_latency_s:.0f} ms), "
        f"{last.rate:.1f} pictures a second, {last.dropped} dropped, {last.not_shown} not shown, on "
        f"{panel.numbers['device'].text()}"
    )
    _close(window, wait)


def _window() -> tuple[Any, Callable[..., None]]:
    """A shown window that remembers nothing, and a function that runs it until a condition holds."""
    sys.setswitchinterval(0.001)
    application = QApplication.instance() or make_application(["benchmark"])
    _KEPT.append(application)
    store = QSettings(tempfile.mktemp(suffix=".ini"), QSettings.Format.IniFormat)
    window = MainWindow(store, preloads=False)
    window.resize(*WINDOW)
    window.show()

    def wait(condition: Callable[[], Any], seconds: float = 120.0) -> None:
        end = time.perf_counter() + seconds
        while not condition():
            application.processEvents()
            if time.perf_counter() > end:
                sys.exit("The window did not come to what was waited for.")
            time.sleep(0.0005)

    wait(window.isVisible)
    return window, wait


_KEPT: list[Any] = []


def _after(passes: int) -> Callable[[], bool]:
    """Holds after so many passes of the event loop: what was to be painted is painted."""
    left = iter(range(passes))
    return lambda: next(left, None) is None


def _close(window: Any, wait: Callable[..., None]) -> None:
    window.document.undo_stack.setClean()
    window.document._is_unsaved = False
    window.close()
    wait(lambda: not window.isVisible())


def _full_hd(path: Path, interval: int) -> Path:
    """The demo clip three times over at 1920x1080, a key frame every `interval` frames."""
    with av.open(str(DEMO)) as source, av.open(str(path), "w") as output:
        stream: Any = output.add_stream(
            "libx264", rate=30, options={"preset": "veryfast", "g": str(interval)}
        )
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        pictures = [frame.reformat(WIDTH, HEIGHT, "yuv420p") for frame in source.decode(video=0)]
        for number in range(3 * len(pictures)):
            picture = pictures[number % len(pictures)]
            picture.pts, picture.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return path


def _graphics() -> str:
    """How it is shown; the renderer of the 3D view makes most of the difference."""
    return f"platform {os.environ.get('QT_QPA_PLATFORM', 'default')}, display {os.environ.get('DISPLAY', 'none')}"


def _ms(seconds: list[float], percentile: float) -> str:
    return f"{1000 * np.percentile(seconds, percentile):.0f} ms"


def _list(values: list[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)


if __name__ == "__main__":
    main()
