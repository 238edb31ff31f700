"""From camera space to world space and into the picture, with nothing but what the files hold."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_takes import exact_take
from synthetic_body import walk

from app.export import FORMATS
from app.export.part import part_of
from app.export.sidecar import read_sidecar, write_sidecar
from app.export.video_camera import camera_of
from app.take import Take

PLACES = ((-0.7, 0.0, 0.0), (0.7, 0.6, 0.0))
"""Metres: where two people begin."""


@pytest.fixture
def take() -> Take:
    """Two people who walk; the second one is not seen in some frames."""
    first, second = (walk(40, 30.0) + np.array(place) for place in PLACES)
    found = exact_take(first, second)
    for array in (found.world, found.camera, found.root_camera):
        array[1, 10:13] = np.nan
    return found


def test_an_archive_tells_how_to_get_from_camera_space_to_the_world(take: Take, tmp_path: Path) -> None:
    notes = FORMATS["npz"].write(take, 0, tmp_path / "a.npz")
    held = FORMATS["npz"].read(tmp_path / "a.npz")
    rotation, position = held["camera_rotation"], held["camera_position"]
    assert rotation.shape == (2, 3, 3)
    assert position.shape == (2, 3)
    absolute = held["camera"] + held["root_camera"][:, :, None]
    world = np.einsum("pij,pfkj->pfki", rotation, absolute) + position[:, None, None]
    np.testing.assert_allclose(world, held["world"], atol=1e-9)
    np.testing.assert_allclose(rotation[0], rotation[1], atol=1e-9)
    np.testing.assert_allclose(position[0, :2], position[1, :2], atol=1e-9)
    assert "camera_rotation @ (camera + root_camera) + camera_position" in notes["camera_rotation"]


def test_an_archive_tells_where_in_the_picture_its_joints_are(take: Take, tmp_path: Path) -> None:
    FORMATS["npz"].write(take, 0, tmp_path / "a.npz")
    held = FORMATS["npz"].read(tmp_path / "a.npz")
    absolute = (held["camera"] + held["root_camera"][:, :, None])[0]
    pixels = held["focal_px"] * absolute[..., :2] / absolute[..., 2:] + held["image_size"] / 2
    assert np.median(np.linalg.norm(pixels - held["keypoints"][0], axis=-1)) < 5


def test_the_sidecar_and_a_part_say_the_same(take: Take, tmp_path: Path) -> None:
    write_sidecar(part_of(take, [1], 5, 30), tmp_path / "a.json", [])
    camera = read_sidecar(tmp_path / "a.json")["camera"]
    (person,) = camera["persons"]
    assert person["person"] == 1
    place = camera_of(take, 1)
    np.testing.assert_allclose(person["rotation"], place.rotation, atol=1e-9)
    np.testing.assert_allclose(person["position_m"], place.position, atol=1e-9)


def test_a_person_without_a_pose_has_no_camera(take: Take, tmp_path: Path) -> None:
    nobody = replace(take, world=np.full_like(take.world, np.nan))
    FORMATS["npz"].write(nobody, 0, tmp_path / "a.npz")
    assert np.isnan(FORMATS["npz"].read(tmp_path / "a.npz")["camera_rotation"]).all()
    write_sidecar(nobody, tmp_path / "a.json", [])
    assert read_sidecar(tmp_path / "a.json")["camera"]["persons"] == []
