"""Videos and webcams: exact reading with the container's time, pictures kept at hand, writing. Knows of no person.

with open_video("dance.mp4") as video:
    for frame in video.frames():
        print(frame.index, frame.time_s, frame.image.shape)
"""

from app.video.reading import Frame, Video, open_video

__all__ = ["Frame", "Video", "open_video"]
