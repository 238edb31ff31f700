"""The one road from a video to a Take: decode, detect, track, lift, and set in motion.

Decoding runs in a thread of its own a few frames ahead of the detector, and lifting in another behind
it, so that all together take little longer than the detector alone.
"""

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from app.detection import describe_detector, detected_persons, raise_if_set
from app.edits import Edit, apply_edits_to_feet, chosen_contacts, edits_to_json
from app.lifting import EARLY_BLOCK_FRAMES, LifterThread, describe_lifter
from app.motion import check_choices, reconstruct_people
from app.motion.root import pinhole
from app.motion.toes import find_toes
from app.motion.world import camera_to_world
from app.people import PeopleFinder, check_person
from app.settings import Settings
from app.take import Array, Evidence, Source, Take
from app.video import Video, open_video
from app.video.camera_motion import CameraMotionFinder
from app.video.fingerprint import fingerprint
from detectors import choose_detector, create_detector, one_person_limit
from stcformer.skeleton import JOINT_COUNT

_PARTIAL_INTERVAL_S = 0.2


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    stage: str
    """`detect`, `lift` or `motion`."""
    done: int
    total: int
    """Frames of this stage."""
    seconds: float
    """Since the stage began."""


@dataclass(frozen=True)
class Partial:
    """What is known while a video is being processed, for a window that shows it.

    The people are those who would be in the Take if the video ended here; while nobody was seen, one person without
    keypoints. The arrays are read-only views of arrays that grow: nothing is copied, and rows beyond
    `frames_detected` and `frames_lifted` are NaN (score 0) or just being written.
    """

    time_s: Array
    """(F,) seconds."""
    keypoints: tuple[Array, ...]
    """Of each person (F, 17, 2) pixels, with the edits."""
    scores: tuple[Array, ...]
    """Of each person (F, 17)."""
    camera: tuple[Array, ...]
    """Of each person (F, 17, 3) camera space, metres, the hip at 0: as lifted, before the motion stage."""
    frames_detected: int
    frames_lifted: int
    """Of everybody."""


def process_video(
    path: str | os.PathLike[str],
    settings: Settings | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
    edits: Sequence[Edit] = (),
    partial: Callable[[Partial], None] | None = None,
) -> Take:
    """Process a video into a Take.

    `progress` is called from this thread, once a frame or so. Setting `cancel` raises CancelledError within
    the time of one frame. `edits` are made to what is detected, before it is lifted. `partial` is called from
    this thread a few times a second with what is known so far. Raises StudioError, LifterError or DetectorError
    with one sentence for the user.
    """
    settings, edits = settings or Settings(), tuple(edits)
    report = progress or (lambda step: None)
    stop = cancel or threading.Event()
    # Wrong settings are said before the video is read; of the weights it is known once they are loaded.
    check_choices(settings)
    check_person(settings.person)
    choice = choose_detector(settings.detector, settings.wants_several())
    began = time.perf_counter()
    with (
        open_video(path) as video,
        create_detector(choice.name) as detector,
        LifterThread(settings) as thread,
    ):
        source, total = _source_of(video), video.frame_count
        finder = PeopleFinder(
            source,
            total,
            replace(settings, fov_degrees=source.known_fov(settings)),
            edits,
            thread,
            first_block=EARLY_BLOCK_FRAMES if partial else None,
            limit=one_person_limit(choice.name),
        )
        show = _PartialReports(partial, video.time_s, finder)
        background = CameraMotionFinder((video.width, video.height), video.fps)
        opened = time.perf_counter()
        with closing(detected_persons(video, detector, stop)) as frames:
            for frame, persons in frames:
                finder.add(frame, persons)
                background.add(frame.index, frame.image, [person.box for person in persons])
                show()
                report(Progress("detect", frame.index + 1, total, time.perf_counter() - opened))
        detected = time.perf_counter()

        def while_lifting(done: int) -> None:
            raise_if_set(stop)
            report(Progress("lift", done, total, time.perf_counter() - detected))
            show()

        people = finder.finish(while_lifting)
        lifted = time.perf_counter()
        raise_if_set(stop)
        show(at_once=True)
        camera_motion = background.result()
        report(Progress("motion", 0, total, 0.0))
        provenance = {
            "program": f"stcformer-studio {version('stcformer-studio')}",
            "detector": describe_detector(detector) | ({"chosen": choice.reason} if choice.reason else {}),
            "lifter": describe_lifter(thread.lifter()),
            "people": people.report,
            "side_swaps_undone": people.side_swaps,
            "video": {
                "codec": video.codec,
                "rotation_degrees": video.rotation,
                "variable_rate": video.is_variable_rate,
                "warnings": [*video.warnings, *camera_motion.warnings()],
                "camera": camera_motion.report(),
                "file": fingerprint(path),
            },
        }
        evidence = Evidence(
            people.keypoints,
            people.scores,
            people.lifted,
            people.disagreement,
            people.feet,
            people.foot_scores,
        )
        take = assemble_take(source, video.time_s, people.edited, evidence, settings, edits, provenance)
        moved = time.perf_counter()
        report(Progress("motion", total, total, moved - lifted))
        take.provenance["seconds"] = {
            "open": opened - began,
            "detect": detected - opened,
            "lift": thread.seconds,
            "lift_after_the_last_detection": lifted - detected,
            "motion": moved - lifted,
            "total": moved - began,
        }
        return take


def _source_of(video: Video) -> Source:
    return Source(video.path, video.width, video.height, video.fps, fov_degrees=video.fov_degrees)


def assemble_take(
    source: Source,
    time_s: Array,
    edited: tuple[Array, Array],
    evidence: Evidence,
    settings: Settings,
    edits: tuple[Edit, ...],
    provenance: dict[str, Any],
) -> Take:
    """The last part of the road: what was detected, `edited` by hand (keypoints (P, F, 17, 2) and scores
    (P, F, 17)) and lifted is set in motion and becomes a Take. `provenance` is completed with what was done here.
    """
    keypoints, scores = edited
    feet, foot_scores = apply_edits_to_feet(evidence.feet, evidence.foot_scores, edits)
    motions = reconstruct_people(
        evidence.lifted,
        keypoints,
        scores,
        (source.width, source.height),
        source.fps,
        settings,
        chosen_contacts(edits, len(keypoints), len(time_s)),
        fov_of_video=source.fov_degrees,
        feet=(feet, foot_scores),
    )
    provenance = provenance | {
        "settings": asdict(settings),
        "motion": motions[0].report if motions else {},
        "motion_of_others": [motion.report for motion in motions[1:]],
        "edits": edits_to_json(edits),
    }
    frames, joints = len(time_s), keypoints.shape[2]
    contacts = [motion.contacts for motion in motions]
    fov = settings.fov_degrees if settings.fov_degrees is not None else source.fov_degrees
    camera = pinhole((source.width, source.height), fov)
    toes = [
        find_toes(
            motion.world,
            time_s,
            source.fps,
            motion.contacts,
            feet[person],
            foot_scores[person],
            camera,
            (camera_to_world(motion.gravity.up), -motion.origin),
        )
        for person, motion in enumerate(motions)
    ]
    return Take(
        source,
        time_s,
        keypoints,
        scores,
        np.stack([motion.camera for motion in motions]) if motions else np.empty((0, frames, joints, 3)),
        np.stack([motion.root_camera for motion in motions]) if motions else np.empty((0, frames, 3)),
        np.stack([motion.world for motion in motions]) if motions else np.empty((0, frames, joints, 3)),
        provenance,
        settings,
        edits,
        evidence,
        np.stack(contacts) if contacts else np.empty((0, frames, 2), dtype=np.int8),
        feet,
        foot_scores,
        np.stack(toes) if toes else np.empty((0, frames, 2, 3)),
    )


class _PartialReports:
    """Shows what is known so far, not more often than there is use in."""

    def __init__(
        self, receive: Callable[[Partial], None] | None, time_s: Array, finder: PeopleFinder
    ) -> None:
        self._receive, self._finder, self._time_s = receive, finder, _read_only(time_s)
        self._nobody = tuple(
            _read_only(np.full((len(time_s), JOINT_COUNT, *rest), fill))
            for rest, fill in (((2,), np.nan), ((), 0.0), ((3,), np.nan))
            if receive is not None
        )
        self._last = -np.inf

    def __call__(self, *, at_once: bool = False) -> None:
        now = time.perf_counter()
        if self._receive is None or (now - self._last < _PARTIAL_INTERVAL_S and not at_once):
            return
        self._last = now
        finder, people = self._finder, self._finder.followed
        arrays = [(person.keypoints, person.scores, person.lifter.pose) for person in people]
        views = [tuple(map(_read_only, person)) for person in arrays] or [self._nobody]
        keypoints, scores, camera = zip(*views, strict=True)
        lifted = min((person.lifter.frames_lifted for person in people), default=finder.frames)
        self._receive(Partial(self._time_s, keypoints, scores, camera, finder.frames, lifted))


def _read_only(array: Array) -> Array:
    view = array.view()
    view.flags.writeable = False
    return view
