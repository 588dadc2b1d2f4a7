"""Saved objects as they are created anew: what the API server gives goes, what others know them by stays."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from understudy_api.model import API_VERSION
from understudy_cli import saved_objects
from understudy_cli.errors import UserError

UID = "0c8f2b1e-0000-4000"


def saved(kind: str = "RenderJob", **changes: Any) -> dict[str, Any]:
    metadata = {
        "name": "spring",
        "namespace": "acme",
        "uid": UID,
        "generation": 3,
        "resourceVersion": "77",
        "creationTimestamp": "2026-05-04T10:00:00Z",
        "labels": {"team": "spring"},
        "annotations": {"note": "ours"},
        "finalizers": ["understudy.dev/pool"],
        "ownerReferences": [{"kind": "Workflow", "name": "w", "uid": "u"}],
        "managedFields": [{}],
    }
    condition = {"type": "Complete", "status": "True", "observedGeneration": 3}
    status = {"phase": "Complete", "observedGeneration": 3, "conditions": [condition]}
    body = {"apiVersion": API_VERSION, "kind": kind, "spec": {"locales": ["en"]}, "status": status}
    return {**body, "metadata": {**metadata, **changes.pop("metadata", {})}, **changes}


def created(body: dict[str, Any], generation: int = 1) -> dict[str, Any]:
    """What the API server makes of it."""
    made = saved_objects.anew(body)
    made["metadata"] |= {"uid": "another-uid", "generation": generation, "resourceVersion": "3"}
    return {**made, "status": {"observedGeneration": -1, "conditions": []}}


def test_an_object_is_created_without_what_the_api_server_gave_it() -> None:
    made = saved_objects.anew(saved("License"))
    assert made == {
        "apiVersion": API_VERSION,
        "kind": "License",
        "metadata": {
            "name": "spring",
            "namespace": "acme",
            "labels": {"team": "spring"},
            "annotations": {"note": "ours"},
        },
        "spec": {"locales": ["en"]},
    }


def test_a_job_says_which_one_it_was() -> None:
    body = saved()
    before = deepcopy(body)
    made = saved_objects.anew(body)
    assert made["metadata"]["annotations"] == {
        "note": "ours",
        "understudy.dev/restored-uid": UID,
        "understudy.dev/restored-generation": "1003",
    }
    assert saved_objects.is_same(created(body), body)
    assert body == before, "nothing is changed in place"


def test_a_namespace_says_it_too_and_has_no_spec_of_ours() -> None:
    metadata = {"name": "acme", "uid": UID, "annotations": {"understudy.dev/pools": "*"}}
    made = saved_objects.anew(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata, "spec": {"finalizers": []}}
    )
    said = {"understudy.dev/pools": "*", "understudy.dev/restored-uid": UID}
    assert made == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "acme", "annotations": said}}


def test_only_namespaces_that_hold_something_of_ours_come_along() -> None:
    spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("acme", "kube-system")]
    assert [one["metadata"]["name"] for one in saved_objects.namespaces([*spaces, saved()])] == ["acme"]
    other = {**saved(), "apiVersion": "batch/v1"}
    assert saved_objects.namespaces([*spaces, other]) == []
    assert saved_objects.of_kind([other, saved("License")], "RenderJob") == []


def test_a_status_speaks_of_the_new_generation() -> None:
    body = saved()
    told = saved_objects.with_status(created(body), body)
    assert told is not None
    assert told["status"]["observedGeneration"] == 1
    assert told["status"]["conditions"] == [{"type": "Complete", "status": "True", "observedGeneration": 1}]
    assert told["metadata"]["resourceVersion"] == "3"
    assert body["status"]["observedGeneration"] == 3, "nothing is changed in place"


def test_a_status_that_was_behind_stays_behind() -> None:
    body = saved(metadata={"generation": 4})
    told = saved_objects.with_status(created(body), body)
    assert told is not None
    assert "observedGeneration" not in told["status"]
    assert told["status"]["phase"] == "Complete"


@pytest.mark.parametrize(
    ("kind", "there"),
    [
        ("RenderPool", {}),
        ("RenderJob", {"spec": {"locales": ["de"]}}),
        ("RenderJob", {"status": {"observedGeneration": 1}}),
        ("RenderJob", {"annotations": {}}),
    ],
    ids=["a pool", "it asks for something else", "an operator has seen it", "somebody else made it"],
)
def test_what_is_not_as_it_was_saved_gets_no_status(kind: str, there: dict[str, Any]) -> None:
    body = saved(kind)
    made = created(body)
    if "annotations" in there:
        made["metadata"]["annotations"] = there["annotations"]
    assert saved_objects.with_status({**made, **{k: v for k, v in there.items() if k != "annotations"}}, body) is None


def test_an_object_without_a_status_gets_none() -> None:
    body = saved(status={})
    assert saved_objects.with_status(created(body), body) is None


def test_a_review_is_asked_for_again() -> None:
    body = saved("ConsentRequest")
    body["status"]["review"] = {"reviewer": "rita"}
    told = saved_objects.with_status(created(body), body)
    assert told is not None
    assert "review" not in told["status"]


def test_what_was_going_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "objects.json"
    going = saved(metadata={"name": "going", "deletionTimestamp": "2026-05-04T10:01:00Z"})
    path.write_text(json.dumps({"kind": "List", "items": [going, saved()]}))
    assert [saved_objects.name(one) for one in saved_objects.read(path)] == [("acme", "spring")]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"items": 5}', '{"items": [{}]}', '{"items": ["a"]}', "kind: List"])
def test_what_is_no_list_of_objects_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "objects.json"
    path.write_text(text)
    with pytest.raises(UserError, match="wanted a list of objects as `kubectl get -o json` prints it"):
        saved_objects.read(path)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"objects.json: cannot read the saved objects \(No such file"):
        saved_objects.read(tmp_path / "objects.json")
