"""What an owner did stands in the ledgers it concerns: once, whole, and never in a stranger's."""

from __future__ import annotations

from dataclasses import replace

from builders import NOW, UID, a_job, a_key, a_keyring, a_license, a_license_token, a_twin_view, an_account

from understudy_api.acts import ConsentAnswer, Erase, Revocation, Stop, sign_act
from understudy_api.digest import digest_bytes
from understudy_api.genesis import PublicKey
from understudy_api.keyring import KeyRecord, sign_key_record
from understudy_api.ledger.account import Account, fold
from understudy_api.ledger.entry import (
    ConsentAnswered,
    ConsentAsked,
    Entry,
    Erased,
    KeyRecorded,
    Licensed,
    Released,
    Revoked,
)
from understudy_api.owner_word import OwnerWord, Recorded, owner_word
from understudy_api.token import public_jwk
from understudy_operator.core import facts
from understudy_operator.core.actions import PutOrder, Record
from understudy_operator.core.decide import decide_job, decide_license
from understudy_operator.core.state import ConsentView, LicenseState

TWIN, T = a_keyring().twin_id, int(NOW)
JTI = "acme-spring-2026"
REVOKE = sign_act(a_key("owner"), Revocation(twin=TWIN, jti=JTI, iat=T))
ERASE = sign_act(a_key("owner"), Erase(twin=TWIN, iat=T))
DELEGATE = sign_key_record(
    a_key("owner"),
    KeyRecord(
        twin=TWIN,
        number=1,
        previous=TWIN,
        act="delegate",
        role="license",
        key=PublicKey.model_validate(public_jwk(a_key("agent"))),
        iat=T,
    ),
)


def word(*acts: str, records: tuple[str, ...] = ()) -> OwnerWord:
    return owner_word(records, [Recorded(act=one, accepted_at=NOW) for one in acts])


def used(token: str | None = None, **claims: float) -> Account:
    return an_account(token, **claims).model_copy(update={"sequence": 3})


def said(state: LicenseState) -> tuple[Entry, ...]:
    """What its owner's word means for a license, as it is observed."""
    assert state.account is not None
    assert state.twin is not None
    token = state.spec.token  # type: ignore[union-attr]
    return facts.of_license(token, state.account, state.twin.genesis, state.twin.word, state.farm.thumbprint)


def a_said(*acts: str, token: str | None = None, **changed: object) -> LicenseState:
    state = a_license(token, twin=a_twin_view(word=word(*acts)), **changed)
    return replace(state, unwritten=said(state))


def recorded(state: LicenseState) -> tuple[Entry, ...]:
    found = [one for one in decide_license(state, NOW).actions if isinstance(one, Record)]
    return found[0].entries if found else ()


def test_a_revocation_is_written_whole() -> None:
    assert recorded(a_said(REVOKE, account=used())) == (Revoked(act=REVOKE),)
    assert decide_license(a_said(REVOKE, account=used()), NOW).requeue_after_seconds == 0.0


def test_a_license_that_was_never_used_is_recorded_with_its_end() -> None:
    entries = recorded(a_said(REVOKE))
    assert [type(one) for one in entries] == [Licensed, Revoked]
    account = fold(a_license().account or Account(id="0" * 64), entries)
    assert isinstance(account, Account)
    assert account.ending.revoked


def test_another_licenses_revocation_and_a_stop_are_none_of_its_business() -> None:
    other = sign_act(a_key("owner"), Revocation(twin=TWIN, jti="another-license", iat=T))
    stop = sign_act(a_key("owner"), Stop(twin=TWIN, iat=T))
    assert recorded(a_said(other, stop, account=used())) == ()


def test_key_records_and_erasure_stand_in_every_ledger_that_there_is() -> None:
    heard = a_license(twin=a_twin_view(word=word(ERASE, records=(DELEGATE,))), account=used())
    assert said(heard) == (KeyRecorded(number=1, record=DELEGATE), Erased(act=ERASE))
    unused = a_license(twin=a_twin_view(word=word(ERASE, records=(DELEGATE,))))
    assert said(unused) == ()


def test_a_token_that_merely_names_a_license_writes_nothing_into_its_ledger() -> None:
    forged = a_license_token(signer="thief")
    assert said(a_license(forged, twin=a_twin_view(word=word(REVOKE, ERASE)), account=used())) == ()
    elsewhere = a_license_token(aud="0" * 43)
    assert said(a_license(elsewhere, twin=a_twin_view(word=word(REVOKE)))) == ()


def test_a_license_whose_key_was_withdrawn_is_still_the_one_on_record() -> None:
    withdrawn = sign_key_record(
        a_key("owner"),
        KeyRecord(
            twin=TWIN,
            number=2,
            previous=digest_bytes(DELEGATE.encode()),
            act="withdraw",
            role="license",
            key=PublicKey.model_validate(public_jwk(a_key("agent"))),
            iat=T,
        ),
    )
    token = a_license_token(signer="agent")
    heard = a_twin_view(word=word(REVOKE, records=(DELEGATE, withdrawn)))
    account = used().model_copy(update={"license": digest_bytes(token.encode())})
    assert Revoked(act=REVOKE) in said(a_license(token, twin=heard, account=account))
    assert said(a_license(token, twin=heard, account=used())) == ()


def test_facts_share_the_link_of_claims_that_end() -> None:
    state = a_said(REVOKE, account=used(uid_of_the_gone=10))
    assert [type(one) for one in recorded(state)] == [Released, Revoked]
    assert len([one for one in decide_license(state, NOW).actions if isinstance(one, Record)]) == 1


def test_what_was_asked_and_answered_stands_in_the_jobs_ledger() -> None:
    request = "ab" * 32
    view = ConsentView(namespace="talent-ada", name="asks", digest=request)
    assert facts.of_consents(UID, (view, view), word()) == (ConsentAsked(uid=UID, request=request),)
    claims = {"twin": TWIN, "request": request, "license": JTI, "iat": T, "exp": T + 99}
    yes, no = (
        sign_act(a_key("owner"), ConsentAnswer.model_validate({**claims, "answer": it})) for it in ("approve", "deny")
    )
    asked = ConsentAsked(uid=UID, request=request)
    assert facts.of_consents(UID, (view,), word(yes)) == (
        asked,
        ConsentAnswered(request=request, answer="approve", act=yes),
    )
    assert facts.of_consents(UID, (view,), word(yes, no))[1] == ConsentAnswered(request=request, answer="deny", act=no)
    assert facts.of_consents(UID, (replace(view, digest=""),), word()) == ()


def test_a_job_writes_facts_before_anything_is_asked_of_the_pool_and_in_one_link() -> None:
    asked = ConsentAsked(uid=UID, request="ab" * 32)
    actions = decide_job(replace(a_job(), unwritten=(asked,)), NOW).actions
    links = [place for place, one in enumerate(actions) if isinstance(one, Record)]
    assert len(links) == 1
    link = actions[links[0]]
    assert isinstance(link, Record)
    assert asked in link.entries
    assert link.names == {UID: "acme/spring"}
    assert links[0] < next(place for place, one in enumerate(actions) if isinstance(one, PutOrder))


def test_facts_of_a_license_that_is_gone_wait_for_it() -> None:
    state = replace(a_job(license=None), unwritten=(ConsentAsked(uid=UID, request="ab" * 32),))
    assert not [one for one in decide_job(state, NOW).actions if isinstance(one, Record)]
