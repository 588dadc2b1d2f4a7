"""What an owner is told of each license, folded from its chain in the ledger. Pure.

A license is the owner's when its account is the digest of the owner's thumbprint and the license's id, so that nobody
has to say which chains are whose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from understudy_api.digest import digest
from understudy_api.ledger import entry as written
from understudy_api.ledger.account import Account
from understudy_api.ledger.chain import Chain, Link
from understudy_api.ledger.royalty import shared
from understudy_api.ledger.statement import month_of
from understudy_api.royalty_terms import Royalty


@dataclass(frozen=True)
class Piece:
    """One delivered item. `at` in Unix seconds; amounts in millionths of a second and of the currency's unit."""

    uid: str
    item: str
    at: float
    micros: int
    royalty_micros: int


@dataclass(frozen=True)
class Happening:
    """Something beside a use that stands in the chain. `at` in Unix seconds."""

    at: float
    what: str
    words: str


@dataclass(frozen=True)
class Sum:
    """Items, metered micro-seconds and royalties of a month or a job."""

    items: int = 0
    micros: int = 0
    royalty_micros: int = 0

    def plus(self, micros: int, royalty_micros: int, items: int = 1) -> Sum:
        """The sum with more in it."""
        return Sum(self.items + items, self.micros + micros, self.royalty_micros + royalty_micros)


@dataclass(frozen=True)
class Share:
    """What one payee has earned so far."""

    role: str
    payee: str
    millionths: int
    micros: int


@dataclass(frozen=True)
class Story:
    """One license from its first use until now."""

    account: Account
    jti: str
    months: Mapping[str, Sum]
    jobs: Mapping[str, Sum]
    """By the job's name where it is kept, else by its uid."""
    shares: tuple[Share, ...]
    open_consents: tuple[Happening, ...]
    happenings: tuple[Happening, ...]
    """Oldest first."""
    pieces: tuple[Piece, ...]
    """Oldest first."""
    broken: str = ""
    """What does not hold in the chain; empty when it is whole."""

    @property
    def currency(self) -> str:
        """ISO 4217; empty where no royalty was agreed."""
        return self.account.royalty.currency if self.account.royalty else ""

    @property
    def total(self) -> Sum:
        """Everything made under it."""
        return Sum(self.account.used_items, self.account.used_micros, self.account.royalty_micros)


@dataclass
class _Gathered:
    jti: str = ""
    months: dict[str, Sum] = field(default_factory=dict)
    jobs: dict[str, Sum] = field(default_factory=dict)
    asked: dict[str, Happening] = field(default_factory=dict)
    happenings: list[Happening] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)


def is_owned(owner: str, chain: Chain) -> bool:
    """Whether a chain counts a license of this owner (thumbprint of the founding root key)."""
    first = chain.links.get(0)
    ids = {one.jti for one in first.entries if isinstance(one, written.Licensed)} if first else set()
    return any(digest({"iss": owner, "jti": jti}) == chain.id for jti in ids)


def story(chain: Chain, names: Mapping[str, str]) -> Story:
    """The story of a license; `names` of jobs by uid, as far as they are not erased."""
    found = _Gathered()
    links = [chain.links[at] for at in sorted(chain.links)]
    for link in links:
        for one in link.entries:
            _gather(found, link, one, names)
    account = links[-1].balance if links else Account(id=chain.id)
    return Story(
        account=account,
        jti=found.jti,
        months=dict(sorted(found.months.items())),
        jobs=found.jobs,
        shares=_shares(account.royalty, account.royalty_micros),
        open_consents=tuple(found.asked.values()),
        happenings=tuple(found.happenings),
        pieces=tuple(found.pieces),
        broken=f"{chain.findings[0].where}: {chain.findings[0].message}" if chain.findings else "",
    )


def _gather(found: _Gathered, link: Link, one: written.Entry, names: Mapping[str, str]) -> None:
    at = link.written_at
    match one:
        case written.Licensed():
            found.jti = one.jti
        case written.Committed():
            _add(found, at, names.get(one.uid, one.uid), one.micros, one.royalty_micros)
            found.pieces.append(Piece(one.uid, one.item, at, one.micros, one.royalty_micros))
        case written.Corrected():
            _add(found, at, "corrections", one.micros, one.royalty_micros, one.items)
            found.happenings.append(Happening(at, "Corrected", one.reason))
        case written.ConsentAsked():
            asked = Happening(at, "Consent asked", f"{names.get(one.uid, one.uid)}, request {one.request[:16]}")
            found.asked[one.request] = asked
            found.happenings.append(asked)
        case written.ConsentAnswered():
            found.asked.pop(one.request, None)
            answer = "approved" if one.answer == "approve" else "denied"
            found.happenings.append(Happening(at, "Consent answered", f"request {one.request[:16]} {answer}"))
        case _:
            found.happenings.extend(_told(at, one, names))


def _told(at: float, one: written.Entry, names: Mapping[str, str]) -> Iterator[Happening]:
    match one:
        case written.Refused(uid=uid, reason=reason):
            yield Happening(at, "Refused", f"{names.get(uid, uid)}: {reason}")
        case written.Revoked():
            yield Happening(at, "Revoked", "you ended this license for good")
        case written.KeyRecorded(number=number):
            yield Happening(at, "Keys changed", f"key record {number}")
        case written.Quarantined(files=files):
            yield Happening(at, "Quarantined", f"{files:,} files kept under the license were taken out of reach")
        case written.Delivered(uid=uid, items=items):
            yield Happening(at, "Had been delivered", f"{names.get(uid, uid)}: {len(items):,} videos, not recalled")
        case written.Erased():
            yield Happening(at, "Erased", "you had the twin erased")


def _add(found: _Gathered, at: float, job: str, micros: int, royalty_micros: int, items: int = 1) -> None:
    month = month_of(at)
    found.months[month] = found.months.get(month, Sum()).plus(micros, royalty_micros, items)
    found.jobs[job] = found.jobs.get(job, Sum()).plus(micros, royalty_micros, items)


def _shares(royalty: Royalty | None, earned: int) -> tuple[Share, ...]:
    if royalty is None:
        return ()
    parts = shared(earned, [split.share_millionths for split in royalty.splits])
    return tuple(
        Share(split.role, split.payee, split.share_millionths, part)
        for split, part in zip(royalty.splits, parts, strict=True)
    )
