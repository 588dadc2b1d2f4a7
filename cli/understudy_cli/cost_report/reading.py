"""Everything that a cost report is made of, read from the farm's buckets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import ValidationError

from understudy_api import price_book
from understudy_api.ledger.chain import Chain
from understudy_api.ledger.entry import Committed, Licensed
from understudy_api.model import Model
from understudy_api.price_book import PricePage
from understudy_api.receipt import Segment
from understudy_api.timesheet import PREFIX, Timesheet
from understudy_cli.cost_report.allocation import present_micros, worker_charges
from understudy_cli.cost_report.charge import NOBODY, Report, Whose
from understudy_cli.cost_report.estimates import Delivery, egress_charges, storage_charges
from understudy_cli.cost_report.royalties import royalty_charges
from understudy_cli.errors import UserError
from understudy_cli.ledger_bucket import LedgerBucket
from understudy_cli.printing import followed

M = TypeVar("M", bound=Model)
_AT_ONCE = 128
"""Segments held in memory at a time."""


@dataclass(frozen=True)
class _Made:
    """What receipts say of a job: what was delivered, and in which locale each item is."""

    deliveries: tuple[tuple[str, float, int], ...]
    """Locale, Unix seconds, bytes."""
    locales: Mapping[str, str]


def read_report(ledger: LedgerBucket, begin: int, end: int, now: float) -> Report:
    """The report of a period of whole hours; UserError when something in the buckets cannot be read or does not hold."""
    until = max(min(end, int(now)), begin)
    book: defaultdict[str, list[PricePage]] = defaultdict(list)
    for page in _values(PricePage, ledger.name, ledger.objects(price_book.PREFIX)):
        book[page.pool].append(page)
    sheets = list(_values(Timesheet, ledger.receipts_name, ledger.objects(PREFIX, ledger.receipts_name)))
    chains = ledger.chains()
    _whole(chains)
    jobs = _jobs(ledger, sheets, chains)
    made = {uid: _made(ledger, uid) for uid in followed(list(jobs), "reading receipts, job by job")}
    deliveries = [
        Delivery(_in(whose, locale), pool, at, size)
        for uid, (whose, pool) in jobs.items()
        for locale, at, size in made[uid].deliveries
    ]

    def find(uid: str, item: str) -> tuple[Whose, str]:
        whose, pool = jobs.get(uid, (Whose("Job", uid), ""))
        return _in(whose, made[uid].locales.get(item, "") if uid in made else ""), pool

    wanted = [sheet for sheet in sheets if begin <= sheet.hour < end]
    charges = [
        *worker_charges(wanted, book),
        *storage_charges(deliveries, book, begin, until),
        *egress_charges(deliveries, book, begin, until),
        *royalty_charges(chains.values(), find, begin, end),
    ]
    return Report(begin, end, until, tuple(charges), present_micros(wanted))


def _jobs(
    ledger: LedgerBucket, sheets: Iterable[Timesheet], chains: Mapping[str, Chain]
) -> dict[str, tuple[Whose, str]]:
    """Whose each RenderJob is and which pool worked for it last, by uid: timesheets know it, else the ledger's names."""
    found: dict[str, tuple[Whose, str]] = {}
    for account, chain in chains.items():
        entries = [one for link in chain.links.values() for one in link.entries]
        jti = next((one.jti for one in entries if isinstance(one, Licensed)), "")
        used = {one.uid for one in entries if isinstance(one, Committed)}
        names = ledger.names(account) if used else {}
        for uid in used:
            brand, _, job = names.get(uid, "").partition("/")
            found[uid] = Whose("Job", uid, brand, job, jti), ""
    for sheet in sorted(sheets, key=lambda one: one.hour):
        for work in sheet.works:
            if work.kind == "Job" and work.uid:
                whose = Whose("Job", work.uid, work.namespace, work.name, work.license)
                found[work.uid] = whose, sheet.pool
    return found


def _made(ledger: LedgerBucket, uid: str) -> _Made:
    keys = [key for key in ledger.receipt_keys(uid) if "/finished-" not in key]
    deliveries: defaultdict[tuple[str, float], int] = defaultdict(int)
    locales: dict[str, str] = {}
    for first in range(0, len(keys), _AT_ONCE):
        for segment in _values(Segment, ledger.receipts_name, ledger.receipts(keys[first : first + _AT_ONCE])):
            for one in segment.receipts:
                locales[one.item] = one.locale
                if one.charged:
                    deliveries[one.locale, segment.written_at] += one.bytes
    return _Made(tuple((locale, at, size) for (locale, at), size in deliveries.items()), locales)


def _values(kind: type[M], bucket: str, objects: Mapping[str, bytes]) -> Iterator[M]:
    for key, data in objects.items():
        try:
            yield kind.model_validate_json(data)
        except ValidationError as error:
            raise UserError(
                f"s3://{bucket}/{key}: it is no {kind.__name__}; restore it from a copy, or write the report with the "
                "release that wrote it"
            ) from error


def _whole(chains: Mapping[str, Chain]) -> None:
    for chain in chains.values():
        if chain.findings:
            first = chain.findings[0]
            raise UserError(f"{first.where}: {first.fault}: {first.message}; run `understudy ledger verify`")


def _in(whose: Whose, locale: str) -> Whose:
    return NOBODY if whose == NOBODY else replace(whose, locale=locale)
