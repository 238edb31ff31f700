"""`stcstudio export` and `stcstudio formats`; the side-by-side film; progress and a stop on the way."""

import io
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from synthetic_body import IMAGE_SIZE, seen_by_camera, walk

from app.cli import invoke
from app.commands import run
from app.export import FORMATS, ExportProgress, export_take
from app.export.colours import LEFT_COLOUR, PERSON_COLOURS
from app.export.csv_table import read_csv
from app.export.overlay import colours_of, overlay_frames
from app.export.side_by_side import make_layout
from app.export.sidecar import read_sidecar
from app.project import save_project
from app.take import Source, Take
from app.video.writing import write_video

FPS, FRAMES = 25.0, 12


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "wälk 🎬.mp4"
    path.parent.mkdir()
    picture = np.full((IMAGE_SIZE[1], IMAGE_SIZE[0], 3), 90, dtype=np.uint8)
    write_video(path, ((k / FPS, picture + np.uint8(k)) for k in range(FRAMES)), IMAGE_SIZE)
    return path


def make_take(video: Path, persons: int = 1, frames: int = FRAMES) -> Take:
    """Persons who walk towards the camera, a metre apart; nobody in frames 3 and 4."""
    worlds = np.stack([walk(frames, FPS) + np.array([1.0 * person, 0.0, 0.0]) for person in range(persons)])
    seen = [seen_by_camera(world) for world in worlds]
    camera, keypoints, scores, root = (np.stack(values) for values in zip(*seen, strict=True))
    for array in (worlds, camera, keypoints, root):
        array[:, 3:5] = np.nan
    scores[:, 3:5] = 0
    times = np.arange(frames) / FPS
    return Take(Source(video, *IMAGE_SIZE, FPS), times, keypoints, scores, camera, root, worlds)


def saved(take: Take, path: Path) -> Path:
    save_project(take, path)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# The command


def test_a_project_is_exported_without_its_video_being_processed(
    video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = saved(make_take(video, 2), tmp_path / "mine.stctake")
    out = tmp_path / "out"
    assert (
        invoke(["export", str(project), "-o", str(out), "--format", "csv,trc,c3d,angles,csv-tidy,npz"]) == 0
    )
    both = [f"mine{number}.{end}" for end in ("angles.csv", "c3d", "csv", "trc") for number in ("", ".p2")]
    assert names(out) == sorted([*both, "mine.json", "mine.npz", "mine.tidy.csv"])
    said = capsys.readouterr().out
    assert all(str(out / name) in said for name in names(out))


def test_a_part_of_a_project_is_exported(video: Path, tmp_path: Path) -> None:
    take = make_take(video, 2)
    project = saved(take, tmp_path / "mine.stctake")
    arguments = ["export", str(project), "-o", str(tmp_path / "out"), "--format", "csv"]
    assert invoke([*arguments, "--person", "2", "--frames", "5-8"]) == 0
    assert names(tmp_path / "out") == ["mine.csv", "mine.json"]
    table = read_csv(tmp_path / "out" / "mine.csv")
    assert table.frame.tolist() == [5, 6, 7, 8]
    np.testing.assert_allclose(table.world, take.world[1, 5:9], atol=1e-6)
    made = read_sidecar(tmp_path / "out" / "mine.json")["provenance"]
    assert made["part"] == {"persons": [2], "frames": [5, 9]}


def test_a_moved_video_is_found_beside_the_project_or_named(
    video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = saved(make_take(video), video.parent / "mine.stctake")
    shutil.move(video.parent, tmp_path / "moved")
    project, beside = tmp_path / "moved" / project.name, tmp_path / "moved" / video.name
    film = ["export", str(project), "-o", str(tmp_path / "out"), "--format", "side-by-side"]
    assert invoke(film) == 0
    content = FORMATS["side-by-side"].read(tmp_path / "out" / "mine.side-by-side.mp4")
    assert content["frames"] == FRAMES

    elsewhere = Path(shutil.move(beside, tmp_path / "x.mp4"))
    shutil.rmtree(tmp_path / "out")
    assert invoke(film) == 1
    assert "name it with --video" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert invoke([*film, "--video", str(elsewhere)]) == 0
    assert "mine.side-by-side.mp4" in names(tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--format", "fbx"], "no export format called 'fbx'"),
        (["--person", "3"], "a number from 1 to 2"),
        (["--person", "main"], "give all"),
        (["--frames", "7"], "no range of frames"),
        (["--frames", "9-4"], "holds no frame"),
        (["--frames", "100-200"], "holds no frame"),
    ],
)
def test_what_cannot_be_exported_is_said_in_a_sentence(
    video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    project = saved(make_take(video, 2), tmp_path / "mine.stctake")
    assert invoke(["export", str(project), "-o", str(tmp_path / "out"), "--format", "csv", *options]) == 1
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_what_is_no_project_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.stctake").write_text("no")
    assert invoke(["export", str(tmp_path / "a.stctake"), "-o", str(tmp_path / "out")]) == 1
    assert "not a project file" in capsys.readouterr().err


def test_formats_lists_every_format_with_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["formats"]) == 0
    said = capsys.readouterr().out
    for name, entry in FORMATS.items():
        assert f"{name} " in said
        assert f"<name>{entry.suffix}\n" in said
        assert entry.description in said
        assert entry.space in said


# The film


@pytest.mark.parametrize(
    ("width", "height"),
    [(1, 1), (1920, 1080), (1080, 1920), (7680, 4320), (160, 120), (5000, 40), (40, 5000)],
)
def test_both_halves_are_as_large_as_the_video_within_bounds(width: int, height: int) -> None:
    layout = make_layout(width, height)
    assert max(*layout.picture, *layout.panel) <= 1920
    assert layout.size == (layout.picture[0] + layout.panel[0], layout.panel[1])
    assert all(side >= 2 and side % 2 == 0 for side in (*layout.picture, *layout.panel))
    if 480 <= height <= 1920 and width <= 1920:
        assert layout.picture == (width, height) == layout.panel


def test_the_film_shows_each_of_several_persons_in_their_own_colour_in_both_halves(video: Path) -> None:
    take = make_take(video, 2)
    layout = make_layout(*IMAGE_SIZE)
    with closing(overlay_frames(take, layout, 2.0)) as frames:
        picture = [picture for _, picture in frames][8]
    for person in range(2):
        x, y = np.floor(take.keypoints[person, 8, 8]).astype(int)  # the thorax, in the person's own colour
        np.testing.assert_allclose(picture[y, x], PERSON_COLOURS[person], atol=6)
        hue = np.array(PERSON_COLOURS[person]) / max(PERSON_COLOURS[person])
        panel = picture[:, layout.picture[0] :].astype(float)
        bright = panel.max(axis=-1)
        alike = np.abs(panel / np.maximum(bright, 1)[..., None] - hue).sum(axis=-1) < 0.15
        assert (alike & (bright > 80)).sum() > 200
    assert colours_of(1)[0](13) == LEFT_COLOUR


def test_the_way_on_the_floor_is_drawn_behind_a_walk_and_not_under_who_stays(video: Path) -> None:
    layout = make_layout(*IMAGE_SIZE)
    walking = make_take(video)
    staying = replace(walking, world=walking.world[:, :1] + np.zeros((1, FRAMES, 1, 1)))

    def changed(take: Take) -> int:
        shown = []
        for trail_s in (0.0, 2.0):
            with closing(overlay_frames(take, layout, trail_s)) as frames:
                shown.append([picture for _, picture in frames][-1].astype(int))
        return int((np.abs(shown[1] - shown[0]).sum(axis=-1) > 20).sum())

    assert changed(walking) > 30
    assert changed(staying) == 0


# Progress


def test_progress_names_every_file_and_counts_the_frames_of_films(video: Path, tmp_path: Path) -> None:
    told: list[ExportProgress] = []
    take = make_take(video)
    export_take(take, tmp_path, "walk", ["csv", "overlay", "side-by-side"], told.append)
    assert list(dict.fromkeys(step.file for step in told)) == [
        "walk.csv",
        "walk.overlay.mp4",
        "walk.side-by-side.mp4",
    ]
    assert {step.count for step in told} == {3}
    film = [step for step in told if step.number == 3]
    assert [step.done for step in film] == list(range(FRAMES + 1))
    assert {step.total for step in film[1:]} == {FRAMES}


def test_a_terminal_is_shown_which_file_is_written_and_how_far_it_is(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(
        run,
        "Console",
        lambda **_: Console(file=shown, force_terminal=True, width=100, force_interactive=True),
    )
    paths = run.export_shown(make_take(video), tmp_path, "walk", ["csv", "overlay"])
    assert [path.name for path in paths] == ["walk.csv", "walk.overlay.mp4", "walk.json"]
    assert "walk.overlay.mp4" in shown.getvalue()
    assert f"{FRAMES}/{FRAMES}" in shown.getvalue()


def test_an_export_that_is_stopped_leaves_whole_files_only(video: Path, tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(step: ExportProgress) -> None:
        if step.file.endswith(".mp4") and step.done == 4:
            raise StoppedError

    out = tmp_path / "out"
    out.mkdir()
    (out / "walk.overlay.mp4").write_bytes(b"of an earlier export")
    with pytest.raises(StoppedError):
        export_take(make_take(video), out, "walk", ["csv", "overlay"], stop)
    assert names(out) == ["walk.csv", "walk.overlay.mp4"]
    assert (out / "walk.overlay.mp4").read_bytes() == b"of an earlier export"
