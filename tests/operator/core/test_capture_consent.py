"""No training against the owner's word: consent is signed for one capture of one twin, and travels with the order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import NOW, a_farm, a_genesis_record, a_key, a_training_result, a_twin, a_twin_spec

from understudy_api.acts import CaptureConsent, Stop, sign_act
from understudy_api.genesis import twin_id
from understudy_operator.core.actions import PutTraining
from understudy_operator.core.decide import decide_twin
from understudy_operator.core.state import TwinState
from understudy_operator.core.training import training_order
from understudy_operator.core.twin_policy import twin_standing

CAPTURE = "d" * 64


def a_consent(signer: str = "owner", **changed: Any) -> str:
    claims = {
        "twin": twin_id(a_genesis_record()),
        "capture_sha256": CAPTURE,
        "passcode": "00Z5-K2QH-7T3M-9WXC",
        "witness": "Nora Blum",
        "iat": int(NOW) - 60,
    }
    return sign_act(a_key(signer), CaptureConsent.model_validate({**claims, **changed}))


def a_state(consent: str | None, demanded: bool = True) -> TwinState:
    spec = a_twin_spec(**({"captureConsent": consent} if consent else {}))
    return a_twin(spec=spec, farm=replace(a_farm(), demands_capture_consent=demanded))


def orders(state: TwinState) -> list[PutTraining]:
    return [one for one in decide_twin(state, NOW).actions if isinstance(one, PutTraining)]


def test_a_farm_that_demands_it_trains_nothing_without_consent() -> None:
    state = a_state(None)
    assert twin_standing(state, NOW).reason == "CaptureConsentMissing"
    assert orders(state) == []
    assert orders(a_state(None, demanded=False)) != []


@pytest.mark.parametrize("demanded", [True, False])
def test_consent_sends_the_captures_digest_with_the_order(demanded: bool) -> None:
    (action,) = orders(a_state(a_consent(), demanded))
    assert action.order.capture_sha256 == CAPTURE


@pytest.mark.parametrize(
    "consent",
    [
        a_consent("somebody"),
        a_consent("farm"),
        a_consent(twin="0" * 64),
        a_consent(witness="  "),
        a_consent(iat=int(NOW) + 3600),
        a_consent()[:-4] + "AAAA",
        sign_act(a_key("owner"), Stop(twin=twin_id(a_genesis_record()), iat=int(NOW))),
    ],
)
@pytest.mark.parametrize("demanded", [True, False])
def test_consent_that_does_not_hold_is_refused_whether_or_not_it_is_demanded(consent: str, demanded: bool) -> None:
    state = a_state(consent, demanded)
    assert twin_standing(state, NOW).reason == "CaptureConsentInvalid"
    assert orders(state) == []


def test_another_capture_is_another_training() -> None:
    first, other = a_state(a_consent()), a_state(a_consent(capture_sha256="e" * 64))
    assert orders(first)[0].order.digest != orders(other)[0].order.digest


def test_a_trained_twin_stays_when_a_farm_begins_to_demand_consent() -> None:
    state = a_state(None)
    spec = a_twin_spec()
    result = a_training_result(training_order(state.identity, spec).digest)
    assert twin_standing(replace(state, result=result), NOW).ready
