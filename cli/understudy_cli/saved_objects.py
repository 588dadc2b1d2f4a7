"""A farm's objects as `kubectl get -o json` saved them, and as they are created anew in another cluster. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

from understudy_api.model import API_VERSION
from understudy_api.restored import lasting_uid, restored
from understudy_cli.errors import UserError

Body = Mapping[str, Any]

KINDS: Final = ("RenderPool", "TwinModel", "License", "OwnerAct", "ConsentRequest", "RenderJob")
"""Our kinds in the order they are created: each after those that it names."""
_LASTING: Final = frozenset({"Namespace", "RenderJob", "TwinModel"})
"""Kinds that something outside of the cluster is named by, or that were allowed a pool which their namespace may have lost."""
_ALONE: Final = frozenset({"Namespace", "RenderPool"})
"""Kinds whose status is of no use to another cluster."""
_NOT_LOOKED_AT: Final = -1
"""`status.observedGeneration` of an object that no operator has seen."""


def read(path: Path) -> list[dict[str, Any]]:
    """The objects of a saved list, without those that were being deleted; UserError when it is none."""
    try:
        found = json.loads(path.read_bytes())
        items = [dict(one) for one in found["items"] if isinstance(one["metadata"]["name"], str) and one["kind"]]
    except OSError as error:
        raise UserError(f"{path}: cannot read the saved objects ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path}: wanted a list of objects as `kubectl get -o json` prints it, got something else"
        ) from error
    return [one for one in items if "deletionTimestamp" not in one["metadata"]]


def of_kind(saved: Iterable[Body], kind: str) -> list[Body]:
    """Those of one of our kinds."""
    return [one for one in saved if one["kind"] == kind and one.get("apiVersion") == API_VERSION]


def namespaces(saved: Iterable[Body]) -> list[Body]:
    """The Namespaces that hold objects of ours, as far as they were saved."""
    everything = list(saved)
    used = {one["metadata"].get("namespace") for one in everything if one.get("apiVersion") == API_VERSION}
    return [one for one in everything if one["kind"] == "Namespace" and one["metadata"]["name"] in used]


def name(body: Body) -> tuple[str, str]:
    """Namespace, empty where there is none, and name."""
    return str(body["metadata"].get("namespace", "")), str(body["metadata"]["name"])


def anew(body: Body) -> dict[str, Any]:
    """What to create: without what the API server gives an object, with what it has to keep.

    Finalizers come back by themselves; owner references would name objects that are no more.
    """
    metadata = body["metadata"]
    kept = {key: metadata[key] for key in ("name", "namespace", "labels", "annotations") if key in metadata}
    if body["kind"] in _LASTING:
        kept["annotations"] = {**(metadata.get("annotations") or {}), **restored(metadata)}
    spec = {} if body["kind"] == "Namespace" else {"spec": body["spec"]}
    return {"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": kept, **spec}


def is_same(there: Body, saved: Body) -> bool:
    """Whether an object of that name is the saved one, by what it lastingly is."""
    return lasting_uid(there["metadata"]) == lasting_uid(saved["metadata"])


def with_status(there: Body, saved: Body) -> dict[str, Any] | None:
    """The object as it is now with the status it had; None where it gets none.

    It gets one while no operator has looked at it and it asks for what it asked for then. A review stays away: it is written in
    the name of its reviewer, and is asked for again.
    """
    status, metadata = deepcopy(dict(saved.get("status") or {})), there["metadata"]
    same = there["kind"] != "RenderJob" or is_same(there, saved)
    fresh = (there.get("status") or {}).get("observedGeneration", _NOT_LOOKED_AT) == _NOT_LOOKED_AT
    if not status or there["kind"] in _ALONE or not same or not fresh or there.get("spec") != saved.get("spec"):
        return None
    status.pop("review", None)
    for one in (status, *status.get("conditions", ())):
        if one.pop("observedGeneration", None) == saved["metadata"].get("generation"):
            one["observedGeneration"] = metadata["generation"]
    return {**there, "status": status}
