"""The measures of a mannequin, in metres."""

from dataclasses import dataclass

import numpy as np

REFERENCE_HEIGHT = 1.75


@dataclass(frozen=True)
class Body:
    """A person `height` metres tall; the other fields are factors on the proportions of an average adult.

    Segment lengths are rounded from Winter, Biomechanics and Motor Control of Human Movement (segment lengths
    as parts of body height), shoulder and hip widths are those of the joint centres. A factor on the legs
    makes the person taller or smaller than `height` by what the legs gain or lose.
    """

    height: float = REFERENCE_HEIGHT
    legs: float = 1.0
    arms: float = 1.0
    shoulders: float = 1.0
    hips: float = 1.0
    girth: float = 1.0

    @property
    def scale(self) -> float:
        return self.height / REFERENCE_HEIGHT

    @property
    def hip_half_width(self) -> float:
        return 0.098 * self.hips * self.scale

    @property
    def thigh(self) -> float:
        return 0.430 * self.legs * self.scale

    @property
    def shin(self) -> float:
        return 0.425 * self.legs * self.scale

    @property
    def torso(self) -> float:
        """Between the middles of the hip and of the shoulder joints."""
        return 0.495 * self.scale

    @property
    def shoulder_half_width(self) -> float:
        return 0.182 * self.shoulders * self.scale

    @property
    def upper_arm(self) -> float:
        return 0.290 * self.arms * self.scale

    @property
    def forearm(self) -> float:
        return 0.255 * self.arms * self.scale

    @property
    def neck(self) -> float:
        """From the middle of the shoulder joints up to the pivot of the head, as high as the ears."""
        return 0.152 * self.scale

    @property
    def neck_forward(self) -> float:
        return 0.022 * self.scale

    # Points of the head, seen from its pivot in the head's axes (left, up, front).
    @property
    def crown(self) -> np.ndarray:
        return self.scale * np.array([0, 0.163, 0])

    @property
    def nose_tip(self) -> np.ndarray:
        return self.scale * np.array([0, -0.004, 0.124])

    @property
    def sole(self) -> np.ndarray:
        """(4, 3) heel and ball of the foot, both edges, seen from the ankle in the foot's axes."""
        return self.scale * np.array([[x, -0.085, z] for x in (-0.035, 0.035) for z in (-0.065, 0.155)])
