"""Running totals: however a log is cut into segments, the same comes of it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from theatre import receipt

from understudy_api.receipt import MAX_LOGGED_GROUPS, Receipt, Totals
from understudy_workers.direction.totals import Spent, totals_after, with_groups

OUTCOMES = st.lists(st.sampled_from(["done", "failed", "rejected"]), max_size=20)


@settings(deadline=None)
@given(OUTCOMES, OUTCOMES)
def test_totals_add_up_whatever_the_segments(before: list[str], after: list[str]) -> None:
    def receipts(outcomes: list[str], start: int) -> list[Receipt]:
        return [receipt(None, start + n, outcome) for n, outcome in enumerate(outcomes)]

    parts = totals_after(Totals(), receipts(before, 0), Spent(1.0, started_at=5.0))
    parts = totals_after(parts, receipts(after, len(before)), Spent(2.0, started_at=3.0))
    whole = totals_after(Totals(), receipts(before + after, 0), Spent(3.0, started_at=3.0))
    assert parts == whole
    assert parts.items == len(before) + len(after)


BY_GROUP = st.dictionaries(st.sampled_from([f"g{n}" for n in range(40)]), st.integers(0, 10**6).map(float), max_size=40)


@given(st.lists(BY_GROUP, max_size=6))
def test_groups_add_up_within_their_bound(batches: list[dict[str, float]]) -> None:
    seconds: dict[str, float] = {}
    for batch in batches:
        before = dict(seconds)
        seconds = with_groups(seconds, batch)
        assert {group: seconds[group] - before.get(group, 0.0) for group in before} == {
            group: batch.get(group, 0.0) for group in before
        }
    assert len(seconds) <= MAX_LOGGED_GROUPS
    for group, sum_of_group in seconds.items():
        assert sum_of_group <= sum(batch.get(group, 0.0) for batch in batches)
    if len({group for batch in batches for group in batch}) <= MAX_LOGGED_GROUPS:
        assert sum(seconds.values()) == sum(sum(batch.values()) for batch in batches)


LOSSES = [
    ("failed", "PerformerDied: its performer died"),
    ("rejected", "UnspeakableText"),
    ("failed", "no reason given"),
]


@given(st.integers(0, 3))
def test_the_first_loss_is_kept_whatever_comes_later(cut: int) -> None:
    made = [receipt(None, 0, "done")] + [
        receipt(None, n + 1, outcome).model_copy(
            update={"reason": said.partition(": ")[0], "message": said.partition(": ")[2]}
        )
        for n, (outcome, said) in enumerate(LOSSES)
    ]
    totals = totals_after(totals_after(Totals(), made[:cut], Spent()), made[cut:], Spent())
    assert totals.first_loss == "PerformerDied: its performer died"


def test_a_log_without_losses_is_what_earlier_releases_wrote() -> None:
    totals = totals_after(Totals(), [receipt(None, 0, "done")], Spent())
    assert totals.first_loss == ""
    assert "first_loss" not in totals.model_dump_json()


def test_the_longest_loss_fits() -> None:
    longest = receipt(None, 0, "failed").model_copy(update={"reason": "R" * 64, "message": "m" * 500})
    totals = totals_after(Totals(), [Receipt.model_validate(longest.model_dump())], Spent())
    assert Totals.model_validate_json(totals.model_dump_json()) == totals
