"""Sums that several panels need, recorded once."""

from __future__ import annotations

from typing import Final

from understudy_monitoring.rule import Recording

COST_BY_POOL: Final = "understudy:cost_by_pool:rate1h"
LOCALE_SECONDS: Final = "understudy:locale_worker_seconds:rate1h"
COST_BY_LOCALE: Final = "understudy:cost_by_locale:rate1h"

SUMS: Final = (
    Recording(COST_BY_POOL, "sum by (pool, currency) (rate(understudy_cost_total[1h]))"),
    Recording(LOCALE_SECONDS, "sum by (pool, locale) (rate(understudy_locale_worker_seconds_total[1h]))"),
    # A pool has one currency; in the hour in which it changes, only the larger part is shown: they cannot be added.
    Recording(
        COST_BY_LOCALE,
        f"{LOCALE_SECONDS} / on (pool) group_left () (sum by (pool) ({LOCALE_SECONDS}) > 0) "
        f"* on (pool) group_left (currency) topk by (pool) (1, {COST_BY_POOL})",
    ),
)
