"""The chart as tests see it: rendered by Helm, one object after the other."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from understudy_cli.local import toolchain

CHART = Path(__file__).parents[2] / "charts" / "understudy"
NAMESPACE = "understudy-system"
MONITORING = ("--api-versions", "monitoring.coreos.com/v1")

Manifest = dict[str, Any]


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Helm, whatever comes of it."""
    command = [str(toolchain.require("helm")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=310)


def rendered(values: Path, *arguments: str, namespace: str = NAMESPACE) -> str:
    """The chart's manifests for a file of values, without hooks' order; tests and hooks are among them."""
    done = helm("template", "understudy", str(CHART), "--namespace", namespace, "--values", str(values), *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(text: str) -> list[Manifest]:
    """Every object of a rendering."""
    return [document for document in yaml.safe_load_all(text) if document]


def pods(found: Iterable[Manifest]) -> dict[str, Manifest]:
    """Name of each workload -> its pod, as `{metadata, spec}`."""
    result = {}
    for document in found:
        if document["kind"] == "Pod":
            result[document["metadata"]["name"]] = document
        elif document["kind"] in {"Deployment", "StatefulSet", "Job"}:
            result[document["metadata"]["name"]] = document["spec"]["template"]
    return result


def one(found: Iterable[Manifest], kind: str, name: str) -> Manifest:
    """The object of this kind and name."""
    return next(each for each in found if each["kind"] == kind and each["metadata"]["name"] == name)
