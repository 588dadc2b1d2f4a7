"""Entries in words: every fact has a sentence, amounts are told in sums."""

from __future__ import annotations

from typing import get_args

import pytest
from ledger_words import ACCOUNT, LICENSE, licensed, released, reserved, segment, uid

from understudy_api import token
from understudy_api.acts import Erase, Revocation, sign_act
from understudy_api.ledger import entry as written
from understudy_api.ledger.account import Account
from understudy_api.ledger.words import in_words

REVOKE = sign_act(token.new_key(), Revocation(twin=ACCOUNT, jti="acme-spring", iat=1, reason="a quarrel"))
ERASE = sign_act(token.new_key(), Erase(twin=ACCOUNT, iat=1))
FACTS = {
    written.Refused(
        uid=uid(1), generation=1, reason="LanguageNotCovered"
    ): "job acme/spring was refused: LanguageNotCovered",
    written.Revoked(act=REVOKE): "the owner revoked the license for good (a quarrel)",
    written.Revoked(act="no.token.here"): "the owner revoked the license for good",
    written.KeyRecorded(number=4, record="a.b.c"): "key record 4 of the owner was accepted",
    written.ConsentAsked(uid=uid(2), request=LICENSE): f"job {uid(2)} asked for consent (request {LICENSE[:16]})",
    written.ConsentAnswered(
        request=LICENSE, answer="approve", act="a.b.c"
    ): f"the owner approved request {LICENSE[:16]}",
    written.ConsentAnswered(request=LICENSE, answer="deny", act="a.b.c"): f"the owner denied request {LICENSE[:16]}",
    written.Delivered(uid=uid(1), items=(LICENSE, ACCOUNT)): (
        "2 videos of job acme/spring had been delivered: nobody can call them back"
    ),
    written.Quarantined(manifest=LICENSE, files=9, bytes=1): (
        f"9 files kept under the license were taken out of reach (list {LICENSE[:16]})"
    ),
    written.Erased(act=ERASE): "the owner had the twin erased",
}
SUMS = (
    licensed(),
    reserved(1, 5),
    *segment(Account(id=ACCOUNT), 1, 0, (1,)),
    released(1, 1),
    written.Corrected(entry=LICENSE, reason="Bad"),
)


@pytest.mark.parametrize(("one", "words"), FACTS.items(), ids=lambda given: getattr(given, "kind", ""))
def test_a_fact_has_a_sentence(one: written.Entry, words: str) -> None:
    assert in_words(one, {uid(1): "acme/spring"}) == words


@pytest.mark.parametrize("one", SUMS, ids=lambda given: given.kind)
def test_an_amount_has_none(one: written.Entry) -> None:
    assert in_words(one) is None


def test_every_kind_of_entry_is_one_or_the_other() -> None:
    kinds = set(get_args(get_args(written.Entry)[0]))
    assert {type(one) for one in (*FACTS, *SUMS)} == kinds
