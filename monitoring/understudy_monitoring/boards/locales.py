"""What languages cost: a row of the dashboard Cost."""

from __future__ import annotations

from typing import Final

from understudy_monitoring.board import Panel, Query, Row
from understudy_monitoring.sums import COST_BY_LOCALE

LOCALES: Final = Row(
    "By locale",
    (
        Panel(
            title="Which locales?",
            queries=(
                Query(f"topk(10, 3600 * sum by (locale, currency) ({COST_BY_LOCALE}))", "{{locale}}, {{currency}}"),
            ),
            unit="short",
            says="Cost of an hour by locale: each pool's cost, shared by the seconds that its performers spent on each.",
            decimals=2,
        ),
        Panel(
            title="What does a finished minute cost in each?",
            queries=(
                Query(
                    f"topk(10, 60 * sum by (locale, currency) ({COST_BY_LOCALE}) / on (locale) group_left () "
                    "(sum by (locale) (rate(understudy_locale_metered_seconds_total[1h])) > 0))",
                    "{{locale}}, {{currency}}",
                ),
            ),
            unit="short",
            says="The ten dearest of an hour. Locales that are spoken slower cost more a sentence, not more a minute.",
            decimals=4,
        ),
        Panel(
            title="How many videos in which locale?",
            queries=(
                Query(
                    'topk(10, 60 * sum by (locale) (rate(understudy_locale_items_total{outcome="done"}[5m])))',
                    "{{locale}}",
                ),
            ),
            unit="short",
            says="Items finished a minute, the ten locales with most.",
        ),
    ),
)
