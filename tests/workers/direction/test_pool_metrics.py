"""Metrics with few labels."""

from __future__ import annotations

from prometheus_client import generate_latest
from theatre import NOW, receipt

from understudy_api.receipt import Segment, Totals
from understudy_workers.direction.pool_metrics import MAX_BRANDS, MAX_LOCALES, MAX_REASONS, PoolMetrics


def text(metrics: PoolMetrics) -> str:
    return generate_latest(metrics.registry).decode()


def test_brands_beyond_the_first_ones_share_one_label() -> None:
    metrics = PoolMetrics()
    for number in range(MAX_BRANDS + 50):
        metrics.batch(f"brand-{number}", {}, {}, 0, 0, 1.0)
    found = text(metrics)
    assert found.count("understudy_brand_worker_seconds_total{") == MAX_BRANDS + 1
    assert 'understudy_brand_worker_seconds_total{brand="other"} 50.0' in found
    assert metrics.brand("brand-7") == "brand-7"


def test_reasons_and_stages_nobody_knows_share_one_label() -> None:
    metrics = PoolMetrics()
    for number in range(MAX_REASONS + 5):
        metrics.refusal(f"Reason{number}")
    metrics.batch("acme", {}, {"speak": 1.0, "daydream": 2.0}, 0, 0, 3.0)
    found = text(metrics)
    assert 'understudy_refusals_total{reason="other"} 5.0' in found
    assert 'understudy_stage_seconds_total{stage="speak"} 1.0' in found
    assert 'understudy_stage_seconds_total{stage="other"} 2.0' in found


def test_items_count_when_their_receipts_are_in_the_log() -> None:
    metrics = PoolMetrics()
    lost = receipt(None, 1, "rejected").model_copy(update={"reason": "LicenseExpired"})
    segment = Segment(
        uid="order-uid",
        sequence=0,
        director="d",
        order="a" * 64,
        generation=1,
        written_at=NOW,
        receipts=(receipt(None, 0), lost),
        totals=Totals(),
    )
    metrics.segment("acme", segment, clips_rendered=2, clips_reused=5)
    found = text(metrics)
    for line in (
        'understudy_pool_items_total{brand="acme",outcome="done"} 1.0',
        'understudy_pool_items_total{brand="acme",outcome="rejected"} 1.0',
        'understudy_refusals_total{reason="LicenseExpired"} 1.0',
        'understudy_pool_metered_seconds_total{brand="acme"} 2.0',
        'understudy_clips_total{origin="reused"} 5.0',
        "understudy_receipt_segments_total 1.0",
    ):
        assert line in found


def a_segment(*locales: str) -> Segment:
    receipts = tuple(receipt(None, n).model_copy(update={"locale": locale}) for n, locale in enumerate(locales))
    known = {"uid": "order-uid", "sequence": 0, "director": "d", "order": "a" * 64, "generation": 1}
    return Segment(**known, written_at=NOW, receipts=receipts, totals=Totals())


def test_items_and_seconds_by_locale() -> None:
    metrics = PoolMetrics()
    metrics.spoke("gpu", a_segment("de-DE", "ja-JP", "de-DE"))
    metrics.worked("gpu", {"de-DE": 3.0, "ja-JP": 1.5})
    metrics.worked("gpu", {"de-DE": -5.0})
    found = text(metrics)
    for line in (
        'understudy_locale_items_total{locale="de-DE",outcome="done",pool="gpu"} 2.0',
        'understudy_locale_metered_seconds_total{locale="de-DE",pool="gpu"} 4.0',
        'understudy_locale_metered_seconds_total{locale="ja-JP",pool="gpu"} 2.0',
        'understudy_locale_worker_seconds_total{locale="de-DE",pool="gpu"} 3.0',
        'understudy_locale_worker_seconds_total{locale="ja-JP",pool="gpu"} 1.5',
    ):
        assert line in found


def test_locales_beyond_the_first_ones_share_one_label() -> None:
    metrics = PoolMetrics()
    for number in range(MAX_LOCALES + 7):
        metrics.worked("gpu", {f"x{number}": 1.0})
        metrics.spoke("gpu", a_segment(f"x{number}"))
    found = text(metrics)
    assert found.count("understudy_locale_worker_seconds_total{") == MAX_LOCALES + 1
    assert 'understudy_locale_worker_seconds_total{locale="other",pool="other"} 7.0' in found
    assert 'understudy_locale_metered_seconds_total{locale="other",pool="other"} 14.0' in found


def test_orders_are_shown_in_every_state_they_may_have() -> None:
    metrics = PoolMetrics()
    metrics.orders({"Running": 3})
    metrics.orders({"Finished": 1})
    found = text(metrics)
    assert 'understudy_orders{state="Running"} 0.0' in found
    assert 'understudy_orders{state="Finished"} 1.0' in found


def test_time_that_ran_backwards_is_no_idle_time() -> None:
    metrics = PoolMetrics()
    metrics.idled(-5.0)
    metrics.idled(2.0)
    assert 'understudy_worker_seconds_total{state="idle"} 2.0' in text(metrics)
