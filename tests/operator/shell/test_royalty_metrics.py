"""Royalties as the ledger's accounts have them, by brand, license and currency."""

from __future__ import annotations

from typing import Any

import pytest
from builders import a_license_token
from prometheus_client import CollectorRegistry

from understudy_api.ledger.account import Account, account_id
from understudy_api.royalty_terms import Royalty
from understudy_operator.shell import royalty_metrics
from understudy_operator.shell.metric_labels import OTHER
from understudy_operator.shell.royalty_metrics import RoyaltyMetrics
from understudy_operator.shell.store import Store

SPLITS = ({"role": "owner", "payee": "ada", "share_millionths": 1_000_000},)


class Farm:
    """Licenses and their accounts."""

    def __init__(self) -> None:
        self.store, self.registry, self.accounts = Store(), CollectorRegistry(), dict[str, Account]()
        self.registry.register(RoyaltyMetrics(self.store, self.accounts.get))  # type: ignore[arg-type]

    def license(self, name: str, brand: str = "acme", jti: str | None = None) -> str:
        """A License object; returns its account's id."""
        token = a_license_token(jti=jti or f"license-{name}")
        metadata = {"namespace": "talent", "name": name, "uid": f"uid-{name}", "resourceVersion": "1"}
        self.store.put(
            {"kind": "License", "metadata": metadata, "spec": {"token": token}, "status": {"assignee": brand}}
        )
        found = account_id(token)
        assert found is not None
        return found

    def earned(self, account: str, micros: int, currency: str = "EUR") -> None:
        royalty = Royalty.model_validate({"currency": currency, "splits": SPLITS})
        self.accounts[account] = Account(id=account, royalty=royalty, royalty_micros=micros)

    def value(self, license_: str, brand: str = "acme", currency: str = "EUR") -> float | None:
        labels = {"brand": brand, "license": license_, "currency": currency}
        return self.registry.get_sample_value("understudy_royalties_accrued", labels)


def test_what_the_account_says_is_what_is_shown() -> None:
    farm = Farm()
    account = farm.license("spring")
    assert farm.value("talent/spring") is None, "nothing was read of it yet"
    farm.earned(account, 0)
    assert farm.value("talent/spring") == 0, "there before its first royalty"
    farm.earned(account, 1_250_000)
    assert farm.value("talent/spring") == 1.25
    farm.earned(account, 1_000_000)
    assert farm.value("talent/spring") == 1, "a correction lowers it"


def test_a_license_without_royalties_has_no_series() -> None:
    farm = Farm()
    account = farm.license("free")
    farm.accounts[account] = Account(id=account)
    assert farm.value("talent/free") is None


def test_one_token_in_two_objects_is_owed_once() -> None:
    farm = Farm()
    account = farm.license("a", jti="license-same")
    assert farm.license("b", jti="license-same") == account
    farm.earned(account, 2_000_000)
    assert [farm.value("talent/a"), farm.value("talent/b")] in ([2, None], [None, 2])


def test_currencies_are_never_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(royalty_metrics, "MAX_CURRENCIES", 2)
    monkeypatch.setattr(royalty_metrics, "MAX_LICENSES", 0)
    farm = Farm()
    for name, currency in (("a", "EUR"), ("b", "USD"), ("c", "EUR"), ("d", "JPY")):
        farm.earned(farm.license(name), 1_000_000, currency)
    assert farm.value(OTHER, OTHER, "EUR") == 2
    assert farm.value(OTHER, OTHER, "USD") == 1
    assert farm.value(OTHER, OTHER, "JPY") is None
    assert farm.value(OTHER, OTHER, OTHER) is None


@pytest.mark.parametrize("spec", [None, {}, {"token": ""}, {"token": "no token"}, {"token": 7}])
def test_what_is_no_license_hides_no_other(spec: Any) -> None:
    farm = Farm()
    metadata = {"namespace": "talent", "name": "bad", "uid": "uid-bad", "resourceVersion": "1"}
    farm.store.put({"kind": "License", "metadata": metadata, "spec": spec, "status": None})
    farm.earned(farm.license("good"), 5_000_000)
    assert farm.value("talent/good") == 5
