"""Consent per use: a sensitive job asks, waits with nothing rendered, and goes on with a signature over the very words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import (
    DAY,
    NOW,
    UID,
    a_job,
    a_job_spec,
    a_key,
    a_license_token,
    a_license_view,
    a_twin_view,
    an_identity,
    frozen,
)

from understudy_api.acts import ConsentAnswer, sign_act
from understudy_api.consent import ConsentSubject
from understudy_api.consentrequest import ConsentRequestStatus, Review
from understudy_api.moderation.listing import Lister
from understudy_api.owner_word import OwnerWord, Recorded, owner_word
from understudy_operator.core.actions import AskConsent, DeleteObject, ListSentences, PutOrder
from understudy_operator.core.admission import Permitted, Refused, Waiting, admit
from understudy_operator.core.conditions import find
from understudy_operator.core.consent_policy import CONSENT_PENDING, LISTING
from understudy_operator.core.consent_request import ORPHAN_SECONDS, decide_consent
from understudy_operator.core.content import content, request
from understudy_operator.core.decide import decide_job
from understudy_operator.core.state import ConsentState, ConsentView, JobState, SpecProblem

SENSITIVE = {"script": {"scenes": [{"say": "Hello {name}, our casino is open."}]}}


def listed(state: JobState) -> JobState:
    """The job once its sentences are listed."""
    assert not isinstance(state.spec, SpecProblem)
    assert state.content is not None
    made = content(state.spec, state.content)  # type: ignore[arg-type]
    lister = Lister(made.scenes, made.digest)
    for row in request(state.spec).rows or ():
        lister.row(row)
    return replace(state, listing=lister.listing())


def a_sensitive_job(**changed: Any) -> JobState:
    """A job that speaks of gambling, its sentences listed."""
    spec = a_job_spec(**{**SENSITIVE, **changed.pop("spec", {})})
    return listed(a_job(spec, **changed))


def question(state: JobState) -> AskConsent:
    (action,) = [one for one in decide_job(state, NOW).actions if isinstance(one, AskConsent)]
    return action


def an_answer(asked: AskConsent, answer: str = "approve", signer: str = "owner", **changed: Any) -> str:
    subject = ConsentSubject.model_validate_json(asked.spec.subject)
    claims = {
        "twin": subject.twin,
        "request": subject.digest,
        "license": subject.license,
        "answer": answer,
        "iat": int(NOW) - 10,
        "exp": int(NOW) + DAY,
    }
    return sign_act(a_key(signer), ConsentAnswer.model_validate({**claims, **changed}))


def word(*answers: str) -> OwnerWord:
    """The owner's word after these answers were recorded, a second apart."""
    return owner_word((), [Recorded(act=one, accepted_at=NOW + n) for n, one in enumerate(answers)])


def answered(state: JobState, asked: AskConsent, *answers: str, review: Review | None = None) -> JobState:
    view = ConsentView(namespace=asked.namespace, name=asked.name, digest=asked.spec.digest, review=review)
    assert state.twin is not None
    return replace(state, consents=(view,), twin=replace(state.twin, word=word(*answers)))


def test_ordinary_words_need_nobody() -> None:
    admission = admit(a_job(), NOW)
    assert isinstance(admission, Permitted)
    assert admission.order.clearance is None


def test_sensitive_words_are_first_listed_then_asked_for() -> None:
    state = replace(a_sensitive_job(), listing=None)
    waiting = admit(state, NOW)
    assert isinstance(waiting, Waiting)
    assert waiting.reason == LISTING
    (action,) = [one for one in decide_job(state, NOW).actions if isinstance(one, ListSentences)]
    assert (action.uid, action.owner_namespace) == (UID, "talent-ada")
    asked = question(a_sensitive_job())
    assert asked.namespace == "talent-ada"
    assert asked.spec.awaits == "owner"
    assert "Hello Maya, our casino is open." in [one.sentence for one in asked.spec.first]
    assert {one.category for one in asked.spec.findings} == {"gambling"}
    assert asked.spec.sentences.sha256 in asked.spec.sentences.s3


def test_nothing_is_rendered_while_it_waits() -> None:
    state = answered(a_sensitive_job(), question(a_sensitive_job()))
    decision = decide_job(state, NOW)
    assert not [one for one in decision.actions if isinstance(one, PutOrder | AskConsent)]
    assert decision.status is not None
    assert decision.status.phase == "Pending"
    pending = find(decision.status.conditions, "ConsentPending")
    assert pending is not None
    assert (pending.status, pending.reason) == ("True", CONSENT_PENDING)
    assert "waits for the owner's signature; nothing is rendered before" in pending.message
    assert decision.status.consent_request == f"talent-ada/{question(a_sensitive_job()).name}"


def test_a_signature_releases_the_job_and_travels_with_the_order() -> None:
    state = a_sensitive_job()
    asked = question(state)
    admission = admit(answered(state, asked, an_answer(asked)), NOW)
    assert isinstance(admission, Permitted)
    assert admission.order.clearance is not None
    assert admission.order.clearance.subject.digest == asked.spec.digest
    assert admission.order.making.clearance == admission.order.clearance.digest
    assert admission.digest == admission.order.digest
    unreleased = admission.order.model_copy(update={"clearance": None})
    assert unreleased.digest != admission.digest


@pytest.mark.parametrize(
    ("changed", "signer"),
    [
        ({"request": "0" * 64}, "owner"),
        ({"license": "another-license"}, "owner"),
        ({"twin": "0" * 64}, "owner"),
        ({"exp": int(NOW) - 1}, "owner"),
        ({"iat": int(NOW) + 3600, "exp": int(NOW) + DAY}, "owner"),
        ({}, "somebody"),
        ({}, "farm"),
    ],
)
def test_any_other_signature_releases_nothing(changed: dict[str, Any], signer: str) -> None:
    state = a_sensitive_job()
    asked = question(state)
    waiting = admit(answered(state, asked, an_answer(asked, signer=signer, **changed)), NOW)
    assert isinstance(waiting, Waiting)
    assert waiting.reason == CONSENT_PENDING


def test_a_no_refuses_the_job() -> None:
    state = a_sensitive_job()
    asked = question(state)
    admission = admit(answered(state, asked, an_answer(asked, "deny")), NOW)
    assert isinstance(admission, Refused)
    assert admission.verdict.reason == "ConsentDenied"


def test_a_changed_word_needs_a_new_signature() -> None:
    state = a_sensitive_job()
    asked = question(state)
    changed = a_sensitive_job(spec={"script": {"scenes": [{"say": "Hello {name}, our casino is closed."}]}})
    again = question(changed)
    assert again.name != asked.name
    released = answered(changed, asked, an_answer(asked))
    waiting = admit(released, NOW)
    assert isinstance(waiting, Waiting)
    assert waiting.asked is False
    lying = replace(released.consents[0], digest=again.spec.digest)
    assert isinstance(admit(replace(released, consents=(lying,)), NOW), Waiting)


def test_a_declared_category_asks_whatever_the_words_are() -> None:
    use = {"purpose": "advertising", "channels": ["social"], "territories": ["DE"], "categories": ["Politics"]}
    asked = question(listed(a_job(a_job_spec(use=use))))
    assert ConsentSubject.model_validate_json(asked.spec.subject).categories == ("386",)


def test_an_excluded_category_in_the_words_is_refused_without_asking() -> None:
    excluding = a_license_view(a_license_token(excluded_categories=("181",)))
    admission = admit(a_sensitive_job(license=excluding), NOW)
    assert isinstance(admission, Refused)
    assert "CategoryExcluded" in [one.reason for one in admission.verdict.refusals]
    assert not [
        one for one in decide_job(a_sensitive_job(license=excluding), NOW).actions if isinstance(one, AskConsent)
    ]


def test_a_license_may_ask_for_consent_to_less() -> None:
    easy = a_license_view(a_license_token(sensitive_categories=("386",)))
    assert isinstance(admit(a_sensitive_job(license=easy), NOW), Permitted)


def unjudged_job(**changed: Any) -> JobState:
    """A job in a language that has no term list."""
    license_ = a_license_view(a_license_token(languages=("es",)))
    spec = a_job_spec(
        locales=["es-ES"], translations={}, script={"locale": "es-ES", "scenes": [{"say": "Hola {name}."}]}
    )
    return listed(a_job(spec, license=license_, **changed))


def test_words_nobody_could_judge_wait_for_a_reviewer() -> None:
    asked = question(unjudged_job())
    assert asked.spec.awaits == "reviewer"
    review = Review(answer="approve", reviewer="rita", digest=asked.spec.digest)
    admission = admit(answered(unjudged_job(), asked, review=review), NOW)
    assert isinstance(admission, Permitted)
    assert admission.order.clearance is not None
    assert admission.order.clearance.reviewer == "rita"
    stale = Review(answer="approve", reviewer="rita", digest="0" * 64)
    assert isinstance(admit(answered(unjudged_job(), asked, review=stale), NOW), Waiting)
    denied = admit(answered(unjudged_job(), asked, review=review.model_copy(update={"answer": "deny"})), NOW)
    assert isinstance(denied, Refused)
    assert denied.verdict.reason == "ReviewDenied"


def test_the_owner_may_release_what_a_reviewer_could_and_not_the_other_way() -> None:
    asked = question(unjudged_job())
    assert isinstance(admit(answered(unjudged_job(), asked, an_answer(asked)), NOW), Permitted)
    state = a_sensitive_job()
    owners = question(state)
    review = Review(answer="approve", reviewer="rita", digest=owners.spec.digest)
    assert isinstance(admit(answered(state, owners, review=review), NOW), Waiting)


def test_an_expired_yes_stops_a_running_job() -> None:
    state = a_sensitive_job()
    asked = question(state)
    state = answered(state, asked, an_answer(asked, exp=int(NOW) + 100))
    assert isinstance(admit(state, NOW + 99), Permitted)
    assert isinstance(admit(state, NOW + 100), Waiting)


def test_a_twin_trained_anew_keeps_the_version_that_was_released() -> None:
    state = a_sensitive_job()
    asked = question(state)
    state = answered(state, asked, an_answer(asked))
    status = decide_job(state, NOW).status
    assert status is not None
    newer = replace(state, status=status, twin=a_twin_view(version="ef" * 32, word=word(an_answer(asked))))
    admission = admit(newer, NOW)
    assert isinstance(admission, Permitted)
    assert admission.digest == status.order_digest


def a_request(asked: AskConsent, *answers: str, **changed: Any) -> ConsentState:
    known: dict[str, Any] = {
        "identity": an_identity(namespace=asked.namespace, name=asked.name),
        "spec": asked.spec,
        "status": ConsentRequestStatus(),
        "twin": a_twin_view(word=word(*answers)),
    }
    return ConsentState(**{**known, **changed})


def standing(state: ConsentState) -> dict[str, str]:
    status = decide_consent(state, NOW).status or state.status
    return {one.type: one.reason for one in status.conditions[:3] if one.status == "True"}


def test_a_request_shows_what_was_answered() -> None:
    asked = question(a_sensitive_job())
    assert standing(a_request(asked)) == {"Pending": "AwaitsOwner"}
    yes, no = an_answer(asked), an_answer(asked, "deny", iat=int(NOW) - 5)
    assert standing(a_request(asked, yes)) == {"Approved": "OwnerApproved"}
    assert standing(a_request(asked, yes, no)) == {"Denied": "OwnerDenied"}
    assert standing(a_request(asked, an_answer(asked, signer="somebody"))) == {"Pending": "AwaitsOwner"}
    assert standing(a_request(asked, yes, twin=None)) == {"Pending": "AwaitsOwner"}


def test_a_status_is_no_answer() -> None:
    asked = question(a_sensitive_job())
    status = decide_consent(a_request(asked, an_answer(asked)), NOW).status
    assert status is not None
    assert decide_consent(a_request(asked, an_answer(asked), status=status), NOW).status is None
    assert standing(a_request(asked, status=status)) == {"Pending": "AwaitsOwner"}


def test_a_no_after_a_yes_stops_the_running_job_and_a_new_yes_lets_it_go_on() -> None:
    state = a_sensitive_job()
    asked = question(state)
    yes, no = an_answer(asked, iat=int(NOW) - 30), an_answer(asked, "deny", iat=int(NOW) - 20)
    assert isinstance(admit(answered(state, asked, yes), NOW), Permitted)
    assert isinstance(admit(answered(state, asked, yes, no), NOW), Refused)
    late_yes = an_answer(asked, iat=int(NOW) - 10)
    assert isinstance(admit(answered(state, asked, yes, no, late_yes), NOW), Permitted)


def test_a_no_whose_time_is_over_does_not_bring_an_older_yes_back() -> None:
    asked = question(a_sensitive_job())
    yes, no = an_answer(asked, iat=int(NOW) - 30), an_answer(asked, "deny", iat=int(NOW) - 20, exp=int(NOW) - 1)
    assert isinstance(admit(answered(a_sensitive_job(), asked, yes, no), NOW), Waiting)


def test_a_request_whose_digest_lies_is_no_request() -> None:
    asked = question(a_sensitive_job())
    lying = asked.spec.model_copy(update={"digest": "0" * 64})
    assert standing(a_request(asked, an_answer(asked), spec=lying)) == {"Denied": "RequestInvalid"}


def test_a_review_counts_where_a_reviewer_is_awaited() -> None:
    asked = question(unjudged_job())
    review = Review(answer="approve", reviewer="rita", digest=asked.spec.digest)
    assert standing(a_request(asked, status=ConsentRequestStatus(review=review))) == {"Approved": "ReviewerApproved"}
    owners = question(a_sensitive_job())
    wrong = Review(answer="approve", reviewer="rita", digest=owners.spec.digest)
    assert standing(a_request(owners, status=ConsentRequestStatus(review=wrong))) == {"Pending": "AwaitsOwner"}


def test_what_nobody_waits_for_any_more_is_withdrawn_unless_answered() -> None:
    asked = question(a_sensitive_job())
    created = a_request(asked).identity.created_at
    late = max(created + ORPHAN_SECONDS, NOW)
    decision = decide_consent(a_request(asked, wanted=False), late)
    assert [type(one) for one in decision.actions] == [DeleteObject]
    kept = decide_consent(a_request(asked, an_answer(asked), wanted=False), late)
    assert DeleteObject not in [type(one) for one in kept.actions]


def test_frozen_words_are_the_same_however_often_they_are_frozen() -> None:
    assert frozen(a_job_spec(**SENSITIVE)) == frozen(a_job_spec(**SENSITIVE))
