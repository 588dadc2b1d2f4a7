"""Whose performers ask for which pool: the account of a pool, or of all pools that have none of their own."""

from __future__ import annotations

import pytest

from understudy_api.token import new_key
from understudy_vault.rules import Bench, _of_pool

CALLERS = {"*": "farm", "second": "other"}


@pytest.mark.parametrize(
    ("pool", "caller", "allowed"),
    [
        ("default", "farm", True),
        ("rays", "farm", True),
        ("second", "other", True),
        ("second", "farm", False),
        ("default", "other", False),
        ("*", "other", False),
        ("default", "", False),
    ],
)
def test_an_account_asks_for_its_pools_alone(pool: str, caller: str, allowed: bool) -> None:
    bench = Bench(new_key(), CALLERS, b"x" * 32, True)
    assert (_of_pool(bench, pool, caller) is None) is allowed


def test_without_any_account_nobody_asks() -> None:
    bench = Bench(new_key(), {"second": "other"}, b"x" * 32, True)
    assert _of_pool(bench, "default", "farm") is not None
    assert _of_pool(bench, "default", "other") is not None
