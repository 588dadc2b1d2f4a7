"""Seconds from an owner's act: to its record, to the pool's word, to the last frame, to quarantine."""

from __future__ import annotations

from typing import Any

import pytest
from builders import a_key, a_keyring
from prometheus_client import CollectorRegistry

from understudy_api.acts import Revocation, Stop, sign_act
from understudy_operator.core.times import rfc3339
from understudy_operator.shell import revocation_metrics
from understudy_operator.shell.revocation_metrics import UNTIL, RevocationMetrics

NOW = 1_780_000_000.0
JTI = "acme-spring-2026"
STOPPING = {"type": "Quarantined", "status": "False", "reason": "WorkStopping"}
LISTING = {"type": "Quarantined", "status": "False", "reason": "Listing"}
DONE = {"type": "Quarantined", "status": "True", "reason": "Quarantined"}


def an_act(jti: str = JTI, created_at: float = NOW, act: Any = None, namespace: str = "talent") -> dict[str, Any]:
    signed = act or sign_act(a_key("owner"), Revocation(twin=a_keyring().twin_id, jti=jti, iat=int(NOW)))
    metadata = {"namespace": namespace, "name": "revoke", "creationTimestamp": rfc3339(created_at)}
    return {"kind": "OwnerAct", "metadata": metadata, "spec": {"act": signed}}


def a_job(uid: str = "uid-1", jti: str = JTI, namespace: str = "talent") -> dict[str, Any]:
    spec = {"licenseRef": {"namespace": namespace, "name": "spring"}}
    return {"kind": "RenderJob", "metadata": {"uid": uid}, "spec": spec, "status": {"license": {"id": jti}}}


def a_license(*conditions: dict[str, Any], jti: str = JTI) -> dict[str, Any]:
    return {"id": jti, "conditions": list(conditions)}


LICENSE = {"kind": "License", "metadata": {"namespace": "talent", "name": "spring"}}


class Counted:
    """Metrics in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = RevocationMetrics(self.registry)

    def value(self, until: str, what: str = "count") -> float:
        found = self.registry.get_sample_value(f"understudy_revocation_seconds_{what}", {"until": until})
        assert found is not None, "there before its first event"
        return found

    def counts(self) -> tuple[float, ...]:
        return tuple(self.value(until) for until in UNTIL)


def test_a_revocation_from_the_act_to_quarantine() -> None:
    counted = Counted()
    metrics = counted.metrics
    metrics.recorded(an_act(), NOW + 0.5)
    metrics.acknowledged(a_job(), NOW + 1.5)
    metrics.changed(LICENSE, a_license(), a_license(STOPPING), NOW + 2)
    metrics.changed(LICENSE, a_license(STOPPING), a_license(LISTING), NOW + 4)
    metrics.changed(LICENSE, a_license(LISTING), a_license(DONE), NOW + 9)
    assert counted.counts() == (1, 1, 1, 1)
    assert [counted.value(until, "sum") for until in UNTIL] == pytest.approx([0.5, 1.5, 4, 9])


def test_what_comes_again_counts_once() -> None:
    counted = Counted()
    for _ in range(3):
        counted.metrics.recorded(an_act(), NOW + 1)
        counted.metrics.acknowledged(a_job(), NOW + 2)
        counted.metrics.changed(LICENSE, a_license(LISTING), a_license(LISTING), NOW + 3)
    assert counted.counts() == (1, 1, 0, 0)
    counted.metrics.acknowledged(a_job("uid-2"), NOW + 2)
    assert counted.value("acknowledged") == 2


def test_a_license_under_which_nobody_works_is_put_away_at_one_look() -> None:
    counted = Counted()
    counted.metrics.recorded(an_act(), NOW)
    counted.metrics.changed(LICENSE, a_license(), a_license(DONE), NOW + 3)
    assert counted.counts() == (1, 0, 1, 1)


def test_other_acts_and_other_licenses_count_nothing() -> None:
    counted = Counted()
    counted.metrics.recorded(an_act(act=sign_act(a_key("owner"), Stop(iat=int(NOW)))), NOW)
    counted.metrics.recorded(an_act(act="no token"), NOW)
    counted.metrics.recorded(an_act(), NOW)
    counted.metrics.acknowledged(a_job(jti="another-one"), NOW)
    counted.metrics.acknowledged(a_job(namespace="another"), NOW)
    counted.metrics.acknowledged({"metadata": {"uid": "x"}, "spec": None, "status": None}, NOW)
    counted.metrics.changed(LICENSE, a_license(jti="another-one"), a_license(DONE, jti="another-one"), NOW)
    assert counted.counts() == (1, 0, 0, 0)


def test_a_new_leader_goes_on_from_what_the_license_says() -> None:
    """It has not heard the act; the license says since when it is not valid."""
    valid = {"type": "Valid", "status": "False", "reason": "LicenseRevoked", "lastTransitionTime": rfc3339(NOW)}
    expired = {**valid, "reason": "Expired"}
    counted = Counted()
    counted.metrics.changed(LICENSE, a_license(valid, STOPPING), a_license(valid, LISTING), NOW + 40)
    assert counted.value("stopped", "sum") == 40
    counted.metrics.changed(LICENSE, a_license(expired), a_license(expired, LISTING), NOW + 40)
    assert counted.counts() == (0, 0, 1, 0)


@pytest.mark.parametrize("created_at", [NOW + 3_600, NOW + 0.9])
def test_a_clock_that_jumps_back_makes_nothing_shorter_than_nothing(created_at: float) -> None:
    counted = Counted()
    counted.metrics.recorded(an_act(created_at=created_at), NOW)
    assert counted.value("recorded", "sum") == 0


def test_memory_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocation_metrics, "_MAX_KNOWN", 3)
    counted = Counted()
    for number in range(10):
        counted.metrics.recorded(an_act(f"license-{number}"), NOW)
    counted.metrics.acknowledged(a_job(jti="license-0"), NOW)
    assert counted.counts() == (10, 0, 0, 0)
    for number in range(10):
        counted.metrics.acknowledged(a_job(f"uid-{number}", "license-9"), NOW)
    assert counted.value("acknowledged") == 10
