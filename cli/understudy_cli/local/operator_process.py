"""The operator as a process of the farm: its own service account, its own S3 account, its own metrics port."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Final

from understudy_api.settings import OPERATOR_SETTINGS_VARIABLE
from understudy_cli.local.part import Part, Site
from understudy_cli.local.plan import LOOPBACK
from understudy_cli.local.probe import answers
from understudy_cli.local.process import Command

_MODULE: Final = "understudy_operator"


def is_installed() -> bool:
    """Whether this environment has an operator to run."""
    return importlib.util.find_spec(_MODULE) is not None and importlib.util.find_spec(f"{_MODULE}.__main__") is not None


def _command(site: Site) -> Command:
    environment = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
        "KUBECONFIG": str(site.home.operator_kubeconfig),
        OPERATOR_SETTINGS_VARIABLE: str(site.home.operator_settings),
    }
    folder, reads = site.home.data("operator"), (site.home.operator_settings,)
    return Command((sys.executable, "-m", _MODULE), site.environment(environment), folder, reads)


def _not_ready(site: Site) -> str | None:
    return answers(f"http://{LOOPBACK}:{site.plan.ports.operator_health}/healthz")


OPERATOR: Final = Part(
    name="operator",
    ports=("operator_metrics", "operator_health", "operator_status"),
    needs=("apiserver", "minio"),
    command=_command,
    not_ready=_not_ready,
)
