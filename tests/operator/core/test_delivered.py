"""A status list that arrives as an OwnerAct: recorded when it follows what the farm holds, refused otherwise."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from builders import NOW, a_key, a_keyring, an_owner_act

from understudy_api.owner_word import Recorded
from understudy_api.owneract import OwnerActStatus
from understudy_api.status_list import StatusClaims, StatusList, pack, read_status_list, sign_status_list
from understudy_operator.core.act_policy import in_words
from understudy_operator.core.actions import RecordAct, RecordList
from understudy_operator.core.decide import decide_act
from understudy_operator.core.delivered import DeliveredList
from understudy_operator.core.state import ActState

T, TWIN = int(NOW), a_keyring().twin_id


def a_list(key: str = "owner", revoked: int = 1, **changes: Any) -> str:
    claims = {"sub": TWIN, "iat": T, "ttl": 60, "status_list": pack({revoked: "revoked"}, 8), **changes}
    return sign_status_list(a_key(key), StatusClaims.model_validate(claims))


def known(text: str) -> StatusList:
    found = read_status_list(text, a_keyring(), NOW)
    assert isinstance(found, StatusList)
    return found


def lists(state: ActState, now: float = NOW) -> list[RecordList | RecordAct]:
    return [one for one in decide_act(state, now).actions if isinstance(one, RecordList | RecordAct)]


def said(state: ActState, now: float = NOW) -> OwnerActStatus:
    found = decide_act(state, now).status
    assert found is not None
    return found


def test_a_list_is_recorded_and_said() -> None:
    state = an_owner_act(a_list(), listed=DeliveredList(sequence=7))
    assert lists(state) == [RecordList(twin_id=TWIN, sequence=7, recorded=Recorded(act=a_list(), accepted_at=NOW))]
    status = said(state)
    assert (status.type, status.conditions[0].reason) == ("statuslist+jwt", "Recorded")
    assert status.says == "Status list of 2026-05-28T20:26:40Z; it counts until 2026-05-28T20:27:40Z."
    assert status.says == in_words(known(a_list()))


def test_once_recorded_it_stays_accepted_when_it_is_stale_and_others_came() -> None:
    first = an_owner_act(a_list())
    newer = known(a_list(iat=T + 5))
    later = dataclasses.replace(first, status=said(first), listed=DeliveredList(newer, 2, NOW))
    decision = decide_act(later, NOW + 5000)
    assert (decision.actions, decision.status, decision.requeue_after_seconds) == ((), None, None)


@pytest.mark.parametrize(
    ("text", "held", "now", "reason"),
    [
        (a_list("thief"), None, NOW, "SignerNotAllowed"),
        (a_list(sub="0" * 64), None, NOW, "TwinNotCovered"),
        (a_list(), None, NOW + 60, "StatusListStale"),
        (a_list(iat=T + 61), None, NOW, "FromTheFuture"),
        (a_list(), a_list(iat=T + 5), NOW + 6, "StatusListOlder"),
        (a_list(revoked=2), a_list(), NOW, "StatusListForked"),
        (a_list(revoked=2, iat=T + 5), a_list(), NOW + 6, "RevocationUndone"),
    ],
)
def test_what_does_not_follow_is_refused(text: str, held: str | None, now: float, reason: str) -> None:
    newest = known(held) if held else None
    if newest is not None and newest.iat > now:
        pytest.fail("the held list is from the future")
    state = an_owner_act(text, listed=DeliveredList(newest))
    assert lists(state, now) == []
    assert said(state, now).conditions[0].reason == reason
    assert (decide_act(state, now).requeue_after_seconds is not None) is (reason == "FromTheFuture")
