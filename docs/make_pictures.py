"""Makes the pictures of the README from the demo clip: `python docs/make_pictures.py [--only demo|window]`.

Runs the pipeline on the demo clip; tiles frames of its overlay, and photographs the real window at work on it, so a
picture always shows what the program of the day does. The window needs a display (or `xvfb-run -a -s "-screen 0
1600x1000x24"` before the command).
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication

from app.commands.demo import demo_folder
from app.export.overlay import make_layout, overlay_frames
from app.gui.application import make_application
from app.gui.main_window import MainWindow
from app.live import FileSource
from app.pipeline import process_video
from app.project import save_project
from app.take import Take
from detectors.opencv import import_cv2
from stcformer.skeleton import JOINTS

FRAMES = (12, 58, 78)
WINDOW_FRAME = 58
WINDOW = (1440, 900)
IMAGES = Path(__file__).parent / "images"
QUALITY = 88


def main() -> None:
    """Write `images/demo.jpg` and `images/window-*.jpg`."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", choices=("demo", "window"), default=None)
    only = arguments.parse_args().only
    IMAGES.mkdir(exist_ok=True)
    take = process_video(demo_folder() / "demo.mp4")
    if only in (None, "demo"):
        make_demo_picture(take)
    if only in (None, "window"):
        make_window_pictures(take)


def make_demo_picture(take: Take) -> None:
    """Three frames of the overlay."""
    cv2 = import_cv2()
    layout = make_layout(take.source.width, take.source.height)
    with closing(overlay_frames(take, layout)) as frames:
        pictures = [picture for index, (_, picture) in enumerate(frames) if index in FRAMES]
    sheet = np.concatenate(pictures, axis=1)
    sheet = cv2.resize(sheet, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    cv2.imwrite(
        str(IMAGES / "demo.jpg"), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )


def make_window_pictures(take: Take) -> None:
    """The window with the clip and its curves, correcting a joint, in light colours, and live."""
    application = make_application(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        save_project(take, Path(folder) / "demo.stctake")
        window = MainWindow(QSettings(f"{folder}/window.ini", QSettings.Format.IniFormat))
        window.set_theme("dark")
        window.resize(*WINDOW)
        window.show()
        wait = waiting(application)
        wait(lambda: window.ready is not None)
        window.notice.clear()
        window.open(Path(folder) / "demo.stctake")
        wait(lambda: window.shown_frame == 0 and window.display.analysis is not None)
        show_frame(window, wait, WINDOW_FRAME)
        photograph(window, wait, "window-clip")
        window.layout_.curves_dock.show()
        window.scene_view.set_trail(JOINTS.index("rwrist"))
        photograph(window, wait, "window-curves")
        window.set_theme("light")
        photograph(window, wait, "window-light")
        window.set_theme("dark")
        window.layout_.curves_dock.hide()
        window.scene_view.set_trail(None)
        window.start_live(FileSource(demo_folder() / "demo.mp4", realtime=True))
        panel = window.live().panel
        wait(lambda: panel.numbers["latency"].text()[0].isdigit())
        photograph(window, wait, "window-live")
        window.close()
        wait(lambda: not window.isVisible())


def waiting(application: QApplication) -> Callable[..., None]:
    """A function that runs the window until a condition holds."""

    def wait(condition: Callable[[], object], seconds: float = 120.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            application.processEvents()
            time.sleep(0.002)
            if time.monotonic() > end:
                sys.exit("The window did not come to what was to be photographed.")

    return wait


def show_frame(window: MainWindow, wait: Callable[..., None], frame: int) -> None:
    """Go to a frame, and wait for it."""
    window.player.clock.show(frame)
    wait(lambda: window.shown_frame == frame)


def photograph(window: MainWindow, wait: Callable[..., None], name: str) -> None:
    """Write `images/<name>.jpg`, when all that moves has come to rest."""
    rest = time.monotonic() + 1.5
    wait(lambda: time.monotonic() > rest)
    if not window.grab().save(str(IMAGES / f"{name}.jpg"), "JPEG", QUALITY):
        sys.exit(f"{name}.jpg cannot be written.")


if __name__ == "__main__":
    main()
