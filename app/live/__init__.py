"""Live: a camera, or a file in its place, becomes 2D joints and 3D motion while it runs.

session = LiveSession(CameraSource(0), Settings(), on_result=print)
session.start()
...
session.stop()
"""

from app.live.follower import LOST_AFTER_S, PersonInView
from app.live.limits import limits
from app.live.recording import Recording
from app.live.results import LiveFacts, LiveResult
from app.live.session import LiveSession
from app.live.sources import CameraSource, FileSource, LiveSource

__all__ = [
    "LOST_AFTER_S",
    "CameraSource",
    "FileSource",
    "LiveFacts",
    "LiveResult",
    "LiveSession",
    "LiveSource",
    "PersonInView",
    "Recording",
    "limits",
]
