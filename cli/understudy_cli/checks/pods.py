"""Pods in the operator's namespace: does each run, and if not, what would let it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from understudy_cli.checks.check import Check, failed, passed, skipped, unreadable
from understudy_cli.errors import UserError
from understudy_cli.kubectl import Kubectl

CURES: Final = {
    "ErrImagePull": "check the image's name and tag, and the pull secret; without a registry load it into the nodes",
    "ImagePullBackOff": "check the image's name and tag, and the pull secret; without a registry load it into the nodes",
    "InvalidImageName": "mend the image's name in the chart's values",
    "ErrImageNeverPull": "load the image into the nodes, or let it be pulled",
    "CreateContainerConfigError": "create the Secret or ConfigMap that it names",
    "CrashLoopBackOff": "read what it said last: `kubectl logs --previous`",
    "OOMKilled": "give it more memory in the chart's values",
    "Unschedulable": "add a node, free one, or ask for less in the chart's values",
}
"""What to do by the reason Kubernetes gives."""


def pods(kubectl: Kubectl, system: str) -> list[Check]:
    """A check for each pod that does not run, or one for all of them together."""
    try:
        found = kubectl.every("pods", "-n", system)
    except UserError as error:
        return [unreadable("pods", f"pods in {system}", error, "look at the API server")]
    if not found:
        return [skipped("pods", f"none in namespace {system}: this farm runs without, or elsewhere (--system)")]
    troubled = [check for pod in found if (check := judged(pod)) is not None]
    return troubled or [passed("pods", f"all {len(found)} in {system} run, or are on their way")]


def judged(pod: dict[str, Any]) -> Check | None:
    """What keeps a pod from running; None while nothing does."""
    name = f"pod {pod['metadata']['name']}"
    for reason, message in _troubles(pod.get("status", {})):
        if reason in CURES:
            return failed(name, f"{reason}: {message}" if message else reason, CURES[reason])
    return None


def _troubles(status: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for one in status.get("conditions", []):
        if one["type"] == "PodScheduled" and one["status"] == "False":
            yield one.get("reason", ""), one.get("message", "")
    for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        # How it ended last says more than that it waits to be started again.
        last = container.get("lastState", {}).get("terminated", {})
        waiting = container.get("state", {}).get("waiting", {})
        if waiting:
            yield last.get("reason", ""), f"container {container['name']} was ended"
        yield waiting.get("reason", ""), waiting.get("message", "")
