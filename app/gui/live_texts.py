"""What the live panel says of numbers and of people."""

import math

from app.gui.live_controller import LiveNumbers
from app.live import LiveResult

UNKNOWN = "–"
"""In place of a number."""
NUMBERS = {
    "latency": (
        "Latency",
        "From the moment a picture comes to the end of painting it, median (95 of 100 are below)",
    ),
    "rate": ("Rate", "Pictures that are worked on in a second, and how many come onto the screen"),
    "dropped": (
        "Dropped",
        "Pictures that came while there was no time for them, and results not shown for that reason",
    ),
    "device": ("Device", "Where the lifter computes"),
}
"""Title and explanation of each number."""


def number_texts(numbers: LiveNumbers | None) -> dict[str, str]:
    """What stands beside the titles of `NUMBERS`, but for the device, which does not change; None: nothing is known."""
    if numbers is None or math.isnan(numbers.latency_s):
        return dict.fromkeys(("latency", "rate", "dropped"), UNKNOWN)
    return {
        "latency": f"{numbers.latency_s * 1000:.0f} ms (95 %: {numbers.latency_p95_s * 1000:.0f} ms)",
        "rate": f"{_rate_text(numbers.rate)} a second, {_rate_text(numbers.shown_rate)} on the screen",
        "dropped": f"{numbers.dropped}, {numbers.not_shown} not shown",
    }


def people_text(result: LiveResult) -> str:
    """How many are in view, and who of them is followed."""
    others = len(result.others)
    if result.person is None or not (others or (result.scores > 0).any()):
        return "Nobody in view"
    if not (result.scores > 0).any():
        return f"{person_name(result.person)} is out of sight; {others} in view"
    return f"{others + 1} in view; following {person_name(result.person)}" if others else "One person in view"


def person_name(number: int) -> str:
    """What the panel and the picture call the person of that number."""
    return f"Person {number + 1}"


def _rate_text(rate: float) -> str:
    return f"{rate:.1f}" if rate > 0 else UNKNOWN
