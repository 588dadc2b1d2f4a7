"""A twin's way: refused, trained, validated, Ready by the gates alone; trained anew when its capture changes."""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    NOW,
    VERSION,
    a_genesis_record,
    a_keyring,
    a_pool_view,
    a_training_result,
    a_twin,
    a_twin_spec,
    an_identity,
)

from understudy_api.model import Condition
from understudy_api.order import TrainingOrder, TrainingProgress
from understudy_api.twinmodel import TwinModelSpec, TwinModelStatus
from understudy_operator.core.actions import Decision, EmitEvent, PutTraining, StopTraining
from understudy_operator.core.conditions import find
from understudy_operator.core.decide import decide_twin
from understudy_operator.core.state import SpecProblem, TwinState
from understudy_operator.core.training import training_order
from understudy_operator.core.twin_policy import RETRY_SECONDS


def _order(spec: TwinModelSpec | None = None) -> TrainingOrder:
    return training_order(an_identity(namespace="talent-ada", name="ada"), spec or a_twin_spec())


def _held(state: Any, digest: str | None = None, message: str = "") -> Any:
    digest = digest or _order().digest
    return a_pool_view(training=TrainingProgress(uid=_order().uid, digest=digest, state=state, message=message))


def _decided(state: TwinState, now: float = NOW) -> tuple[Decision[TwinModelStatus], TwinModelStatus, Condition]:
    decision = decide_twin(state, now)
    status = decision.status or state.status
    ready = find(status.conditions, "Ready")
    assert ready is not None
    return decision, status, ready


def _asked(decision: Decision[TwinModelStatus]) -> list[str]:
    return [type(one).__name__ for one in decision.actions if not isinstance(one, EmitEvent)]


def test_a_trainer_that_is_there_gets_a_grant_that_names_it_once() -> None:
    held = TrainingProgress(uid=_order().uid, digest=_order().digest, state="Running", trainer="A" * 43)
    decision, _, _ = _decided(a_twin(pool=a_pool_view(training=held)))
    (put,) = (one for one in decision.actions if isinstance(one, PutTraining))
    assert put.grant.trainer == "A" * 43
    again, _, ready = _decided(a_twin(pool=a_pool_view(training=held, training_grant=put.grant)))
    assert (_asked(again), ready.reason) == ([], "Training")


def test_a_new_twin_is_trained() -> None:
    decision, status, ready = _decided(a_twin())
    assert _asked(decision) == ["AddFinalizer", "PutTraining"]
    put = next(one for one in decision.actions if isinstance(one, PutTraining))
    assert put.order == _order()
    assert (put.order.capture_bucket, put.order.capture_key) == ("understudy-outputs", "talent-ada/capture.mp4")
    assert put.order.twin_id == a_keyring().twin_id == status.twin_id
    assert (status.stage, ready.status) == ("Capture", "False")


@pytest.mark.parametrize(
    ("pool", "stage", "reason", "trained", "asked"),
    [
        (None, "Capture", "PoolNotFound", "Unknown", []),
        (a_pool_view(reachable=False, problem="refused"), "Capture", "PoolUnreachable", "Unknown", []),
        (_held("Queued"), "Train", "Training", "Unknown", []),
        (_held("Running"), "Train", "Training", "Unknown", []),
        (_held("Failed", message="worker died"), "Train", "TrainingBroke", "False", []),
        (_held("Finished"), "Train", "Training", "Unknown", []),
        (_held("Running", digest="0" * 64), "Capture", "Dispatching", "Unknown", ["AddFinalizer", "PutTraining"]),
    ],
)
def test_under_way(pool: Any, stage: str, reason: str, trained: str, asked: list[str]) -> None:
    decision, status, ready = _decided(a_twin(pool=pool))
    said = find(status.conditions, "Trained")
    assert said is not None
    assert (status.stage, ready.reason, said.status) == (stage, reason, trained)
    assert _asked(decision) == asked
    assert status.version is None


@pytest.mark.parametrize(
    ("result", "stage", "reason", "conditions"),
    [
        ({}, "Deploy", "Ready", ("True", "True", "True")),
        ({"state": "NotGoodEnough", "version": None}, "Validate", "NotGoodEnough", ("True", "False", "False")),
        ({"state": "NotGoodEnough"}, "Validate", "NotGoodEnough", ("True", "False", "False")),
        ({"state": "Refused", "reason": "NoFace", "version": None}, "Capture", "NoFace", ("False", "Unknown", "False")),
        ({"version": None}, "Validate", "ResultInvalid", ("True", "False", "False")),
        ({"twin_id": "0" * 64}, "Validate", "ResultInvalid", ("True", "False", "False")),
    ],
)
def test_only_a_result_that_passed_its_gates_makes_a_twin_ready(
    result: dict[str, Any], stage: str, reason: str, conditions: tuple[str, str, str]
) -> None:
    _, status, ready = _decided(a_twin(result=a_training_result(_order().digest, **result)))
    assert tuple(condition.status for condition in status.conditions[:3]) == conditions
    assert (status.stage, ready.reason) == (stage, reason)
    assert status.version == (VERSION if conditions[2] == "True" else None)


def test_scores_stand_in_the_status() -> None:
    _, status, _ = _decided(a_twin(result=a_training_result(_order().digest)))
    scores = {score.name: (score.psnr, score.ssim) for score in status.scores}
    assert scores == {"network": ("31.26", "0.9512"), "frozen": ("24", "0.81")}


@pytest.mark.parametrize(
    ("spec", "status", "reason"),
    [
        ({"genesis": a_genesis_record()[:-8] + "AAAAAAAA"}, {}, "GenesisInvalid"),
        ({"genesis": "aaaaaaaa.bbbbbbbb.cccccccc"}, {}, "GenesisInvalid"),
        ({"genesis": a_genesis_record("thief")}, {"twin_id": a_keyring().twin_id}, "OwnerChanged"),
        ({"capture": {"s3": "s3://understudy-outputs/rival/capture.mp4"}}, {}, "PlaceNotAllowed"),
        ({"capture": {"s3": "s3://understudy-twins/capture.mp4"}}, {}, "PlaceNotAllowed"),
        ({"capture": {"s3": "s3://elsewhere/talent-ada/capture.mp4"}}, {}, "PlaceNotAllowed"),
        ({"capture": {"s3": "s3://understudy-outputs/talent-ada/../rival/c.mp4"}}, {}, "PlaceNotAllowed"),
    ],
)
def test_what_may_not_be_trained(spec: dict[str, Any], status: dict[str, Any], reason: str) -> None:
    state = a_twin(spec=a_twin_spec(**spec), status=TwinModelStatus(**status))
    decision, found, ready = _decided(state)
    assert _asked(decision) == []
    assert (ready.status, ready.reason, found.stage) == ("False", reason, "Capture")
    assert decision.requeue_after_seconds is None


def test_another_owners_key_does_not_take_a_twin_over_even_with_a_result() -> None:
    stolen = a_twin_spec(genesis=a_genesis_record("thief"))
    result = a_training_result(_order(stolen).digest, twin_id=_order(stolen).twin_id)
    state = a_twin(spec=stolen, result=result, status=TwinModelStatus(twin_id=a_keyring().twin_id))
    _, status, ready = _decided(state)
    assert ready.reason == "OwnerChanged"
    assert status.version is None
    assert status.twin_id == a_keyring().twin_id


def test_a_training_that_is_not_wanted_any_more_is_stopped() -> None:
    spec = a_twin_spec(capture={"s3": "s3://understudy-outputs/rival/capture.mp4"})
    decision, _, _ = _decided(a_twin(spec=spec, pool=_held("Running")))
    assert [one for one in decision.actions if isinstance(one, StopTraining)]


def test_a_changed_capture_is_trained_anew() -> None:
    ready = _decided(a_twin(result=a_training_result(_order().digest)))[1]
    other = a_twin_spec(capture={"s3": "s3://understudy-outputs/talent-ada/second.mp4"})
    state = a_twin(
        spec=other, status=ready, result=None, identity=an_identity(namespace="talent-ada", name="ada", generation=2)
    )
    decision, status, condition = _decided(state)
    assert "PutTraining" in _asked(decision)
    assert (condition.status, status.version, status.observed_generation) == ("False", None, 2)
    assert _order(other).digest != _order().digest


def test_a_training_that_broke_off_is_tried_again_after_a_while() -> None:
    broken = a_twin(pool=_held("Failed", message="worker died"))
    status = _decided(broken)[1]
    again = a_twin(pool=broken.pool, status=status)
    assert _asked(_decided(again, NOW + RETRY_SECONDS - 1)[0]) == []
    assert "PutTraining" in _asked(_decided(again, NOW + RETRY_SECONDS)[0])
    running = _decided(a_twin(pool=_held("Running"), status=status), NOW + 100)[1]
    failed = _decided(a_twin(pool=broken.pool, status=running), NOW + 200)[1]
    once_more = a_twin(pool=broken.pool, status=failed)
    assert _asked(_decided(once_more, NOW + 200 + RETRY_SECONDS - 1)[0]) == []
    assert "PutTraining" in _asked(_decided(once_more, NOW + 200 + RETRY_SECONDS)[0])


def test_progress_is_what_the_training_says() -> None:
    _, status, _ = _decided(a_twin(pool=_held("Running", message="epoch 3 of 10 " + "x" * 200)))
    assert status.progress is not None
    assert status.progress.startswith("epoch 3 of 10")
    assert len(status.progress) == 120


def test_a_twin_at_rest_asks_for_nothing() -> None:
    for state in (a_twin(pool=_held("Running")), a_twin(result=a_training_result(_order().digest))):
        status = _decided(state)[1]
        again = decide_twin(TwinState(**{**vars(state), "status": status}), NOW + 50)
        assert (again.actions, again.status) == ((), None)


def test_events_of_a_twin() -> None:
    told = [
        [one.reason for one in decide_twin(state, NOW).actions if isinstance(one, EmitEvent)]
        for state in (
            a_twin(),
            a_twin(pool=_held("Running")),
            a_twin(result=a_training_result(_order().digest)),
            a_twin(pool=None),
        )
    ]
    assert told == [[], ["Training"], ["Ready"], ["PoolNotFound"]]


def test_an_unreadable_spec_is_a_condition() -> None:
    state = TwinState(**{**vars(a_twin()), "spec": SpecProblem(message="spec.voice.pitch: wanted 0 to 99")})
    decision, _, ready = _decided(state)
    assert (ready.reason, ready.message) == ("SpecInvalid", "spec.voice.pitch: wanted 0 to 99")
    assert _asked(decision) == []
