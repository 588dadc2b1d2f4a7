"""A brand is one namespace object: whoever creates one of the same name anew is a stranger to its licenses."""

from __future__ import annotations

from typing import Any

import pytest
from builders import NAMESPACE_UID, NOW, a_job, a_job_spec, a_license_token, a_license_view, an_account
from memory_farm import MemoryFarm

from understudy_api.ledger.account import Account, account_id, fold, namespace_pseudonym
from understudy_api.ledger.entry import Pin, Reserved
from understudy_api.permits import NOT_FOUND
from understudy_api.verdict import Verdict
from understudy_operator.core.actions import Record
from understudy_operator.core.admission import Permitted, Refused, admit
from understudy_operator.core.decide import decide_job
from understudy_operator.core.state import JobState

ID = account_id(a_license_token()) or ""
ACME = namespace_pseudonym(ID, "acme")


def _pinned(uid: str, namespace: str = "acme") -> Account:
    return an_account().model_copy(update={"pins": {namespace_pseudonym(ID, namespace): uid}})


def _promises(state: JobState) -> list[Reserved]:
    records = [one for one in decide_job(state, NOW).actions if isinstance(one, Record)]
    return [entry for one in records for entry in one.entries if isinstance(entry, Reserved)]


def test_the_first_promise_pins_the_namespace() -> None:
    (promise,) = _promises(a_job())
    assert promise.pin == Pin(namespace=ACME, uid=NAMESPACE_UID)
    (record,) = [one for one in decide_job(a_job(), NOW).actions if isinstance(one, Record)]
    after = fold(record.account, record.entries)
    assert isinstance(after, Account)
    assert after.pins == {ACME: NAMESPACE_UID}


def test_later_promises_repeat_nothing() -> None:
    (promise,) = _promises(a_job(license=a_license_view(account=_pinned(NAMESPACE_UID))))
    assert promise.pin is None


def test_a_brand_of_the_same_jti_is_pinned_by_itself() -> None:
    (promise,) = _promises(a_job(license=a_license_view(account=_pinned("other", "rival"))))
    assert promise.pin == Pin(namespace=ACME, uid=NAMESPACE_UID)


@pytest.mark.parametrize("content", [{}, {"content": None}])
def test_a_namespace_created_anew_is_answered_exactly_like_a_stranger(content: dict[str, Any]) -> None:
    anew = a_job(license=a_license_view(account=_pinned("uid-of-the-first")), **content)
    missing = a_job(license=None, **content)
    assert admit(anew, NOW) == admit(missing, NOW)
    refused = admit(anew, NOW)
    assert isinstance(refused, Refused)
    assert refused.verdict == Verdict(refusals=(NOT_FOUND,)).at("admission")
    assert decide_job(anew, NOW) == decide_job(missing, NOW), "its terms are not shown either"


def test_a_namespace_that_was_not_asked_for_is_not_the_pinned_one() -> None:
    state = a_job(license=a_license_view(account=_pinned("uid-of-the-first")), namespace_uid=None)
    assert isinstance(admit(state, NOW), Refused)
    assert isinstance(admit(a_job(license=a_license_view(account=_pinned(NAMESPACE_UID))), NOW), Permitted)


def test_a_job_that_is_done_stays_what_it_was_without_asking() -> None:
    farm = MemoryFarm(NOW)
    job = farm.create("spring", a_job_spec())
    farm.finish()
    assert job.status.phase == "Complete"
    (account,) = farm.accounts.values()
    assert account.pins == {namespace_pseudonym(account.id, "acme"): NAMESPACE_UID}
    assert farm.observe("spring").namespace_uid is None
    again = decide_job(farm.observe("spring"), farm.now)
    assert (again.actions, again.status) == ((), None)
