"""A Take with other edits or settings equals the one that processing everything again would give."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_takes import FPS, OF_PEOPLE, lifted_take, short_lifter
from synthetic_body import IMAGE_SIZE, turn_around, walk

from app.edits import Edit, HideJoint, MoveJoint, NamePerson, SetContact, SwapPeople, SwapSides, apply_edits
from app.errors import StudioError
from app.lifting import describe_lifter
from app.pipeline import assemble_take
from app.rebuilding import rebuild
from app.settings import Settings
from app.take import Evidence, Take
from stcformer import Lifter

FRAMES = 72


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    return short_lifter()


@pytest.fixture(scope="module")
def take(lifter: Lifter) -> Take:
    """Two people, of whom the second is lost for a while."""
    made = lifted_take(lifter, walk(FRAMES, FPS), turn_around(FRAMES))
    assert made.evidence is not None
    scores = made.evidence.scores.copy()
    scores[1, 40:58] = 0
    keypoints = np.where(scores[..., None] > 0, made.evidence.keypoints, np.nan)
    return from_scratch(
        replace(made, evidence=replace(made.evidence, keypoints=keypoints, scores=scores)), (), lifter
    )


def from_scratch(take: Take, edits: Sequence[Edit], lifter: Lifter, settings: Settings | None = None) -> Take:
    """Everything lifted and set in motion again."""
    settings = settings or take.settings
    assert take.evidence is not None
    edited = apply_edits(take.evidence.keypoints, take.evidence.scores, edits)
    answers = [
        lifter.lift_with_disagreement(
            *person, image_size=IMAGE_SIZE, fps=FPS, field_of_view=settings.fov_degrees
        )
        for person in zip(*edited, strict=True)
    ]
    evidence = Evidence(
        take.evidence.keypoints,
        take.evidence.scores,
        np.stack([pose for pose, _ in answers]),
        np.stack([apart for _, apart in answers]),
    )
    provenance = {"lifter": describe_lifter(lifter)}
    return assemble_take(take.source, take.time_s, edited, evidence, settings, tuple(edits), provenance)


def arrays(take: Take) -> dict[str, np.ndarray]:
    assert take.evidence is not None
    return {name: getattr(take, name) for name in OF_PEOPLE} | {
        f"evidence {name}": value for name, value in vars(take.evidence).items()
    }


def assert_same(found: Take, expected: Take) -> None:
    for name, array in arrays(found).items():
        np.testing.assert_allclose(array, arrays(expected)[name], atol=2e-5, equal_nan=True, err_msg=name)


MOVE = MoveJoint(0, 50, 13, 700.0, 200.0)


@pytest.mark.parametrize(
    "edits",
    [
        (MOVE,),
        (MoveJoint(0, 0, 13, 700.0, 200.0), MoveJoint(0, FRAMES - 1, 3, 10.0, 10.0)),
        (HideJoint(1, 20, 40, 6),),
        tuple(HideJoint(0, 30, 55, joint) for joint in range(17)),
        tuple(MoveJoint(1, 50, joint, 600.0 + 20 * joint, 300.0) for joint in range(17)),
        (SwapSides(0, 30, 35),),
        (SwapPeople(0, 1, 45),),
        (SwapPeople(0, 1, 55), MOVE, SwapPeople(0, 1, 20)),
        (NamePerson(0, "Ann"),),
        (SetContact(0, 0, 20, 40, "floor"), SetContact(0, 1, 20, 40, "air")),
    ],
    ids=[
        "joint moved", "at both ends", "joint hidden", "person hidden", "person put where nobody was",
        "sides swapped", "people swapped", "swapped, moved and swapped", "named", "contacts set",
    ],
)  # fmt: skip
def test_edits_give_what_processing_everything_again_gives(
    edits: tuple[Edit, ...], take: Take, lifter: Lifter
) -> None:
    rebuilt = rebuild(take, edits, take.settings, lifter)
    assert_same(rebuilt, from_scratch(take, edits, lifter))
    assert rebuilt.edits == edits
    assert len(rebuilt.provenance["edits"]) == len(edits)


def test_undoing_the_edits_gives_the_first_take_again(take: Take, lifter: Lifter) -> None:
    edits = (MOVE, SwapPeople(0, 1, 45), HideJoint(0, 10, 30, 2))
    there = rebuild(take, edits, take.settings, lifter)
    assert not np.array_equal(there.world, take.world, equal_nan=True)
    assert_same(rebuild(there, (), take.settings, lifter), take)


def test_one_edit_after_the_other_gives_what_all_at_once_give(take: Take, lifter: Lifter) -> None:
    edits = (MOVE, SwapSides(0, 48, 53), SwapPeople(0, 1, 45), MoveJoint(1, 52, 16, 500.0, 300.0))
    step = take
    for count in range(1, len(edits) + 1):
        step = rebuild(step, edits[:count], take.settings, lifter)
    assert_same(step, from_scratch(take, edits, lifter))


@pytest.mark.parametrize(
    "settings",
    [
        Settings(height_m=1.9),
        Settings(smoothing="none"),
        Settings(fov_degrees=40.0),
        Settings(foot_lock="always", floor_offset_m=0.02),
    ],
    ids=["height", "smoothing", "field of view", "feet and floor"],
)
def test_other_settings_give_what_processing_everything_again_gives(
    settings: Settings, take: Take, lifter: Lifter
) -> None:
    rebuilt = rebuild(take, (MOVE,), settings, lifter)
    assert_same(rebuilt, from_scratch(take, (MOVE,), lifter, settings))
    assert rebuilt.settings == settings
    assert rebuilt.provenance["settings"]["height_m"] == settings.height_m
    assert not np.array_equal(rebuilt.world, take.world, equal_nan=True)


def test_another_lifter_lifts_everything_again_and_is_named(take: Take, lifter: Lifter) -> None:
    other = short_lifter(window=5)
    settings = replace(take.settings, lifter="another")
    rebuilt = rebuild(take, (), settings, other)
    assert_same(rebuilt, from_scratch(take, (), other, settings))
    assert rebuilt.provenance["lifter"]["window"] == 5
    assert rebuild(rebuilt, (), settings, lifter).provenance["lifter"]["window"] == 9


def test_only_windows_that_see_the_change_are_lifted(
    take: Take, lifter: Lifter, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifted: list[int] = []
    forward = lifter._lift_windows

    def counted(keypoints: np.ndarray, *arguments: Any) -> np.ndarray:
        lifted.append(len(keypoints))
        return forward(keypoints, *arguments)

    monkeypatch.setattr(lifter, "_lift_windows", counted)
    rebuild(take, (NamePerson(0, "Ann"),), Settings(height_m=1.6), lifter)
    assert lifted == []
    rebuild(take, (MOVE,), take.settings, lifter)
    few = sum(lifted)
    assert 0 < few <= 4
    lifted.clear()
    from_scratch(take, (MOVE,), lifter)
    assert sum(lifted) > 5 * few


def test_swapped_people_take_their_poses_along(take: Take, lifter: Lifter) -> None:
    both = rebuild(take, (SwapPeople(0, 1, 0),), take.settings, lifter)
    assert both.evidence is not None
    assert take.evidence is not None
    np.testing.assert_array_equal(both.evidence.lifted, take.evidence.lifted[::-1])


def test_the_take_that_it_starts_from_is_left_as_it_was(take: Take, lifter: Lifter) -> None:
    before = {name: array.copy() for name, array in arrays(take).items()}
    rebuild(take, (MOVE, SwapPeople(0, 1, 10)), Settings(height_m=1.9), lifter)
    for name, array in arrays(take).items():
        np.testing.assert_array_equal(array, before[name])
    assert take.provenance["edits"] == []


def test_a_take_without_evidence_another_detector_and_other_people_are_refused(
    take: Take, lifter: Lifter
) -> None:
    with pytest.raises(StudioError, match="process the video again"):
        rebuild(replace(take, evidence=None), (), take.settings, lifter)
    with pytest.raises(StudioError, match="process the video again"):
        rebuild(take, (), replace(take.settings, detector="mediapipe"), lifter)
    with pytest.raises(StudioError, match="have to be followed; process the video again"):
        rebuild(take, (), replace(take.settings, person="all"), lifter)
    with pytest.raises(StudioError, match="5 m is not possible"):
        rebuild(take, (), Settings(height_m=5), lifter)
