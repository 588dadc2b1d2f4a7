"""What does it cost, for whom, and what is paid for nothing?"""

from __future__ import annotations

from typing import Final

from understudy_monitoring.board import Board, Panel, Query, Row
from understudy_monitoring.boards.locales import LOCALES
from understudy_monitoring.promql import risen

_HOURLY: Final = f"sum by (currency{{by}}) ({risen('understudy_cost_total', '1h')})"

COST: Final = Board(
    slug="cost",
    title="Understudy / Cost",
    says="Work at its price by pool, brand and license. Currencies are never added; what has no price is unpriced, never 0.",
    rows=(
        Row(
            "Sums",
            (
                Panel(
                    title="What does an hour cost?",
                    queries=(Query(_HOURLY.format(by=""), "{{currency}}"),),
                    unit="short",
                    says="Worker seconds at the prices of their groups and pools, over the last hour.",
                    kind="number",
                    width=6,
                    decimals=2,
                ),
                Panel(
                    title="What will this month come to?",
                    queries=(
                        Query(
                            f"sum by (currency) ({risen('understudy_cost_total', '7d')}) / 7 * scalar(days_in_month())",
                            "{{currency}}",
                        ),
                    ),
                    unit="short",
                    says="The last seven days, for as many days as this month has.",
                    kind="number",
                    width=6,
                    decimals=2,
                ),
                Panel(
                    title="What does a finished minute cost?",
                    queries=(
                        Query(
                            f"60 * sum by (currency) ({risen('understudy_cost_total', '1d')}) / on () group_left () (sum(increase(understudy_metered_seconds_total[1d])) > 0)",
                            "{{currency}}",
                        ),
                    ),
                    unit="short",
                    says="Cost of a day by minutes delivered in it; each format counts.",
                    kind="number",
                    width=6,
                    decimals=4,
                ),
                Panel(
                    title="How much work had no price?",
                    queries=(
                        Query("sum by (pool) (increase(understudy_unpriced_worker_seconds_total[1d]))", "{{pool}}"),
                    ),
                    unit="s",
                    says="Worker seconds of a day in pools or groups without a price. They are in no sum.",
                    kind="number",
                    width=6,
                    bounds=(1, 3600),
                    alert="UnderstudyUnpriced",
                ),
            ),
        ),
        Row(
            "By whom",
            (
                Panel(
                    title="Which brands?",
                    queries=(Query(f"topk(10, {_HOURLY.format(by=', brand')})", "{{brand}}, {{currency}}"),),
                    unit="short",
                    says="Cost of an hour of the ten largest brands.",
                ),
                Panel(
                    title="Which licenses?",
                    queries=(Query(f"topk(10, {_HOURLY.format(by=', license')})", "{{license}}, {{currency}}"),),
                    unit="short",
                    says="Cost of an hour by license. Royalties are in `understudy statement`.",
                ),
                Panel(
                    title="Which pools?",
                    queries=(Query(_HOURLY.format(by=", pool"), "{{pool}}, {{currency}}"),),
                    unit="short",
                    says="Cost of an hour by pool.",
                ),
            ),
        ),
        LOCALES,
        Row(
            "Busy and idle",
            (
                Panel(
                    title="What share of paid time is work?",
                    queries=(
                        Query(
                            'sum(rate(understudy_worker_seconds_total{state="busy"}[1h])) / (sum(rate(understudy_worker_seconds_total[1h])) > 0)',
                            "busy",
                        ),
                    ),
                    unit="percentunit",
                    says="Performers' busy time of all their time. Idle time is nobody's job: it is the price of being warm.",
                    width=12,
                ),
                Panel(
                    title="What does a worker-hour cost?",
                    queries=(
                        Query(
                            "max by (pool, group, currency) (understudy_pool_price)", "{{pool}} {{group}} {{currency}}"
                        ),
                    ),
                    unit="short",
                    says="Prices as RenderPools have them; a group without one has its pool's.",
                    kind="table",
                    width=12,
                ),
            ),
        ),
    ),
)
