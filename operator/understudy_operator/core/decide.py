"""The whole operator on one screen: what to do about a RenderJob, TwinModel, License or RenderPool, from what is there.

Level-based and pure: the answer depends on the state and `now` alone, so any event, timer or restart may ask, in any
order. Doing what a decision says and asking again gives nothing more to do.
"""

from __future__ import annotations

from dataclasses import replace

from understudy_api.license import LicenseStatus
from understudy_api.owneract import OwnerActStatus
from understudy_api.renderjob_status import RenderJobStatus
from understudy_api.renderpool import RenderPoolStatus
from understudy_api.twinmodel import TwinModelStatus
from understudy_operator.core.act_policy import act_event, act_look, act_status, judged, record
from understudy_operator.core.actions import (
    Action,
    AddFinalizer,
    Decision,
    DeleteObject,
    FreezeContent,
    PutOrder,
    PutTraining,
    Record,
)
from understudy_operator.core.admission import admit
from understudy_operator.core.claims import orphans_released
from understudy_operator.core.conditions import events
from understudy_operator.core.consent_actions import ask_consent
from understudy_operator.core.dispatch import dispatch, freeze
from understudy_operator.core.facts import written
from understudy_operator.core.farewell import let_job_go, let_license_go, let_pool_go, let_twin_go
from understudy_operator.core.job_conditions import job_event
from understudy_operator.core.job_status import job_status
from understudy_operator.core.license_policy import license_event, license_look, license_status, verified
from understudy_operator.core.lifecycle import course
from understudy_operator.core.looks import expiry, next_look
from understudy_operator.core.noted import NOTE_SECONDS, mark, note, unnoted
from understudy_operator.core.pool_policy import pool_actions, pool_event, pool_look, pool_status
from understudy_operator.core.preview import show_preview
from understudy_operator.core.price_pages import price_actions
from understudy_operator.core.quarantine_policy import is_ending, put_away, quarantine_look
from understudy_operator.core.ray_pool import scaled
from understudy_operator.core.recording import record_license, record_license_of
from understudy_operator.core.state import ActState, Identity, JobState, LicenseState, PoolState, TwinState
from understudy_operator.core.telling import RETRY_SECONDS, tell, tell_late, telling_look
from understudy_operator.core.times import earliest
from understudy_operator.core.twin_policy import train, twin_look, twin_standing
from understudy_operator.core.twin_status import twin_event, twin_status


def decide_job(state: JobState, now: float) -> Decision[RenderJobStatus]:
    """What to do about a RenderJob at `now` (Unix seconds)."""
    if state.identity.deleted_at is not None:
        return let_job_go(state, now)
    admission = admit(state, now)
    stands = course(state, admission, now)
    expires = expiry(state, stands)
    if expires is not None and expires <= now:
        return Decision(actions=(DeleteObject(uid=state.identity.uid),))
    asked = ask_consent(state, admission, stands)
    first = (*record_license_of(state, admission, now), *freeze(state, admission, now))
    actions = (*first, *asked, *show_preview(state, admission, now), *dispatch(state, admission, stands, now))
    names = {state.identity.uid: f"{state.identity.namespace}/{state.identity.name}"}
    actions = written(actions, state.license.account if state.license else None, state.unwritten, names)
    status = job_status(state, admission, stands, now)
    reasons = unnoted(state, admission, stands)
    noted = note(state, reasons, actions)
    if noted:
        marks = (*status.noted_refusals, *(mark(state, reason) for reason in reasons))
        status = status.model_copy(update={"noted_refusals": marks})
    told = events(state.status.conditions, status.conditions, job_event)
    return Decision(
        actions=(*_guard(state.identity, actions), *noted, *told),
        status=status if status != state.status else None,
        requeue_after_seconds=earliest(
            next_look(state, admission, stands, actions, now), NOTE_SECONDS if reasons and not noted else None
        ),
    )


def decide_twin(state: TwinState, now: float) -> Decision[TwinModelStatus]:
    """What to do about a TwinModel at `now` (Unix seconds)."""
    told_vault = tell_late(state, now)
    if state.identity.deleted_at is not None:
        leaving = let_twin_go(state, now)
        return replace(leaving, actions=(*told_vault, *leaving.actions))
    standing = twin_standing(state, now)
    actions = train(state, standing, now)
    status = twin_status(state, standing, now)
    told = events(state.status.conditions, status.conditions, twin_event)
    return Decision(
        actions=(*_guard(state.identity, actions), *told_vault, *told),
        status=status if status != state.status else None,
        requeue_after_seconds=earliest(twin_look(standing, actions), RETRY_SECONDS if state.untold else None),
    )


def decide_license(state: LicenseState, now: float) -> Decision[LicenseStatus]:
    """What to do about a License at `now` (Unix seconds)."""
    found = verified(state)
    kept = (*record_license(state, found, now), *orphans_released(state, now))
    actions = written(kept, state.account, state.unwritten, {}) or put_away(state)
    if state.identity.deleted_at is not None:
        return let_license_go(state, actions)
    status = license_status(state, found, now)
    told = events(state.status.conditions, status.conditions, license_event)
    # Deleting the object must not leave files behind that its owner had taken away.
    held = (AddFinalizer(),) if is_ending(state) and not state.identity.held else ()
    return Decision(
        actions=(*held, *actions, *told),
        status=status if status != state.status else None,
        requeue_after_seconds=earliest(license_look(state, found, now), quarantine_look(state, actions)),
    )


def decide_pool(state: PoolState, now: float) -> Decision[RenderPoolStatus]:
    """What to do about a RenderPool at `now` (Unix seconds)."""
    if state.identity.deleted_at is not None:
        return let_pool_go(state, now)
    plans = scaled(state, now)
    status = pool_status(state, plans, now)
    told = events(state.status.conditions, status.conditions, pool_event)
    held = () if state.identity.held else (AddFinalizer(),)
    return Decision(
        actions=(*held, *pool_actions(state, plans, now), *price_actions(state, now), *told),
        status=status if status != state.status else None,
        requeue_after_seconds=pool_look(state),
    )


def decide_act(state: ActState, now: float) -> Decision[OwnerActStatus]:
    """What to do about an OwnerAct at `now` (Unix seconds)."""
    found = judged(state, now)
    telling = tell(state, found)
    status = act_status(state, found, now)
    told = events(state.status.conditions, status.conditions, act_event)
    return Decision(
        actions=(*record(state, found, now), *telling, *told),
        status=status if status != state.status else None,
        requeue_after_seconds=earliest(act_look(status), telling_look(state, telling)),
    )


def _guard(identity: Identity, actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """The actions, after our finalizer where they make something outside Kubernetes that has to be ended one day."""
    lasting = any(isinstance(one, FreezeContent | Record | PutOrder | PutTraining) for one in actions)
    return (AddFinalizer(), *actions) if lasting and not identity.held else actions
