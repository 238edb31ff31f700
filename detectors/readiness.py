"""What a detector could use on this machine, asked without importing any heavy library."""

import ctypes
import importlib.util
import re
import sys
from pathlib import Path


def is_installed(module: str) -> bool:
    """Whether the dotted module is there to import; neither it nor the packages above it are imported."""
    top, *below = module.split(".")
    try:
        found = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return False
    if found is None:
        return False
    folders = [Path(folder) for folder in found.submodule_search_locations or ()]
    for name in below:
        if any((folder / f"{name}.py").is_file() for folder in folders):
            return name == below[-1]
        folders = [folder / name for folder in folders if (folder / name).is_dir()]
    return bool(folders) or not below


def has_cuda() -> bool:
    """Whether an NVIDIA device can be used by the torch that is installed; torch is not imported."""
    return _torch_is_built_for_cuda() and _cuda_devices() > 0


def _torch_is_built_for_cuda() -> bool:
    """By `torch/version.py`, which says `cuda: Optional[str] = '13.0'`, or None for a build without."""
    try:
        found = importlib.util.find_spec("torch")
        if found is None or found.origin is None:
            return False
        text = Path(found.origin).with_name("version.py").read_text(encoding="utf-8")
    except (ImportError, OSError, ValueError):
        return False
    return re.search(r"^cuda\b[^=\n]*=\s*['\"]", text, re.MULTILINE) is not None


def _cuda_devices() -> int:
    """The devices of NVIDIA's driver (CUDA Driver API: cuInit, cuDeviceGetCount); 0 without the driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        good = driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
    except (OSError, AttributeError):
        return 0
    return count.value if good else 0
