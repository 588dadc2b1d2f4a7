"""How many items a second go through the director when making one costs nothing.

Everything else is real: Ray with token and two processes that answer, MinIO with every receipt, HTTP over TLS, signed
tokens, rows in S3. `alike` has one sentence that all rows share: one work an item. `apart` has one that differs in
every row: a take and a join, two works an item.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import httpx
import psutil
from minio import Minio

from bench.measure import Measurement
from understudy_api import token
from understudy_api.digest import digest_bytes
from understudy_api.genesis import sign_genesis, twin_id
from understudy_api.grant import Grant, sign_grant
from understudy_api.order import Content, Delivery, Order, OrderedUse, TwinPin, VideoOutput
from understudy_api.terms import Terms, sign_license
from understudy_cli.local import buckets
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.local.keys import Keys
from understudy_cli.local.object_store import settings as store_settings
from understudy_cli.local.part import HOME_MARK, Site

ITEMS = 100_000
BAR = 5_000.0
ROOT = Path(__file__).parent.parent


def run(items: int = ITEMS) -> list[Measurement]:
    """Items a second, and the director's memory."""
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as folder:
        farm = Farm(Home(Path(folder)))
        try:
            site = farm.up(["minio", "ray"])
            start_director(site, "bench.noop:NoopStudio")
            measured = []
            for name, sentence, bar in (("alike", "Hello and welcome.", BAR), ("apart", "Hello {name}.", None)):
                measured += _through(site, name, order_of(site, sentence, items), bar)
            return measured
        finally:
            farm.purge()


def start_director(site: Site, studio: str, release: str = "development") -> None:
    """Launches the director on the farm's Ray, as the operator does through Ray's Jobs API. An operator keeps one of its own release."""
    environment = {
        **os.environ,
        HOME_MARK: str(site.home.root),
        "PYTHONPATH": str(ROOT),
        "RAY_ADDRESS": f"127.0.0.1:{site.plan.ports.ray_gcs}",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(Keys.at(site.home).ray_token),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "UNDERSTUDY_POOL_SETTINGS": str(site.home.pool_settings),
    }
    argv = [sys.executable, "-m", "understudy_workers.director", "--studio", studio, "--release", release]
    subprocess.run(argv, cwd=ROOT, env=environment, check=True)


def order_of(site: Site, sentence: str, rows_count: int) -> Order:
    """An order of `rows_count` items, its rows in the staging bucket, everything signed."""
    owner, farm_key = token.new_key(), token.load_key(Keys.at(site.home).farm.read_text())
    uid, genesis, now = str(uuid.uuid4()), sign_genesis(owner, "Ada", 0, "0" * 32), int(time.time())
    rows = "".join(json.dumps({"id": str(row), "name": f"Customer {row}"}) + "\n" for row in range(rows_count)).encode()
    terms = Terms(
        iss=token.thumbprint(owner),
        aud=token.thumbprint(farm_key),
        jti="bench-license",
        iat=0,
        nbf=0,
        exp=4_102_444_800,
        assignee={"namespace": "acme"},
        twin=twin_id(genesis),
        purposes=("advertising",),
        channels=("social",),
        territories=("GB",),
        languages=("en",),
        quota={"seconds": 10**9},
    )
    order = Order(
        uid=uid,
        generation=1,
        namespace="acme",
        job="bench",
        pool="default",
        twin=TwinPin(id=terms.twin, version="c" * 64),
        genesis=genesis,
        license=sign_license(owner, terms),
        use=OrderedUse(purpose="advertising", channels=("social",), territories=("GB",)),
        content=Content(
            script_locale="en-GB",
            scenes={"en-GB": (sentence,)},
            key="id",
            rows_s3_key=f"orders/{uid}/{digest_bytes(rows)}.jsonl",
            rows_digest=digest_bytes(rows),
            rows_count=rows_count,
        ),
        locales=("en-GB",),
        outputs=(VideoOutput(name="landscape", width=384, height=216),),
        delivery=Delivery(bucket="understudy-outputs", prefix=f"acme/{uid}/"),
        grant="a.b.c" + "c" * 16,
    )
    grant = Grant(
        iss=terms.aud,
        aud=order.pool,
        sub=uid,
        order=order.digest,
        license=digest_bytes(order.license.encode()),
        keys=order.twin.id,
        twin_version=order.twin.version,
        seconds=10**9,
        iat=now,
        exp=now + 900,
    )
    _put_rows(buckets.client(store_settings(site, "pool")), order.content.rows_s3_key, rows)
    return order.model_copy(update={"grant": sign_grant(farm_key, grant)})


def _put_rows(store: Minio, key: str, rows: bytes) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(rows)
        file.seek(0)
        store.put_object("understudy-staging", key, file, len(rows))


def _through(site: Site, name: str, order: Order, bar: float | None) -> list[Measurement]:
    """From the first request to the order's last word: items a second, and what the director took for it."""
    tls = ssl.create_default_context(cafile=str(site.authority))
    bearer = {"Authorization": f"Bearer {Keys.at(site.home).director_token.read_text().strip()}"}
    orders = f"https://127.0.0.1:{site.plan.ports.director}/v1/orders"
    url = f"{orders}/{order.uid}"
    director = _director(site)
    peak_bytes, before = 0, director.cpu_times()
    with httpx.Client(verify=tls, headers=bearer, timeout=10) as http:
        began = time.perf_counter()
        http.put(url, content=order.model_dump_json()).raise_for_status()
        while (progress := http.get(url).json())["state"] not in ("Finished", "Failed"):
            peak_bytes = max(peak_bytes, director.memory_info().rss)
            commit_all(http, orders, order.uid)
            time.sleep(0.05)
        seconds = time.perf_counter() - began
    if progress["state"] != "Finished":
        raise RuntimeError(f"the order ended as {progress}")
    after, items = director.cpu_times(), order.total_items
    cpu_seconds = after.user + after.system - before.user - before.system
    note = f"{items} items, receipts in MinIO"
    return [
        Measurement(f"director, takes {name}", items / seconds, "items/s", bar, note=note),
        Measurement("  its processor time", cpu_seconds / items * 1e6, "us/item", None, "lower"),
        Measurement("  its peak memory", peak_bytes / 2**20, "MiB", None, "lower"),
    ]


def _director(site: Site) -> psutil.Process:
    """The director's process of this very farm."""
    for process in psutil.process_iter(["cmdline"]):
        if _is_director(process.info["cmdline"]) and process.environ().get(HOME_MARK) == str(site.home.root):
            return process
    raise RuntimeError("the director's process is not there")


def _is_director(cmdline: list[str] | None) -> bool:
    return bool(cmdline) and cmdline[0].startswith("ray::Director")


def commit_all(http: httpx.Client, orders: str, uid: str) -> None:
    """Plays the operator: whatever is in the order's log may be delivered. `orders`: the URL of all orders."""
    last = http.get(orders).json()["sequences"].get(uid, -1)
    http.put(f"{orders}/{uid}/committed", json={"sequence": last})
