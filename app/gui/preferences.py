"""What the program remembers between two times: choices, recent files, where the window stood."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QSettings

from app.errors import StudioError
from app.records import record_from_json
from app.settings import Settings

MOST_RECENT = 10


def load_settings(store: QSettings) -> Settings:
    """The settings used last; the usual ones where they cannot be read any more."""
    values = store.value("settings")
    if not isinstance(values, dict):
        return Settings()
    try:
        return record_from_json(
            Settings, {str(name): value for name, value in values.items()}, "The settings"
        )
    except StudioError:
        return Settings()  # written by another version; there is nothing in them to be mourned


def save_settings(store: QSettings, settings: Settings) -> None:
    """Use these the next time."""
    store.setValue("settings", asdict(settings))


def recent_files(store: QSettings) -> list[Path]:
    """Videos and projects opened last, the newest first; those that are gone are left out."""
    return [path for path in map(Path, strings(store, "recent")) if path.exists()]


def add_recent(store: QSettings, path: Path) -> None:
    """This file was opened now."""
    path = path.absolute()
    others = [other for other in strings(store, "recent") if Path(other) != path]
    store.setValue("recent", [str(path), *others][:MOST_RECENT])


def strings(store: QSettings, key: str) -> list[str]:
    """A remembered list of texts; QSettings gives one of them back as a plain text."""
    value: Any = store.value(key)
    if isinstance(value, str):
        return [value] if value else []
    return [str(item) for item in value] if isinstance(value, list) else []


def flag(store: QSettings, key: str, usual: bool) -> bool:
    """A remembered yes or no; a file of settings keeps it as a word."""
    value: Any = store.value(key)
    return usual if value is None else str(value).lower() == "true"
