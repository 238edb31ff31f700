"""MMPose's default models with random weights, to time what has not been downloaded; see `detector_speed.py`.

RTMDet-m and RTMPose-m are built from the configs in the installed wheels. What they find is noise, so the person
detector is made to give two large persons in every picture; of its candidates, 100 of each of its three grids go
through the removal of overlaps, as many as are left of a real picture's at the least.
"""

from pathlib import Path
from typing import Any

from detectors.mmlab.configs import build_model, find_config, load_config
from detectors.mmlab.libraries import import_mmpose
from detectors.mmlab.models import PERSON_CONFIGS, PERSON_MODEL, POSE_CONFIGS, POSE_MODEL

_PERSONS = 2
_CANDIDATES = 100
_BIASES = {"rtm_cls": 3.0, "rtm_reg": 3.0}
"""Of the person detector's last layers: every candidate is sure (0.95), and large."""


def write_random_mmpose(folder: Path) -> str:
    """Write the two checkpoints and a config; the name of the detector that runs them. Raises DetectorError."""
    import_mmpose()
    pose, person = POSE_CONFIGS[POSE_MODEL], folder / "random_persons.py"
    base = find_config(PERSON_CONFIGS[PERSON_MODEL], "mmdet")
    test = f"dict(max_per_img={_PERSONS}, nms_pre={_CANDIDATES})"
    person.write_text(f"_base_ = {str(base)!r}\nmodel = dict(test_cfg={test})\n", encoding="utf-8")
    models = [
        f"{pose}={_checkpoint(pose, 'mmpose', folder / 'm with random weights.pth', {})}",
        f"{person}={_checkpoint(str(person), 'mmdet', folder / 'persons with random weights.pth', _BIASES)}",
    ]
    return f"mmpose:{','.join(models)}"


def _checkpoint(config: str, library: str, path: Path, biases: dict[str, float]) -> Path:
    import torch  # noqa: PLC0415 - slow, and only this function's

    torch.manual_seed(5)
    model: Any = build_model(load_config(find_config(config, library)), config, library)
    for name, value in model.state_dict().items():
        for part, bias in biases.items():
            if part in name and name.endswith("bias"):
                value.fill_(bias)
    torch.save({"state_dict": model.state_dict(), "meta": {}}, path)
    return path
