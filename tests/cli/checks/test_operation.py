"""The operator's Lease and the pools' own word, as `understudy doctor` judges them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kubectl_site import administrator, service_account

from understudy_cli.checks.operation import CURES, LEASE, lease, led, pools, ready
from understudy_operator.core import pool_policy
from understudy_operator.shell.lease import LEASE_NAME

NOON = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)


def a_lease(renewed: str | None, holder: str = "pod-1") -> dict[str, Any]:
    return {"spec": {"holderIdentity": holder, "renewTime": renewed, "leaseDurationSeconds": 10}}


def a_pool(*conditions: dict[str, str]) -> dict[str, Any]:
    return {"metadata": {"name": "default"}, "status": {"conditions": list(conditions)}}


def test_the_lease_is_the_operators_own() -> None:
    assert LEASE == LEASE_NAME


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, "no Lease understudy-operator in namespace system"),
        (a_lease("2026-11-28T11:59:00.5Z", holder=""), "nobody leads"),
        (a_lease("2026-11-28T11:59:00Z"), "pod-1 renewed its Lease 60 s ago, wanted within 10 s"),
    ],
)
def test_nobody_at_work_is_a_failure_with_a_cure(found: dict[str, Any] | None, said: str) -> None:
    check = led(found, "system", NOON)
    assert (check.name, check.result) == ("operator", "fail")
    assert said in check.message
    assert "logs" in check.cure


def test_a_fresh_lease_names_its_holder() -> None:
    assert led(a_lease("2026-11-28T11:59:55.123456Z"), "system", NOON).message == "pod-1 leads"


def test_a_ready_pool_passes_in_its_own_words() -> None:
    check = ready(a_pool({"type": "Ready", "status": "True", "reason": "Ready", "message": "2 performers"}))
    assert (check.name, check.result, check.message) == ("pool default", "pass", "2 performers")


@pytest.mark.parametrize("reason", CURES)
def test_every_reason_of_a_pool_has_a_cure(reason: str) -> None:
    check = ready(a_pool({"type": "Ready", "status": "False", "reason": reason, "message": "m"}))
    assert (check.result, check.message, check.cure) == ("fail", f"{reason}: m", CURES[reason])
    assert f'"{reason}"' in Path(str(pool_policy.__file__)).read_text(encoding="utf-8")


def test_a_pool_nobody_looked_at_fails() -> None:
    assert "no operator has looked at it" in ready(a_pool()).message


@pytest.mark.farm
def test_a_real_lease_is_found_gone_stale_and_fresh(control_plane: Any) -> None:
    kubectl, namespace = administrator(control_plane), "doctor-lease"
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    assert "none ever ran" in lease(kubectl, namespace, NOON).message
    spec = {"holderIdentity": "pod-1", "leaseDurationSeconds": 10, "renewTime": "2026-11-28T12:00:00.000000Z"}
    kind = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
    kubectl.apply({**kind, "metadata": {"name": LEASE, "namespace": namespace}, "spec": spec})
    assert lease(kubectl, namespace, NOON).result == "pass"
    assert lease(kubectl, namespace, NOON.replace(minute=1)).result == "fail"


@pytest.mark.farm
def test_who_may_not_look_skips_both(control_plane: Any, tmp_path: Path) -> None:
    nobody = service_account(control_plane, "doctor-nobody", "nobody", tmp_path)
    assert lease(nobody, "understudy-system", NOON).result == "skip"
    assert [one.result for one in pools(nobody)] == ["skip"]


@pytest.mark.farm
def test_the_real_pool_is_listed(control_plane: Any) -> None:
    assert "pool default" in [one.name for one in pools(administrator(control_plane))]
