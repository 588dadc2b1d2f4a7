"""Small ledgers for tests: one license, jobs by number, segments with whole items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from understudy_api.digest import digest, digest_bytes
from understudy_api.ledger import entry as written
from understudy_api.ledger.account import Account
from understudy_api.ledger.chain import Head, Link, next_link, to_bytes
from understudy_api.ledger.royalty import earned_micros
from understudy_api.royalty_terms import Royalty, Split

ACCOUNT = "ac" * 32
LICENSE = "1c" * 32
SECOND = 1_000_000
NOVEMBER = 1_794_000_000.0
"""A moment of November 2026."""
ROYALTY = Royalty(
    currency="EUR",
    per_second_micros=12_345,
    per_item_micros=7,
    splits=(
        Split(role="owner", payee="p-owner", share_millionths=700_000),
        Split(role="driver", payee="p-driver", share_millionths=200_000),
        Split(role="studio", payee="p-studio", share_millionths=100_000),
    ),
)


def uid(job: int) -> str:
    return f"uid-of-job-{job:04d}"


def licensed(seconds: int = 60, **changed: Any) -> written.Licensed:
    known: dict[str, Any] = {
        "license": LICENSE,
        "jti": "acme-spring",
        "issued_at": int(NOVEMBER) - 86_400,
        "quota_micros": seconds * SECOND,
        "expires_at": int(NOVEMBER) + 86_400 * 300,
        "royalty": ROYALTY,
    }
    return written.Licensed(**{**known, **changed})


def reserved(job: int, seconds: float, **changed: Any) -> written.Reserved:
    known: dict[str, Any] = {
        "uid": uid(job),
        "license": LICENSE,
        "order": digest(["order", job]),
        "segment": 0,
        "reserved_micros": round(seconds * SECOND),
        "granted_until": int(NOVEMBER) + 900,
    }
    return written.Reserved(**{**known, **changed})


def segment(account: Account, job: int, number: int, seconds: Sequence[float]) -> tuple[written.Entry, ...]:
    """The entries that commit a segment whose items take these seconds each."""
    made, entries = account.used_micros, list[written.Entry]()
    for place, each in enumerate(seconds):
        micros = round(each * SECOND)
        entries.append(
            written.Committed(
                uid=uid(job),
                segment=number,
                item=digest(["item", job, number, place]),
                frames=micros // 40_000,
                micros=micros,
                sha256=digest(["file", job, number, place]),
                royalty_micros=earned_micros(account.royalty, made, micros),
            )
        )
        made += micros
    return (*entries, written.Counted(uid=uid(job), segment=number, digest=digest(["segment", job, number])))


def released(job: int, segment: int, reason: Any = "Stopped") -> written.Released:
    return written.Released(uid=uid(job), segment=segment, reason=reason)


class Writer:
    """Writes a chain as the operator does, into a dictionary."""

    def __init__(self, account: str = ACCOUNT) -> None:
        self.head = Head(Account(id=account))
        self.objects: dict[int, bytes] = {}
        self.links: list[Link] = []
        self.now = NOVEMBER

    @property
    def account(self) -> Account:
        return self.head.account

    def write(self, *entries: written.Entry) -> Link:
        link = next_link(self.head, entries, self.now)
        assert isinstance(link, Link), link
        data = to_bytes(link)
        self.objects[link.sequence] = data
        self.links.append(link)
        self.head = Head(link.balance, digest_bytes(data))
        self.now += 1
        return link

    def make(self, job: int, number: int, *seconds: float) -> Link:
        return self.write(*segment(self.account, job, number, seconds))


def some_chain() -> Writer:
    """Two jobs under one license: one runs to its end, one goes on."""
    writer = Writer()
    writer.write(licensed(), reserved(1, 20))
    writer.make(1, 0, 2.5, 2.5)
    writer.write(reserved(2, 30))
    writer.make(2, 0, 4.04)
    writer.make(1, 1, 1.0, 2.0, 3.0)
    writer.write(released(1, 2))
    writer.make(2, 1, 0.04, 10.0)
    return writer
