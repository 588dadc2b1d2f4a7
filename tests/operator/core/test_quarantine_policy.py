"""What becomes of files under a license that its owner ended: nothing while anybody works, then one step at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import NOW, a_license, a_twin_view, an_account, an_identity

from understudy_api.ledger.account import Account, fold
from understudy_api.ledger.ending import Ending
from understudy_api.ledger.entry import Delivered, Quarantined
from understudy_api.owner_word import OwnerWord
from understudy_operator.core.actions import AddFinalizer, ListKept, MoveKept, Record, RemoveFinalizer
from understudy_operator.core.conditions import find
from understudy_operator.core.decide import decide_license
from understudy_operator.core.quarantine_policy import CLOSING_SECONDS, is_due
from understudy_operator.core.state import FINALIZER, LicenseState, QuarantineView

MANIFEST = "fa" * 32
REVOKED = OwnerWord(revoked={"acme-spring-2026": NOW})
LISTED = Delivered(uid="uid-of-a-job", items=("ab" * 32,))


def ended(ending: Ending | None = None, **claims: float) -> Account:
    return an_account(**claims).model_copy(update={"sequence": 5, "ending": ending or Ending(revoked=True)})


def a_state(found: QuarantineView | None = None, account: Account | None = None, **changed: Any) -> LicenseState:
    twin = a_twin_view(word=REVOKED)
    return a_license(account=account or ended(), quarantine=found, twin=twin, jobs=frozenset({"uid-1"}), **changed)


def steps(state: LicenseState) -> list[Any]:
    found = decide_license(state, NOW).actions
    return [one for one in found if isinstance(one, ListKept | MoveKept | Record)]


def condition(state: LicenseState) -> tuple[str, str, str] | None:
    status = decide_license(state, NOW).status
    assert status is not None
    found = find(status.conditions, "Quarantined")
    return (found.status, found.reason, found.message) if found else None


@pytest.mark.parametrize(
    ("account", "due"),
    [
        (None, False),
        (an_account(), False),
        (ended(), True),
        (ended(Ending(erased=True)), True),
        (ended(uid_1=5), False),
        (ended(Ending(revoked=True, quarantined_files=0)), False),
    ],
    ids=["no account", "it stands", "revoked", "erased", "somebody works", "done"],
)
def test_when_files_are_put_away(account: Account | None, due: bool) -> None:
    assert is_due(account) is due


def test_step_by_step() -> None:
    account = ended().id
    assert steps(a_state(QuarantineView())) == [ListKept(account=account, part=0)]
    assert steps(a_state(QuarantineView(parts=2))) == [ListKept(account=account, part=2)]
    listed = QuarantineView(parts=2, manifest=MANIFEST, files=1200, bytes=9)
    assert steps(a_state(listed)) == [MoveKept(account=account, part=0)]
    assert steps(a_state(replace(listed, moved=1))) == [MoveKept(account=account, part=1)]
    moved = replace(listed, moved=2)
    (told,) = steps(a_state(replace(moved, delivered=(LISTED,))))
    assert told.entries == (LISTED,)
    (last,) = steps(a_state(moved))
    assert last.entries == (Quarantined(manifest=MANIFEST, files=1200, bytes=9),)
    for state in (a_state(QuarantineView()), a_state(listed), a_state(moved)):
        assert decide_license(state, NOW).requeue_after_seconds == 0.0


def test_then_nothing_more() -> None:
    account = fold(ended(), (LISTED, Quarantined(manifest=MANIFEST, files=1200, bytes=9)))
    assert isinstance(account, Account)
    state = a_state(account=account)
    assert steps(state) == []
    status, reason, message = condition(state) or ("", "", "")
    assert (status, reason) == ("True", "Quarantined")
    assert message.startswith("1200 files were taken out of reach; 1 videos had been delivered before")
    written = decide_license(state, NOW).status
    assert written is not None
    assert (written.quarantined_files, written.delivered_items) == (1200, 1)
    after = decide_license(replace(state, status=written), NOW)
    assert (after.actions, after.status) == ((), None)


def test_nothing_is_moved_while_anybody_works() -> None:
    state = a_state(account=ended(uid_1=5))
    assert steps(state) == []
    assert condition(state) == (
        "False",
        "WorkStopping",
        "waits until 1 jobs have stopped, at the latest when their grants have ended",
    )
    assert decide_license(state, NOW).requeue_after_seconds == CLOSING_SECONDS


def test_one_status_says_that_files_are_moved_however_many_parts_there_are() -> None:
    first, second = (QuarantineView(parts=9, moved=n, manifest=MANIFEST, files=9000) for n in (0, 8))
    assert (
        condition(a_state(first))
        == condition(a_state(second))
        == (
            "False",
            "Moving",
            "9000 files are being taken out of reach",
        )
    )
    assert condition(a_state(QuarantineView(parts=1))) == ("False", "Listing", "what is kept under it is being listed")


@pytest.mark.parametrize("word", [OwnerWord(stops={"a" * 64: NOW}), OwnerWord()], ids=["stopped", "silent"])
def test_a_stop_that_may_be_lifted_puts_nothing_away(word: OwnerWord) -> None:
    state = a_license(account=an_account(), twin=a_twin_view(word=word))
    assert steps(state) == []
    assert condition(state) is None


def test_deleting_the_object_leaves_no_files_behind() -> None:
    state = a_state(QuarantineView())
    assert isinstance(decide_license(state, NOW).actions[0], AddFinalizer)
    going = an_identity(
        namespace="talent-ada", name="acme-spring", deleted_at=NOW, finalizers=(FINALIZER,), generation=2
    )
    held = replace(state, identity=going)
    assert decide_license(held, NOW).actions == (ListKept(account=ended().id, part=0),)
    working = frozenset({"uid-of-a-job"})
    waiting = replace(held, account=ended(uid_of_a_job=5), quarantine=None, jobs=working, held=working)
    assert (decide_license(waiting, NOW).actions, decide_license(waiting, NOW).requeue_after_seconds) == (
        (),
        CLOSING_SECONDS,
    )
    (freed,) = decide_license(replace(waiting, held=frozenset()), NOW).actions
    assert isinstance(freed, Record), "jobs see a deleted license no more: it ends their claims itself"
    settled = replace(held, account=ended(Ending(revoked=True, quarantined_files=3)), quarantine=None)
    assert decide_license(settled, NOW).actions == (RemoveFinalizer(),)
    assert decide_license(replace(settled, identity=replace(going, finalizers=())), NOW).actions == ()


def test_a_license_that_stands_is_never_held() -> None:
    assert AddFinalizer() not in decide_license(a_license(account=an_account()), NOW).actions
    settled = a_state(account=ended(Ending(revoked=True, quarantined_files=3)))
    assert AddFinalizer() not in decide_license(settled, NOW).actions
