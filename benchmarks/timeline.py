"""Milliseconds that timeline and curves take of the window's thread, for a short and for a long clip.

    python benchmarks/timeline.py [--frames 900,100000] [--repeats 60]       (needs a display, or `xvfb-run -a`)

"shown" is by the clock, from the call to the end of its painting; "thread" the processor time of the window's thread
in it, which other programs on the machine do not lengthen. Six curves in two plots, 1400 x 168 and 1400 x 480 pixels.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from PyQt6.QtWidgets import QApplication, QWidget
from rich.console import Console
from rich.table import Column, Table

from app.gui.curve_view import CurveView
from app.gui.timeline import Timeline, TimelineLanes
from app.quality import KINDS, Suspicion
from app.timeline.curves import joint_angles, joint_positions

FPS = 30.0
UNITS = {"Angles": "°", "Positions": "m"}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--frames", default="900,100000", help="lengths of the clip, with commas between")
    parser.add_argument("--repeats", type=int, default=60)
    arguments = parser.parse_args()
    application = QApplication([])
    table = Table(
        Column("", no_wrap=True),
        "frames",
        "shown, median ms",
        "shown, 95 %",
        "thread, median ms",
        "thread, 95 %",
    )
    for frames in (int(part) for part in arguments.frames.split(",")):
        for name, action in actions(frames).items():
            shown, thread = milliseconds(application, action, arguments.repeats)
            row = [f"{np.percentile(each, share):.1f}" for each in (shown, thread) for share in (50, 95)]
            table.add_row(name, str(frames), *row)
    Console(highlight=False, width=110).print(table)


def actions(frames: int) -> dict[str, Callable[[int], None]]:
    """What is done again and again, by its name; each is given the number of the time."""
    times = np.arange(frames) / FPS
    timeline, curves = made_timeline(times), CurveView()
    groups, lanes = made_curves(frames), made_lanes(frames)
    curves.set_curves(times, groups, UNITS)
    wrists = [("Positions", "lwrist z"), ("Positions", "rwrist z")]
    curves.set_checked([("Angles", name) for name in list(groups["Angles"])[:4]] + wrists)
    show(timeline, 168)
    show(curves, 480)
    span = times[-1] * 0.7

    def part(number: int) -> tuple[float, float]:
        return number * times[-1] / 400, span + number * times[-1] / 400

    return {
        "timeline: next frame": lambda number: timeline.set_frame(number),
        "timeline: another view": lambda number: timeline.set_view(*part(number)),
        "timeline: other lanes": lambda number: timeline.set_lanes(lanes),
        "curves: next frame": lambda number: curves.set_frame(number),
        "curves: another view": lambda number: curves.set_view(*part(number)),
        "curves: other values": lambda number: curves.set_curves(times, groups, UNITS),
    }


def made_timeline(times: np.ndarray) -> Timeline:
    """With every kind of lane filled."""
    timeline = Timeline()
    timeline.set_clip(times)
    timeline.set_lanes(made_lanes(len(times)))
    return timeline


def made_lanes(frames: int) -> TimelineLanes:
    """A person who walks, with a suspicious place every 200 frames."""
    rng = np.random.default_rng(0)
    phase = np.arange(frames) / FPS * 2 * np.pi
    places = range(0, frames, 200)
    return TimelineLanes(
        np.clip(0.85 + rng.normal(0, 0.05, frames), 0, 1),
        rng.random(frames) > 0.01,
        np.stack([np.sin(phase) > 0, np.cos(phase) > 0], axis=1),
        [
            Suspicion(start, start + 3, KINDS[number % len(KINDS)], 1.0, "Look.")
            for number, start in enumerate(places)
        ],
        rng.random(frames) > 0.99,
    )


def made_curves(frames: int) -> dict[str, dict[str, np.ndarray]]:
    """Angles and positions of joints that wander, unseen for a second."""
    rng = np.random.default_rng(1)
    world = np.cumsum(rng.normal(0, 0.01, (frames, 17, 3)), axis=0) + rng.normal(0, 0.5, (17, 3))
    world[200:230] = np.nan
    return {"Angles": joint_angles(world), "Positions": joint_positions(world)}


def show(widget: QWidget, height: int) -> None:
    """On the screen, painted once."""
    widget.resize(1400, height)
    widget.show()
    for _ in range(20):
        QApplication.processEvents()


def milliseconds(
    application: QApplication, action: Callable[[int], None], repeats: int
) -> tuple[np.ndarray, np.ndarray]:
    """(repeats,) by the clock and (repeats,) of the thread, each with all painting that follows from it."""
    shown, thread = [], []
    for number in range(repeats):
        began, work = time.perf_counter(), time.thread_time()
        action(number)
        for _ in range(3):  # a change of the plots is painted in a second round
            application.processEvents()
        shown.append(time.perf_counter() - began)
        thread.append(time.thread_time() - work)
    return 1000 * np.array(shown), 1000 * np.array(thread)


if __name__ == "__main__":
    main()
