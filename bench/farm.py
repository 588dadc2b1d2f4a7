"""Frames a second of the whole farm against a bare loop, interleaved, a minute and more each.

The farm: director, performers on Ray, receipts, clips, joining, checks, signatures and delivery, all through MinIO. The
bare loop (`bench.bare`): the same takes in one process per core and nothing else.
"""

from __future__ import annotations

import os
import ssl
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from bench.bare import rate as bare_rate
from bench.campaign import Owner, as_lines, order_of, rows
from bench.director import start_director
from bench.measure import Measurement, median
from bench.twin import bench_twin
from understudy_api import token
from understudy_api.order import Order
from understudy_api.receipt import Segment
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.local.keys import Keys
from understudy_cli.local.object_store import settings as store_settings
from understudy_cli.local.part import Site
from understudy_workers.expand import plan
from understudy_workers.objects import Objects
from understudy_workers.twins import publish

ROUNDS = 2
SECONDS = 60.0
BAR = 0.90
_WARM_ROWS = 2


def run(rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Measurement]:
    """The ratio, and both sides of it."""
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as folder:
        farm = Farm(Home(Path(folder) / "farm"))
        try:
            site = farm.up(["minio", "ray"])
            return _compare(site, Path(folder), rounds, seconds)
        finally:
            farm.purge()


def _compare(site: Site, folder: Path, rounds: int, seconds: float) -> list[Measurement]:
    keys, owner = Keys.at(site.home), Owner()
    bundle = bench_twin(folder / "bundle", owner, token.load_key(keys.pool.read_text()))
    objects = Objects(store_settings(site, "pool"))
    pin = publish(objects, "understudy-twins", bundle, token.load_key(keys.pool_public.read_text()))
    farm_key = token.load_key(keys.farm.read_text())
    start_director(site, "understudy_workers.pipeline:Studio")

    def order(first: int, count: int) -> Order:
        given = rows(first, count)
        order = order_of(owner, farm_key, pin.version, given)
        objects.put("understudy-staging", order.content.rows_s3_key, as_lines(given))
        return order

    warm = order(0, (os.cpu_count() or 1) * _WARM_ROWS)
    frames, took = _farm(site, objects, warm)
    count = max(2, round(seconds * 1.15 * warm.content.rows_count / took))
    found: list[tuple[float, float]] = []
    for turn in range(rounds):
        work = order(10_000 * (turn + 1), count)
        words = _words(work, rows(10_000 * (turn + 1), count))
        frames, took = _farm(site, objects, work)
        bare, bare_frames = bare_rate(bundle, keys.pool_public, words, folder)
        if frames != bare_frames:
            raise RuntimeError(f"the farm made {frames} frames and the bare loop {bare_frames}: not the same takes")
        found.append((frames / took, bare))
    note = f"{os.cpu_count()} cores, 1280x720 and 1080x1920, joined, signed, stored and delivered"
    return [
        median("farm", [farm for farm, _ in found], "frames/s"),
        median("bare loop, clips only", [bare for _, bare in found], "frames/s"),
        Measurement("farm / bare loop", statistics.median(f / b for f, b in found), "", BAR, note=note),
    ]


def _words(order: Order, given: list[dict[str, str]]) -> list[str]:
    """Every sentence of the order once, in the order of its rows."""
    return list(dict.fromkeys(text for item in plan(order, given, b"x" * 32) for text in item.sentences))


def _farm(site: Site, objects: Objects, order: Order) -> tuple[int, float]:
    """Frames rendered for an order, and the seconds from the request to its last delivery."""
    tls = ssl.create_default_context(cafile=str(site.authority))
    bearer = {"Authorization": f"Bearer {Keys.at(site.home).director_token.read_text().strip()}"}
    url = f"https://127.0.0.1:{site.plan.ports.director}/v1/orders/{order.uid}"
    with httpx.Client(verify=tls, headers=bearer, timeout=30) as http:
        began = time.perf_counter()
        http.put(url, content=order.model_dump_json()).raise_for_status()
        while (progress := http.get(url).json())["state"] not in ("Finished", "Failed"):
            time.sleep(0.1)
        took = time.perf_counter() - began
    if progress["state"] != "Finished":
        raise RuntimeError(f"the order ended as {progress}")
    last = list(objects.keys("understudy-receipts", f"{order.uid}/0"))[-1]
    totals = Segment.model_validate_json(objects.get("understudy-receipts", last)).totals
    if totals.done != order.total_items:
        raise RuntimeError(f"wanted {order.total_items} items done, got {totals}")
    return totals.frames, took
