"""What a person calls the joints."""

from stcformer.skeleton import JOINTS

_OTHER_WORDS = {"hip": "pelvis", "thorax": "upper chest", "neck": "nose", "head": "top of the head"}


def joint_label(joint: int) -> str:
    """ "left knee", "pelvis", ...: for tooltips and menus; files keep the names of `JOINTS`."""
    name = JOINTS[joint]
    if name in _OTHER_WORDS:
        return _OTHER_WORDS[name]
    sides = {"l": "left", "r": "right"}
    if name[1:] in {"hip", "knee", "ankle", "shoulder", "elbow", "wrist"}:
        return f"{sides[name[0]]} {name[1:]}"
    return name
