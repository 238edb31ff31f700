"""Pictures of attention: what is where, read back by another library."""

from pathlib import Path

import numpy as np
from PIL import Image

from app.attention_pictures import draw_correlation, draw_on_picture, draw_space, draw_time, part_edges
from app.export.colours import joint_colour
from stcformer.skeleton import JOINTS

WRIST, HEAD, ANKLE = (JOINTS.index(name) for name in ("rwrist", "head", "lankle"))


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB")).astype(int)


def colour_count(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    """Pixels of a colour laid over black with the lines' opacity."""
    return int((np.abs(picture - 0.75 * np.array(colour)).max(axis=-1) < 12).sum())


def test_the_five_parts_are_boxed_where_they_begin() -> None:
    assert part_edges() == [0, 5, 8, 11, 14, 17]


def test_a_line_is_as_thick_as_the_joints_attention(tmp_path: Path) -> None:
    keypoints = np.full((17, 2), np.nan)
    keypoints[WRIST], keypoints[HEAD], keypoints[ANKLE] = (200, 200), (380, 200), (200, 380)
    scores = np.isfinite(keypoints).all(axis=-1).astype(float)
    counts = {}
    for share in (0.1, 0.9):
        weights = np.zeros(17)
        weights[HEAD], weights[ANKLE] = share, 1 - share
        path = tmp_path / f"{share}.png"
        draw_on_picture(np.zeros((400, 400, 3), np.uint8), keypoints, scores, WRIST, weights, "made", path)
        picture = pixels(path)
        counts[share] = [colour_count(picture, joint_colour(joint)) for joint in (HEAD, ANKLE)]
    assert counts[0.9][0] > 3 * counts[0.1][0]
    assert counts[0.1][1] > 3 * counts[0.9][1]


def test_a_joint_without_a_score_has_no_line(tmp_path: Path) -> None:
    keypoints, scores, weights = np.full((17, 2), 100.0), np.zeros(17), np.full(17, 1 / 17)
    keypoints[ANKLE], scores[WRIST] = (300, 300), 1.0
    draw_on_picture(
        np.zeros((400, 400, 3), np.uint8), keypoints, scores, WRIST, weights, "made", tmp_path / "one.png"
    )
    assert colour_count(pixels(tmp_path / "one.png"), joint_colour(ANKLE)) == 0


def test_there_is_a_panel_for_every_block(tmp_path: Path) -> None:
    for blocks in (1, 2, 4):
        maps = np.random.default_rng(1).dirichlet(np.ones(17), (blocks, 17))
        draw_space(maps, "made", tmp_path / f"space{blocks}.png")
        draw_time(maps[:, :9, :9], np.arange(20, 29), 24, "made", tmp_path / f"time{blocks}.png")
    widths = [pixels(tmp_path / f"space{blocks}.png").shape[1] for blocks in (1, 2, 4)]
    assert widths[0] < widths[1] < widths[2]
    assert pixels(tmp_path / "time4.png").shape == pixels(tmp_path / "space4.png").shape


def test_a_correlation_of_one_is_red_and_of_minus_one_blue(tmp_path: Path) -> None:
    for value, high, low in ((1.0, 0, 2), (-1.0, 2, 0)):
        draw_correlation(np.full((17, 17), value), "made", tmp_path / "correlation.png")
        picture = pixels(tmp_path / "correlation.png")
        coloured = picture[(picture.max(axis=-1) - picture.min(axis=-1)) > 120]
        middle = np.median(coloured, axis=0)
        assert middle[high] > middle[low] + 80
    assert sorted(path.name for path in tmp_path.iterdir()) == ["correlation.png"]
