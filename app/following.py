"""Which frame to show while a video is being processed, so that one watches it become 3D."""


class Follower:
    """Goes along with the work: with the detector until there are poses, then from the first pose on, at the
    detector's pace, as far as poses reach. Poses come in blocks; the pace makes an even motion of them.
    """

    def __init__(self) -> None:
        self._detected = 0
        self._frame = 0
        self._sees_poses = False

    def frame(self, detected: int, lifted: int) -> int:
        """The frame to show now that so many frames are detected and lifted."""
        pace = max(0, detected - self._detected)
        self._detected = detected
        if not lifted:
            self._frame = max(0, detected - 1)
        elif not self._sees_poses:
            self._frame, self._sees_poses = 0, True
        else:
            self._frame = min(self._frame + pace, lifted - 1)
        return self._frame
