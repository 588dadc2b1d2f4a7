"""What a job shows: conditions by the conventions, exact money, a pace that is not rewritten for nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import NOW, VERSION, a_head, a_job, a_job_spec, a_log, a_pool_view, a_progress, an_identity
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.model import Condition, Money
from understudy_api.receipt import Totals
from understudy_api.renderjob_status import RenderJobStatus
from understudy_operator.core.admission import Permitted, admit
from understudy_operator.core.conditions import Said, events, find, merged, said
from understudy_operator.core.decide import decide_job
from understudy_operator.core.job_conditions import job_event
from understudy_operator.core.prices import Prices
from understudy_operator.core.seconds import decimal_seconds
from understudy_operator.core.state import JobState, OrderLog
from understudy_operator.core.times import earliest, rfc3339, unix_seconds


def _status(state: JobState, now: float = NOW) -> RenderJobStatus:
    found = decide_job(state, now).status
    assert found is not None
    return found


def _digest() -> str:
    admission = admit(a_job(), NOW)
    assert isinstance(admission, Permitted)
    return admission.digest


def _running(done: int, worker_seconds: float = 90.0, **changed: Any) -> JobState:
    digest = _digest()
    made = Totals(
        done=done,
        metered_seconds=4.0 * done,
        clips_rendered=3 * done,
        clips_reused=done,
        started_at=NOW - 100,
    )
    head = a_head(digest, totals=made, billed_seconds=4.0 * done, billed_worker_seconds=worker_seconds)
    pool = a_pool_view(held=a_progress(digest), grant_expires_at=NOW + 9e9)
    return a_job(**{"log": OrderLog(head=head), "pool": pool, **changed})


def test_a_running_job_shows_how_far_it_is() -> None:
    status = _status(_running(2))
    assert (status.phase, status.progress, status.metered_seconds) == ("Running", "2/8", "8")
    assert status.items is not None
    assert (status.items.total, status.items.done) == (8, 2)
    assert status.takes is not None
    assert (status.takes.rendered, status.takes.reused) == (6, 2)
    assert status.cost == Money(amount="0.0150", currency="EUR")
    assert status.worker_seconds == "90"
    assert (status.twin_version, status.order_digest) == (VERSION, _digest())
    assert status.started_at == rfc3339(NOW - 100)
    assert status.index is None


def test_eta_follows_the_pace_and_is_reckoned_anew_only_when_an_item_is_done() -> None:
    first = _status(_running(2))
    eta = unix_seconds(first.eta)
    assert eta is not None
    assert NOW + 300 <= eta <= NOW + 310
    assert decide_job(_running(2, status=first), NOW + 40).status is None
    later = _status(_running(4, status=first), NOW + 40)
    assert later.eta != first.eta
    assert _status(_running(0)).eta is None


def test_a_finished_job_links_its_files_and_forgets_its_eta() -> None:
    digest = _digest()
    state = _running(8, log=a_log(digest, Totals(done=8, metered_seconds=32.0, started_at=NOW - 50), finished=True))
    status = _status(state)
    assert (status.phase, status.progress, status.eta) == ("Complete", "8/8", None)
    assert status.index == "s3://understudy-outputs/acme/spring/index.jsonl"
    assert status.contact_sheet == "s3://understudy-outputs/acme/spring/contact-sheet.html"
    assert status.finished_at == rfc3339(NOW)


def test_without_a_price_no_cost_is_shown() -> None:
    pool = a_pool_view(prices=Prices())
    assert _status(_running(2, pool=pool)).cost is None
    assert _status(a_job()).cost is None


def _grouped(spent: dict[str, float], prices: Prices) -> RenderJobStatus:
    """The status of a job that performers worked 90 s for, so much of it in groups."""
    head = a_head(_digest(), billed_worker_seconds=90.0, billed_worker_seconds_by_group=spent)
    return _status(_running(2, log=OrderLog(head=head), pool=a_pool_view(prices=prices)))


def test_a_job_costs_what_the_groups_of_its_performers_cost() -> None:
    prices = Prices(None, {"spot": Money(amount="0.60", currency="EUR"), "fixed": Money(amount="2", currency="EUR")})
    status = _grouped({"spot": 72.0, "fixed": 18.0}, prices)
    assert status.cost == Money(amount="0.0220", currency="EUR")
    assert status.worker_seconds == "90"
    assert status.worker_seconds_by_group == {"fixed": "18", "spot": "72"}
    assert "workerSecondsByGroup" not in _status(_running(2)).wire()


def test_a_job_with_seconds_that_have_no_price_shows_no_cost_and_whose_they_are() -> None:
    status = _grouped({"spot": 72.0, "fixed": 18.0}, Prices(None, {"spot": Money(amount="0.60", currency="EUR")}))
    assert status.cost is None
    assert status.worker_seconds_by_group == {"fixed": "18", "spot": "72"}


def test_a_changed_price_counts_for_everything_a_job_ever_took_even_when_it_is_done() -> None:
    digest = _digest()
    log = a_log(digest, Totals(done=8, metered_seconds=32.0, started_at=NOW - 50), finished=True)
    assert log.head is not None
    log = replace(
        log, head=replace(log.head, billed_worker_seconds=90.0, billed_worker_seconds_by_group={"spot": 90.0})
    )
    found = [
        _status(
            _running(8, log=log, pool=a_pool_view(prices=Prices(None, {"spot": Money(amount=amount, currency="EUR")})))
        )
        for amount in ("0.60", "1.20")
    ]
    assert [(one.phase, one.cost.amount if one.cost else None) for one in found] == [
        ("Complete", "0.0150"),
        ("Complete", "0.0300"),
    ]


def test_a_pool_that_is_gone_leaves_the_cost_as_it_was() -> None:
    before = _status(_running(2))
    assert _status(_running(3, pool=None, status=before)).cost == before.cost


def test_what_the_pool_says_is_shown() -> None:
    trouble = "s3://theirs/a.mp4: the object store refuses these credentials; check the access key"
    held = a_progress(_digest(), state="Finishing", message=trouble)
    told = find(_status(_running(8, pool=a_pool_view(held=held))).conditions, "Dispatched")
    assert told is not None
    assert (told.status, told.reason) == ("True", "PoolWaiting")
    assert told.message == f"pool default holds the order; it says: {trouble}"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0"), (12.04, "12.04"), (812, "812"), (0.0004, "0"), (1e9, "1000000000"), (100.0, "100")],
)
def test_seconds_are_shown_without_idle_digits(seconds: float, text: str) -> None:
    assert decimal_seconds(seconds) == text


@given(st.floats(0, 1e9, allow_nan=False))
def test_seconds_lose_less_than_a_millisecond(seconds: float) -> None:
    assert abs(float(decimal_seconds(seconds)) - seconds) <= 0.0005001


STATUSES = st.sampled_from(["True", "False", "Unknown"])


@given(st.lists(STATUSES, min_size=1, max_size=12))
def test_transition_times_change_with_status_alone(statuses: list[Any]) -> None:
    conditions: tuple[Condition, ...] = ()
    since, before = NOW, None
    for step, status in enumerate(statuses):
        now = NOW + 60 * step
        conditions = merged(conditions, [Said("Admitted", status, f"Reason{step}", f"message {step}")], step, now)
        since = since if status == before else now
        before = status
        (one,) = conditions
        assert unix_seconds(one.last_transition_time) == int(since)
        assert (one.reason, one.message, one.observed_generation) == (f"Reason{step}", f"message {step}", step)


def test_long_messages_are_cut() -> None:
    (one,) = merged((), [said("Admitted", False, "X", "m" * 9999)], 1, NOW)
    assert len(one.message) == 1000


def _condition(kind: str, status: str, reason: str) -> Condition:
    return Condition.model_validate(
        {"type": kind, "status": status, "reason": reason, "lastTransitionTime": rfc3339(NOW), "message": "m"}
    )


@pytest.mark.parametrize(
    ("was", "now", "kind"),
    [
        (None, ("Admitted", "True", "Admitted"), "Normal"),
        (None, ("Admitted", "False", "TwinNotFound"), "Warning"),
        (("Admitted", "False", "TwinNotFound"), ("Admitted", "False", "TwinNotFound"), None),
        (("Admitted", "False", "TwinNotFound"), ("Admitted", "False", "QuotaExceeded"), "Warning"),
        (None, ("Admitted", "Unknown", "TwinNotReady"), None),
        (None, ("Suspended", "False", "Running"), None),
        (("Suspended", "True", "Suspended"), ("Suspended", "False", "Running"), "Normal"),
        (("Suspended", "False", "Pending"), ("Suspended", "False", "Running"), None),
        (None, ("Dispatched", "False", "Dispatching"), None),
        (("Dispatched", "True", "Dispatched"), ("Dispatched", "False", "PoolUnreachable"), "Warning"),
        (("Complete", "False", "Running"), ("Complete", "True", "AllItemsDone"), "Normal"),
        (("Complete", "False", "Running"), ("Complete", "False", "Cancelled"), "Normal"),
        (("Failed", "False", "Running"), ("Failed", "True", "TooManyFailedItems"), "Warning"),
    ],
)
def test_events_are_worth_telling(
    was: tuple[str, str, str] | None, now: tuple[str, str, str], kind: str | None
) -> None:
    old = () if was is None else (_condition(*was),)
    found = events(old, (_condition(*now),), job_event)
    assert [(event.type, event.reason) for event in found] == ([] if kind is None else [(kind, now[2])])


def test_conditions_are_found_by_type() -> None:
    one = _condition("Ready", "True", "Ready")
    assert find((one,), "Ready") == one
    assert find((one,), "Valid") is None


def test_every_condition_names_its_generation() -> None:
    status = _status(a_job(a_job_spec(), identity=an_identity(generation=9)))
    assert [condition.type for condition in status.conditions] == [
        "Admitted",
        "Dispatched",
        "Complete",
        "Failed",
        "Suspended",
        "Reconciling",
    ]
    assert {condition.observed_generation for condition in status.conditions} == {9}
    assert status.observed_generation == 9


@given(st.integers(0, 4_000_000_000))
def test_times_come_back(seconds: int) -> None:
    assert unix_seconds(rfc3339(seconds)) == seconds
    assert unix_seconds(rfc3339(seconds + 0.9)) == seconds


@pytest.mark.parametrize("text", [None, "", "yesterday", "2026-13-01T00:00:00Z"])
def test_what_is_no_time_is_none(text: str | None) -> None:
    assert unix_seconds(text) is None


def test_the_earliest_of_what_is_given() -> None:
    assert earliest(None, 3.0, 2.0) == 2.0
    assert earliest(None, None) is None
