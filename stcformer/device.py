"""Where the lifter computes, and in which precision."""

import torch

from stcformer.errors import LifterError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; `auto` takes CUDA, then MPS, then the CPU.

    Raises LifterError when the named device is not there: another is never taken in silence.
    """
    if name not in DEVICES:
        raise LifterError(f"There is no device '{name}'; choose one of {', '.join(DEVICES)}.")
    if name == "auto":
        return torch.device("cuda" if _has_cuda() else "mps" if _has_mps() else "cpu")
    if name == "cuda" and not _has_cuda():
        raise LifterError(
            "PyTorch finds no CUDA device here; use --device cpu, or install a CUDA build of PyTorch."
        )
    if name == "mps" and not _has_mps():
        raise LifterError("PyTorch finds no Apple GPU here; use --device cpu.")
    return torch.device(name)


def choose_precision(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware multiplies it faster than float32, else float32.

    Without such units a CPU emulates bfloat16 and is a hundred times slower than in float32.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    if device.type == "cpu" and _cpu_multiplies_bfloat16():
        return torch.bfloat16
    return torch.float32


def describe_device(device: torch.device) -> str:
    """The device by the name a person knows it by."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return device.type


def _has_cuda() -> bool:
    return torch.cuda.is_available()


def _has_mps() -> bool:
    return torch.backends.mps.is_available()


def _cpu_multiplies_bfloat16() -> bool:
    if not hasattr(torch.cpu, "get_capabilities"):
        return False  # an older PyTorch cannot tell, and float32 is right everywhere
    capabilities = torch.cpu.get_capabilities()
    return any(bool(capabilities.get(unit)) for unit in ("amx_bf16", "avx512_bf16", "bf16"))
