"""What rights add to a performer's work: the gate, the vault's key, sealing, the list of words, signed receipts.

One performer makes a campaign of its own in this process, with the real object store and the real vault, and every call
that exists for rights alone is timed where it is made, uploads' sealing in their own thread included.
"""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from bench.campaign import Owner, as_lines, order_of, rows
from bench.measure import Measurement
from bench.twin import bench_twin
from understudy_api import token
from understudy_api.order import Order
from understudy_api.proof import Signature
from understudy_api.settings import PoolSettings
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.local.keys import Keys
from understudy_cli.local.part import Site
from understudy_cli.owner_vault import OwnerVault
from understudy_workers.consented import Consented
from understudy_workers.custody import Custody
from understudy_workers.expand import plan
from understudy_workers.gate import Gatekeeper
from understudy_workers.objects import Objects
from understudy_workers.pipeline import Studio
from understudy_workers.sealing import VersionSeal
from understudy_workers.stops import Stops
from understudy_workers.twins import publish
from understudy_workers.work import ItemWork, PlannedItem, TakeWork, permit_of, staging_prefix

ROWS = 4
BAR = 0.02
FOR_RIGHTS = (
    (Gatekeeper, ("ask_take", "ask_item", "wants_length", "late")),
    (Consented, ("refusal",)),
    (Custody, ("seal",)),
    (VersionSeal, ("close", "open")),
    (Stops, ("refusal",)),
    (Signature, ("under",)),
)
"""Every class and method that a farm without licenses would not have."""


def run(count: int = ROWS) -> list[Measurement]:
    """The share of a performer's seconds."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as folder:
        farm = Farm(Home(Path(folder) / "farm"))
        try:
            return _measured(farm.up(["vault"]), Path(folder), count)
        finally:
            farm.purge()


def _measured(site: Site, folder: Path, count: int) -> list[Measurement]:
    keys, owner = Keys.at(site.home), Owner()
    bundle = bench_twin(folder / "bundle", owner, token.load_key(keys.pool.read_text()))
    settings = PoolSettings.load(site.home.pool_settings)
    objects, studio = Objects(settings.s3), Studio(settings)
    seal = OwnerVault.of(site).seal(owner.key, owner.genesis, adopt=True)
    pin = publish(objects, settings.buckets.twins, bundle, token.load_key(keys.pool_public.read_text()), seal)
    farm_key = token.load_key(keys.farm.read_text())

    def made(first: int, rows_count: int) -> float:
        given = rows(first, rows_count)
        order = order_of(owner, farm_key, pin.version, given, (studio.thumbprint,))
        objects.put(settings.buckets.staging, order.content.rows_s3_key, as_lines(given))
        return _campaign(studio, order, list(plan(order, given, b"x" * 32)))

    made(0, 1)  # loads the twin, places its plates
    with timed() as spent:
        busy = made(1_000, count)
    studio.close()
    objects.close()
    note = ", ".join(f"{name} {seconds / busy:.2%}" for name, seconds in spent.most_common())
    return [
        Measurement("performer's work", busy, "s", note=f"{count} rows x 2 formats of 6 sentences"),
        Measurement("rights / performer's work", sum(spent.values()) / busy, "", BAR, "lower", note=note),
    ]


def _campaign(studio: Studio, order: Order, items: list[PlannedItem]) -> float:
    """Every take of the items, then the items; seconds of work."""
    permit, busy, committed = permit_of(order), 0.0, 0.0
    for take in _takes(order, items):
        result = studio.perform(take, permit)
        if result.refusal is not None:
            raise RuntimeError(f"a take was refused: {result.refusal.message}")
        busy += result.busy_seconds
    for item in items:
        done = studio.assemble(ItemWork(item, committed, staging_prefix(order.uid, item.item_id)), permit)
        if done.receipt is None or done.receipt.outcome != "done":
            raise RuntimeError(f"an item was not made: {done}")
        committed += done.receipt.metered_seconds
        busy += done.busy_seconds
    return busy


def _takes(order: Order, items: list[PlannedItem]) -> Iterator[TakeWork]:
    """The takes that items are made of, each once with all its formats."""
    clips: dict[str, dict[str, str]] = {}
    words: dict[str, tuple[str, str]] = {}
    for item in items:
        for take, clip, sentence in zip(item.take_ids, item.clip_ids, item.sentences, strict=True):
            clips.setdefault(take, {})[item.output.name] = clip
            words[take] = (sentence, item.locale)
    for take, by_output in clips.items():
        outputs = tuple(one for one in order.outputs if one.name in by_output)
        yield TakeWork(take, tuple(by_output[one.name] for one in outputs), outputs, *words[take])


@contextmanager
def timed() -> Iterator[Counter[str]]:
    """Counts the seconds of the calls that exist for rights, by class; calls within such calls count once."""
    spent: Counter[str] = Counter()
    inside = threading.local()
    before = [(kind, name, getattr(kind, name)) for kind, names in FOR_RIGHTS for name in names]

    def wrapped(kind: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            if getattr(inside, "it", False):
                return method(*given, **named)
            inside.it, began = True, time.perf_counter()
            try:
                return method(*given, **named)
            finally:
                spent[kind] += time.perf_counter() - began
                inside.it = False

        return call

    for kind, name, method in before:
        setattr(kind, name, wrapped(kind.__name__, method))
    try:
        yield spent
    finally:
        for kind, name, method in before:
            setattr(kind, name, method)
