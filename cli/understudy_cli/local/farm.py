"""The farm on one machine as an object: bring it up, look at it, take it down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from understudy_cli.errors import UserError
from understudy_cli.local import control_plane, process, toolchain
from understudy_cli.local.build import Report as BuildReport
from understudy_cli.local.build import build
from understudy_cli.local.control_plane import APISERVER, CONTROLLER_MANAGER, ETCD
from understudy_cli.local.home import GIBIBYTE, Home, require_space
from understudy_cli.local.object_store import MINIO
from understudy_cli.local.operator_process import OPERATOR, is_installed
from understudy_cli.local.part import HOME_MARK, External, Part, Site
from understudy_cli.local.plan import Plan, choose_plan, load_plan
from understudy_cli.local.pool import RAY
from understudy_cli.local.settings_files import write_settings
from understudy_cli.local.starter import Report, Starter
from understudy_cli.local.vault_process import VAULT
from understudy_cli.local.vault_process import is_installed as has_vault

PARTS: Final = (ETCD, APISERVER, CONTROLLER_MANAGER, MINIO, VAULT, RAY, OPERATOR)
"""In the order they come up; they go down in the reverse order."""

SPACE_BYTES: Final = 3 * GIBIBYTE

Health = Literal["running", "dead", "stopped"]
"""dead: was started and is gone without having been stopped."""


def _say_nothing(*_: object) -> None:
    """The report of those who do not listen."""


@dataclass(frozen=True)
class PartStatus:
    """One process as `status` shows it; memory is the proportional set size of it and all below it."""

    name: str
    health: Health
    pid: int | None
    port: int
    memory_bytes: int
    log: Path


class Farm:
    """The farm in `home`. Every method may be called at any time, by any process of the same user."""

    def __init__(self, home: Home, external: External = External()) -> None:
        self.home = home
        self.external = external

    def site(self) -> Site:
        """The farm's plan and paths; chooses name and ports on the first call."""
        return Site(self.home, choose_plan(self.home), self.external)

    def programs(self) -> tuple[str, ...]:
        """What has to be found or built before `up` starts its parts, and kubectl for the person who looks."""
        own, _ = self._choose(None)
        return (*(tool for part in own for tool in part.tools), "kubectl")

    def up(
        self,
        names: Sequence[str] | None = None,
        report: Report = _say_nothing,
        build_report: BuildReport = _say_nothing,
    ) -> Site:
        """Bring up the parts `names` (default: all) and what they need, building their programs first if need be.

        Parts that run already with the same settings stay as they are. When a part fails, or this call is
        interrupted, what it started is stopped again. Raises UserError with one line a person can act on.
        """
        own, adopted = self._choose(names)
        require_space(self.home.root, SPACE_BYTES)
        with self.home.locked():
            build(toolchain.missing(tuple(tool for part in own for tool in part.tools)), build_report)
            site = self.site()
            write_settings(site)
            if APISERVER in own:
                control_plane.write_kubeconfigs(site)
            starter = Starter(site, report)
            try:
                starter.bring_up(own, adopted)
            except BaseException:
                self._stop([part for part in PARTS if part.name in starter.started])
                raise
            return site

    def status(self) -> list[PartStatus]:
        """Every part in the order of start; an empty list when there is no farm in this home."""
        plan = load_plan(self.home)
        return [] if plan is None else [self._status(part, plan) for part in PARTS]

    def down(self) -> list[str]:
        """Stop every process of this farm and say which parts ran; nothing of ours is left when this returns."""
        if not self.home.root.exists():
            return []
        with self.home.locked():
            running = [part.name for part in PARTS if self._identity_alive(part) is not None]
            self._stop(PARTS)
            process.end_strays({HOME_MARK: str(self.home.root)})
            return running

    def purge(self) -> list[str]:
        """Stop everything, delete the home, and say which parts ran; refuses a folder that no farm ever lived in."""
        if not self.home.plan.exists() and self.home.holds_something():
            raise UserError(
                f"{self.home.root} holds no farm.json, so it is left alone; delete it yourself if it is ours"
            )
        stopped = self.down()
        self.home.purge()
        return stopped

    def _choose(self, names: Sequence[str] | None) -> tuple[list[Part], list[Part]]:
        """Which parts to run and which to adopt from elsewhere; etcd and controllers go with their API server."""
        wanted = [part for part in PARTS if names is None or part.name in _with_needs(names)]
        elsewhere = {
            **dict.fromkeys(("etcd", "apiserver", "controllers"), self.external.kubeconfig),
            "minio": self.external.s3_url,
            "ray": self.external.pool_url,
        }
        own = [part for part in wanted if not elsewhere.get(part.name)]
        if not is_installed():
            own = [part for part in own if part is not OPERATOR]
        if not has_vault():
            own = [part for part in own if part is not VAULT]
        adopted = [part for part in wanted if elsewhere.get(part.name) and part in (APISERVER, MINIO, RAY)]
        return own, adopted

    def _stop(self, parts: Sequence[Part]) -> None:
        for part in reversed(parts):
            record = self.home.record(part.name)
            if (known := process.recall(record)) is not None:
                process.stop(known.identity, part.grace_seconds)
            record.unlink(missing_ok=True)

    def _identity_alive(self, part: Part) -> process.Identity | None:
        known = process.recall(self.home.record(part.name))
        return known.identity if known is not None and process.is_alive(known.identity) else None

    def _status(self, part: Part, plan: Plan) -> PartStatus:
        identity = self._identity_alive(part)
        started = self.home.record(part.name).exists()
        return PartStatus(
            name=part.name,
            health="running" if identity else "dead" if started else "stopped",
            pid=identity.pid if identity else None,
            port=int(getattr(plan.ports, part.ports[0])),
            memory_bytes=process.memory_bytes(identity) if identity else 0,
            log=self.home.log(part.name),
        )


def _with_needs(names: Sequence[str]) -> set[str]:
    """The names and, since PARTS lists needs before who needs them, everything below."""
    wanted = set(names)
    if unknown := wanted - {part.name for part in PARTS}:
        raise UserError(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(p.name for p in PARTS)}")
    for part in reversed(PARTS):
        if part.name in wanted:
            wanted.update(part.needs)
    return wanted
