"""GPUs on this machine: device files, and whether the installed onnxruntime would use them."""

from __future__ import annotations

import contextlib
import ctypes
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from understudy_cli.checks.check import Check, failed, passed, skipped

PROVIDER: Final = "CUDAExecutionProvider"


def gpu(devices: Path = Path("/dev")) -> Check:
    """What performers on this machine would run on. A machine without a GPU is no fault: they use its cores."""
    found = sorted(path.name for path in devices.glob("nvidia[0-9]*"))
    return judged(found, _providers(), lacking() if found else None)  # CUDA is 2 GB to load


def judged(devices: Sequence[str], providers: Sequence[str] | None, lacks: str | None) -> Check:
    """The check, from device files, onnxruntime's providers (None: it is not installed) and what its CUDA provider lacks."""
    if not devices:
        return skipped("gpu", "no NVIDIA device here; performers on this machine use its cores")
    if providers is None:
        return skipped("gpu", f"{', '.join(devices)}; onnxruntime is not installed here", "install the render extra")
    if PROVIDER not in providers:
        return failed(
            "gpu", f"{', '.join(devices)}, but onnxruntime has only {', '.join(providers)}", "install onnxruntime-gpu"
        )
    if lacks is not None:
        cure = "install the cuda extra, or take the render image whose tag ends in -cuda"
        return failed("gpu", f"{', '.join(devices)}, but onnxruntime cannot use CUDA: {lacks}", cure)
    return passed("gpu", f"{', '.join(devices)}, used by onnxruntime")


def lacking() -> str | None:
    """What keeps the CUDA provider of the installed onnxruntime from being loaded, in the loader's words; None when nothing does."""
    try:
        import onnxruntime
    except ImportError:
        return None
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does not find
        onnxruntime.preload_dlls()
    folder = Path(onnxruntime.__file__).parent / "capi"
    try:
        ctypes.CDLL(str(folder / "libonnxruntime_providers_shared.so"), ctypes.RTLD_GLOBAL)
        ctypes.CDLL(str(folder / "libonnxruntime_providers_cuda.so"))
    except OSError as error:
        return str(error)
    return None


def _providers() -> list[str] | None:
    try:
        import onnxruntime
    except ImportError:
        return None
    return [str(one) for one in onnxruntime.get_available_providers()]
