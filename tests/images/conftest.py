"""The built images in turn; skipped, with the reason, where there is no engine or they were not built."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from built_image import BuiltImage, built


@pytest.fixture(scope="session")
def engine() -> None:
    """A container engine, or a skipped test."""
    if shutil.which("docker") is None:
        pytest.skip("docker is not on the PATH")
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        pytest.skip("no container engine answers `docker info`")


@pytest.fixture(params=["operator", "render", "render-cpu", "render-cuda", "train"])
def image(engine: None, request: pytest.FixtureRequest) -> BuiltImage:
    """Each image in turn."""
    return built(request.param)


@pytest.fixture(params=["render", "render-cpu", "render-cuda", "train"])
def ray_image(engine: None, request: pytest.FixtureRequest) -> BuiltImage:
    """Each image that a Ray node runs."""
    return built(request.param)


@pytest.fixture
def operator_image(engine: None) -> BuiltImage:
    """The image of operator, vault and command line."""
    return built("operator")
