"""What a TwinModel shows: stage, conditions Trained, Validated and Ready, version and scores."""

from __future__ import annotations

from typing import Final, Literal

from understudy_api.model import Condition
from understudy_api.receipt import TrainingResult
from understudy_api.twinmodel import Score, TwinModelStatus
from understudy_operator.core.conditions import EventType, Said, merged, stalled
from understudy_operator.core.state import TwinState
from understudy_operator.core.twin_policy import Standing, progress_of

_MEASURES: Final = ("psnr", "ssim", "opening")
QUIET: Final = frozenset({"Training", "Dispatching"})
"""Reasons of Ready=False that are the normal way and get no Warning."""


def twin_status(state: TwinState, standing: Standing, now: float) -> TwinModelStatus:
    """The whole status of a twin at `now` (Unix seconds)."""
    result = standing.result
    return TwinModelStatus(
        stage=standing.stage,
        observed_generation=state.identity.generation,
        conditions=merged(state.status.conditions, _said(standing), state.identity.generation, now),
        twin_id=standing.twin_id or state.status.twin_id,
        version=result.version if result is not None and standing.ready else None,
        progress=progress_of(state.pool, standing),
        scores=_scores(result) if result else (),
    )


def twin_event(_was: Condition | None, condition: Condition) -> EventType | None:
    """The type of Event a changed condition of a twin is worth, if any."""
    if condition.type != "Ready":
        return None
    if condition.status == "True" or condition.reason == "Training":
        return "Normal"
    return None if condition.reason in QUIET else "Warning"


def _said(standing: Standing) -> tuple[Said, ...]:
    reason = standing.reason
    return (
        Said("Trained", _word(standing.trained), "Trained" if standing.trained else reason),
        Said("Validated", _word(standing.validated), "Validated" if standing.validated else reason),
        Said("Ready", "True" if standing.ready else "False", reason, standing.message),
        *((stalled(reason, standing.message),) if standing.refused else ()),
    )


def _word(value: bool | None) -> Literal["True", "False", "Unknown"]:
    if value is None:
        return "Unknown"
    return "True" if value else "False"


def _scores(result: TrainingResult) -> tuple[Score, ...]:
    def score(name: str, measures: dict[str, float]) -> Score:
        texts = {measure: f"{measures[measure]:.4g}" for measure in _MEASURES if measure in measures}
        return Score(name=name[:32], **texts)

    return tuple(score(name, measures) for name, measures in sorted(result.scores.items()))[:16]
