"""Which models MMPose is told to use; none of its libraries is needed for that."""

from dataclasses import replace
from pathlib import Path

import pytest

from detectors import DetectorError
from detectors.mmlab import models
from detectors.mmlab.models import (
    PERSON_CONFIGS,
    PERSON_MODEL,
    POSE_CONFIGS,
    POSE_MODEL,
    choose_model,
    parse_models,
)
from detectors.models.table import model_table
from detectors.registry import without_programs


def test_every_model_that_has_a_config_is_in_the_table_of_model_files() -> None:
    names = {file.name for file in model_table().values() if file.kind == "pth"}
    assert names == {*POSE_CONFIGS, *PERSON_CONFIGS}
    assert POSE_MODEL in POSE_CONFIGS
    assert PERSON_MODEL in PERSON_CONFIGS


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("rtmpose-l-halpe26-pth", {"pose_checkpoint": "rtmpose-l-halpe26-pth"}),
        ("hrnet=/models/h.pth", {"pose_config": "hrnet", "pose_checkpoint": "/models/h.pth"}),
        (
            r"C:\my\pose.py=C:\my\pose.pth, rtmdet-nano-person-pth",
            {
                "pose_config": r"C:\my\pose.py",
                "pose_checkpoint": r"C:\my\pose.pth",
                "person_checkpoint": "rtmdet-nano-person-pth",
            },
        ),
        (
            "a=b.pth,c=d.pth",
            dict.fromkeys(["pose_config"], "a")
            | {"pose_checkpoint": "b.pth", "person_config": "c", "person_checkpoint": "d.pth"},
        ),
        ("device=cpu", {"device": "cpu"}),
        ("rtmpose-l-halpe26-pth,device=cuda", {"pose_checkpoint": "rtmpose-l-halpe26-pth", "device": "cuda"}),
    ],
)
def test_the_text_after_the_colon_names_the_models(text: str, options: dict[str, str]) -> None:
    assert parse_models(text) == options


@pytest.mark.parametrize("text", ["a,b,c", "a=", "=b.pth", "a,", ",b", "device=cpu,a"])
def test_a_text_that_names_no_models_is_refused_with_how_to_write_it(text: str) -> None:
    with pytest.raises(DetectorError, match=r"mmpose:POSE\[,PERSON\]\[,device=cpu\|cuda\]"):
        parse_models(text)


def test_a_config_with_its_checkpoint_is_taken_as_it_is() -> None:
    choice = choose_model("hrnet", "h.pth", POSE_MODEL, POSE_CONFIGS)
    assert (choice.config, choice.checkpoint) == ("hrnet", Path("h.pth"))


@pytest.mark.parametrize(
    ("name", "expected"), [(None, POSE_MODEL), ("rtmpose-l-body17-pth", "rtmpose-l-body17-pth")]
)
def test_a_model_of_the_table_brings_its_config(
    monkeypatch: pytest.MonkeyPatch, name: str | None, expected: str
) -> None:
    monkeypatch.setattr(models, "find", lambda asked: Path("/models") / f"{asked}.pth")
    choice = choose_model(None, name, POSE_MODEL, POSE_CONFIGS)
    assert (choice.config, choice.checkpoint) == (POSE_CONFIGS[expected], Path("/models") / f"{expected}.pth")


@pytest.mark.parametrize(("config", "checkpoint"), [("hrnet", None), (None, "h.pth"), (None, PERSON_MODEL)])
def test_one_half_of_a_model_is_refused(config: str | None, checkpoint: str | None) -> None:
    with pytest.raises(
        DetectorError, match=f"'{config or checkpoint}' alone; give both, or one of rtmpose-m-body17"
    ):
        choose_model(config, checkpoint, POSE_MODEL, POSE_CONFIGS)


@pytest.mark.parametrize("name", ["auto", "mmpose", "mmpose:device=cpu", "mmpose:hrnet=/models/h.pth"])
def test_a_detector_s_name_without_a_program_may_come_from_anywhere(name: str) -> None:
    assert without_programs(name) == name


@pytest.mark.parametrize("config", ["a.py", "sub/B.PY", "c.yaml", "c.yml", "d.json"])
def test_a_config_file_is_taken_out_of_a_detector_s_name(config: str) -> None:
    assert without_programs(f"mmpose:{config}=h.pth") == "mmpose"


def test_a_project_does_not_bring_a_config_file_that_would_be_run(tmp_path: Path) -> None:
    from made_takes import exact_take
    from synthetic_body import walk

    from app.project import open_project, save_project

    take = exact_take(walk(12, 30.0))
    named = replace(
        take, settings=replace(take.settings, detector="mmpose:/sent/with/it.PY=/sent/weights.pth")
    )
    save_project(named, tmp_path / "sent.stctake")
    assert open_project(tmp_path / "sent.stctake").settings.detector == "mmpose"
