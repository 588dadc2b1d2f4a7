"""What worker seconds cost: exact sums at each group's price, and no cost where a price is missing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.model import Money
from understudy_api.receipt import MAX_LOGGED_GROUPS
from understudy_operator.core.prices import COST_STEP, ROUNDING_SECONDS, Prices, cost


def eur(amount: str) -> Money:
    return Money(amount=amount, currency="EUR")


@pytest.mark.parametrize(
    ("seconds", "price", "amount"),
    [
        (0, "0.60", "0.0000"),
        (3600, "0.60", "0.6000"),
        (1, "0.60", "0.0002"),
        (0.3, "1", "0.0001"),
        (86_400, "999999.999999", "24000000.0000"),
        (0.1 + 0.2, "36000", "3.0000"),
    ],
)
def test_cost_is_exact(seconds: float, price: str, amount: str) -> None:
    assert cost(seconds, {}, Prices(eur(price))) == eur(amount)


@given(st.integers(0, 10**9), st.integers(0, 10**6))
def test_cost_is_the_decimal_product(milliseconds: int, cents: int) -> None:
    price = eur(f"{Decimal(cents) / 100}")
    exact = Decimal(milliseconds) / 1000 / 3600 * Decimal(price.amount)
    found = cost(milliseconds / 1000, {}, Prices(price))
    assert found is not None
    assert abs(Decimal(found.amount) - exact) <= Decimal("0.00005000001")


POOL, SPOT, FIXED = eur("1"), eur("0.25"), eur("4")
GROUPS = {"spot": SPOT, "fixed": FIXED}


@pytest.mark.parametrize(
    ("spent", "prices", "amount"),
    [
        pytest.param({"spot": 3600.0, "fixed": 3600.0}, Prices(None, GROUPS), "4.2500", id="each its own"),
        pytest.param({"spot": 3600.0, "other": 3600.0}, Prices(POOL, GROUPS), "1.2500", id="no price of its own"),
        pytest.param({"spot": 3600.0}, Prices(POOL, GROUPS), "1.2500", id="the rest is the pool's"),
        pytest.param({}, Prices(POOL, GROUPS), "2.0000", id="a log without groups"),
        pytest.param({"spot": 3600.0, "fixed": 3600.0}, Prices(POOL), "2.0000", id="groups without prices"),
        pytest.param({"spot": 7200.0}, Prices(None, GROUPS), "0.5000", id="nothing is left for the pool"),
        pytest.param({"spot": 7200.0, "other": 0.0}, Prices(None, GROUPS), "0.5000", id="an idle group needs no price"),
        pytest.param({"spot": 7199.9999999}, Prices(None, GROUPS), "0.5000", id="digits that floats lost"),
        pytest.param({"spot": 7200.0000001}, Prices(None, GROUPS), "0.5000", id="digits that floats gained"),
        pytest.param({"spot": 3600.0, "other": 3600.0}, Prices(None, GROUPS), None, id="a group without any price"),
        pytest.param({"spot": 3600.0}, Prices(None, GROUPS), None, id="a rest without any price"),
        pytest.param({"spot": 7199.9}, Prices(None, GROUPS), None, id="a small rest without any price"),
        pytest.param({}, Prices(None, GROUPS), None, id="a log without groups, a pool without a price"),
        pytest.param({"spot": 7200.0}, Prices(), None, id="no price at all"),
        pytest.param({"spot": 7300.0}, Prices(POOL, GROUPS), None, id="more than there is"),
    ],
)
def test_two_hours_cost_what_their_groups_cost(spent: dict[str, float], prices: Prices, amount: str | None) -> None:
    assert cost(7200.0, spent, prices) == (eur(amount) if amount is not None else None)


@pytest.mark.parametrize(
    "prices",
    [
        Prices(POOL, {"spot": Money(amount="1", currency="USD")}),
        Prices(None, {"spot": SPOT, "fixed": Money(amount="1", currency="USD")}),
        Prices(Money(amount="1", currency="USD"), GROUPS),
    ],
)
def test_two_currencies_are_never_added(prices: Prices) -> None:
    assert prices.currency is None
    assert cost(10.0, {"spot": 10.0}, prices) is None
    assert cost(0.0, {}, prices) is None


def test_nothing_worked_costs_nothing_wherever_there_is_a_price() -> None:
    assert cost(0.0, {}, Prices(None, {"spot": SPOT})) == eur("0.0000")
    assert cost(0.0, {}, Prices()) is None


MILLISECONDS = st.dictionaries(
    st.text("abcd-0123", min_size=1, max_size=8), st.integers(0, 10**8), max_size=MAX_LOGGED_GROUPS
)
AMOUNT = st.decimals(0, 1000, places=4).map(lambda amount: eur(f"{amount:f}"))


def seconds(milliseconds: dict[str, int]) -> tuple[float, dict[str, float]]:
    """The sum and the parts as a log has them: floats, added one after the other."""
    parts = {group: one / 1000 for group, one in milliseconds.items()}
    return sum(parts.values()), parts


@given(MILLISECONDS, AMOUNT)
def test_groups_at_one_price_cost_what_a_pool_at_that_price_costs(milliseconds: dict[str, int], price: Money) -> None:
    total, parts = seconds(milliseconds)
    wanted = cost(total, {}, Prices(price))
    assert cost(total, parts, Prices(None, dict.fromkeys(parts, price))) == (wanted if parts else None)
    assert cost(total, parts, Prices(price)) == wanted


@given(MILLISECONDS, st.data())
def test_a_sum_is_each_groups_product_and_stays_between_the_lowest_and_the_highest_price(
    milliseconds: dict[str, int], data: st.DataObject
) -> None:
    total, parts = seconds(milliseconds)
    prices = {group: data.draw(AMOUNT) for group in parts}
    found = cost(total, parts, Prices(None, prices))
    if not parts:
        assert found is None
        return
    assert found is not None
    exact = sum((Decimal(one) * Decimal(prices[group].amount) for group, one in milliseconds.items()), Decimal(0))
    assert abs(Decimal(found.amount) - exact / 3_600_000) <= COST_STEP / 2
    low, high = (choose(prices.values(), key=lambda one: Decimal(one.amount)) for choose in (min, max))
    least, most = (cost(total, {}, Prices(one)) for one in (low, high))
    assert least is not None
    assert most is not None
    assert Decimal(least.amount) <= Decimal(found.amount) <= Decimal(most.amount)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.0, 100.0)), min_size=1, max_size=200))
def test_the_order_of_adding_leaves_nothing_without_a_price(batches: list[tuple[str, float]]) -> None:
    total, parts = 0.0, dict.fromkeys("abc", 0.0)
    for group, one in batches:
        total += one
        parts[group] += one
    assert cost(total, parts, Prices(None, dict.fromkeys("abc", SPOT))) is not None


@given(st.floats(float(ROUNDING_SECONDS) + 0.001, 1e6), st.floats(0, 1e6))
def test_a_part_is_never_shown_as_the_whole(unpriced: float, priced: float) -> None:
    assert cost(unpriced + priced, {"spot": priced}, Prices(None, GROUPS)) is None
    assert cost(unpriced + priced, {"spot": priced, "new": unpriced}, Prices(None, GROUPS)) is None
