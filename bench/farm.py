"""Frames a second of the whole farm against a bare loop, a minute and more each, by turns.

The farm: director, performers on Ray, receipts, clips, joining, checks, signatures and delivery, all through MinIO. The
bare loop (`bench.bare`): the same takes in one process per core and nothing else. Compared is the steady state: the farm
from the first takes to where work begins to run out, the bare loop while every core has takes left.
"""

from __future__ import annotations

import contextlib
import os
import re
import ssl
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
from joserfc.jwk import OKPKey

from bench.bare import BareLoop, Frozen, Side
from bench.campaign import Owner, as_lines, order_of, rows
from bench.director import commit_all, start_director
from bench.measure import Measurement, median
from bench.turns import Turns
from bench.twin import bench_twin
from understudy_api import token
from understudy_api.order import Order
from understudy_api.receipt import Segment
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.local.keys import Keys
from understudy_cli.local.object_store import settings as store_settings
from understudy_cli.local.part import HOME_MARK, Site
from understudy_cli.owner_vault import OwnerVault
from understudy_workers.expand import plan
from understudy_workers.objects import Objects
from understudy_workers.twins import publish

ROUNDS = 2
SECONDS = 120.0
BAR = 0.90
POLL_SECONDS = 1.0
"""How often an operator asks a pool what may be committed."""
LOOK_POLLS = 2
"""Polls between two looks at the metrics."""
STEADY = (0.05, 0.9)
"""The part of an order's frames between which a farm is in its steady state: all performers hold work, items are finished."""


def run(rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Measurement]:
    """The ratio, and both sides of it."""
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as folder:
        farm = Farm(Home(Path(folder) / "farm"))
        try:
            return _report(_compare(farm.up(["vault", "ray"]), Path(folder), rounds, seconds))
        finally:
            farm.purge()


def _report(found: list[tuple[Side, Side]]) -> list[Measurement]:
    note = f"{os.cpu_count()} cores, 1280x720 and 1080x1920, joined, signed, stored and delivered"
    shares = [farm.per_second / bare.per_second for farm, bare in found]
    efficiencies = [farm.per_processor_second / bare.per_processor_second for farm, bare in found]
    aside = "all processes of the farm counted; says more where others use the machine too"
    return [
        median("farm", [farm.per_second for farm, _ in found], "frames/s"),
        median("bare loop, clips only", [bare.per_second for _, bare in found], "frames/s"),
        Measurement("farm / bare loop", statistics.median(shares), "", BAR, note=note),
        Measurement("farm / bare loop, per processor second", statistics.median(efficiencies), "", note=aside),
    ]


def _compare(site: Site, folder: Path, rounds: int, seconds: float) -> list[tuple[Side, Side]]:
    keys = Keys.at(site.home)
    owner = Owner()
    bundle = bench_twin(folder / "bundle", owner, token.load_key(keys.pool.read_text()))
    works = Works(site, owner, bundle)
    start_director(site, "understudy_workers.pipeline:Studio")
    cores = os.cpu_count() or 1
    works.alone(works.order(0, cores))  # loads twins and places plates
    trial = works.alone(works.order(1_000, cores))
    count = max(cores, round(seconds * 1.1 * cores * trial.per_second / trial.frames))
    found = []
    for turn in range(1, rounds + 1):
        order = works.order(10_000 * turn, count)
        words = list(dict.fromkeys(text for item in _items(order, turn, count) for text in item))
        found.append(works.in_turns(order, BareLoop(bundle, keys.pool_public, words, folder)))
    for farm, bare in found:
        if farm.frames != bare.frames:
            raise RuntimeError(
                f"the farm made {farm.frames} frames and the bare loop {bare.frames}: not the same takes"
            )
    return found


def _items(order: Order, turn: int, count: int) -> list[tuple[str, ...]]:
    return [item.sentences for item in plan(order, rows(10_000 * turn, count), b"x" * 32)]


class Works:
    """Orders for one farm, and what they took."""

    def __init__(self, site: Site, owner: Owner, bundle: Path) -> None:
        keys = Keys.at(site.home)
        self._site = site
        self._owner = owner
        self._objects = Objects(store_settings(site, "pool"))
        self._farm_key: OKPKey = token.load_key(keys.farm.read_text())
        public = token.load_key(keys.pool_public.read_text())
        seal = OwnerVault.of(site).seal(owner.key, owner.genesis, adopt=True)
        self._pin = publish(self._objects, "understudy-twins", bundle, public, seal)

    def order(self, first: int, count: int) -> Order:
        """An order of rows that no other order has, its rows in the staging bucket."""
        given = rows(first, count)
        order = order_of(self._owner, self._farm_key, self._pin.version, given, self._performers())
        self._objects.put("understudy-staging", order.content.rows_s3_key, as_lines(given))
        return order

    def _performers(self) -> tuple[str, ...]:
        """The keys of all performers, once each core has one."""
        while True:
            with self._director() as http:
                found = http.get("/v1/orders").raise_for_status().json()["performers"]
            if len(found) >= (os.cpu_count() or 1):
                return tuple(found)
            time.sleep(0.2)

    def _director(self) -> httpx.Client:
        site = self._site
        tls = ssl.create_default_context(cafile=str(site.authority))
        bearer = {"Authorization": f"Bearer {Keys.at(site.home).director_token.read_text().strip()}"}
        url = f"https://127.0.0.1:{site.plan.ports.director}"
        return httpx.Client(base_url=url, verify=tls, headers=bearer, timeout=60)

    def alone(self, order: Order) -> Side:
        """The farm with nothing beside it."""
        return self._side(order, self._processor_seconds(), self._made(order), lambda _began, _ended: 0.0)

    def in_turns(self, order: Order, bare: BareLoop) -> tuple[Side, Side]:
        """The farm and the bare loop by turns, from the request to the last delivery."""
        turns = Turns(
            self._processes, lambda: [psutil.Process(one.pid) for one in bare.processes if one.poll() is None]
        )
        spent = self._processor_seconds()
        with ThreadPoolExecutor(1) as thread:
            made = thread.submit(self._made, order)
            bare.begin()
            turns.take([made.done, lambda: bare.over])
            farm = self._side(order, spent, made.result(), turns.frozen(0))
        return farm, bare.side(turns.frozen(1))

    def _side(self, order: Order, spent: float, looks: list[tuple[float, float]], frozen: Frozen) -> Side:
        last = list(self._objects.keys("understudy-receipts", f"{order.uid}/0"))[-1]
        totals = Segment.model_validate_json(self._objects.get("understudy-receipts", last)).totals
        if totals.done != order.total_items:
            raise RuntimeError(f"wanted {order.total_items} items done, got {totals}")
        began = looks[0][0]
        steady = [
            (at - began - frozen(began, at), made)
            for at, made in looks
            if STEADY[0] * totals.frames <= made <= STEADY[1] * totals.frames
        ]
        times, frames = zip(*steady, strict=True)
        per_second = statistics.linear_regression(times, frames).slope
        return Side(totals.frames, per_second, totals.frames / (self._processor_seconds() - spent))

    def _made(self, order: Order) -> list[tuple[float, float]]:
        """Has an order made; at every look the time of the monotonic clock and the frames made of it until then."""
        url, looks = f"/v1/orders/{order.uid}", []
        with self._director() as http:
            before = self._frames(http)
            http.put(url, content=order.model_dump_json()).raise_for_status()
            looks.append((time.monotonic(), 0.0))
            while (progress := http.get(url).json())["state"] not in ("Finished", "Failed"):
                for _ in range(LOOK_POLLS):
                    commit_all(http, "/v1/orders", order.uid)
                    time.sleep(POLL_SECONDS)
                looks.append((time.monotonic(), self._frames(http) - before))
        if progress["state"] != "Finished":
            raise RuntimeError(f"the order ended as {progress}")
        return looks

    def _frames(self, http: httpx.Client) -> float:
        """Frames rendered so far, as the pool's metrics say."""
        text = http.get(f"http://127.0.0.1:{self._site.plan.ports.director_metrics}/metrics").text
        found = re.search(r"^understudy_frames_total (\S+)$", text, re.MULTILINE)
        if found is None:
            raise RuntimeError("the pool's metrics lack understudy_frames_total")
        return float(found[1])

    def _processor_seconds(self) -> float:
        """Processor seconds of all processes of the farm so far."""
        spent = 0.0
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                spent += times.user + times.system
        return spent

    def _processes(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(HOME_MARK) == str(self._site.home.root):
                    yield process
