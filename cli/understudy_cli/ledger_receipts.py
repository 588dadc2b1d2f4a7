"""The ledger held against the receipts it was written from: every item was signed for by a performer, and charged as signed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import ValidationError

from understudy_api import proof
from understudy_api.digest import digest_bytes
from understudy_api.ledger.chain import Chain, Finding
from understudy_api.ledger.entry import Committed, Counted
from understudy_api.receipt import Segment, segment_key
from understudy_cli.ledger_bucket import LedgerBucket
from understudy_operator.core.booking import micros

_AT_ONCE: Final = 128
"""Segments held in memory at a time."""


@dataclass
class Proofs:
    """What the receipts say of the ledger: segments that were checked, those no longer at hand, what does not hold."""

    checked: int = 0
    missing: int = 0
    findings: list[Finding] = field(default_factory=list)

    def __str__(self) -> str:
        gone = f"; {self.missing} are no longer there and were not checked" if self.missing else ""
        return f"{self.checked} segments of receipts: {len(self.findings)} findings{gone}"


@dataclass(frozen=True)
class _Charge:
    """A segment as the ledger counted it."""

    account: str
    counted: Counted
    items: tuple[Committed, ...]

    @property
    def key(self) -> str:
        return segment_key(self.counted.uid, self.counted.segment)


def held_against_receipts(ledger: LedgerBucket, chains: Mapping[str, Chain]) -> Proofs:
    """Reads the segment of every count there is. UserError when the store does not answer."""
    charges = [charge for name, chain in chains.items() for charge in _charges(name, chain)]
    there = {key for uid in {charge.counted.uid for charge in charges} for key in ledger.receipt_keys(uid)}
    proofs = Proofs(missing=sum(charge.key not in there for charge in charges))
    kept = [charge for charge in charges if charge.key in there]
    for first in range(0, len(kept), _AT_ONCE):
        some = kept[first : first + _AT_ONCE]
        found = ledger.receipts(charge.key for charge in some)
        for charge in some:
            proofs.checked += 1
            proofs.findings += _findings(ledger, charge, found[charge.key])
    proofs.findings += _twice(charges)
    return proofs


def _twice(charges: Iterable[_Charge]) -> Iterator[Finding]:
    """Items that a job was charged for more than once: a signed receipt that was told again."""
    told = Counter((one.uid, one.item) for charge in charges for one in charge.items)
    for (uid, item), times in told.items():
        if times > 1:
            yield Finding("altered", f"job {uid}", f"item {item[:12]} is charged {times} times")


def _charges(account: str, chain: Chain) -> Iterator[_Charge]:
    for link in chain.links.values():
        items: list[Committed] = []
        for entry in link.entries:
            if isinstance(entry, Committed):
                items.append(entry)
            elif isinstance(entry, Counted):
                yield _Charge(account, entry, tuple(items))
                items = []


def _findings(ledger: LedgerBucket, charge: _Charge, data: bytes) -> Iterator[Finding]:
    where = f"{ledger.receipts_name}/{charge.key}"
    if digest_bytes(data) != charge.counted.digest:
        yield Finding("altered", where, "it is not the segment that was counted")
        return
    try:
        segment = Segment.model_validate_json(data)
    except ValidationError:
        yield Finding("unreadable", where, "it is no segment of receipts")
        return
    fault = proof.fault(segment, charge.counted.uid, charge.account, ledger.farm)
    if fault is not None:
        yield Finding("unsigned", where, fault.message)
    signed = [(one.item, micros(one.metered_seconds), one.sha256) for one in segment.receipts if one.charged]
    if signed != [(one.item, one.micros, one.sha256) for one in charge.items]:
        yield Finding("altered", where, "what the ledger charges is not what its receipts say")
