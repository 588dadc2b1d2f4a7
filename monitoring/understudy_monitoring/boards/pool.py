"""Are performers busy with the right things, and what holds them up?"""

from __future__ import annotations

from typing import Final

from understudy_monitoring.board import Board, Panel, Query, Row
from understudy_monitoring.promql import or_unknown

POOL: Final = Board(
    slug="pool",
    title="Understudy / Pool",
    says="Utilisation, time by stage, reuse, waiting, losses.",
    rows=(
        Row(
            "Use",
            (
                Panel(
                    title="What share of performers works?",
                    queries=(
                        Query(
                            or_unknown("sum(understudy_performers_busy) / clamp_min(sum(understudy_performers), 1)"),
                            "busy",
                        ),
                    ),
                    unit="percentunit",
                    says="Near 1 with items left: more nodes would make it faster. Near 0 with items left: something holds them up.",
                    kind="number",
                    width=6,
                ),
                Panel(
                    title="How many performers are there?",
                    queries=(
                        Query('sum by (pool) (understudy_pool_performers{state="ready"})', "{{pool}}, all"),
                        Query('sum by (pool) (understudy_pool_performers{state="busy"})', "{{pool}}, busy"),
                    ),
                    unit="short",
                    says="By pool, as its RenderPool says.",
                    width=9,
                    alert="UnderstudyNobodyPerforms",
                ),
                Panel(
                    title="Do their directors answer?",
                    queries=(Query("max by (pool) (understudy_pool_reachable)", "{{pool}}"),),
                    unit="short",
                    says="1 while a pool's director answers the operator.",
                    width=9,
                    alert="UnderstudyPoolAway",
                ),
            ),
        ),
        Row(
            "Time",
            (
                Panel(
                    title="Where does the time go?",
                    queries=(Query("topk(8, sum by (stage) (rate(understudy_stage_seconds_total[5m])))", "{{stage}}"),),
                    unit="short",
                    says="Performers at each stage, on average: seconds of work a second.",
                ),
                Panel(
                    title="How much of the performers' time is paid for nothing?",
                    queries=(Query("sum by (state) (rate(understudy_worker_seconds_total[5m]))", "{{state}}"),),
                    unit="short",
                    says="Performers busy and idle. Idle ones of a pool that scales go after idleSeconds.",
                ),
                Panel(
                    title="Is work short, or are performers?",
                    queries=(
                        Query(
                            "histogram_quantile(0.95, sum by (le) (rate(understudy_queue_wait_seconds_bucket[5m])))",
                            "work waits, 95 of 100",
                        ),
                        Query(
                            "histogram_quantile(0.5, sum by (le) (rate(understudy_queue_wait_seconds_bucket[5m])))",
                            "half of all",
                        ),
                    ),
                    unit="s",
                    says="How long works were ready before a performer took them. Long: performers are short. Short with idle performers: work is.",
                ),
            ),
        ),
        Row(
            "Reuse and loss",
            (
                Panel(
                    title="How much is made anew?",
                    queries=(Query("60 * sum by (origin) (rate(understudy_clips_total[5m]))", "{{origin}}"),),
                    unit="short",
                    says="Clips a minute that items used, by whether they were rendered for them. A second format or a changed sentence reuses the others.",
                ),
                Panel(
                    title="What is lost on the way?",
                    queries=(
                        Query("sum(rate(understudy_performers_lost_total[15m])) * 900", "performers lost"),
                        Query("sum(rate(understudy_attempts_failed_total[15m])) * 900", "attempts that raised"),
                        Query("sum(rate(understudy_store_outages_total[15m])) * 900", "calls of the store given up"),
                    ),
                    unit="short",
                    says="In a quarter of an hour. Each is tried again and nobody pays for it.",
                    decimals=0,
                    alert="UnderstudyPerformersLost",
                ),
                Panel(
                    title="What are orders doing?",
                    queries=(Query("sum by (state) (understudy_orders)", "{{state}}"),),
                    unit="short",
                    says="Of all directors. Orders that wait for a grant wait for the operator, or for quota.",
                ),
            ),
        ),
    ),
)
