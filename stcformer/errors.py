"""The failures of the lifter that a person can do something about."""


class LifterError(Exception):
    """One sentence for the user: what failed, on which file or frame, and what to do."""
