"""Makes the pictures of the README from the demo clip: `python docs/make_pictures.py [--only demo|window|people]`.

Runs the pipeline on the demo clip; tiles frames of its overlay, and photographs the real window at work on it, so a
picture always shows what the program of the day does. The window needs a display (or `xvfb-run -a -s "-screen 0
1600x1000x24"` before the command), and the picture of live mode a machine that does nothing else. Two people are the
demo clip and its mirror image beside each other; they need a detector of several people: `--person-model`, or the file
of `stcstudio models download rtmdet-nano-person`.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
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
from app.settings import Settings
from app.take import Take
from app.video import open_video
from app.video.writing import write_video
from detectors.models.files import is_present
from detectors.opencv import import_cv2
from stcformer.skeleton import JOINTS

FRAMES = (12, 58, 78)
WINDOW_FRAME = 58
PEOPLE_FRAME = 62
LATER = 40
"""Frames by which the second of two people does the same later."""
WINDOW = (1440, 900)
LIVE_SECONDS = 2.0
"""For which live mode works before it is photographed: its numbers have settled by then."""
PERSON_MODEL = "rtmdet-nano-person"
IMAGES = Path(__file__).parent / "images"
QUALITY = 88


def main() -> None:
    """Write `images/demo.jpg` and `images/window-*.jpg`."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", choices=("demo", "window", "people"), default=None)
    arguments.add_argument(
        "--person-model", default=PERSON_MODEL, help="a name of `stcstudio models`, or a file"
    )
    chosen = arguments.parse_args()
    IMAGES.mkdir(exist_ok=True)
    if chosen.only in (None, "demo", "window"):
        take = process_video(demo_folder() / "demo.mp4")
        if chosen.only != "window":
            make_demo_picture(take)
        if chosen.only != "demo":
            make_window_pictures(take)
    if chosen.only in (None, "people"):
        if is_present(PERSON_MODEL) or chosen.person_model != PERSON_MODEL:
            make_people_picture(chosen.person_model)
        else:
            print(
                "No picture of two people: `stcstudio models download rtmdet-nano-person` brings what it needs."
            )


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
    """The window with the clip and its curves, in light colours, and live."""
    with opened_window(take) as (window, wait):
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
        settled = time.monotonic() + LIVE_SECONDS
        wait(lambda: time.monotonic() > settled)
        photograph(window, wait, "window-live")


def make_people_picture(person_model: str) -> None:
    """The window with two people, the second of them chosen."""
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "two.mp4"
        write_two_people(video)
        take = process_video(video, Settings(detector=f"mediapipe-people:{person_model}", person="all"))
        with opened_window(take) as (window, wait):
            show_frame(window, wait, PEOPLE_FRAME)
            window.document.choose(1)
            photograph(window, wait, "window-people")


def write_two_people(path: Path) -> None:
    """The demo clip, and beside it its mirror image, which does the same a little later."""
    with open_video(demo_folder() / "demo.mp4") as video:
        pictures = [frame.image for frame in video.frames()]
        times = video.time_s
    height, width = pictures[0].shape[:2]
    pairs = (
        np.concatenate((picture, pictures[(index + LATER) % len(pictures)][:, ::-1]), axis=1)
        for index, picture in enumerate(pictures)
    )
    write_video(path, zip(times.tolist(), pairs, strict=True), (2 * width, height))


@contextmanager
def opened_window(take: Take) -> Iterator[tuple[MainWindow, Callable[..., None]]]:
    """The window with a Take open as a project, dark, and a function that runs it until a condition holds."""
    application = QApplication.instance() or make_application(sys.argv[:1])
    assert isinstance(application, QApplication)
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "demo.stctake"
        save_project(take, project)
        window = MainWindow(QSettings(f"{folder}/window.ini", QSettings.Format.IniFormat))
        window.set_theme("dark")
        window.resize(*WINDOW)
        window.show()
        wait = waiting(application)
        wait(lambda: window.ready is not None)
        window.notice.clear()
        window.open(project)
        wait(lambda: window.shown_frame == 0 and window.display.analysis is not None)
        yield window, wait
        window.document.undo_stack.setClean()
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
