"""GPUs, as device files and onnxruntime's providers tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy_cli.checks.gpu import gpu, judged

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


@pytest.mark.parametrize(
    ("devices", "providers", "result"),
    [
        ([], [CUDA, CPU], "skip"),
        ([], None, "skip"),
        (["nvidia0"], None, "skip"),
        (["nvidia0"], [CPU], "fail"),
        (["nvidia0"], [CUDA, CPU], "pass"),
    ],
)
def test_a_gpu_has_to_be_used_where_there_is_one(devices: list[str], providers: list[str] | None, result: str) -> None:
    assert judged(devices, providers).result == result


def test_device_files_are_counted_and_control_files_are_not(tmp_path: Path) -> None:
    (tmp_path / "nvidiactl").touch()
    assert gpu(tmp_path).result == "skip"
    (tmp_path / "nvidia0").touch()
    assert "nvidia0" in gpu(tmp_path).message
