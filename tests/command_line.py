"""The command line as a test drives it: in this process, with what it says and what it leaves."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.cli import invoke
from detectors import Person


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    def sentence(self) -> str:
        """The one line on stderr of a stated failure; fails the test when it is anything else."""
        assert self.code == 1, self
        assert self.err.startswith("stcstudio: "), self.err
        assert self.err.count("\n") == 1, self.err
        assert self.err.rstrip().endswith("."), self.err
        assert self.out == "", self.out
        return self.err


class CommandLine:
    """`stcstudio` in this process; what native libraries write to the terminal is seen too."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, *arguments: str | Path) -> Outcome:
        self._capture.readouterr()
        code = invoke([str(argument) for argument in arguments])
        return Outcome(code, *self._capture.readouterr())

    def done(self, *arguments: str | Path) -> Outcome:
        """As a call, for a command that must end well and have nothing to complain of."""
        outcome = self(*arguments)
        assert (outcome.code, outcome.err) == (0, ""), outcome
        return outcome


class SlowDetector:
    """Sees nobody, takes its time, and counts the pictures it is shown."""

    name = description = "slow"
    keypoint_format = "blazepose33"
    batch_size = 1
    device = ""

    def __init__(self, seconds: float = 0.02) -> None:
        self.pictures = 0
        self._seconds = seconds

    def detect(self, image: np.ndarray) -> list[Person]:
        import time

        del image
        time.sleep(self._seconds)
        self.pictures += 1
        return []

    def detect_batch(self, images: Sequence[np.ndarray]) -> list[list[Person]]:
        return [self.detect(image) for image in images]

    def reset(self) -> None:
        """Nothing to forget."""

    def close(self) -> None:
        """Nothing to free."""

    def __enter__(self) -> "SlowDetector":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to free."""


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV, as any other program would read them."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def is_empty(row: dict[str, str]) -> bool:
    """Whether a row has its frame and time and nothing else."""
    values = [value for name, value in row.items() if name not in ("frame", "time_s")]
    assert len(set(map(bool, values))) == 1, "a row is full or empty"
    return not values[0]


def sidecar(path: Path) -> dict[str, Any]:
    """The content of a sidecar."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def listing(folder: Path) -> dict[str, bytes | None]:
    """Every name below `folder`, hidden ones included, with the content of files."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }
