"""Rights, asked of the real API server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kubectl_site import administrator, bind, service_account

from understudy_cli.checks.roles import ROLES, Right, judged, of_manifest, role
from understudy_cli.kubectl import Kubectl

SYSTEM = "understudy-system"


@pytest.mark.parametrize("name", [name for name in ROLES if name != "platform"])
def test_every_role_of_people_and_operator_has_a_manifest(name: str) -> None:
    assert len(list(of_manifest(name, "acme", SYSTEM))) > 3


def test_rights_of_a_brand_are_asked_in_its_namespace() -> None:
    assert Right("create", "understudy.dev", "renderjobs", namespace="acme") in of_manifest("brand", "acme", SYSTEM)


def test_many_missing_rights_are_counted() -> None:
    found = judged("brand", "acme", [Right("get", "", f"r{number}") for number in range(5)], 9)
    assert found.message == "you may not: get r0, get r1, get r2 and 2 more"


@pytest.mark.farm
@pytest.mark.parametrize("name", ROLES)
def test_an_administrator_may_do_what_every_role_may(control_plane: Any, name: str) -> None:
    (found,) = role(administrator(control_plane), name, "acme", SYSTEM)
    assert (found.name, found.result) == (f"rights of {name}", "pass")


@pytest.mark.farm
def test_the_operators_account_has_the_operators_rights_and_no_owners(control_plane: Any) -> None:
    operator = Kubectl(control_plane.kubectl, control_plane.operator_kubeconfig)
    assert role(operator, "operator", "acme", SYSTEM)[0].result == "pass"
    assert role(operator, "owner", "acme", SYSTEM)[0].result == "fail"


@pytest.mark.farm
def test_a_brand_that_is_not_bound_hears_what_to_bind_and_passes_then(control_plane: Any, tmp_path: Path) -> None:
    brand = service_account(control_plane, "doctor-brand", "press", tmp_path)
    (before,) = role(brand, "brand", "doctor-brand", SYSTEM)
    assert before.result == "fail"
    assert before.message.startswith("you may not: get renderjobs.understudy.dev, list renderjobs.understudy.dev")
    assert "ClusterRole understudy-brand to you by a RoleBinding in namespace doctor-brand" in before.cure
    bind(control_plane, "understudy-brand", "doctor-brand", "press")
    (after,) = role(brand, "brand", "doctor-brand", SYSTEM)
    assert (after.result, after.message) == ("pass", "all 18 are there")
    assert role(brand, "brand", "default", SYSTEM)[0].result == "fail"
