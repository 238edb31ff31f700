"""Corrections by hand: what is done in the views becomes edits of the document."""

from collections.abc import Callable

from PyQt6.QtCore import QObject

from app.edits import HideJoint, MoveJoint, NamePerson, SetContact, SwapPeople, SwapSides
from app.gui.document import Document
from app.gui.joint_names import joint_label


class Corrections(QObject):
    """Makes edits of the shown frame (`shown_frame` says which) and of the played range (`played_range`)."""

    def __init__(
        self,
        document: Document,
        shown_frame: Callable[[], int | None],
        played_range: Callable[[], tuple[int, int]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._shown_frame, self._played_range = document, shown_frame, played_range
        self._held_frame: int | None = None

    def move_joint(self, person: int, joint: int, x: float, y: float, finished: bool) -> None:
        """A joint is being dragged to (x, y) in the picture, or was let go there.

        The frame is the one that was shown when the drag began, whatever is shown by now.
        """
        if not self._document.can_be_corrected:
            return
        if self._held_frame is None:
            self._held_frame = self._shown_frame()
        if self._held_frame is None:
            return
        moved = MoveJoint(person, self._held_frame, joint, x, y)
        if finished:
            self._held_frame = None
            self._document.edit([moved], f"move {joint_label(joint)}, frame {moved.frame}")
        else:
            self._document.hold_joint(moved)

    def cancel_move(self) -> None:
        """The dragged joint goes back."""
        if self._held_frame is not None:
            self._held_frame = None
            self._document.hold_joint(None)

    def hide_joint(self, person: int, joint: int) -> None:
        """A joint is not to be believed in the shown frame."""
        frame = self._shown_frame()
        if frame is not None and self._document.can_be_corrected:
            self._document.edit(
                [HideJoint(person, frame, frame + 1, joint)], f"hide {joint_label(joint)}, frame {frame}"
            )

    def hide_joint_in_range(self, joint: int) -> None:
        """A joint of the chosen person is not to be believed in the played range."""
        start, stop = self._played_range()
        if self._document.can_be_corrected:
            self._document.edit(
                [HideJoint(self._document.chosen, start, stop, joint)],
                f"hide {joint_label(joint)}, frames {start} to {stop - 1}",
            )

    def swap_in_frame(self) -> None:
        """Left and right of the chosen person change places in the shown frame."""
        frame = self._shown_frame()
        if frame is not None:
            self._swap_sides(frame, frame + 1, f"frame {frame}")

    def swap_in_range(self) -> None:
        """The same in the played range."""
        start, stop = self._played_range()
        self._swap_sides(start, stop, f"frames {start} to {stop - 1}")

    def swap_from_here(self) -> None:
        """The same from the shown frame on."""
        frame = self._shown_frame()
        if frame is not None:
            self._swap_sides(frame, self._document.frame_count, f"from frame {frame}")

    def set_contact(self, foot: int, start: int, stop: int, value: str) -> None:
        """A foot (0 left, 1 right) of the chosen person stands, or does not (`app.edits.CONTACT_VALUES`)."""
        if self._document.can_be_corrected and self._document.take and self._document.take.person_count():
            what = {"floor": "on the floor", "air": "in the air", "automatic": "automatic"}[value]
            frames = f"frame {start}" if stop - start == 1 else f"frames {start} to {stop - 1}"
            self._document.edit(
                [SetContact(self._document.chosen, foot, start, stop, value)],
                f"{('left', 'right')[foot]} foot {what}, {frames}",
            )

    def swap_people(self, first: int, second: int) -> None:
        """Two people change places from the shown frame on."""
        frame, names = self._shown_frame(), self._document.names
        if frame is not None and first != second and self._document.can_be_corrected:
            text = f"swap {names[first]} and {names[second]} from frame {frame}"
            self._document.edit([SwapPeople(first, second, frame)], text)

    def name_person(self, person: int, name: str) -> None:
        """A person gets another name."""
        name = name.strip()[:200]
        if name and name != self._document.names[person] and self._document.can_be_corrected:
            self._document.edit([NamePerson(person, name)], f"name {name}")

    def _swap_sides(self, start: int, stop: int, where: str) -> None:
        if self._document.can_be_corrected and self._document.take and self._document.take.person_count():
            self._document.edit(
                [SwapSides(self._document.chosen, start, stop)], f"swap left and right, {where}"
            )
