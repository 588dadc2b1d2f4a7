"""A preview for the owner while a job waits for consent: put once, renewed while it is made, forgotten afterwards.

Nothing of it stands in the ledger: it is delivered to nobody but the owner, who alone can open it, and not metered.
"""

from __future__ import annotations

from understudy_api.order import MAX_PREVIEW_ITEMS, Delivery, Order
from understudy_api.preview import preview_output, preview_prefix, preview_uid
from understudy_api.terms import Terms
from understudy_operator.core.actions import Action, PutOrder, RenewGrant, StopOrder
from understudy_operator.core.admission import Admission, Permitted, Waiting
from understudy_operator.core.dispatch import ANSWER_SECONDS
from understudy_operator.core.grants import RENEW_BEFORE_SECONDS, expiry, grant
from understudy_operator.core.preview_view import PreviewView
from understudy_operator.core.state import JobState, PoolView


def show_preview(state: JobState, admission: Admission, now: float) -> tuple[Action, ...]:
    """What to ask of the pool for a preview at `now` (Unix seconds); also stops one that nobody needs any more."""
    pool = state.pool
    if pool is None or not pool.reachable:
        return ()
    wanted = _wanted(state, admission)
    over = tuple(one for one in state.previews if wanted is None or one.uid != wanted.order.uid or one.finished)
    stops = tuple(StopOrder(pool=pool.name, uid=one.uid) for one in over if one.held is not None)
    view = next((one for one in state.previews if wanted is not None and one.uid == wanted.order.uid), None)
    if wanted is None or view is None or view.finished:
        return stops
    return (*stops, *_under_way(state, wanted, view, pool, now))


def stop_previews(state: JobState) -> tuple[StopOrder, ...]:
    """Stops every preview of a job that goes."""
    pool = state.pool
    if pool is None or not pool.reachable:
        return ()
    return tuple(StopOrder(pool=pool.name, uid=one.uid) for one in state.previews if one.held is not None)


def _wanted(state: JobState, admission: Admission) -> Permitted | None:
    """The preview that the license allows, of what the owner is being asked."""
    if not isinstance(admission, Waiting) or admission.draft is None or admission.question is None:
        return None
    question, found = admission.question, admission.draft
    terms = found.rights.license.terms
    if not (admission.asked and question.awaits_owner and terms.preview):
        return None
    owner = state.twin.namespace if state.twin else ""
    order = _order(found.order, terms, question.subject.digest, state.farm.buckets.outputs, owner)
    return Permitted(order, order.digest, found.rights, found.seconds)


def _order(order: Order, terms: Terms, request: str, bucket: str, owner: str) -> Order:
    """The first row in the first few locales, small, sealed to the license's recipient, put beside the owner's lists."""
    return order.model_copy(
        update={
            "uid": preview_uid(order.uid, request),
            "preview": terms.preview_recipient,
            "locales": order.locales[:MAX_PREVIEW_ITEMS],
            "outputs": (preview_output(order.outputs[0]),),
            "delivery": Delivery(bucket=bucket, prefix=preview_prefix(owner, request)),
            "max_failed_items": MAX_PREVIEW_ITEMS,
            "suspended": False,
            "clearance": None,
            "allowance": None,  # it costs the job nothing
        }
    )


def _under_way(state: JobState, wanted: Permitted, view: PreviewView, pool: PoolView, now: float) -> tuple[Action, ...]:
    terms = wanted.rights.license.terms
    made = grant(wanted, state.farm, pool, wanted.seconds, now, expiry(terms, now))
    if view.held is None:
        refused = view.refused_at is not None and now < view.refused_at + ANSWER_SECONDS
        return () if refused else (PutOrder(pool=pool.name, order=wanted.order, grant=made),)
    expires = view.grant_expires_at
    named = view.grant_performers == made.performers
    if expires is not None and named and (expires - now > RENEW_BEFORE_SECONDS or made.exp <= expires):
        return ()
    return (RenewGrant(pool=pool.name, grant=made),)
