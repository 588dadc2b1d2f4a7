"""What a pool tells Prometheus. Labels stay few: outcomes, stages, reasons we know, and at most so many brands."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client import Counter as Count

from understudy_api.receipt import Segment

MAX_BRANDS: Final = 40
MAX_REASONS: Final = 24
MAX_LOCALES: Final = 24
"""Combinations of pool and locale; a director has one pool."""
OTHER: Final = "other"
_WAIT_BUCKETS: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 1800.0)
_STAGES: Final = frozenset(
    [
        "key",
        "find",
        "load",
        "speak",
        "animate",
        "compose",
        "place",
        "encode",
        "keep",
        "mix",
        "join",
        "caption",
        "check",
        "portray",
        "sign",
        "store",
    ]
)


class PoolMetrics:
    """The pool's counters in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._brands: set[str] = set()
        self._reasons: set[str] = set()
        self._locales: set[tuple[str, str]] = set()
        registry = self.registry
        self._items = Count(
            "understudy_pool_items", "Items by outcome, as receipts have them.", ["outcome", "brand"], registry=registry
        )
        self._takes = Count("understudy_takes", "Takes performed, by outcome.", ["outcome"], registry=registry)
        self._clips = Count(
            "understudy_clips", "Clips used by items: rendered for them, or reused.", ["origin"], registry=registry
        )
        self._refusals = Count(
            "understudy_refusals", "License and grant refusals in the pool.", ["reason"], registry=registry
        )
        self._stages = Count("understudy_stage_seconds", "Worker time by stage.", ["stage"], registry=registry)
        self._brand_seconds = Count(
            "understudy_brand_worker_seconds", "Worker time by brand.", ["brand"], registry=registry
        )
        self._metered = Count(
            "understudy_pool_metered_seconds", "Metered seconds by brand.", ["brand"], registry=registry
        )
        locale = ["pool", "locale"]
        self._locale_items = Count(
            "understudy_locale_items", "Items by locale and outcome.", [*locale, "outcome"], registry=registry
        )
        self._locale_metered = Count(
            "understudy_locale_metered_seconds", "Metered seconds by locale.", locale, registry=registry
        )
        self._locale_worker = Count(
            "understudy_locale_worker_seconds", "Worker time by locale.", locale, registry=registry
        )
        self._failures = Count("understudy_attempts_failed", "Works that raised in a performer.", registry=registry)
        self._frames = Count("understudy_frames", "Frames rendered anew, all formats.", registry=registry)
        self.wait = Histogram(
            "understudy_queue_wait_seconds",
            "Time a work was ready before a performer got it.",
            buckets=_WAIT_BUCKETS,
            registry=registry,
        )
        self._worker = Count("understudy_worker_seconds", "Performer time, busy or idle.", ["state"], registry=registry)
        self.workers = Gauge("understudy_performers", "Performers that are ready.", registry=registry)
        self.busy = Gauge("understudy_performers_busy", "Performers that hold work.", registry=registry)
        self.lost = Count("understudy_performers_lost", "Performers that died or hung with work.", registry=registry)
        self._orders = Gauge("understudy_orders", "Orders by state.", ["state"], registry=registry)
        self.grant_waits = Count("understudy_grant_waits", "Times an order paused for a grant.", registry=registry)
        self.delivered = Count("understudy_items_delivered", "Items brought to their destination.", registry=registry)
        self.outages = Count("understudy_store_outages", "Object store calls that gave up.", registry=registry)
        self._segments = Count("understudy_receipt_segments", "Receipt segments written.", registry=registry)
        self.lost_races = Count(
            "understudy_receipt_races_lost", "Segments another director wrote first.", registry=registry
        )

    def brand(self, namespace: str) -> str:
        """The label of a brand: its namespace for the first hundred met, `other` from then on."""
        if namespace in self._brands or len(self._brands) < MAX_BRANDS:
            self._brands.add(namespace)
            return namespace
        return OTHER

    def batch(
        self,
        namespace: str,
        takes: Mapping[str, int],
        stages: Mapping[str, float],
        failures: int,
        frames: int,
        busy_seconds: float,
    ) -> None:
        """A performer answered: takes `rendered`, found (`reused`) or `refused`, seconds by stage, works that raised."""
        for outcome, count in takes.items():
            self._takes.labels(outcome).inc(count)
        for stage, seconds in stages.items():
            self._stages.labels(stage if stage in _STAGES else OTHER).inc(max(seconds, 0.0))
        self._failures.inc(failures)
        self._frames.inc(frames)
        self._brand_seconds.labels(self.brand(namespace)).inc(busy_seconds)
        self._worker.labels("busy").inc(busy_seconds)

    def segment(self, namespace: str, segment: Segment, clips_rendered: int, clips_reused: int) -> None:
        """Receipts joined the log: now they count."""
        brand = self.brand(namespace)
        for outcome, count in Counter(receipt.outcome for receipt in segment.receipts).items():
            self._items.labels(outcome, brand).inc(count)
        for receipt in segment.receipts:
            if receipt.outcome == "rejected":
                self.refusal(receipt.reason)
        self._metered.labels(brand).inc(sum(receipt.metered_seconds for receipt in segment.receipts))
        self._clips.labels("rendered").inc(clips_rendered)
        self._clips.labels("reused").inc(clips_reused)
        self._segments.inc()

    def refusal(self, reason: str) -> None:
        """Somebody's license or grant refused work."""
        if reason not in self._reasons and len(self._reasons) >= MAX_REASONS:
            reason = OTHER
        self._reasons.add(reason)
        self._refusals.labels(reason).inc()

    def spoke(self, pool: str, segment: Segment) -> None:
        """Receipts joined the log: what they say of locales."""
        items = Counter((receipt.locale, receipt.outcome) for receipt in segment.receipts)
        seconds = defaultdict[str, float](float)
        for receipt in segment.receipts:
            seconds[receipt.locale] += receipt.metered_seconds
        for (locale, outcome), count in items.items():
            self._locale_items.labels(*self._locale(pool, locale), outcome).inc(count)
        for locale, metered in seconds.items():
            self._locale_metered.labels(*self._locale(pool, locale)).inc(metered)

    def worked(self, pool: str, seconds: Mapping[str, float]) -> None:
        """A performer answered: its busy seconds by locale."""
        for locale, busy in seconds.items():
            self._locale_worker.labels(*self._locale(pool, locale)).inc(max(busy, 0.0))

    def _locale(self, pool: str, locale: str) -> tuple[str, str]:
        """Both, for as many as are told apart; `other` for every one after them."""
        known = (pool, locale)
        if known not in self._locales and len(self._locales) >= MAX_LOCALES:
            return OTHER, OTHER
        self._locales.add(known)
        return known

    def idled(self, seconds: float) -> None:
        """Performers were there and had nothing to do, summed over them."""
        self._worker.labels("idle").inc(max(seconds, 0.0))

    def orders(self, states: dict[str, int]) -> None:
        """How many orders there are in each state now."""
        for state in ("Running", "Suspended", "WaitingForGrant", "Finishing", "Finished", "Failed", "Stopped"):
            self._orders.labels(state).set(states.get(state, 0))
