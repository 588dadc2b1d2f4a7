"""Kinds in a cluster, against those of this release."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from kubectl_site import administrator, service_account

from understudy_api.crd import definition
from understudy_api.kinds import KINDS
from understudy_api.renderjob import KIND
from understudy_cli.checks.definitions import compared, definitions


@pytest.fixture
def live() -> dict[str, Any]:
    """The kind as an API server would give it back."""
    found = copy.deepcopy(definition(KIND))
    found["status"] = {"conditions": [{"type": "Established", "status": "True"}]}
    return found


def spec_of(live: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = live["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    fields: dict[str, Any] = schema["properties"]["spec"]["properties"]
    return fields


def test_the_same_kind_passes_in_other_words(live: dict[str, Any]) -> None:
    spec_of(live)["priority"]["description"] = "Said better."
    assert compared(KIND, live).result == "pass"


def test_a_missing_kind_fails() -> None:
    found = compared(KIND, None)
    assert (found.name, found.result) == ("crd renderjobs", "fail")
    assert "crds/" in found.cure


def test_a_newer_kind_asks_for_a_newer_command(live: dict[str, Any]) -> None:
    spec_of(live)["encore"] = {"type": "boolean"}
    found = compared(KIND, live)
    assert "newer than this command: it has spec.encore" in found.message
    assert "upgrade this command" in found.cure


def test_a_further_version_is_newer_too(live: dict[str, Any]) -> None:
    live["spec"]["versions"].append({"name": "v1", "served": True, "schema": {"openAPIV3Schema": {}}})
    assert "newer than this command: it has version v1" in compared(KIND, live).message


def test_an_older_kind_asks_for_the_crds_of_this_release(live: dict[str, Any]) -> None:
    del spec_of(live)["deletionPolicy"]
    found = compared(KIND, live)
    assert "older than this release: it lacks spec.deletionPolicy" in found.message
    assert "crds/" in found.cure


def test_another_limit_is_another_release(live: dict[str, Any]) -> None:
    spec_of(live)["priority"]["maximum"] = 7
    assert "of another release: spec.priority differs" in compared(KIND, live).message


def test_our_version_has_to_be_served(live: dict[str, Any]) -> None:
    live["spec"]["versions"][0]["name"] = "v2"
    assert "v1alpha1 is not served, only v2" in compared(KIND, live).message


def test_a_kind_that_was_not_accepted_fails(live: dict[str, Any]) -> None:
    del live["status"]
    assert "not accepted it yet" in compared(KIND, live).message


@pytest.mark.farm
def test_the_real_server_has_each_as_we_have_it(control_plane: Any) -> None:
    found = definitions(administrator(control_plane))
    assert [(one.name, one.result) for one in found] == [(f"crd {kind.plural}", "pass") for kind in KINDS]


@pytest.mark.farm
def test_who_may_not_read_them_hears_whom_to_ask(control_plane: Any, tmp_path: Path) -> None:
    (only,) = definitions(service_account(control_plane, "doctor-kinds", "nobody", tmp_path))
    assert (only.result, only.cure) == ("skip", "ask the platform team to look")
