"""From objects to views: what is missing, spoiled or of an earlier generation counts as not there."""

from __future__ import annotations

from typing import Any

import pytest

from understudy_api.model import Money
from understudy_api.renderjob import RenderJobSpec
from understudy_api.renderjob_status import RenderJobStatus
from understudy_operator.core.prices import Prices
from understudy_operator.core.state import FINALIZER, SpecProblem
from understudy_operator.shell import views


def body(**changes: Any) -> dict[str, Any]:
    metadata = {
        "namespace": "talent",
        "name": "ada",
        "uid": "u-1",
        "generation": 3,
        "resourceVersion": "7",
        "creationTimestamp": "2026-05-04T10:00:00Z",
    }
    return {"kind": "TwinModel", "metadata": {**metadata, **changes.pop("metadata", {})}, **changes}


def condition(kind: str, status: str = "True", generation: int = 3) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": "Because",
        "message": "so",
        "lastTransitionTime": "2026-05-04T10:00:00Z",
        "observedGeneration": generation,
    }


def test_identity_reads_metadata() -> None:
    who = views.identity(body(metadata={"finalizers": [FINALIZER], "deletionTimestamp": "2026-05-04T10:01:00Z"}))
    assert (who.namespace, who.name, who.generation, who.held) == ("talent", "ada", 3, True)
    assert who.deleted_at == who.created_at + 60
    assert views.identity(body()).deleted_at is None


def test_a_restored_job_is_known_by_the_uid_it_had_first() -> None:
    said = {"understudy.dev/restored-uid": "0c8f2b1e-0000", "understudy.dev/restored-generation": "1005"}
    job = {**body(metadata={"annotations": said}), "kind": "RenderJob"}
    who = views.identity(job)
    assert (who.uid, who.generation, who.edition) == ("0c8f2b1e-0000", 3, 1008)
    assert views.uid(job) == who.uid


@pytest.mark.parametrize("kind", ["TwinModel", "License", "OwnerAct", "ConsentRequest", "RenderPool"])
def test_no_other_kind_can_be_taken_for_a_job(kind: str) -> None:
    said = {"understudy.dev/restored-uid": "0c8f2b1e-0000", "understudy.dev/restored-generation": "1005"}
    who = views.identity({**body(metadata={"annotations": said}), "kind": kind})
    assert (who.uid, who.edition) == ("u-1", 3)


def test_a_spec_that_does_not_fit_names_its_field() -> None:
    found = views.spec(RenderJobSpec, {"spec": {"locales": "en"}})
    assert isinstance(found, SpecProblem)
    assert found.message.startswith("spec.twinRef: ")
    assert "\n" not in found.message


@pytest.mark.parametrize("spoiled", [{"items": "many"}, {"conditions": [{"type": 5}]}])
def test_a_spoiled_status_counts_as_none(spoiled: dict[str, Any]) -> None:
    assert views.status(RenderJobStatus, {"status": spoiled}) == RenderJobStatus()


def test_the_shells_own_condition_is_never_seen_by_decisions() -> None:
    interrupted = body(status={"phase": "Running", "conditions": [condition("Admitted"), condition(views.INTERRUPTED)]})
    assert views.is_interrupted(interrupted)
    seen = views.status(RenderJobStatus, interrupted)
    assert [one.type for one in seen.conditions] == ["Admitted"]
    assert not views.is_interrupted({"status": views.uninterrupted(interrupted["status"])})
    assert views.uninterrupted({"phase": "Running"}) == {"phase": "Running"}


@pytest.mark.parametrize(
    ("conditions", "ready"),
    [
        ([], False),
        ([condition("Ready")], True),
        ([condition("Ready", "False")], False),
        ([condition("Ready", generation=2)], False),
    ],
)
def test_a_twin_is_ready_only_for_its_present_generation(conditions: list[dict[str, Any]], ready: bool) -> None:
    given = body(spec={"genesis": "g", "voice": {"rateWordsPerMinute": 150}}, status={"conditions": conditions})
    found = views.twin(given)
    assert found is not None
    assert (found.ready, found.genesis, found.rate_words_per_minute) == (ready, "g", 150)


def test_a_twin_that_goes_is_gone() -> None:
    assert views.twin(None) is None
    assert views.twin(body(metadata={"deletionTimestamp": "2026-05-04T10:01:00Z"})) is None


EUR = {"amount": "0.60", "currency": "EUR"}
DEAR = {"amount": "2", "currency": "EUR"}
CHEAP = {"amount": "cheap", "currency": "EUR"}
MONEY, DEAR_MONEY = Money(amount="0.60", currency="EUR"), Money(amount="2", currency="EUR")


def group(name: str, price: dict[str, str] | None = None) -> dict[str, Any]:
    return {"name": name, "pricePerWorkerHour": price} if price else {"name": name}


@pytest.mark.parametrize(
    ("spec", "prices"),
    [
        ({"pricePerWorkerHour": EUR}, Prices(MONEY)),
        ({}, Prices()),
        ({"pricePerWorkerHour": CHEAP}, Prices()),
        ({"pricePerWorkerHour": EUR, "kuberay": {"cluster": "mine"}}, Prices(MONEY)),
        ({"pricePerWorkerHour": EUR, "kuberay": {"groups": [group("spot")]}}, Prices(MONEY)),
        (
            {"pricePerWorkerHour": EUR, "kuberay": {"groups": [group("spot"), group("fixed", DEAR)]}},
            Prices(MONEY, {"fixed": DEAR_MONEY}),
        ),
        ({"kuberay": {"groups": [group("fixed", DEAR)]}}, Prices(None, {"fixed": DEAR_MONEY})),
        (
            {"kuberay": {"groups": [group("spot"), group("fixed", DEAR)]}},
            Prices(None, {"fixed": DEAR_MONEY}, incomplete=True),
        ),
        ({"pricePerWorkerHour": EUR, "kuberay": {"groups": [group("spot", CHEAP)]}}, Prices()),
    ],
)
def test_prices_are_read_when_all_can_be(spec: dict[str, Any], prices: Prices) -> None:
    assert views.prices({"spec": spec}) == prices
