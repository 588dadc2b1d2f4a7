"""Conditions by the Kubernetes API conventions, and the events their transitions are worth."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from understudy_api.model import Condition
from understudy_operator.core.actions import EmitEvent
from understudy_operator.core.times import rfc3339

MAX_MESSAGE_CHARACTERS = 1000
EventType = Literal["Normal", "Warning"]
PROGRESS = frozenset({"Reconciling", "Stalled"})
"""Conditions that say for kstatus what others say already: they get no events of their own."""


@dataclass(frozen=True)
class Said:
    """What a policy says of one condition; when it last changed is found out by comparing."""

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str = ""


def said(kind: str, holds: bool, reason: str, message: str = "") -> Said:
    """A condition that is True or False."""
    return Said(kind, "True" if holds else "False", reason, message)


def reconciling(reason: str, message: str = "") -> Said:
    """What kstatus (Flux and others) reads as InProgress: the spec is taken in, what it asks for is not there yet.

    As there, this condition and the next one stand only while they are true; `observedGeneration` covers the time before.
    """
    return Said("Reconciling", "True", reason, message)


def stalled(reason: str, message: str = "") -> Said:
    """What kstatus reads as Failed: nothing goes on until somebody changes something."""
    return Said("Stalled", "True", reason, message)


def merged(old: tuple[Condition, ...], new: Iterable[Said], generation: int, now: float) -> tuple[Condition, ...]:
    """The new conditions in their order; `lastTransitionTime` is kept where `status` stays the same."""
    before = {condition.type: condition for condition in old}

    def condition(one: Said) -> Condition:
        was = before.get(one.type)
        same = was is not None and was.status == one.status
        return Condition(
            type=one.type,
            status=one.status,
            reason=one.reason,
            message=one.message[:MAX_MESSAGE_CHARACTERS],
            last_transition_time=was.last_transition_time if was is not None and same else rfc3339(now),
            observed_generation=generation,
        )

    return tuple(condition(one) for one in new)


def find(conditions: tuple[Condition, ...], kind: str) -> Condition | None:
    """The condition of a type, or None."""
    return next((condition for condition in conditions if condition.type == kind), None)


def events(
    old: tuple[Condition, ...],
    new: tuple[Condition, ...],
    worth: Callable[[Condition | None, Condition], EventType | None],
) -> tuple[EmitEvent, ...]:
    """An event for every condition whose status or reason changed and that `worth` gives a type."""
    found = []
    for condition in new:
        was = find(old, condition.type)
        if condition.type in PROGRESS:
            continue
        changed = was is None or (was.status, was.reason) != (condition.status, condition.reason)
        if changed and (kind := worth(was, condition)):
            found.append(EmitEvent(type=kind, reason=condition.reason, message=condition.message or condition.reason))
    return tuple(found)
