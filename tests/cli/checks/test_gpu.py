"""GPUs, as device files and onnxruntime's providers tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy_cli.checks.gpu import gpu, judged, lacking

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


@pytest.mark.parametrize(
    ("devices", "providers", "lacks", "result"),
    [
        ([], [CUDA, CPU], "libcuda.so.1", "skip"),
        ([], None, None, "skip"),
        (["nvidia0"], None, None, "skip"),
        (["nvidia0"], [CPU], "no such file", "fail"),
        (["nvidia0"], [CUDA, CPU], "libcublas.so.13: cannot open", "fail"),
        (["nvidia0"], [CUDA, CPU], None, "pass"),
    ],
)
def test_a_gpu_has_to_be_used_where_there_is_one(
    devices: list[str], providers: list[str] | None, lacks: str | None, result: str
) -> None:
    found = judged(devices, providers, lacks)
    assert found.result == result
    assert bool(found.cure) or result != "fail"


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="a machine with a GPU has its driver")
def test_without_a_driver_it_is_the_driver_that_is_lacking() -> None:
    """All else comes with the packages."""
    assert "libcuda.so.1" in str(lacking())


def test_device_files_are_counted_and_control_files_are_not(tmp_path: Path) -> None:
    (tmp_path / "nvidiactl").touch()
    assert gpu(tmp_path).result == "skip"
    (tmp_path / "nvidia0").touch()
    assert "nvidia0" in gpu(tmp_path).message
