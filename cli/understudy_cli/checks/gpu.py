"""GPUs on this machine: device files, and whether the installed onnxruntime would use them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from understudy_cli.checks.check import Check, failed, passed, skipped

PROVIDER: Final = "CUDAExecutionProvider"


def gpu(devices: Path = Path("/dev")) -> Check:
    """What performers on this machine would run on. A machine without a GPU is no fault: they use its cores."""
    return judged(sorted(path.name for path in devices.glob("nvidia[0-9]*")), _providers())


def judged(devices: Sequence[str], providers: Sequence[str] | None) -> Check:
    """The check, from device files and onnxruntime's providers (None: it is not installed)."""
    if not devices:
        return skipped("gpu", "no NVIDIA device here; performers on this machine use its cores")
    if providers is None:
        return skipped("gpu", f"{', '.join(devices)}; onnxruntime is not installed here", "install the render extra")
    if PROVIDER not in providers:
        return failed(
            "gpu", f"{', '.join(devices)}, but onnxruntime has only {', '.join(providers)}", "install onnxruntime-gpu"
        )
    return passed("gpu", f"{', '.join(devices)}, used by onnxruntime")


def _providers() -> list[str] | None:
    try:
        import onnxruntime
    except ImportError:
        return None
    return [str(one) for one in onnxruntime.get_available_providers()]
