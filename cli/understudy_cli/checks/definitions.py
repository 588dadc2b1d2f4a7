"""Our kinds in the cluster: is each there, and is it the one this release was made with?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from understudy_api.crd import Kind, definition
from understudy_api.kinds import KINDS
from understudy_api.model import VERSION
from understudy_cli.checks.check import Check, failed, passed, unreadable
from understudy_cli.errors import UserError
from understudy_cli.kubectl import Kubectl

APPLY: Final = "apply this release's crds/ (`kubectl apply --server-side -f crds/`), or upgrade the chart"
UPGRADE: Final = "upgrade this command to the release that the cluster runs"


def definitions(kubectl: Kubectl) -> list[Check]:
    """One check for each kind."""
    try:
        live = {one["metadata"]["name"]: one for one in kubectl.every("crd")}
    except UserError as error:
        return [unreadable("crds", "custom resource definitions", error, "look at the API server")]
    return [compared(kind, live.get(definition(kind)["metadata"]["name"])) for kind in KINDS]


def compared(kind: Kind, live: dict[str, Any] | None) -> Check:
    """A kind as the cluster has it, against the one of this release."""
    name = f"crd {kind.plural}"
    if live is None:
        return failed(name, "is not there", APPLY)
    versions = {one["name"]: one for one in live["spec"]["versions"]}
    if VERSION not in versions or not versions[VERSION].get("served"):
        return failed(name, f"{VERSION} is not served, only {', '.join(sorted(versions))}", UPGRADE)
    if not _established(live):
        return failed(name, "the API server has not accepted it yet", f"`kubectl describe crd {kind.plural}` says why")
    theirs = dict(_leaves(versions[VERSION]["schema"]["openAPIV3Schema"]))
    ours = dict(_leaves(definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]))
    more, less = sorted(theirs.keys() - ours.keys()), sorted(ours.keys() - theirs.keys())
    other = sorted(path for path in ours.keys() & theirs.keys() if ours[path] != theirs[path])
    where = next(iter(other or less or more), "").partition("#")[0] or "its root"
    if len(versions) > 1 or (more and not less and not other):
        what = where if more else f"version {max(versions.keys() - {VERSION})}"
        return failed(name, f"is newer than this command: it has {what}", UPGRADE)
    if less and not more and not other:
        return failed(name, f"is older than this release: it lacks {where}", APPLY)
    if more or less or other:
        return failed(name, f"is of another release: {where} differs", f"{APPLY}; else {UPGRADE}")
    return passed(name, "as this release has it")


def _established(live: dict[str, Any]) -> bool:
    conditions = live.get("status", {}).get("conditions", [])
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)


def _leaves(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """What a schema demands, by path: words for people and empty objects left out, since servers drop them too."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties":
                for field, inner in value.items():
                    yield from _leaves(inner, f"{path}.{field}" if path else field)
            elif key == "items":
                yield from _leaves(value, f"{path}[]")
            elif not (key == "description" and isinstance(value, str)):
                yield from _leaves(value, f"{path}#{key}")
    elif isinstance(schema, list) and all(isinstance(one, str) for one in schema):
        for one in schema:
            yield f"{path}={one}", True
    else:
        yield path, schema
