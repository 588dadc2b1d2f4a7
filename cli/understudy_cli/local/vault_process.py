"""The vault as a process of the farm: its own service account, its own S3 account, its own keys that nobody else reads."""

from __future__ import annotations

import importlib.util
import sys
from typing import Final

from understudy_api.settings import VAULT_SETTINGS_VARIABLE
from understudy_cli.local.part import Part, Site
from understudy_cli.local.plan import LOOPBACK
from understudy_cli.local.probe import answers, trusting
from understudy_cli.local.process import Command

_MODULE: Final = "understudy_vault"


def vault_url(site: Site) -> str:
    """Where the farm's vault answers."""
    return f"https://{LOOPBACK}:{site.plan.ports.vault}"


def is_installed() -> bool:
    """Whether this environment has what a vault runs with."""
    return all(importlib.util.find_spec(name) is not None for name in (_MODULE, "tink", "pyrage"))


def _command(site: Site) -> Command:
    environment = {
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
        VAULT_SETTINGS_VARIABLE: str(site.home.vault_settings),
    }
    folder, reads = site.home.data("vault"), (site.home.vault_settings,)
    return Command((sys.executable, "-m", _MODULE), site.environment(environment), folder, reads)


def _not_ready(site: Site) -> str | None:
    return answers(f"{vault_url(site)}/healthz", trusting(site.authority))


VAULT: Final = Part(
    name="vault",
    ports=("vault",),
    needs=("apiserver", "minio"),
    command=_command,
    not_ready=_not_ready,
)
