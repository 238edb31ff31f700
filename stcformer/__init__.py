"""STCFormer, the lifter: windows of 2D joints in, 3D joints out (CVPR 2023)."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stcformer.lifter import Lifter
    from stcformer.model import STCFormer

__all__ = ["Lifter", "STCFormer"]


def __getattr__(name: str) -> Any:
    """Imports torch only when the model is first used, so that the command line answers at once."""
    if name == "STCFormer":
        from stcformer.model import STCFormer  # noqa: PLC0415

        return STCFormer
    if name == "Lifter":
        from stcformer.lifter import Lifter  # noqa: PLC0415

        return Lifter
    raise AttributeError(f"module 'stcformer' has no attribute {name!r}")
