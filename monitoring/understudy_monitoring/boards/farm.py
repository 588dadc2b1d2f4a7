"""Is the farm doing its work, and for whom?"""

from __future__ import annotations

from typing import Final

from understudy_monitoring.board import Board, Panel, Query, Row
from understudy_monitoring.promql import or_none

_FINISHED: Final = 'rate(understudy_items_total{outcome=~"done|failed|rejected"}[5m])'

FARM: Final = Board(
    slug="farm",
    title="Understudy / Farm",
    says="Throughput, what is left, how long brands wait, what fails.",
    rows=(
        Row(
            "Now",
            (
                Panel(
                    title="How many videos are finished each minute?",
                    queries=(Query('60 * sum(rate(understudy_items_total{outcome="done"}[5m]))', "videos"),),
                    unit="short",
                    says="Items delivered, all formats, over five minutes.",
                    kind="number",
                    width=6,
                    decimals=1,
                ),
                Panel(
                    title="How many are left to make?",
                    queries=(Query("sum(understudy_items_left) or vector(0)", "items"),),
                    unit="short",
                    says="Of jobs that are admitted and not finished.",
                    kind="number",
                    width=6,
                ),
                Panel(
                    title="When will they be done?",
                    queries=(
                        Query(
                            f"(sum(understudy_items_left) > 0) / (sum({_FINISHED}) or vector(0)) or vector(0)",
                            "from now",
                        ),
                    ),
                    unit="s",
                    says="At the pace of the last five minutes; ∞ while items are left and none is finished.",
                    kind="number",
                    width=6,
                ),
                Panel(
                    title="What share of items fails?",
                    queries=(Query("max(understudy:items_errors:ratio_rate1h) or vector(0)", "of an hour"),),
                    unit="percentunit",
                    says="Failed of done and failed. Refused items are no failures: see Rights.",
                    kind="number",
                    width=6,
                    bounds=(0.005, 0.05),
                    alert="UnderstudyItemsBurnsFast",
                ),
            ),
        ),
        Row(
            "Brands and pools",
            (
                Panel(
                    title="Who gets videos?",
                    queries=(
                        Query(
                            '60 * topk(10, sum by (brand) (rate(understudy_items_total{outcome="done"}[5m])))',
                            "{{brand}}",
                        ),
                    ),
                    unit="short",
                    says="Videos a minute of the ten largest brands.",
                ),
                Panel(
                    title="Who waits for how much?",
                    queries=(Query("topk(10, understudy_items_left)", "{{brand}}"),),
                    unit="short",
                    says="Items left by brand. One that stays while others fall has a lower priority, or no quota left.",
                ),
                Panel(
                    title="Which pools make them?",
                    queries=(
                        Query('60 * sum by (pool) (rate(understudy_items_total{outcome="done"}[5m]))', "{{pool}}"),
                    ),
                    unit="short",
                    says="Videos a minute by pool.",
                ),
            ),
        ),
        Row(
            "Waiting and failing",
            (
                Panel(
                    title="How long does a brand wait for its first video?",
                    queries=(
                        Query(
                            "histogram_quantile(0.5, sum by (le) (rate(understudy_first_item_seconds_bucket[30m])))",
                            "half of all",
                        ),
                        Query(
                            "histogram_quantile(0.95, sum by (le) (rate(understudy_first_item_seconds_bucket[30m])))",
                            "95 of 100",
                        ),
                    ),
                    unit="s",
                    says="From applying a job to its first finished item. Promised: 95 of 100 within 2 minutes.",
                    bounds=(60, 120),
                    alert="UnderstudyFirstItemBurnsFast",
                ),
                Panel(
                    title="How long until a brand hears whether its job is admitted?",
                    queries=(
                        Query(
                            "histogram_quantile(0.5, sum by (le) (rate(understudy_admission_seconds_bucket[30m])))",
                            "half of all",
                        ),
                        Query(
                            "histogram_quantile(0.99, sum by (le) (rate(understudy_admission_seconds_bucket[30m])))",
                            "99 of 100",
                        ),
                    ),
                    unit="s",
                    says="Promised: 99 of 100 within 5 s.",
                    bounds=(2.5, 5),
                    alert="UnderstudyAdmissionBurnsFast",
                ),
                Panel(
                    title="What are jobs doing?",
                    queries=(Query("sum by (phase) (understudy_jobs)", "{{phase}}"),),
                    unit="short",
                    says="RenderJobs by phase. `kubectl understudy why JOB` says what one waits for.",
                ),
            ),
        ),
        Row(
            "Deadlines",
            (
                Panel(
                    title="What share of deadlines is missed?",
                    queries=(Query("understudy:deadline_errors:ratio_rate1d", "of a day"),),
                    unit="percentunit",
                    says="Of jobs with activeDeadlineSeconds that ended. Promised: 1 of 100. A job that fails before its deadline has missed it.",
                    width=12,
                    alert="UnderstudyDeadlineBurnsFast",
                ),
                Panel(
                    title="How many running jobs will be late?",
                    queries=(Query(or_none("sum by (pool) (understudy_jobs_late)", "pool"), "{{pool}}"),),
                    unit="short",
                    says="Jobs whose ETA, at their pace so far, is after their deadline.",
                    width=12,
                    alert="UnderstudyJobsLate",
                ),
            ),
        ),
    ),
)
