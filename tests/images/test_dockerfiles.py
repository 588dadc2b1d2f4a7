"""What can be said of the images before any is built; needs no container engine."""

import re
from pathlib import Path

import pytest
import yaml
from built_image import ROOT

DOCKERFILES = sorted((ROOT / "images").glob("*.Dockerfile"))
by_file = pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)


def instructions(path: Path, word: str) -> list[str]:
    return re.findall(rf"^{word} (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)


def test_there_are_three() -> None:
    assert [path.name for path in DOCKERFILES] == ["operator.Dockerfile", "render.Dockerfile", "train.Dockerfile"]


@by_file
def test_debian_is_the_only_base(path: Path) -> None:
    stages = [line.split(" AS ") for line in instructions(path, "FROM")]
    names = {stage[1] for stage in stages if len(stage) == 2}
    assert {stage[0] for stage in stages} - names == {"debian:bookworm-slim"}
    assert stages[-1] == ["debian:bookworm-slim"], "the last stage starts afresh: no build tool is left in it"


@by_file
def test_the_classic_builder_can_build_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "# syntax" not in text
    assert "--mount" not in text
    assert "<<" not in text


@by_file
def test_its_uv_is_the_one_developers_use(path: Path) -> None:
    (wanted,) = re.findall(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert f"UV_VERSION={wanted}" in instructions(path, "ARG")


@by_file
def test_the_user_is_a_number(path: Path) -> None:
    """Kubernetes can hold `runAsNonRoot` only against a number."""
    assert instructions(path, "USER") == ["65532:65532"]


def test_the_context_is_a_list_of_what_goes_in() -> None:
    first, *named = [
        line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    ]
    assert first == "*"
    assert all((ROOT / line[1:]).exists() for line in named if line.startswith("!"))
    assert not {"!.git", "!.venv", "!tests"} & set(named)


def test_images_are_loaded_onto_the_nodes_there_are() -> None:
    """kind calls a cluster's workers NAME-worker, NAME-worker2, ..."""
    config = yaml.safe_load((ROOT / "kind-config.yaml").read_text(encoding="utf-8"))
    workers = sum(node["role"] == "worker" for node in config["nodes"])
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (cluster,) = re.findall(r"^KIND_CLUSTER := (\S+)$", makefile, re.MULTILINE)
    (nodes,) = re.findall(r"^KIND_NODES := (\S+)$", makefile, re.MULTILINE)
    assert cluster == config["name"]
    assert nodes.replace("$(KIND_CLUSTER)", cluster).split(",") == [
        f"{cluster}-worker{number if number > 1 else ''}" for number in range(1, workers + 1)
    ]
    assert config["networking"]["apiServerAddress"] == "127.0.0.1"
