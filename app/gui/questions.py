"""Questions that the user must answer before anything else happens; each in a function, so that tests can answer."""

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from app.project import SUFFIX

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".mts", ".gif")


def ask_to_save(parent: QWidget, name: str) -> str:
    """ "save", "discard" or "cancel"."""
    button = QMessageBox.StandardButton
    answer = QMessageBox.question(
        parent,
        "Save the project?",
        f"The result of {name} and its corrections are not saved. Save them before going on?",
        button.Save | button.Discard | button.Cancel,
        button.Save,
    )
    return {button.Save: "save", button.Discard: "discard"}.get(answer, "cancel")


def ask_file_to_open(parent: QWidget, folder: str) -> Path | None:
    """A video or a project."""
    videos = " ".join(f"*{suffix}" for suffix in VIDEO_SUFFIXES)
    filters = (
        f"Videos and projects ({videos} *{SUFFIX})",
        f"Videos ({videos})",
        f"Projects (*{SUFFIX})",
        "All files (*)",
    )
    name, _ = QFileDialog.getOpenFileName(parent, "Open a video or a project", folder, ";;".join(filters))
    return Path(name) if name else None


def ask_project_file(parent: QWidget, suggestion: Path) -> Path | None:
    """Where to save a project."""
    name, _ = QFileDialog.getSaveFileName(
        parent, "Save the project", str(suggestion), f"Projects (*{SUFFIX})"
    )
    if not name:
        return None
    path = Path(name)
    return path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)


def ask_for_video(parent: QWidget, name: str, folder: str) -> Path | None:
    """The video of a project that is not where it was; None: go on without it."""
    button = QMessageBox.StandardButton
    answer = QMessageBox.question(
        parent,
        "Where is the video?",
        f"The project's video, {name}, is not where it was. Look for it? Without it, the poses are shown alone.",
        button.Open | button.Ignore,
        button.Open,
    )
    if answer != button.Open:
        return None
    found, _ = QFileDialog.getOpenFileName(parent, f"Where is {name}?", folder, "All files (*)")
    return Path(found) if found else None


def ask_to_use_other_video(parent: QWidget, name: str) -> bool:
    """Whether to go on with a file that is not the one the project was made from."""
    button = QMessageBox.StandardButton
    answer = QMessageBox.question(
        parent,
        "Another video?",
        f"{name} is not the file that the project was made from. Use it all the same?",
        button.Yes | button.No,
        button.No,
    )
    return answer == button.Yes


def ask_lifter(parent: QWidget, names: Sequence[str]) -> str | None:
    """Another lifter: one of the names, or a file that is typed."""
    name, chosen = QInputDialog.getItem(
        parent,
        "Compare with another lifter",
        "Lift the same keypoints by (a name, or a weights file):",
        [*names],
        0,
        True,
    )
    return name.strip() or None if chosen else None


def ask_folder(parent: QWidget, folder: str) -> Path | None:
    """A folder for exported files."""
    name = QFileDialog.getExistingDirectory(parent, "Folder for the files", folder)
    return Path(name) if name else None
