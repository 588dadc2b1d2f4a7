"""Fair share between names."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_workers.direction.share import Share


def served(share: Share, active: list[tuple[str, float]], turns: int) -> dict[str, float]:
    """Serves whoever is first, `turns` times; seconds that each name got."""
    got = dict.fromkeys(dict(active), 0.0)
    costs = dict(active)
    for _ in range(turns):
        first = share.ranked(list(costs))[0]
        share.charge(first, costs[first])
        got[first] += costs[first]
    return got


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 5), min_size=2, max_size=6))
def test_names_get_equal_seconds_whatever_a_turn_costs(costs: list[float]) -> None:
    share = Share()
    got = served(share, [(f"brand-{n}", cost) for n, cost in enumerate(costs)], 2000)
    assert max(got.values()) - min(got.values()) <= max(costs) + 1e-6


def test_a_latecomer_earns_no_credit_for_its_absence() -> None:
    share = Share()
    served(share, [("early", 1.0)], 1000)
    got = served(share, [("early", 1.0), ("late", 1.0)], 100)
    assert got == {"early": 50.0, "late": 50.0}


def test_absence_does_not_forgive_a_debt() -> None:
    share = Share()
    share.ranked(["greedy", "modest"])
    share.charge("greedy", 100.0)
    share.charge("modest", 1.0)
    share.ranked(["modest"])
    assert served(share, [("greedy", 1.0), ("modest", 1.0)], 90) == {"greedy": 0.0, "modest": 90.0}


def test_an_estimate_that_took_too_much_is_given_back() -> None:
    share = Share()
    share.ranked(["a", "b"])
    share.charge("a", 10.0)
    share.charge("a", -9.5)
    share.charge("b", 1.0)
    assert share.ranked(["a", "b"]) == ["a", "b"]


def test_equal_names_come_in_alphabetical_order() -> None:
    assert Share().ranked(["c", "a", "b"]) == ["a", "b", "c"]


@settings(deadline=None)
@given(st.lists(st.sets(st.sampled_from([f"n{i}" for i in range(8)])), max_size=30))
def test_ranking_is_a_permutation_of_those_present(rounds: list[set[str]]) -> None:
    share = Share()
    for present in rounds:
        ranked = share.ranked(present)
        assert sorted(ranked) == sorted(present)
        if ranked:
            share.charge(ranked[0], 1.0)


def test_names_that_never_come_back_are_forgotten() -> None:
    share = Share()
    for number in range(2000):
        share.ranked([f"brand-{number}", "stays"])
        share.charge(f"brand-{number}", 0.5)
        share.charge("stays", 1.0)
    assert len(share._served_seconds) < 500
