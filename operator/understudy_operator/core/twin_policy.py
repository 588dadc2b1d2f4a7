"""A twin's way from capture to a validated version: refuse, train, or show the result. Ready only when the gates say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from understudy_api.genesis import read_genesis
from understudy_api.order import TrainingOrder
from understudy_api.receipt import TrainingResult
from understudy_api.twinmodel import TwinModelSpec
from understudy_api.verdict import Refusal
from understudy_operator.core.actions import Action, PutTraining, StopTraining
from understudy_operator.core.capture_consent import capture_refusal
from understudy_operator.core.conditions import find
from understudy_operator.core.grants import training_grant, training_renewal_due
from understudy_operator.core.places import place, place_refusal
from understudy_operator.core.state import PoolView, SpecProblem, TwinState
from understudy_operator.core.times import unix_seconds
from understudy_operator.core.training import training_order

RETRY_SECONDS: Final = 60.0
"""How long after a training broke off it is started again."""

ASKED_SECONDS: Final = 0.5
LOOK_SECONDS: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a twin is and why; `reason` and `message` are those of its condition Ready."""

    stage: str
    reason: str
    message: str
    trained: bool | None = None
    """None while unknown: being trained."""
    validated: bool | None = None
    ready: bool = False
    twin_id: str | None = None
    result: TrainingResult | None = None
    refused: bool = False
    """True when nothing will change it but the owner."""


def twin_standing(state: TwinState, now: float) -> Standing:
    """Where a twin stands at `now` (Unix seconds)."""
    refusal = _refusal(state, now)
    if refusal is not None or isinstance(state.spec, SpecProblem):
        reason, message = (refusal.reason, refusal.message) if refusal else ("SpecInvalid", "")
        return Standing(stage="Capture", reason=reason, message=message, trained=False, refused=True)
    order = training_order(state.identity, state.spec, state.word.key_records)
    if (halted := state.word.halted) is not None:
        made = state.result is not None and state.result.state == "Ready"
        return Standing(
            stage="Govern",
            reason=halted.reason,
            message=halted.message,
            trained=made,
            validated=made,
            twin_id=order.twin_id,
            result=state.result,
            refused=True,
        )
    if state.result is not None:
        return _by_result(order, state.result)
    return _under_way(state, order)


def train(state: TwinState, standing: Standing, now: float) -> tuple[Action, ...]:
    """What to ask of the pool: put the training, put it again when it broke off or its trainer needs a grant, stop one
    that is not wanted."""
    pool = state.pool
    if pool is None or not pool.reachable or isinstance(state.spec, SpecProblem):
        return ()
    held = pool.training
    under_way = held is not None and held.state in {"Queued", "Running"}
    order = training_order(state.identity, state.spec, state.word.key_records)
    if standing.refused or standing.result is not None:
        unwanted = held is not None and under_way and (standing.refused or held.digest != order.digest)
        return (StopTraining(pool=pool.name, uid=state.identity.uid),) if unwanted else ()
    if (
        held is None
        or held.digest != order.digest
        or (held.state == "Failed" and _rested(state, now))
        or training_renewal_due(pool, now)
    ):
        return (PutTraining(pool=pool.name, order=order, grant=training_grant(order, state.farm, pool, now)),)
    return ()


def twin_look(standing: Standing, actions: tuple[Action, ...]) -> float | None:
    """Seconds until a twin is looked at again; None when only a change of its spec can change anything."""
    if actions:
        return ASKED_SECONDS
    return None if standing.refused or standing.result is not None else LOOK_SECONDS


def _refusal(state: TwinState, now: float) -> Refusal | None:
    """Why a twin may not be trained at all."""
    spec = state.spec
    if isinstance(spec, SpecProblem):
        return Refusal(reason="SpecInvalid", message=spec.message)
    genesis = read_genesis(spec.genesis)
    if isinstance(genesis, Refusal):
        return Refusal(
            reason="GenesisInvalid",
            message=f"genesis: {genesis.message.removeprefix('genesis: ')}; make the record anew with "
            "`understudy twin init`",
        )
    known = state.status.twin_id
    if known is not None and known != genesis.twin_id:
        return Refusal(
            reason="OwnerChanged",
            message="genesis: it was replaced; a twin never changes its owner, create another TwinModel",
        )
    capture = place(spec.capture.s3)
    elsewhere = place_refusal(
        "capture.s3", capture, state.identity.namespace, state.farm.buckets, with_credentials=False
    )
    # A twin that was trained stays: its consent is about training it.
    return elsewhere or (
        None if state.result is not None else capture_refusal(spec, state.farm, state.word.key_records, now)
    )


def _by_result(order: TrainingOrder, result: TrainingResult) -> Standing:
    if result.state == "Ready" and result.version is not None and result.twin_id == order.twin_id:
        return Standing(
            stage="Deploy",
            reason="Ready",
            message="validated on held-out footage; jobs may name it",
            trained=True,
            validated=True,
            ready=True,
            twin_id=order.twin_id,
            result=result,
        )
    refused = result.state == "Refused"
    reason, message = result.reason or result.state, result.message
    if result.state == "Ready":
        reason, message = "ResultInvalid", "the result names no version of this very twin; train it anew"
    return Standing(
        stage="Capture" if refused else "Validate",
        reason=reason,
        message=message or "the trained network did not pass its gates; record a better capture",
        trained=not refused,
        validated=None if refused else False,
        twin_id=order.twin_id,
        result=result,
        refused=True,
    )


def _under_way(state: TwinState, order: TrainingOrder) -> Standing:
    def standing(stage: str, reason: str, message: str, trained: bool | None = None) -> Standing:
        return Standing(stage=stage, reason=reason, message=message, trained=trained, twin_id=order.twin_id)

    pool = state.pool
    if pool is None:
        return standing("Capture", "PoolNotFound", f"poolRef: no RenderPool {_pool_name(state)}; create it")
    if not pool.reachable:
        return standing("Capture", "PoolUnreachable", f"pool {pool.name}: {pool.problem}")
    held = pool.training
    if held is None or held.digest != order.digest:
        return standing("Capture", "Dispatching", "the pool has not taken the training yet")
    if held.state == "Failed":
        return standing("Train", "TrainingBroke", f"{held.message or 'the training broke off'}; trying again", False)
    return standing("Train", "Training", "the twin is being trained")


def _rested(state: TwinState, now: float) -> bool:
    """True when the training broke off long enough ago, as the condition Trained remembers."""
    trained = find(state.status.conditions, "Trained")
    if trained is None or trained.status != "False":
        return False
    since = unix_seconds(trained.last_transition_time)
    return since is not None and now - since >= RETRY_SECONDS


def _pool_name(state: TwinState) -> str:
    return state.spec.pool_ref.name if isinstance(state.spec, TwinModelSpec) else ""


def progress_of(pool: PoolView | None, standing: Standing) -> str | None:
    """What the training says it is doing, while it is."""
    if standing.result is not None or pool is None or pool.training is None or not pool.reachable:
        return None
    return pool.training.message[:120] or None
