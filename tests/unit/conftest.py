"""What every unit test may rely on."""

import sys

import pytest


@pytest.fixture(scope="session", autouse=True)
def _one_torch_thread() -> None:
    """Networks as small as those of the tests only wait for a second thread."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
