"""`stcstudio batch`: many videos, each into a folder of its own; what is done already is left alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from app import pipeline
from app.commands.run import check_output, export_shown, shown_progress
from app.errors import STATED_ERRORS, StudioError, describe
from app.export import find_formats, sidecar
from app.settings import Settings
from app.video.fingerprint import fingerprint

VIDEO_SUFFIXES = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".wmv", ".mts", ".3gp")
"""What is taken for a video in a folder; a file named by itself may have any."""


def run_batch(
    paths: Sequence[Path], output: Path, formats: Sequence[str], settings: Settings, *, again: bool
) -> bool:
    """Process every video of files and folders into `output/<name>/`; whether all went well.

    A video whose results are there already, made from the same file with the same settings, is passed over unless
    `again`. One that fails is said, and the others go on. Raises StudioError where there is nothing to do, and what the
    pipeline raises when it is stopped.
    """
    formats = [name.strip() for name in formats if name.strip()]
    find_formats(formats)
    videos = find_videos(paths)
    check_output(output)
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    failed: list[str] = []
    for number, (video, name) in enumerate(videos, start=1):
        lead, folder = f"{number} of {len(videos)}: {video}", output / name
        if not again and is_done(video, folder, formats, settings):
            console.print(f"{lead}: done before, in {folder}", markup=False)
            continue
        try:
            with shown_progress(Console(stderr=True)) as progress:
                take = pipeline.process_video(video, settings, progress=progress)
            export_shown(take, folder, video.stem, formats)
        except STATED_ERRORS as error:
            failed.append(str(video))
            console.print(f"{lead}: FAILED. {describe(error)}", markup=False)
            continue
        seen = [int(take.seen(person).sum()) for person in range(take.person_count())]
        people = f"{len(seen)} people" if len(seen) > 1 else f"a person in {seen[0] if seen else 0} frames"
        seconds = take.provenance["seconds"]["total"]
        console.print(
            f"{lead}: {take.frame_count()} frames, {people}, {seconds:.1f} s, in {folder}", markup=False
        )
    if failed:
        console.print(f"{len(failed)} of {len(videos)} failed: {', '.join(failed)}", markup=False)
    return not failed


def find_videos(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """The videos of files and folders (searched with their subfolders), each with a name that no other has.

    Raises StudioError for a path that is not there and where no video is found.
    """
    videos: list[Path] = []
    for path in paths:
        if path.is_dir():
            videos += sorted(
                file for file in path.rglob("*") if file.suffix.lower() in VIDEO_SUFFIXES and file.is_file()
            )
        elif path.exists():
            videos.append(path)
        else:
            raise StudioError(f"There is no file or folder '{path}'.")
    videos = list(dict.fromkeys(videos))
    if not videos:
        searched = ", ".join(f"'{path}'" for path in paths)
        raise StudioError(f"There is no video in {searched}; looked for {', '.join(VIDEO_SUFFIXES)}.")
    return list(zip(videos, _names(videos), strict=True))


def _names(videos: Sequence[Path]) -> list[str]:
    """A folder name for each: the file's stem, with its suffix, its folder or a number where that is not enough."""
    names = [video.stem for video in videos]
    longer = [video.name for video in videos], [f"{video.parent.name}-{video.name}" for video in videos]
    for candidates in longer:
        count = Counter(name.casefold() for name in names)
        names = [
            candidate if count[name.casefold()] > 1 else name
            for name, candidate in zip(names, candidates, strict=True)
        ]
    taken: Counter[str] = Counter()
    unique = []
    for name in names:
        taken[name.casefold()] += 1
        unique.append(name if taken[name.casefold()] == 1 else f"{name}-{taken[name.casefold()]}")
    return unique


def is_done(video: Path, folder: Path, formats: Sequence[str], settings: Settings) -> bool:
    """Whether the folder holds all formats of this very file, made with these settings."""
    path = folder / f"{video.stem}{sidecar.SUFFIX}"
    if not path.is_file():
        return False
    try:
        content = sidecar.read_sidecar(path)
        made: dict[str, Any] = content["provenance"]
        files = {entry["format"]: entry["file"] for entry in content["files"]}
        same = made["video"]["file"] == fingerprint(video) and made["settings"] == asdict(settings)
        return same and all(
            name in files and (files[name] is None or (folder / files[name]).is_file()) for name in formats
        )
    except (StudioError, KeyError, TypeError):
        return False  # another program's file, or an older version's: it is made again
