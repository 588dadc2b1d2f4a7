"""How many series each metric has at worst, from the bounds that the code declares.

Whoever adds a metric adds its line: the test of the budget fails without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

from prometheus_client import CollectorRegistry

from understudy_api.kinds import KINDS
from understudy_operator.core.actions import Action
from understudy_operator.shell import api_metrics as api
from understudy_operator.shell import job_metrics as jobs
from understudy_operator.shell import metrics as process
from understudy_operator.shell import revocation_metrics as revocations
from understudy_operator.shell import royalty_metrics as royalties
from understudy_operator.shell import state_metrics as state
from understudy_operator.shell.metric_labels import MAX_CURRENCIES, MAX_POOLS
from understudy_workers.direction import pool_metrics as pool

BUDGET: Final = 20_000
"""Series of a whole farm: the operator, one that waits for its Lease, and as many directors as pools are told apart."""
DIRECTORS: Final = MAX_POOLS
_RESULTS, _OUTAGES, _OUTCOMES, _STATES, _ENDINGS = 4, 12, 3, 7, 2
"""Values of labels that the code itself names: results of reconciles, what is out of reach, outcomes of items, states of
orders, what becomes of deadlines."""


def _histogram(buckets: Sequence[float]) -> int:
    """Series of one: its buckets and the last one, count and sum."""
    return len(buckets) + 3


def _or_other(most: int) -> int:
    return most + 1


OPERATOR: Final = {
    "understudy_operator_reconcile_seconds": len(KINDS) * _RESULTS * _histogram(process._BUCKETS),
    "understudy_operator_queue_seconds": len(KINDS) * _histogram(process._BUCKETS),
    "understudy_operator_leader": 1,
    "understudy_operator_outages": _OUTAGES,
    "understudy_operator_actions": len(get_args(Action)),
    "understudy_operator_backlog": len(KINDS),
    "understudy_operator_api_request_seconds": _or_other(api.MAX_REQUESTS) * _histogram(api.BUCKETS),
    "understudy_operator_api_requests": _or_other(api.MAX_ANSWERS),
    "understudy_operator_conflicts": len(api.WRITTEN),
    "understudy_items": _OUTCOMES * _or_other(jobs.MAX_BRANDS),
    "understudy_metered_seconds": _or_other(jobs.MAX_ACCOUNTS),
    "understudy_job_worker_seconds": _or_other(jobs.MAX_ACCOUNTS),
    "understudy_unpriced_worker_seconds": _or_other(jobs.MAX_ACCOUNTS),
    "understudy_cost": jobs.MAX_ACCOUNTS + MAX_CURRENCIES,
    "understudy_license_refusals": _or_other(jobs.MAX_REFUSALS),
    "understudy_admission_seconds": _or_other(MAX_POOLS) * _histogram(jobs._ADMISSION_BUCKETS),
    "understudy_first_item_seconds": _or_other(MAX_POOLS) * _histogram(jobs._FIRST_ITEM_BUCKETS),
    "understudy_job_deadlines": _ENDINGS * _or_other(MAX_POOLS),
    "understudy_revocation_seconds": len(revocations.UNTIL) * _histogram(revocations.BUCKETS),
    "understudy_royalties_accrued": royalties.MAX_LICENSES + MAX_CURRENCIES,
    "understudy_jobs": _or_other(len(state.PHASES)),
    "understudy_items_left": _or_other(state.MAX_BRANDS),
    "understudy_jobs_late": _or_other(MAX_POOLS),
    "understudy_pool_reachable": MAX_POOLS,
    "understudy_pool_performers": len(state._PERFORMERS) * MAX_POOLS,
    "understudy_pool_price": state.MAX_PRICES,
    "understudy_license_seconds": len(state._LICENSE_SECONDS) * _or_other(state.MAX_LICENSES),
    "understudy_license_items_left": _or_other(state.MAX_LICENSES),
    "understudy_consents_open": 1,
    "process_virtual_memory_bytes": 1,
    "process_resident_memory_bytes": 1,
    "process_start_time_seconds": 1,
    "process_cpu_seconds": 1,
    "process_open_fds": 1,
    "process_max_fds": 1,
    "python_info": 1,
}
DIRECTOR: Final = {
    "understudy_pool_items": _OUTCOMES * _or_other(pool.MAX_BRANDS),
    "understudy_brand_worker_seconds": _or_other(pool.MAX_BRANDS),
    "understudy_pool_metered_seconds": _or_other(pool.MAX_BRANDS),
    "understudy_locale_items": _OUTCOMES * _or_other(pool.MAX_LOCALES),
    "understudy_locale_metered_seconds": _or_other(pool.MAX_LOCALES),
    "understudy_locale_worker_seconds": _or_other(pool.MAX_LOCALES),
    "understudy_refusals": _or_other(pool.MAX_REASONS),
    "understudy_stage_seconds": _or_other(len(pool._STAGES)),
    "understudy_takes": 3,
    "understudy_clips": 2,
    "understudy_worker_seconds": 2,
    "understudy_queue_wait_seconds": _histogram(pool._WAIT_BUCKETS),
    "understudy_orders": _STATES,
    "understudy_attempts_failed": 1,
    "understudy_frames": 1,
    "understudy_performers": 1,
    "understudy_performers_busy": 1,
    "understudy_performers_lost": 1,
    "understudy_grant_waits": 1,
    "understudy_items_delivered": 1,
    "understudy_store_outages": 1,
    "understudy_receipt_segments": 1,
    "understudy_receipt_races_lost": 1,
}


def series(registry: CollectorRegistry) -> dict[str, int]:
    """Metric -> how many series a scrape finds of it."""
    return {
        family.name: sum(not sample.name.endswith("_created") for sample in family.samples)
        for family in registry.collect()
    }
