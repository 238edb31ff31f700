"""What a person wears: the colours of head, chest, belly, upper arms, thighs and shins, to know them again by.

Clothes are all that it knows. Two people who are dressed alike look alike to it, and so do light and shade to some
degree: whoever uses it compares with a margin.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.keypoints import H36M17
from detectors.protocol import Array, Image

REGIONS = ("head", "chest", "belly", "arms", "thighs", "shins")

DIFFERENT = 30.0
"""CIELAB units: a distance from which on two people are dressed differently beyond doubt. 2.3 is just noticeable."""

_LEAST_SCORE = 0.5
_LIGHTNESS_WEIGHT = 0.5
"""Light and shade change the lightness of a cloth more than its colour."""


def _points() -> tuple[NDArray[np.intp], Array]:
    """(S,) the region of each sample, and (S, 17) how it is made of the joints."""
    samples: list[tuple[str, dict[str, float]]] = [
        ("head", {"neck": 0.4, "head": 0.6}),
        ("head", {"head": 1.0}),
    ]
    for across in (0.25, 0.5, 0.75):
        for down, region in ((0.15, "chest"), (0.35, "chest"), (0.6, "belly"), (0.8, "belly")):
            samples.append(
                (
                    region,
                    {
                        "lshoulder": (1 - across) * (1 - down),
                        "rshoulder": across * (1 - down),
                        "lhip": (1 - across) * down,
                        "rhip": across * down,
                    },
                )
            )
    for region, upper, lower in (
        ("arms", "shoulder", "elbow"),
        ("thighs", "hip", "knee"),
        ("shins", "knee", "ankle"),
    ):
        for side in "lr":
            samples += [(region, {side + upper: 1 - down, side + lower: down}) for down in (0.3, 0.5, 0.7)]
    weights = np.zeros((len(samples), len(H36M17.keypoints)))
    for row, (_, parts) in enumerate(samples):
        for joint, weight in parts.items():
            weights[row, H36M17.index(joint)] = weight
    return np.array([REGIONS.index(region) for region, _ in samples]), weights


_REGION, _WEIGHTS = _points()


def colours(image: Image, keypoints: Array, scores: Array) -> Array:
    """(6, 3) CIELAB colours of `REGIONS`, of (17, 2) keypoints and (17,) scores of Human3.6M's joints in the picture.

    The median of a few pixels along each region's bones; NaN where those are not surely seen in the picture.
    """
    sure = np.isfinite(keypoints).all(axis=1) & (scores >= _LEAST_SCORE)
    places = _WEIGHTS @ np.where(sure[:, None], keypoints, 0.0)
    height, width = image.shape[:2]
    usable = ((_WEIGHTS > 0) <= sure).all(axis=1)
    usable &= (places >= 0).all(axis=1) & (places[:, 0] < width) & (places[:, 1] < height)
    found = np.full((len(REGIONS), 3), np.nan)
    pixels = np.full((len(_WEIGHTS), 3), np.nan)
    columns, rows = places[usable].astype(np.intp).T
    pixels[usable] = image[rows, columns]
    for region in range(len(REGIONS)):
        there = pixels[usable & (region == _REGION)]
        if len(there):
            found[region] = np.median(there, axis=0)
    return _lab(found)


def distance(first: Array, second: Array) -> float:
    """Mean CIELAB distance of the regions that both have, lightness counting half; NaN where they share less than 2."""
    apart = first - second
    apart[:, 0] *= _LIGHTNESS_WEIGHT
    regions = np.linalg.norm(apart, axis=1)
    known = np.isfinite(regions)
    return float(regions[known].mean()) if known.sum() >= 2 else float("nan")


class Wardrobe:
    """The running mean of one person's colours."""

    def __init__(self) -> None:
        self._sum = np.zeros((len(REGIONS), 3))
        self._count = np.zeros(len(REGIONS))

    def add(self, seen: Array) -> None:
        """The (6, 3) `colours` of one more picture."""
        known = np.isfinite(seen).all(axis=1)
        self._sum[known] += seen[known]
        self._count += known

    def join(self, other: "Wardrobe") -> None:
        """All that another one has seen was this person too."""
        self._sum += other._sum
        self._count += other._count

    def mean(self) -> Array:
        """(6, 3) CIELAB; NaN where nothing was seen."""
        return np.divide(
            self._sum,
            self._count[:, None],
            out=np.full_like(self._sum, np.nan),
            where=self._count[:, None] > 0,
        )


# IEC 61966-2-1 (sRGB) to CIE 1931 XYZ, divided by the white point D65.
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) / np.array(
    [[0.9505], [1.0], [1.089]]
)


def _lab(rgb: NDArray[Any]) -> Array:
    """(..., 3) CIELAB of sRGB 0..255 (CIE 15, 1976)."""
    part = rgb / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T
    curved = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(curved, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
