"""What every test may use: the folders, and a skip with a reason where development data is absent."""

import faulthandler
import os
from pathlib import Path

import pytest

# The networks of the tests are small: one thread is as fast as two on a quiet machine. On a busy one OpenMP's threads
# wait for each other, and a test of 15 seconds takes three minutes. Read when torch is imported, by subprocesses too.
os.environ.setdefault("OMP_NUM_THREADS", "1")

REPO = Path(__file__).resolve().parents[1]
SHARED = REPO.parent / "shared"


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """A crash in a library prints the stack of its own thread alone: those of all others, which pytest would have printed
    before it, fill what a log keeps. To the standard error as it is now, before pytest catches what tests print."""
    faulthandler.enable(os.dup(2), all_threads=False)


@pytest.fixture
def shared() -> Path:
    """The development data beside the checkout; the test is skipped where it is not there."""
    if not SHARED.is_dir():
        pytest.skip("needs the development data folder ../shared")
    return SHARED
