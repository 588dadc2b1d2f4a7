"""A farm's buckets in real MinIO with two hours of work under a license, its price book, receipts and royalties."""

from __future__ import annotations

import io
import json
import secrets
from pathlib import Path
from typing import Any

from ledger_site import ONE, Ledger
from ledger_words import NOVEMBER, uid

from understudy_api.digest import digest
from understudy_api.ledger import entry as written
from understudy_api.model import Money
from understudy_api.price_book import PriceList, PricePage, page_key
from understudy_api.receipt import Receipt, Segment, Totals, finished_key, segment_key
from understudy_api.timesheet import Presence, Timesheet, Work, timesheet_key

HOUR = int(NOVEMBER) // 3600 * 3600
"""The hour in which everything of the ledger happened: of November 2026."""
GIB = 2**30


def money(amount: str, currency: str = "EUR") -> Money:
    return Money(amount=amount, currency=currency)


def a_work(seconds: float, job: int = 1, name: str = "spring", **changed: Any) -> Work:
    known: dict[str, Any] = {
        "kind": "Job",
        "uid": uid(job),
        "namespace": "acme",
        "name": name,
        "license": "acme-spring",
        "locale": "de-DE",
        "group": "",
        "busy_seconds": seconds,
    }
    return Work(**{**known, **changed})


def a_sheet(pool: str, hour: int, present: float, *works: Work, group: str = "") -> Timesheet:
    return Timesheet(
        pool=pool,
        director="d1",
        release="r",
        hour=hour,
        since=hour,
        until=hour + 3600,
        presences=(Presence(group=group, worker_seconds=present),),
        works=works,
    )


class CostFarm(Ledger):
    """`default` costs 3.60 EUR an hour and then 7.20 USD; `cheap` has no prices at all."""

    def __init__(self, root: Any, folder: Path) -> None:
        super().__init__(root, folder)
        self.receipts = f"receipts-{secrets.token_hex(4)}"
        self.store.make_bucket(self.receipts)
        given = json.loads(self.settings.read_text())
        given["buckets"]["receipts"] = self.receipts
        self.settings.write_text(json.dumps(given))
        extra = {"storage_gib_month": money("0.73"), "egress_gib": money("0.10")}
        self.write_prices(0, HOUR - 86_400, PriceList(worker_hour=money("3.60"), **extra))
        self.write_prices(1, HOUR + 3600, PriceList(worker_hour=money("7.20", "USD")))
        summer = a_work(1800, 2, "summer", locale="fr-FR")
        self.write_sheet(a_sheet("default", HOUR, 7200, a_work(1800), summer))
        self.write_sheet(a_sheet("default", HOUR + 3600, 3600))
        training = a_work(10, kind="Training", uid="twin", namespace="talent-ada", name="ada", license="", locale="")
        self.write_sheet(a_sheet("cheap", HOUR, 60, training))
        for job, locale in ((1, "de-DE"), (2, "fr-FR")):
            self.write_receipts(job, locale, GIB)
        self.writers[ONE].write(
            written.Corrected(entry=digest("an entry"), micros=-1, royalty_micros=-12, reason="Miscounted")
        )
        link = self.writers[ONE].links[-1]
        self.put(f"licenses/{ONE}/{link.sequence:08d}.json", self.writers[ONE].objects[link.sequence])

    def write_prices(self, number: int, since: int, prices: PriceList, pool: str = "default") -> None:
        page = PricePage(pool=pool, number=number, since=since, prices=prices)
        self.put(page_key(pool, number), page.model_dump_json().encode())

    def write_sheet(self, sheet: Timesheet) -> None:
        self._keep(timesheet_key(sheet.pool, sheet.hour, sheet.director), sheet.model_dump_json())

    def write_receipts(self, job: int, locale: str, size: int) -> None:
        """One segment for each that the ledger counted, with its items; the first item of it has all the bytes."""
        counted = [
            [one for one in link.entries if isinstance(one, written.Committed) and one.uid == uid(job)]
            for link in self.writers[ONE].links
        ]
        for number, items in enumerate(filter(None, counted)):
            receipts = tuple(
                Receipt(
                    item=one.item,
                    ordinal=place,
                    row="1",
                    locale=locale,
                    output="video",
                    outcome="done",
                    metered_seconds=one.micros / 1_000_000,
                    sha256=one.sha256,
                    bytes=0 if place or number else size,
                )
                for place, one in enumerate(items)
            )
            segment = Segment(
                uid=uid(job),
                sequence=number,
                director="d1",
                order="ab" * 32,
                generation=1,
                written_at=HOUR + 600,
                receipts=receipts,
                totals=Totals(done=len(receipts)),
            )
            self._keep(segment_key(uid(job), number), segment.model_dump_json())
        self._keep(finished_key(uid(job), "ab" * 32), "{}")

    def _keep(self, key: str, text: str) -> None:
        data = text.encode()
        self.store.put_object(self.receipts, key, io.BytesIO(data), len(data))
