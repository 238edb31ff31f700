"""Which of our keypoint formats a network delivers, by the names in its own metainfo."""

from collections.abc import Mapping, Sequence
from typing import Any

from detectors.errors import DetectorError
from detectors.keypoints import FORMATS
from detectors.mmlab.libraries import quiet

_DATA_SETS = {
    "coco17": "coco.py",
    "halpe26": "halpe26.py",
    "coco_wholebody133": "coco_wholebody.py",
    "h36m17": "h36m.py",
}
"""Our format -> the file in MMPose's wheel that lists the same keypoints in the same order."""


def keypoint_names(meta: Mapping[str, Any]) -> tuple[str, ...]:
    """The keypoints of a parsed metainfo, in the order of the network's output; () where it names none."""
    by_id = meta.get("keypoint_id2name")
    if not isinstance(by_id, Mapping) or not all(index in by_id for index in range(len(by_id))):
        return ()
    return tuple(str(by_id[index]) for index in range(len(by_id)))


def format_of(meta: Mapping[str, Any], config: str) -> str:
    """The name of our format whose keypoints these are; raises DetectorError for an unknown list."""
    names = keypoint_names(meta)
    known = [name for name in _DATA_SETS if name in FORMATS]
    for name in known:
        if names and names == _names_in_mmpose(_DATA_SETS[name]):
            return name
    what = f"'{meta.get('dataset_name', 'unnamed')}', {len(names)} keypoints" if names else "not named"
    raise DetectorError(
        f"The keypoints of '{config}' ({what}) are none that STCFormer Studio knows; it knows {_listed(known)}."
    )


def _names_in_mmpose(file: str) -> tuple[str, ...]:
    from mmpose.datasets.datasets.utils import parse_pose_metainfo  # noqa: PLC0415 - slow, and on demand

    with quiet():
        return keypoint_names(parse_pose_metainfo({"from_file": f"configs/_base_/datasets/{file}"}))


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
