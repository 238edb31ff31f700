"""The failures of the detectors that a person can do something about."""


class DetectorError(Exception):
    """One sentence for the user: what failed, on which file or frame, and what to do."""
