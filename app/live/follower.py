"""Whom a live session follows, of all who are in view: one person until they are gone, or another is asked for."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from app.take import Array
from detectors import Person
from detectors.people.matching import BRIEF_S, MOST_PEOPLE, PATIENCE_S, Follower, Matcher, Seen
from detectors.protocol import Image

LOST_AFTER_S = PATIENCE_S
"""Whoever is followed is waited for so long when they are not seen; then the largest person in view is followed."""
MOST_REMEMBERED = 2 * MOST_PEOPLE
"""People at once, those included who are not seen for a moment."""
_MOST_WISHES = 16


@dataclass(frozen=True, eq=False)
class PersonInView:
    """Somebody in the newest picture."""

    number: int
    """From 0, in the order in which people came into view; whoever is lost and comes back is another one."""
    keypoints: Array
    """(17, 2) pixels."""
    scores: Array
    """(17,) 0..1."""


@dataclass(frozen=True, eq=False)
class View:
    """Who is in the newest picture."""

    number: int | None
    """Of the person who is followed, seen or not; None before there was anybody."""
    person: PersonInView | None
    """The one who is followed; None where they are not seen."""
    others: tuple[PersonInView, ...]
    """In the order of their numbers."""
    has_changed: bool
    """Whether another person is followed than in the picture before: what was kept is of another body."""


class PersonFollower:
    """Keeps to one person, picture by picture; its memory does not grow.

    The largest in view comes first. They are found again by where they were expected, among all who are in view
    (`detectors.people.matching`). Who is lost for longer than `LOST_AFTER_S`, or was a mere flicker, is given up for
    the largest in view then. `ask_for` and `ask_for_next` may be called in any thread, `update` in one.
    """

    def __init__(self) -> None:
        self._matcher = Matcher()
        self._known: list[_Numbered] = []
        self._count = 0
        self._followed: _Numbered | None = None
        self._wishes: deque[int | None] = deque(maxlen=_MOST_WISHES)

    def ask_for(self, number: int) -> None:
        """Follow the person of that number from the next picture on, if they are in it."""
        self._wishes.append(number)

    def ask_for_next(self) -> None:
        """Follow the next person in view from the next picture on, by number, and after the last the first."""
        self._wishes.append(None)

    def update(self, time_s: float, persons: Iterable[Person], image: Image | None = None) -> View:
        """The persons of the picture at a time in seconds, later than the one before. With the picture itself, clothes
        help to tell people apart who meet. Raises DetectorError.
        """
        seen: dict[_Numbered, Seen] = {}
        for person, known in self._matcher.match(self._known, time_s, persons, image):
            follower = self._newcomer() if known is None else known
            follower.see(time_s, person)
            seen[follower] = person
        before, self._followed = self._followed, self._chosen(seen, time_s)
        self._forget(time_s)
        followed = self._followed
        in_view = {
            follower.number: PersonInView(follower.number, person.keypoints, person.scores)
            for follower, person in seen.items()
        }
        number = None if followed is None else followed.number
        own = None if number is None else in_view.pop(number, None)
        others = tuple(in_view[other] for other in sorted(in_view))
        return View(number, own, others, followed is not before)

    def _newcomer(self) -> "_Numbered":
        self._known.append(_Numbered(self._count))
        self._count += 1
        return self._known[-1]

    def _chosen(self, seen: dict["_Numbered", Seen], time_s: float) -> "_Numbered | None":
        """Whom to follow in this picture."""
        followed = self._followed
        while self._wishes:
            followed = _asked_for(self._wishes.popleft(), followed, sorted(seen, key=_number))
        if seen and (followed is None or (followed not in seen and _is_lost(followed, time_s))):
            return max(seen, key=lambda follower: seen[follower].size)
        return followed

    def _forget(self, time_s: float) -> None:
        """Drop who is gone, and of too many those who were not seen for longest."""
        present = [follower for follower in self._known if time_s - follower.last_s <= PATIENCE_S]
        present.sort(key=lambda follower: (follower is not self._followed, -follower.last_s))
        self._known = present[:MOST_REMEMBERED]


class _Numbered(Follower):
    """What is remembered of somebody in view."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def _number(follower: _Numbered) -> int:
    return follower.number


def _is_lost(followed: _Numbered, time_s: float) -> bool:
    return time_s - followed.last_s > LOST_AFTER_S or followed.seen_for_s < BRIEF_S


def _asked_for(wish: int | None, followed: _Numbered | None, seen: list[_Numbered]) -> _Numbered | None:
    """Who is meant by a number, or (None) by "the next one", of those seen in the order of numbers."""
    if wish is not None:
        return next((follower for follower in seen if follower.number == wish), followed)
    if followed is None or not seen:
        return followed
    return next((follower for follower in seen if follower.number > followed.number), seen[0])
