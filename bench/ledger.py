"""How long a ledger takes to check: 100,000 items in one chain, from MinIO as `understudy ledger verify` reads it."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.measure import Measurement
from understudy_api import token
from understudy_api.digest import digest, digest_bytes
from understudy_api.ledger.account import Account
from understudy_api.ledger.chain import Head, Link, link_key, next_link, to_bytes
from understudy_api.ledger.entry import Committed, Counted, Entry, Licensed, Reserved
from understudy_api.ledger.royalty import earned_micros
from understudy_api.royalty_terms import Royalty, Split
from understudy_cli.ledger_bucket import LedgerBucket
from understudy_cli.local import buckets
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.local.object_store import settings as store_settings

ITEMS: Final = 100_000
SEGMENT_ITEMS: Final = 500
ACCOUNT: Final = "a" * 64
UID: Final = "0d6f4a52-5f0e-4f0e-9d53-0a1b2c3d4e5f"
BAR_SECONDS: Final = 5.0


def run(items: int = ITEMS) -> list[Measurement]:
    """Seconds to read and check everything."""
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as folder:
        farm = Farm(Home(Path(folder)))
        try:
            site = farm.up(["minio"])
            store = buckets.client(store_settings(site, "root"))
            written = 0
            for link in chain(items):
                data = to_bytes(link)
                written += len(data)
                store.put_object(buckets.BUCKETS.ledger, link_key(ACCOUNT, link.sequence), io.BytesIO(data), len(data))
            bucket = LedgerBucket(buckets.BUCKETS.ledger, token.new_key(), store)
            began = time.perf_counter()
            found = bucket.chains()[ACCOUNT]
            seconds = time.perf_counter() - began
        finally:
            farm.purge()
    if (
        found.findings
        or sum(isinstance(one, Committed) for link in found.links.values() for one in link.entries) != items
    ):
        raise RuntimeError(f"the chain does not hold: {found.findings[:1]}")
    note = f"{items} items in {found.length} links, {written / 2**20:.0f} MiB, read from MinIO"
    return [Measurement("ledger verify", seconds, "s", BAR_SECONDS, "lower", note)]


def chain(items: int) -> Iterator[Link]:
    """A license's chain with so many items."""
    split = Split(role="owner", payee="p-1", share_millionths=1_000_000)
    royalty = Royalty(currency="EUR", per_second_micros=12_345, per_item_micros=7, splits=(split,))
    licensed = Licensed(
        license="b" * 64, jti="bench-license", issued_at=0, quota_micros=10**15, expires_at=2**40, royalty=royalty
    )
    reserved = Reserved(uid=UID, license="b" * 64, order="c" * 64, segment=0, reserved_micros=10**14, granted_until=1)
    head, entries = Head(Account(id=ACCOUNT)), tuple[Entry, ...]((licensed, reserved))
    for number in range(items // SEGMENT_ITEMS + 1):
        link = next_link(head, entries, float(number))
        assert isinstance(link, Link), link
        yield link
        head = Head(link.balance, digest_bytes(to_bytes(link)))
        entries = _segment(number, head.account.used_micros, royalty)


def _segment(number: int, made: int, royalty: Royalty) -> tuple[Entry, ...]:
    entries = list[Entry]()
    for place in range(SEGMENT_ITEMS):
        micros = 40_000 * (50 + place % 100)
        item = digest([number, place])
        entries.append(
            Committed(
                uid=UID,
                segment=number,
                item=item,
                frames=micros // 40_000,
                micros=micros,
                sha256=item,
                royalty_micros=earned_micros(royalty, made, micros),
            )
        )
        made += micros
    return (*entries, Counted(uid=UID, segment=number, digest=digest(number)))
