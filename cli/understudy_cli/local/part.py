"""What one process of the farm is made of: how it is started, when it is ready, what is set up then."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from understudy_cli.local.certificates import Authority
from understudy_cli.local.home import Home
from understudy_cli.local.plan import Plan
from understudy_cli.local.process import Command

HOME_MARK: Final = "UNDERSTUDY_FARM_HOME"
"""In the environment of every process of a farm: what `down` finds strays by."""

_INHERITED: Final = (
    "PATH",
    "PYTHONPATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "PYTHONPATH",
)


@dataclass(frozen=True)
class External:
    """What the user brings instead of our own parts, and the credentials that go with it."""

    kubeconfig: Path | None = None
    pool_url: str | None = None
    """Ray's dashboard: `http(s)://host:port`."""
    s3_url: str | None = None
    """`http(s)://host:port`."""
    s3_access_key: str = ""
    s3_secret_key: str = field(default="", repr=False)
    s3_authority: Path | None = None
    """PEM bundle that vouches for that S3; None trusts the system's authorities."""
    ray_token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Site:
    """One farm on this machine: where it lives, which ports it has, what it uses from elsewhere."""

    home: Home
    plan: Plan
    external: External = External()

    @property
    def kubeconfig(self) -> Path:
        """The administrator's way into the cluster this farm uses."""
        return self.external.kubeconfig or self.home.admin_kubeconfig

    @property
    def authority(self) -> Path:
        """The certificate that vouches for every server of this farm."""
        return self.home.pki / "ca.crt"

    def issuer(self) -> Authority:
        """The authority behind API server, MinIO and director, and behind the people who use the API server."""
        return Authority.open(self.home.pki, "Understudy farm")

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a farm process: little from the user, no proxies, our mark."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return {**inherited, HOME_MARK: str(self.home.root), **(extra or {})}


def _nothing(site: Site) -> None:
    """Nothing to set up."""


@dataclass(frozen=True)
class Part:
    """One process. `command` and `finish` may be called again and again: they leave what is right as it is."""

    name: str
    ports: tuple[str, ...]
    """Names of its ports in the plan, the one people ask for first."""
    command: Callable[[Site], Command]
    not_ready: Callable[[Site], str | None]
    """Asks the process itself; None when it is ready, else why not."""
    needs: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    prepare: Callable[[Site], None] = _nothing
    """What to clear away before a start, when no such process runs."""
    finish: Callable[[Site], None] = _nothing
    """What to set up in it once it is ready."""
    ready_seconds: float = 60.0
    grace_seconds: float = 10.0
