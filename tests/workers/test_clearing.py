"""A performer believes nobody about released words: from the owner's signature to the grant the chain has no gap."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from understudy_api import token
from understudy_api.acts import ConsentAnswer, sign_act
from understudy_api.consent import Clearance, ConsentSubject
from understudy_api.order import Order
from understudy_api.verdict import Verdict
from understudy_workers.gate import check
from understudy_workers.work import Permit, permit_of

CASINO = "Our casino is open."


def a_subject(order: Order, **changed: Any) -> ConsentSubject:
    known: dict[str, Any] = {
        "namespace": order.namespace,
        "job": order.job,
        "twin": order.twin.id,
        "license": "acme-spring-1",
        "use": order.use,
        "locales": order.locales,
        "categories": ("181",),
        "content": order.content.digest,
        "listing": "d" * 64,
        "form": "sentences",
    }
    return ConsentSubject.model_validate({**known, **changed})


def an_answer(signers: Any, subject: ConsentSubject, **changed: Any) -> str:
    claims = {
        "twin": subject.twin,
        "request": subject.digest,
        "license": subject.license,
        "answer": "approve",
        "iat": signers.now,
        "exp": signers.now + 3600,
    }
    signer = changed.pop("signer", signers.owner)
    return sign_act(signer, ConsentAnswer.model_validate({**claims, **changed}))


def cleared(signers: Any, order: Order, clearance: Clearance) -> Permit:
    """The permit of an order that carries a release, granted as such."""
    released = order.model_copy(update={"clearance": clearance})
    return permit_of(released.model_copy(update={"grant": signers.grant(released)}))


def approved(signers: Any, order: Order, **changed: Any) -> Permit:
    subject = a_subject(order)
    return cleared(signers, order, Clearance(subject=subject, answer=an_answer(signers, subject, **changed)))


def ask(signers: Any, permit: Permit, words: str, locale: str = "en-GB") -> Verdict:
    return check(
        permit,
        signers.farm,
        pool="default",
        locale=locale,
        seconds=0.0,
        committed_seconds=0.0,
        now=signers.now + 1.0,
        words=words,
    )


def test_ordinary_words_need_no_release(signers: Any) -> None:
    assert ask(signers, permit_of(signers.order()), "Spring is here.").permitted


def test_sensitive_words_need_the_owners_signature(signers: Any) -> None:
    order = signers.order()
    assert ask(signers, permit_of(order), CASINO).reason == "ConsentRequired"
    assert ask(signers, approved(signers, order), CASINO).permitted


def test_no_signature_releases_the_floor(signers: Any) -> None:
    assert ask(signers, approved(signers, signers.order()), "It cures cancer.").reason == "ContentBlocked"


def test_an_excluded_category_is_refused_with_every_signature(signers: Any) -> None:
    order = signers.order(license=signers.license(excluded_categories=("181",)))
    assert ask(signers, approved(signers, order), CASINO).reason == "CategoryExcluded"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"request": "0" * 64}, "ConsentMismatch"),
        ({"license": "other-license"}, "ConsentMismatch"),
        ({"answer": "deny"}, "ConsentDenied"),
        ({"exp": 1}, "ActExpired"),
        ({"twin": "0" * 64}, "TwinNotCovered"),
    ],
)
def test_an_answer_that_does_not_fit_stops_the_order(signers: Any, changed: dict[str, Any], reason: str) -> None:
    assert ask(signers, approved(signers, signers.order(), **changed), CASINO).reason == reason


def test_nobody_else_signs_for_the_owner(signers: Any) -> None:
    for stranger in (signers.farm, token.new_key()):
        assert not ask(signers, approved(signers, signers.order(), signer=stranger), CASINO).permitted


@pytest.mark.parametrize(
    "changed",
    [{"content": "0" * 64}, {"license": "other-license"}, {"namespace": "globex"}, {"twin": "0" * 64}],
)
def test_a_release_of_other_words_is_none(signers: Any, changed: dict[str, Any]) -> None:
    order = signers.order()
    subject = a_subject(order, **changed)
    permit = cleared(signers, order, Clearance(subject=subject, answer=an_answer(signers, subject)))
    assert ask(signers, permit, CASINO).reason == "ConsentMismatch"


def test_a_release_that_the_grant_does_not_cover_is_none(signers: Any) -> None:
    order = signers.order()
    good = approved(signers, order)
    slipped_in = replace(permit_of(order), clearance=good.clearance, making=good.making)
    assert ask(signers, slipped_in, CASINO).reason == "ConsentMismatch"
    without = replace(good, making=None)
    assert ask(signers, without, CASINO).reason == "GrantMismatch", "what says nothing of its order is none's"
    other = replace(good, making=order.making)
    assert ask(signers, other, CASINO).reason == "ConsentMismatch"


def test_what_nobody_could_judge_needs_a_reviewer_that_the_grant_vouches_for(signers: Any) -> None:
    order = signers.order(license=signers.license(languages=("es",)), scenes={"es-ES": ("Hola.",)})
    assert ask(signers, permit_of(order), "Hola.", "es-ES").reason == "ReviewRequired"
    subject = a_subject(order, categories=())
    released = cleared(signers, order, Clearance(subject=subject, reviewer="rita"))
    assert ask(signers, released, "Hola.", "es-ES").permitted
    assert ask(signers, approved(signers, order), "Hola.", "es-ES").permitted


def test_a_reviewer_does_not_stand_for_the_owner(signers: Any) -> None:
    order = signers.order()
    released = cleared(signers, order, Clearance(subject=a_subject(order), reviewer="rita"))
    assert ask(signers, released, CASINO).reason == "ConsentRequired"
