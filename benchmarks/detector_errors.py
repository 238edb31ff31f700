"""How wrong a real detector's keypoints are: what the errors that training injects are measured with.

    python benchmarks/detector_errors.py [--videos FOLDER] [--detector auto] [--clip NAME ...]

Runs the detector on the rendered clips, whose truth is known, and prints bias, jitter, correlation in time,
tails, left/right swaps and the relation of score to error. Real videos of `--videos` have no truth: of them
only the scores, the unsteadiness and swap-like jumps are printed, with the same figures of the rendered clips.

Lengths are fractions of the body's size in the picture: the RMS distance of its joints from their middle,
averaged over the clip. "Upright": turned so that the trunk (thorax to hip) points down; x right, y down. Frames
in which a limb pair is swapped count as swaps, not as errors of its joints. "Sure": of a score of 0.5 or more.
"""

import argparse
from pathlib import Path

import numpy as np
from error_statistics import Detections, clip_errors
from error_tables import rendered_tables, score_table, unsteadiness_table
from rich.console import Console

from app.rendered_evaluation import rendered_clips
from app.video import open_video
from detectors import create_detector
from detectors.keypoints import to_h36m17
from stcformer.skeleton import JOINT_COUNT


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--videos", type=Path, help="folder of real videos")
    parser.add_argument("--detector", default="auto")
    parser.add_argument("--clip", action="append", help="only these rendered clips")
    arguments = parser.parse_args()
    console = Console(highlight=False, width=170)
    clips = [clip for clip in rendered_clips() if not arguments.clip or clip.name in arguments.clip]
    errors = [clip_errors(detected(clip.video, arguments.detector), clip) for clip in clips]
    for table in rendered_tables(errors):
        console.print(table)
    found = [clip.found for clip in errors]
    if arguments.videos:
        paths = sorted(path for path in arguments.videos.iterdir() if path.suffix in (".mp4", ".avi", ".mov"))
        found += [detected(path, arguments.detector) for path in paths]
    console.print(score_table(found))
    console.print(unsteadiness_table(found, errors))


def detected(path: Path, detector_name: str) -> Detections:
    """The most prominent person of every frame, as the pipeline takes them."""
    with open_video(path) as video, create_detector(detector_name) as detector:
        keypoints = np.full((video.frame_count, JOINT_COUNT, 2), np.nan)
        scores = np.zeros((video.frame_count, JOINT_COUNT))
        for frame in video.frames():
            for person in detector.detect(frame.image)[:1]:
                keypoints[frame.index], scores[frame.index] = to_h36m17(
                    person.keypoints, person.scores, person.format
                )
        return Detections(path.stem, video.fps, keypoints, scores)


if __name__ == "__main__":
    main()
