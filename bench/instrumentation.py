"""What counting costs: a performer's frames a second of processor time with the director's metrics and with ones that count nothing.

Each sentence is performed twice by either side, in turns that favour neither, in one process on one core, with a real
twin and the real encoder; after each the side is told what a director tells its metrics of a take and its item, and one is
scraped every ten. Seconds are of the processor: a machine that others use too is now faster, now slower, by more than
counting could cost.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from prometheus_client import generate_latest

from bench.bare import performer
from bench.campaign import SENTENCES, Owner
from bench.measure import Measurement
from bench.twin import bench_twin
from understudy_api import token
from understudy_api.receipt import Receipt, Segment
from understudy_workers.direction.pool_metrics import PoolMetrics
from understudy_workers.direction.stints import locales_of
from understudy_workers.work import TakeResult, TakeWork

ROUNDS: Final = 20
SCRAPED_EVERY: Final = 10
BAR: Final = 0.99
STAGES: Final = ("key", "find", "speak", "animate", "compose", "place", "encode", "keep")


class Nothing:
    """Takes every call and does nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


class Silent(PoolMetrics):
    """Metrics whose counters count nothing: the calls stay, what they do is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.wait = self.workers = self.busy = Nothing()  # type: ignore[assignment]

    def batch(self, *_: Any) -> None:
        """Nothing."""

    segment = spoke = worked = refusal = idled = orders = batch


def run(rounds: int = ROUNDS) -> list[Measurement]:
    """Frames a second with metrics by those without, and the share of the time that the calls take."""
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as folder:
        key = token.new_key()
        bundle = bench_twin(Path(folder) / "bundle", Owner(), key)
        (Path(folder) / "key.jwk").write_text(json.dumps(token.public_jwk(key)))
        perform = performer(bundle, Path(folder) / "key.jwk")
        return _measured(perform, rounds)


def _measured(perform: Callable[[str], int], rounds: int) -> list[Measurement]:
    sides: dict[str, PoolMetrics] = {"on": PoolMetrics(), "off": Silent()}
    ratios, rates = [], []
    counting, working = 0.0, 0.0
    perform(SENTENCES[0])
    for number in range(rounds):
        frames, seconds = 0, dict.fromkeys(sides, 0.0)
        for place, name in enumerate(("on", "off", "off", "on") if number % 2 else ("off", "on", "on", "off")):
            began = time.process_time()
            frames = perform(SENTENCES[number % len(SENTENCES)])
            made = time.process_time()
            _tell(sides[name], frames, made - began)
            if name == "on" and place > 1 and number % SCRAPED_EVERY == 0:
                generate_latest(sides[name].registry)
            ended = time.process_time()
            seconds[name] += ended - began
            counting += ended - made if name == "on" else 0.0
        working += seconds["on"]
        ratios.append(seconds["off"] / seconds["on"])
        rates.append(2 * frames / seconds["on"])
    note = f"{rounds} sentences, each twice on either side in turns, median of their ratios"
    return [
        Measurement("frames/s with metrics", statistics.median(rates), "frames/s"),
        Measurement("  by those without", statistics.median(ratios), "", BAR, note=note),
        Measurement(
            "  counting / work", counting / working, "", 1 - BAR, "lower", "timed where it happens, scrapes in it"
        ),
    ]


def _tell(metrics: PoolMetrics, frames: int, seconds: float) -> None:
    """What floor, order and books say of a batch of one take and of the segment its item is in."""
    take = TakeWork("take", (), (), "", "en-GB")
    outcome = TakeResult("take", frames, (False,), seconds, {}, 0.0)
    metrics.workers.set(2)
    metrics.busy.set(2)
    metrics.idled(0.0)
    metrics.wait.observe(0.01)
    metrics.batch("acme", {"rendered": 1}, dict.fromkeys(STAGES, seconds / len(STAGES)), 0, frames, seconds)
    locales = locales_of((take,), (outcome,), seconds)
    metrics.worked("default", {locale: seconds * share for locale, share in locales})
    receipt = Receipt.model_construct(outcome="done", locale="en-GB", metered_seconds=frames / 25, reason="")
    segment = Segment.model_construct(receipts=(receipt,))
    metrics.segment("acme", segment, 1, 0)
    metrics.spoke("default", segment)
