"""Refusals in the ledger: each once, few for a job however often it changes, none that would tell a stranger's secret."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import (
    NOW,
    UID,
    a_claim,
    a_job,
    a_job_spec,
    a_key,
    a_license_token,
    a_license_view,
    a_twin_view,
    an_account,
    an_identity,
)
from memory_farm import MemoryFarm

from understudy_api.ledger.account import Account, account_id, fold, namespace_pseudonym
from understudy_api.ledger.entry import Licensed, Refused
from understudy_api.owner_word import OwnerWord
from understudy_api.renderjob_status import RenderJobStatus
from understudy_api.token import thumbprint
from understudy_operator.core.actions import AddFinalizer, Decision, Record
from understudy_operator.core.decide import decide_job
from understudy_operator.core.noted import MAX_NOTED, NOTE_SECONDS
from understudy_operator.core.state import JobState

JAPAN = {"use": {"purpose": "advertising", "channels": ["email"], "territories": ["JP"]}}


def _told(state: JobState) -> JobState:
    """The state after the job was told what `state` leads to."""
    status = decide_job(state, NOW).status
    assert status is not None
    return replace(state, status=status)


def _written(decision: Decision[RenderJobStatus]) -> list[Any]:
    (record,) = [one for one in decision.actions if isinstance(one, Record)] or [None]
    return list(record.entries) if record else []


def _noted(state: JobState) -> list[str]:
    return [one.reason for one in _written(decide_job(state, NOW)) if isinstance(one, Refused)]


def test_a_refusal_is_noted_once_the_job_was_told() -> None:
    state = a_job(a_job_spec(**JAPAN))
    first = decide_job(state, NOW)
    assert _written(first) == []
    assert first.requeue_after_seconds == NOTE_SECONDS
    second = decide_job(_told(state), NOW)
    (record,) = [one for one in second.actions if isinstance(one, Record)]
    assert [type(one) for one in record.entries] == [Licensed, Refused, Refused]
    assert record.entries[1:] == (
        Refused(uid=UID, generation=1, reason="ChannelNotCovered"),
        Refused(uid=UID, generation=1, reason="TerritoryNotCovered"),
    )
    assert record.names == {UID: "acme/spring"}
    assert isinstance(fold(record.account, record.entries), Account)
    assert not any(isinstance(one, AddFinalizer) for one in second.actions), "nothing has to be ended one day"
    assert second.status is not None
    assert second.status.noted_refusals == ("1/ChannelNotCovered", "1/TerritoryNotCovered")


def test_what_is_noted_is_not_noted_again() -> None:
    state = _told(a_job(a_job_spec(**JAPAN)))
    status = decide_job(state, NOW).status
    again = decide_job(replace(state, status=status), NOW)
    assert (again.actions, again.status) == ((), None)
    assert again.requeue_after_seconds == 30


def test_a_license_on_record_is_not_recorded_with_it() -> None:
    state = _told(a_job(a_job_spec(**JAPAN), license=a_license_view(account=an_account())))
    assert [type(one) for one in _written(decide_job(state, NOW))] == [Refused, Refused]


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({"license": None}, []),
        ({"license": a_license_view(a_license_token(assignee={"namespace": "rival"}))}, []),
        ({"license": a_license_view(a_license_token(signer="thief", territories=("JP",)))}, []),
        ({"license": a_license_view(a_license_token()[:-6] + "AAAAAA")}, []),
        ({"license": a_license_view(a_license_token(aud=thumbprint(a_key("other farm")), languages=("ja",)))}, []),
        ({"twin": None}, []),
        ({"twin": a_twin_view(word=OwnerWord(erased_at=NOW))}, []),
        ({"twin": a_twin_view(word=OwnerWord(stops={"0" * 64: NOW}))}, ["TwinStopped"]),
        ({"license": a_license_view(a_license_token(languages=("en",)))}, ["LanguageNotCovered"]),
        ({"license": a_license_view(a_license_token(quota={"seconds": 1}))}, ["QuotaExceeded"]),
        ({"spec": a_job_spec(script={"scenes": [{"say": "Hi {name"}]}), "content": None}, []),
    ],
)
def test_only_what_the_license_itself_refuses_is_noted(changed: dict[str, Any], reasons: list[str]) -> None:
    spec = changed.pop("spec", None)
    assert _noted(_told(a_job(spec, **changed))) == reasons


def test_a_stranger_to_the_license_leaves_no_trace() -> None:
    pins = {namespace_pseudonym(account_id(a_license_token()) or "", "acme"): "uid-of-the-first"}
    account = an_account().model_copy(update={"pins": pins})
    state = _told(a_job(a_job_spec(**JAPAN), license=a_license_view(account=account)))
    assert _written(decide_job(state, NOW)) == []


def test_a_look_writes_one_link_at_most() -> None:
    """What the job's claim needs comes first; the refusal follows with the next look."""
    account = an_account().model_copy(update={"claims": {UID: a_claim(60)}})
    state = _told(a_job(a_job_spec(**JAPAN), license=a_license_view(account=account)))
    decision = decide_job(state, NOW)
    assert [one.kind for one in _written(decision)] == ["Released"]
    assert decision.requeue_after_seconds == NOTE_SECONDS
    state = replace(state, license=a_license_view(account=an_account()))
    assert _noted(state) == ["ChannelNotCovered", "TerritoryNotCovered"]


def test_a_job_that_changes_for_ever_leaves_a_handful() -> None:
    farm = MemoryFarm(NOW)
    farm.create("spring", a_job_spec())
    written = list[Refused]()
    for turn in range(3 * MAX_NOTED):
        farm.edit("spring", locales=["ja-JP"], use=JAPAN["use"], priority=turn)
        for _ in range(3):
            decision = decide_job(farm.observe("spring"), farm.now)
            written += [one for one in _written(decision) if isinstance(one, Refused)]
            farm.apply("spring", decision)
    assert len(written) == MAX_NOTED
    assert len({one.id for one in written}) == MAX_NOTED
    assert len(farm.jobs["spring"].status.noted_refusals) == MAX_NOTED


def test_a_retry_is_the_same_entry() -> None:
    state = _told(a_job(a_job_spec(**JAPAN)))
    ids = [[one.id for one in _written(decide_job(state, now))] for now in (NOW, NOW + 100)]
    assert ids[0] == ids[1]


def test_another_generation_is_another_refusal() -> None:
    first = _told(a_job(a_job_spec(**JAPAN)))
    status = decide_job(first, NOW).status
    assert status is not None
    second = _told(a_job(a_job_spec(**JAPAN, priority=1), identity=an_identity(generation=2), status=status))
    assert second.status.noted_refusals == status.noted_refusals
    assert [one.generation for one in _written(decide_job(second, NOW)) if isinstance(one, Refused)] == [2, 2]
