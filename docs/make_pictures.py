"""Makes the pictures of the README from the demo clip: `python docs/make_pictures.py`.

Runs the pipeline on the demo clip and tiles frames of its overlay, so a picture always shows what the
program of the day does.
"""

from contextlib import closing
from pathlib import Path

import numpy as np

from app.commands.demo import demo_folder
from app.export.overlay import make_layout, overlay_frames
from app.pipeline import process_video
from detectors.opencv import import_cv2

FRAMES = (12, 58, 78)
IMAGES = Path(__file__).parent / "images"


def main() -> None:
    """Write `images/demo.jpg`."""
    cv2 = import_cv2()
    take = process_video(demo_folder() / "demo.mp4")
    layout = make_layout(take.source.width, take.source.height)
    with closing(overlay_frames(take, layout)) as frames:
        pictures = [picture for index, (_, picture) in enumerate(frames) if index in FRAMES]
    sheet = np.concatenate(pictures, axis=1)
    sheet = cv2.resize(sheet, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    IMAGES.mkdir(exist_ok=True)
    cv2.imwrite(
        str(IMAGES / "demo.jpg"), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88]
    )


if __name__ == "__main__":
    main()
