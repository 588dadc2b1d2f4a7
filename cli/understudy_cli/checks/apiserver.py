"""The API server: does it answer, is it new enough, does its clock agree with ours?"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from understudy_api.release import FRESH_SECONDS
from understudy_cli.checks.check import Check, failed, passed, skipped
from understudy_cli.errors import UserError
from understudy_cli.kubectl import Kubectl

OLDEST: Final = (1, 30)
"""The first release that serves ValidatingAdmissionPolicy as v1, which reviews and tenancy rest on."""


def apiserver(kubectl: Kubectl, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> list[Check]:
    """Reach, version and clock of the cluster; the first alone when it does not answer."""
    try:
        found = version(kubectl.raw("/version"))
    except UserError as error:
        return [failed("cluster", str(error), "check KUBECONFIG, its current context and the network")]
    return [passed("cluster", f"{kubectl.kubeconfig} reaches an API server"), found, skew(kubectl, clock)]


def version(told: dict[str, Any]) -> Check:
    """Whether the server's release has what our kinds and policies need."""
    name, wanted = str(told.get("gitVersion", "unknown")), ".".join(map(str, OLDEST))
    match = re.match(r"v(\d+)\.(\d+)", name)
    if match is None:
        return failed("version", f"wanted Kubernetes {wanted} or newer, got {name}", "ask whoever runs the cluster")
    if (int(match[1]), int(match[2])) < OLDEST:
        return failed("version", f"wanted Kubernetes {wanted} or newer, got {name}", f"upgrade it to {wanted} or newer")
    return passed("version", f"Kubernetes {name}")


def skew(kubectl: Kubectl, clock: Callable[[], datetime]) -> Check:
    """How far this machine's clock is from the API server's; the way there and back is taken off."""
    before = clock()
    try:
        stamp = kubectl.review_of_self()["metadata"].get("creationTimestamp")
    except UserError as error:
        return skipped("clock", f"the API server does not tell its time ({error})")
    after = clock()
    if not stamp:
        return skipped("clock", "the API server does not tell its time")
    return compared("clock", "the API server", datetime.fromisoformat(stamp), before, after)


def compared(name: str, whose: str, theirs: datetime, before: datetime, after: datetime) -> Check:
    """Their time, told in whole seconds between two looks at our clock, against the bound that tokens are judged by."""
    we_lead = (before - theirs).total_seconds() - 1
    they_lead = (theirs - after).total_seconds()
    seconds = max(we_lead, they_lead, 0.0)
    if seconds > FRESH_SECONDS:
        word = "ahead of" if we_lead > they_lead else "behind"
        return failed(
            name,
            f"this machine's clock is {seconds:.0f} s {word} that of {whose}, wanted at most {FRESH_SECONDS} s",
            "set both clocks by NTP; licenses and grants are judged by time",
        )
    return passed(name, f"within {FRESH_SECONDS} s of {whose}")
