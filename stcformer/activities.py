"""What people do in the clips of motion capture that are known: the table `activities.csv` beside this file."""

import csv
import importlib.resources
from collections.abc import Sequence
from fnmatch import fnmatchcase

UNKNOWN = "other"


def clip_activities(names: Sequence[str]) -> tuple[str, ...]:
    """The activity of each clip by its name (`<folder>/<file stem>`): the first row that fits, else `other`."""
    table = (importlib.resources.files("stcformer") / "activities.csv").read_text(encoding="utf-8")
    rows = [(row["clip"], row["activity"]) for row in csv.DictReader(table.splitlines())]
    return tuple(
        next((activity for pattern, activity in rows if fnmatchcase(name.lower(), pattern)), UNKNOWN)
        for name in names
    )
