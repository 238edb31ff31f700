"""Live: a camera, or a file in its place, becomes 2D joints and 3D motion while it runs.

session = LiveSession(CameraSource(0), Settings(), on_result=print)
session.start()
...
session.stop()
"""

from app.live.recording import Recording
from app.live.results import LiveFacts, LiveResult
from app.live.session import LiveSession
from app.live.sources import CameraSource, FileSource, LiveSource

__all__ = [
    "CameraSource",
    "FileSource",
    "LiveFacts",
    "LiveResult",
    "LiveSession",
    "LiveSource",
    "Recording",
]
