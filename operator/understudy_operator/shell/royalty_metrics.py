"""What owners have earned, as the ledger has it at the moment somebody scrapes: a restart changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final

from prometheus_client.core import GaugeMetricFamily

from understudy_api.ledger.account import MICROS_PER_SECOND, Account, account_id
from understudy_operator.shell.metric_labels import MAX_CURRENCIES, OTHER, Labels
from understudy_operator.shell.store import Store

MAX_LICENSES: Final = 400
"""Licenses whose royalties are told apart."""
MICROS: Final = MICROS_PER_SECOND
"""Of a currency's unit, too."""


class RoyaltyMetrics:
    """A collector for a registry, asked at each scrape from the thread that serves it."""

    def __init__(self, store: Store, known: Callable[[str], Account | None]) -> None:
        self._store = store
        self._known = known
        """The account of this id as far as it was read already: nothing is waited for."""
        self._licenses, self._currencies = Labels(MAX_LICENSES), Labels(MAX_CURRENCIES)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One family. Royalties in more currencies than are told apart are left out: they cannot be added."""
        family = GaugeMetricFamily(
            "understudy_royalties_accrued",
            "Royalties of everything made under a license so far, before its minimum; a correction may lower them.",
            labels=("brand", "license", "currency"),
        )
        for labels, micros in self._accrued().items():
            family.add_metric(labels, micros / MICROS)
        yield family

    def _accrued(self) -> dict[tuple[str, ...], int]:
        found = defaultdict[tuple[str, ...], int](int)
        seen = set[str]()
        for body in self._store.all("License"):
            name = _account(str((body.get("spec") or {}).get("token", "")))
            account = self._known(name) if name is not None and name not in seen else None
            if account is None or account.royalty is None:
                continue
            seen.add(account.id)  # two Licenses may carry one token
            (currency,) = self._currencies.bounded(account.royalty.currency)
            if currency != OTHER:
                found[(*self._labels(body), currency)] += account.royalty_micros
        return found

    def _labels(self, body: Any) -> tuple[str, ...]:
        metadata, brand = body["metadata"], str((body.get("status") or {}).get("assignee") or "")
        return self._licenses.bounded(brand, f"{metadata['namespace']}/{metadata['name']}")


@lru_cache(maxsize=4096)
def _account(token: str) -> str | None:
    return account_id(token)
