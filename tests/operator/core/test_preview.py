"""A preview while a job waits for consent: put once, renewed, forgotten; never where the license does not allow it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import (
    NOW,
    UID,
    a_farm,
    a_job,
    a_job_spec,
    a_license_token,
    a_license_view,
    a_pool,
    a_pool_view,
    a_progress,
    a_twin_view,
    an_identity,
)

from understudy_api.consentrequest import ConsentRequestStatus
from understudy_api.grant import MAX_GRANT_SECONDS
from understudy_api.moderation.listing import Lister
from understudy_api.preview import preview_uid
from understudy_operator.core.actions import AskConsent, PutOrder, Record, RenewGrant, StopOrder
from understudy_operator.core.consent_request import decide_consent
from understudy_operator.core.content import content, request
from understudy_operator.core.decide import decide_job, decide_pool
from understudy_operator.core.dispatch import ANSWER_SECONDS
from understudy_operator.core.state import FINALIZER, ConsentState, ConsentView, JobState, PreviewView

RECIPIENT = "age1" + "q" * 58
THERE = ("A" * 43,)


def waiting(preview: bool = True, **changed: Any) -> JobState:
    """A job that speaks of gambling, whose ConsentRequest stands unanswered, with nothing of a preview made yet."""
    terms = {"preview": True, "preview_recipient": RECIPIENT} if preview else {}
    spec = a_job_spec(script={"scenes": [{"say": "Hello {name}, our casino is open."}]})
    state = a_job(spec, license=a_license_view(a_license_token(**terms)), pool=a_pool_view(performers=THERE))
    made = content(spec, state.content)  # type: ignore[arg-type]
    lister = Lister(made.scenes, made.digest)
    for row in request(spec).rows or ():
        lister.row(row)
    state = replace(state, listing=lister.listing())
    (asked,) = [one for one in decide_job(state, NOW).actions if isinstance(one, AskConsent)]
    view = ConsentView(namespace=asked.namespace, name=asked.name, digest=asked.spec.digest)
    seen = PreviewView(uid=preview_uid(UID, asked.spec.digest))
    return replace(state, consents=(view,), previews=(replace(seen, **changed),))


def asked_of_pool(state: JobState, now: float = NOW) -> list[Any]:
    kinds = (PutOrder, RenewGrant, StopOrder)
    return [one for one in decide_job(state, now).actions if isinstance(one, kinds)]


def test_a_license_that_allows_it_gets_one_small_order_sealed_to_its_recipient() -> None:
    state = waiting()
    (put,) = asked_of_pool(state)
    order = put.order
    assert (order.uid, order.preview) == (state.previews[0].uid, RECIPIENT)
    assert order.total_items == len(order.locales) <= 3
    assert [(one.width, one.height) for one in order.outputs] == [(568, 320)]
    assert order.delivery.bucket == a_farm().buckets.outputs
    assert order.delivery.prefix == f"talent-ada/previews/{state.consents[0].digest}/"
    assert (put.grant.sub, put.grant.order, put.grant.performers) == (order.uid, order.digest, THERE)
    assert order.clearance is None
    assert not any(isinstance(one, Record) for one in decide_job(state, NOW).actions), "nothing is metered"


@pytest.mark.parametrize(
    "state",
    [
        waiting(preview=False),
        waiting(finished=True),
        replace(waiting(), consents=()),
        replace(waiting(), pool=a_pool_view(reachable=False)),
        waiting(refused_at=NOW - ANSWER_SECONDS + 1),
        a_job(),
    ],
    ids=["not allowed", "made", "not asked yet", "no pool", "refused just now", "nothing sensitive"],
)
def test_otherwise_none_is_put(state: JobState) -> None:
    assert not any(isinstance(one, PutOrder) and one.order.preview for one in decide_job(state, NOW).actions)


def test_it_is_renewed_for_whoever_is_there_and_left_alone_otherwise() -> None:
    held = a_progress("0" * 64)
    fresh = {"held": held, "grant_performers": THERE, "grant_expires_at": NOW + MAX_GRANT_SECONDS}
    assert asked_of_pool(waiting(**fresh)) == []
    for change in ({"grant_expires_at": None}, {"grant_performers": ("B" * 43,)}, {"grant_expires_at": NOW + 60}):
        (renewed,) = asked_of_pool(waiting(**{**fresh, **change}))
        assert isinstance(renewed, RenewGrant)


def test_it_is_stopped_once_made_or_when_nobody_is_asked_any_more() -> None:
    held = a_progress("0" * 64)
    for state in (waiting(held=held, finished=True), replace(waiting(held=held), consents=())):
        (stopped,) = asked_of_pool(state)
        assert stopped == StopOrder(pool="default", uid=state.previews[0].uid)
    gone = replace(waiting(held=held), identity=an_identity(deleted_at=NOW, finalizers=(FINALIZER,)))
    assert StopOrder(pool="default", uid=gone.previews[0].uid) in decide_job(gone, NOW).actions


def test_a_pool_keeps_previews_of_jobs_that_exist() -> None:
    uid = preview_uid(UID, "a" * 64)
    pool = a_pool(jobs=frozenset({UID}))
    assert pool.director is not None
    holding = replace(pool, director=replace(pool.director, orders=(a_progress("0" * 64, uid=uid),)))
    stops = [one for one in decide_pool(holding, NOW).actions if isinstance(one, StopOrder)]
    assert stops == []
    assert StopOrder(pool="default", uid=uid) in decide_pool(replace(holding, jobs=frozenset()), NOW).actions


def test_the_request_says_where_it_lies() -> None:
    state = waiting()
    (asked,) = [one for one in decide_job(replace(state, consents=()), NOW).actions if isinstance(one, AskConsent)]
    request_ = ConsentState(
        identity=an_identity(namespace="talent-ada", name=asked.name),
        spec=asked.spec,
        status=ConsentRequestStatus(),
        twin=a_twin_view(),
        preview="s3://understudy-outputs/talent-ada/previews/x/",
    )
    status = decide_consent(request_, NOW).status
    assert status is not None
    assert status.preview == "s3://understudy-outputs/talent-ada/previews/x/"
    later = decide_consent(replace(request_, status=status, preview=None), NOW).status or status
    assert later.preview == status.preview, "what was shown stays named"
