"""The farm at work, as the cluster shows it: does an operator lead, are the pools ready?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from understudy_api.model import GROUP
from understudy_cli.campaign.watch import condition
from understudy_cli.checks.check import Check, failed, passed, unreadable
from understudy_cli.errors import UserError
from understudy_cli.kubectl import Kubectl

LEASE: Final = "understudy-operator"
"""The name the operator keeps its Lease under."""
START: Final = "look at the operator's pods and their logs, or start it with `understudy up`"
CURES: Final = {
    "RayUnreachable": "check that the Ray head runs, its address in the operator's settings and the network between them",
    "DirectorFailed": "read the director's job log in Ray; its settings file or credentials are the usual cause",
    "NoWorkers": "let the Ray cluster scale up, or free a node for its workers",
    "Starting": "wait a minute and ask again",
}


def lease(kubectl: Kubectl, system: str, now: datetime) -> Check:
    """Whether an operator leads: its Lease was renewed within its duration."""
    try:
        found = kubectl.find("lease", LEASE, system)
    except UserError as error:
        return unreadable("operator", f"Leases in {system}", error, "look at the API server")
    return led(found, system, now)


def led(found: dict[str, Any] | None, system: str, now: datetime) -> Check:
    """The Lease as it was found, judged at `now`."""
    if found is None:
        return failed("operator", f"no Lease {LEASE} in namespace {system}: none ever ran there", START)
    spec = found.get("spec", {})
    holder, renewed = spec.get("holderIdentity"), spec.get("renewTime")
    if not holder or not renewed:
        return failed("operator", "nobody leads: the last operator let its Lease go", START)
    age = (now - datetime.fromisoformat(renewed)).total_seconds()
    allowed = float(spec.get("leaseDurationSeconds", 0))
    if age > allowed:
        return failed("operator", f"{holder} renewed its Lease {age:.0f} s ago, wanted within {allowed:.0f} s", START)
    return passed("operator", f"{holder} leads")


def pools(kubectl: Kubectl) -> list[Check]:
    """One check for each RenderPool."""
    try:
        found = kubectl.every(f"renderpools.{GROUP}")
    except UserError as error:
        return [unreadable("pools", "RenderPools", error, "see the checks of the custom resource definitions")]
    if not found:
        return [failed("pools", "there is no RenderPool", "create one: `kubectl explain renderpool.spec` says how")]
    return [ready(one) for one in found]


def ready(pool: dict[str, Any]) -> Check:
    """A RenderPool's own word on itself."""
    name, said = f"pool {pool['metadata']['name']}", condition(pool, "Ready")
    if not said:
        return failed(name, "no operator has looked at it yet", START)
    if said["status"] == "True":
        return passed(name, str(said.get("message") or said["reason"]))
    told = f"{said['reason']}: {said['message']}" if said.get("message") else str(said["reason"])
    return failed(name, told, CURES.get(said["reason"], f"`kubectl describe renderpool {pool['metadata']['name']}`"))


def utc_now() -> datetime:
    """The time on this machine."""
    return datetime.now(UTC)
