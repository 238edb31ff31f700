"""`stcstudio attention`: what the lifter attends to in a video or a project, as pictures and numbers."""

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from app import pipeline
from app.attention_pictures import draw_correlation, draw_on_picture, draw_space, draw_time
from app.commands.run import check_output, shown_progress
from app.errors import StudioError
from app.lifting import load_lifter
from app.motion import check_choices
from app.project import SUFFIX, find_video, is_same_video, open_project
from app.settings import Settings
from app.take import Array, Take
from app.video import open_video
from stcformer.atomic import atomic_path
from stcformer.sampling import seen_frames
from stcformer.skeleton import JOINTS

if TYPE_CHECKING:
    from stcformer import Lifter
    from stcformer.attention import AttentionMaps

_BACKGROUND = 40
"""Grey of the picture where the video is not at hand."""


@dataclass(frozen=True)
class AttentionOptions:
    """What is looked at; None leaves the choice to the program."""

    frame: int | None
    """As the video counts; None: the middle one of those in which the person was seen."""
    joint: str
    block: int | None
    """From 1, for the lines on the picture; None: the mean over all."""
    person: int | None
    """From 1; None: the main one of a video, the first of a project."""
    detector: str | None
    """Of a video; None: the default. A project has its joints."""
    lifter: str | None
    """None: the project's own, or the default."""
    fov_degrees: float | None
    """As `Settings` has it; None: the project's own, or the default."""
    device: str
    video: Path | None
    """Where a project's video is now."""


def look_inside(source: Path, output: Path, options: AttentionOptions) -> list[Path]:
    """Write pictures and numbers of a video or a .stctake; returns the paths. Raises StudioError and LifterError."""
    from stcformer.attention import attention_about, joint_number, trajectory_correlation  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=True, emoji=False)
    joint = joint_number(options.joint)
    check_output(output)
    take, person = _opened(source, options)
    frame = _chosen_frame(take, person, options.frame)
    lifter = load_lifter(take.settings)
    row = frame - take.source.first_frame
    maps = attention_about(
        lifter,
        take.keypoints[person],
        take.scores[person],
        row,
        image_size=(take.source.width, take.source.height),
        fps=take.source.fps,
        field_of_view=take.known_fov(),
    )
    _check_block(options.block, lifter)
    picture, note = _picture(take, source, frame, options.video)
    if note:
        console.print(f"Note: {note}", markup=False)
    written = _draw(maps, take, (person, row, joint), options.block, picture, lifter, output)
    correlation = np.full((len(JOINTS), len(JOINTS)), np.nan)
    if take.seen(person).sum() > 1:
        correlation = trajectory_correlation(take.world[person])
        written.append(output / "correlation.png")
        draw_correlation(
            correlation, f"Correlation of the joints' paths, world space: {source.name}", written[-1]
        )
    else:
        console.print("Note: the person has no place in the world, so no paths are compared.", markup=False)
    written.append(output / "attention.npz")
    _save_numbers(maps, take, (person, row, joint), correlation, options.person or person + 1, written[-1])
    weights = lifter.weights
    console.print(
        f"{weights.name} (SHA-256 {weights.sha256[:12]}), {len(maps.frames)} frames about frame {frame}; {JOINTS[joint]}",
        markup=False,
    )
    for path in written:
        console.print(f"Written: {path}", markup=False)
    return written


def _opened(source: Path, options: AttentionOptions) -> tuple[Take, int]:
    """The Take and the number of the person in it."""
    if source.suffix == SUFFIX:
        if options.detector is not None:
            raise StudioError(
                f"'{source}' is a project and has its 2D joints already; leave --detector out, or name the video."
            )
        take = open_project(source)
        person = (options.person or 1) - 1
        if not take.person_count():
            raise StudioError(f"Nobody was seen in '{source}', so there is nothing to look at.")
        if not 0 <= person < take.person_count():
            raise StudioError(
                f"There is no person {person + 1} in '{source}'; give a number from 1 to {take.person_count()}."
            )
        settings = _with_choices(take.settings, options)
        check_choices(settings)
        return replace(take, settings=settings), person
    settings = _with_choices(Settings(), options)
    settings = replace(settings, person="main" if options.person is None else str(options.person))
    with shown_progress(Console(stderr=True)) as progress:
        take = pipeline.process_video(source, settings, progress=progress)
    return take, 0


def _with_choices(settings: Settings, options: AttentionOptions) -> Settings:
    """Settings with what the options say instead."""
    named = {"detector": options.detector, "lifter": options.lifter, "fov_degrees": options.fov_degrees}
    given: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    return replace(settings, device=options.device, **given)


def _chosen_frame(take: Take, person: int, wanted: int | None) -> int:
    first = take.source.first_frame
    if not take.person_count():
        raise StudioError("Nobody was seen in any frame, so there is nothing to look at.")
    if wanted is not None:
        if not first <= wanted < first + take.frame_count():
            raise StudioError(
                f"There is no frame {wanted}; give one from {first} to {first + take.frame_count() - 1}."
            )
        return wanted
    seen = np.flatnonzero(seen_frames(take.keypoints[person], take.scores[person]))
    if not len(seen):
        raise StudioError("Nobody was seen in any frame, so there is nothing to look at.")
    return first + int(seen[len(seen) // 2])


def _check_block(block: int | None, lifter: "Lifter") -> None:
    depth = lifter.weights.model.depth
    if block is not None and not 1 <= block <= depth:
        raise StudioError(f"There is no block {block}; '{lifter.weights.name}' has 1 to {depth}.")


def _picture(take: Take, source: Path, frame: int, video: Path | None) -> tuple[NDArray[np.uint8], str]:
    """(H, W, 3) RGB of a frame, and a sentence where the video's own picture could not be had."""
    is_project = source.suffix == SUFFIX
    found = (video or find_video(take, source)) if is_project else source
    if found is None:
        grey = np.full((take.source.height, take.source.width, 3), _BACKGROUND, np.uint8)
        name = take.source.path.name
        return (
            grey,
            f"the video '{name}' was not found, so the lines are on plain grey; name it with --video.",
        )
    with open_video(found) as opened:
        image = opened.frame(frame).image
    if is_project and not is_same_video(take, found):
        return image, f"'{found}' is not the file that the project was made from."
    return image, ""


def _draw(
    maps: "AttentionMaps",
    take: Take,
    chosen: tuple[int, int, int],
    block: int | None,
    picture: NDArray[np.uint8],
    lifter: "Lifter",
    output: Path,
) -> list[Path]:
    """The pictures of the maps. `chosen`: person, row and joint."""
    person, row, joint = chosen
    name, first = JOINTS[joint], take.source.first_frame
    frame = row + first
    of = f"{lifter.weights.name}, frame {frame}, mean over the heads"
    written = []
    if len(maps.space):
        draw_space(maps.space_of(row), f"Attention over joints: {of}", output / "space.png")
        whose = "and the blocks" if block is None else f"in block {block}"
        on_picture = output / f"frame_{name}.png"
        draw_on_picture(
            picture,
            take.keypoints[person, row],
            take.scores[person, row],
            joint,
            maps.attended(joint, row, None if block is None else block - 1),
            f"What {name} attends to: {of} {whose}",
            on_picture,
        )
        written += [output / "space.png", on_picture]
    if len(maps.time):
        path = output / f"time_{name}.png"
        draw_time(maps.time_of(joint), maps.frames + first, frame, f"Attention over time, {name}: {of}", path)
        written.append(path)
    return written


def _save_numbers(
    maps: "AttentionMaps",
    take: Take,
    chosen: tuple[int, int, int],
    correlation: Array,
    number: int,
    path: Path,
) -> None:
    person, row, joint = chosen
    arrays: dict[str, Any] = {
        "joints": np.array(JOINTS),
        "frame": np.int64(row + take.source.first_frame),
        "joint": np.int64(joint),
        "person": np.int64(number),
        "frames": maps.frames + take.source.first_frame,
        "space": maps.space.astype(np.float32),
        "time": maps.time[:, joint].astype(np.float32),
        "keypoints": take.keypoints[person, row],
        "scores": take.scores[person, row],
        "correlation": correlation,
    }
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content.getbuffer())
