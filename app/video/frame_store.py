"""What is kept in memory: things by number of frame, up to a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class RecentlyUsed(Generic[Thing]):
    """Things by frame; when `budget` bytes are passed, those not used for the longest time go."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.used = 0
        """Bytes kept now."""
        self._kept: OrderedDict[int, tuple[Thing, int]] = OrderedDict()

    def __contains__(self, frame: int) -> bool:
        return frame in self._kept

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, frame: int) -> Thing | None:
        """What is kept for a frame, which counts as a use of it; None: nothing."""
        found = self._kept.get(frame)
        if found is None:
            return None
        self._kept.move_to_end(frame)
        return found[0]

    def put(self, frame: int, thing: Thing, size: int) -> None:
        """Keep something of `size` bytes. It stays even when it is larger than the budget: then it stays alone."""
        self._drop(frame)
        self._kept[frame] = thing, size
        self.used += size
        while self.used > self.budget and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def has_room_for(self, size: int) -> bool:
        """Whether nothing would have to go for `size` bytes more."""
        return self.used + size <= self.budget

    def keep_only(self, frames: range) -> list[int]:
        """Let go of everything outside `frames` (of step 1); which frames those were."""
        outside = [frame for frame in self._kept if frame not in frames]
        for frame in outside:
            self._drop(frame)
        return outside

    def _drop(self, frame: int) -> None:
        found = self._kept.pop(frame, None)
        if found is not None:
            self.used -= found[1]
