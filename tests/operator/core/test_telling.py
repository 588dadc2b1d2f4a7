"""The vault is told every recorded act, in order, until it has taken it in; a vault that is away holds nothing else up."""

from __future__ import annotations

import dataclasses
from typing import Any

from builders import NOW, a_genesis_record, a_key, a_keyring, a_twin, a_twin_view, an_owner_act

from understudy_api.acts import Erase, Revocation, Stop, sign_act
from understudy_api.digest import digest_bytes
from understudy_api.genesis import PublicKey
from understudy_api.keyring import KeyRecord, sign_key_record
from understudy_api.owner_word import Heard, Recorded, owner_word
from understudy_api.token import public_jwk
from understudy_api.verdict import Refusal
from understudy_operator.core.actions import EmitEvent, RecordAct, TellVault
from understudy_operator.core.conditions import find
from understudy_operator.core.decide import decide_act, decide_twin
from understudy_operator.core.state import FINALIZER, ActState, Untold, VaultView
from understudy_operator.core.telling import LATE_SECONDS, RETRY_SECONDS, TOLD_SECONDS

TWIN = a_keyring().twin_id
T = int(NOW)
STOP = sign_act(a_key("owner"), Stop(twin=TWIN, iat=T))
REVOKE = sign_act(a_key("owner"), Revocation(twin=TWIN, jti="license-1", iat=T))
ERASE = sign_act(a_key("owner"), Erase(twin=TWIN, iat=T))
AWAY = Refusal(reason="VaultUnavailable", message="vault: https://vault: does not answer")


def untold(act: str, records: tuple[str, ...] = (), at: float = NOW) -> Untold:
    return Untold(act=act, key_records=records, accepted_at=at)


def recorded(act: str, **vault: Any) -> ActState:
    """An act that stands recorded."""
    word = owner_word((), [Recorded(act=act, accepted_at=NOW)])
    return an_owner_act(act, twin=a_twin_view(word=word), vault=VaultView(**vault))


def told(state: ActState) -> list[str]:
    return [one.act for one in decide_act(state, NOW).actions if isinstance(one, TellVault)]


def vaulted(state: ActState) -> Any:
    decision = decide_act(state, NOW)
    return find((decision.status or state.status).conditions, "Vaulted")


def test_an_act_is_recorded_and_then_told() -> None:
    decision = decide_act(an_owner_act(STOP, vault=VaultView()), NOW)
    first, second, *_ = decision.actions
    assert isinstance(first, RecordAct)
    assert second == TellVault(twin_id=TWIN, genesis=a_genesis_record(), key_records=(), act=STOP)
    assert decision.requeue_after_seconds == TOLD_SECONDS
    assert not any(isinstance(one, EmitEvent) and one.reason == "NotTold" for one in decision.actions)


def test_a_farm_without_a_vault_tells_nobody_and_says_nothing_of_one() -> None:
    state = an_owner_act(STOP)
    assert told(state) == []
    assert vaulted(state) is None


def test_a_refused_act_is_not_told() -> None:
    assert told(an_owner_act(sign_act(a_key("stranger"), Stop(twin=TWIN, iat=T)), vault=VaultView())) == []
    assert told(an_owner_act(STOP, twin=None)) == []


def test_a_vault_that_was_away_is_told_again_until_it_answers() -> None:
    state = recorded(STOP, untold=(untold(STOP),), problem=AWAY)
    decision = decide_act(state, NOW)
    assert told(state) == [STOP]
    assert decision.requeue_after_seconds == RETRY_SECONDS
    assert (vaulted(state).status, vaulted(state).reason) == ("False", "VaultUnavailable")
    heard = recorded(STOP, heard=Heard(act=digest_bytes(STOP.encode()), at=NOW))
    assert (told(heard), vaulted(heard).status) == ([], "True")
    over = dataclasses.replace(heard, status=decide_act(heard, NOW).status)
    assert decide_act(over, NOW) == type(decision)()


def test_an_act_that_the_vault_refused_waits_and_says_why() -> None:
    state = recorded(ERASE, problem=Refusal(reason="NoKey", message="the vault never had a key of it"))
    assert told(state) == []
    assert (vaulted(state).status, vaulted(state).reason) == ("False", "NoKey")
    assert decide_act(state, NOW).requeue_after_seconds is None


def test_older_acts_go_first_and_newer_ones_wait_for_their_own_turn() -> None:
    state = recorded(STOP, untold=(untold(REVOKE), untold(STOP), untold(ERASE)))
    assert told(state) == [REVOKE, STOP]


def test_key_records_go_with_the_acts_of_their_time() -> None:
    key = PublicKey.model_validate(public_jwk(a_key("stop")))
    record = sign_key_record(
        a_key("owner"),
        KeyRecord(twin=TWIN, number=1, previous=TWIN, act="delegate", role="stop", key=key, iat=T),
    )
    fresh = an_owner_act(record, vault=VaultView(untold=(untold(REVOKE),)))
    tellings = [one for one in decide_act(fresh, NOW).actions if isinstance(one, TellVault)]
    assert [(one.act, one.key_records) for one in tellings] == [(REVOKE, ()), (record, (record,))]
    word = owner_word((record,), ())
    later = an_owner_act(STOP, twin=a_twin_view(word=word), vault=VaultView())
    assert [one.key_records for one in decide_act(later, NOW).actions if isinstance(one, TellVault)] == [(record,)]


def test_an_erasures_receipt_stands_in_the_status_by_its_digest() -> None:
    receipt = "cmVjZWlwdA.cmVjZWlwdA.cmVjZWlwdA"
    heard = Heard(act=digest_bytes(ERASE.encode()), at=NOW, receipt=receipt)
    status = decide_act(recorded(ERASE, heard=heard), NOW).status
    assert status is not None
    assert status.receipt_digest == digest_bytes(receipt.encode())


def test_a_twin_has_its_acts_told_when_their_objects_are_gone() -> None:
    state = a_twin(untold=(untold(STOP, at=NOW - LATE_SECONDS), untold(REVOKE, at=NOW - 1)))
    decision = decide_twin(state, NOW)
    assert [one.act for one in decision.actions if isinstance(one, TellVault)] == [STOP], "the other's object is at it"
    assert decision.requeue_after_seconds is not None
    assert decision.requeue_after_seconds <= RETRY_SECONDS
    leaving = dataclasses.replace(
        state, identity=dataclasses.replace(state.identity, deleted_at=NOW, finalizers=(FINALIZER,))
    )
    assert any(isinstance(one, TellVault) for one in decide_twin(leaving, NOW).actions)
