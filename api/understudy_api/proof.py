"""Signed receipts: proof that an item was made by a performer that the farm's own grant names, for one order and no other.

A performer signs what is charged for with the key that it made for itself. A segment carries the public keys and the
grants that its receipts name, so that it proves itself with nothing but the farm's key: whoever writes the log can leave
receipts out, and cannot make any up, alter them or bring them from another order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from joserfc.jwk import OKPKey

from understudy_api import token
from understudy_api.digest import digest_bytes
from understudy_api.grant import Grant, signed_grant
from understudy_api.ledger.account import MICROS_PER_SECOND
from understudy_api.receipt import Receipt, Segment
from understudy_api.verdict import Refusal

FORMAT: Final = "understudy-receipt/1"
NOT_PROVEN: Final = "ReceiptNotProven"
"""Reason of the refusal of a segment: nothing of it counts."""


class Signature:
    """A performer's key at work: signs receipts for the order of a uid and digest, and names the grant it worked under."""

    def __init__(self, key: OKPKey) -> None:
        self._key = key
        self.performer = token.thumbprint(key)
        self.x = token.public_jwk(key)["x"]
        """The public half, as a segment carries it."""
        self._grant = ("", "")

    def under(self, receipt: Receipt, uid: str, order: str, grant: str) -> Receipt:
        """The receipt, signed; `grant` is the token."""
        if self._grant[0] != grant:
            self._grant = (grant, digest_bytes(grant.encode()))
        name = self._grant[1]
        data = signed_bytes(receipt, self.performer, name, uid, order)
        said = {"performer": self.performer, "grant": name, "signature": token.signature(self._key, data)}
        return receipt.model_copy(update=said)


def signed_bytes(receipt: Receipt, performer: str, grant: str, uid: str, order: str) -> bytes:
    """What is signed: who made which item, how long, which bytes, for which order under which grant (its digest).

    An array of texts and integers, whose JSON is the same everywhere (RFC 8785); seconds are whole microseconds, as they
    are charged.
    """
    said = [
        FORMAT,
        uid,
        order,
        grant,
        performer,
        receipt.item,
        receipt.ordinal,
        receipt.row,
        receipt.locale,
        receipt.output,
        receipt.frames,
        round(receipt.metered_seconds * MICROS_PER_SECOND),
        receipt.sha256,
        receipt.bytes,
        receipt.takes,
    ]
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def fault(segment: Segment, uid: str, account: str, farm: OKPKey) -> Refusal | None:
    """Why a segment of the log of job `uid` may not count in an account (its id); None when every receipt is proven.

    Receipts that nothing is charged for need no proof.
    """
    if segment.uid != uid:
        return _refused(segment, uid, f"it is from the log of job {segment.uid}")
    evidence, told = _evidence(segment, farm), set[str]()
    for receipt in filter(_needs_proof, segment.receipts):
        if receipt.item in told:
            return _refused(segment, uid, f"item {receipt.item[:12]}: it is told twice")
        told.add(receipt.item)
        for wrong in _faults(receipt, segment, account, evidence):
            return _refused(segment, uid, f"item {receipt.item[:12]}: {wrong}")
    return None


@dataclass(frozen=True)
class _Evidence:
    """What a segment carries to prove itself: keys by thumbprint, grants by digest."""

    keys: dict[str, OKPKey]
    grants: dict[str, Grant | Refusal]


def _evidence(segment: Segment, farm: OKPKey) -> _Evidence:
    keys = [token.key_of_x(x) for x in segment.keys]
    return _Evidence(
        keys={token.thumbprint(key): key for key in keys if key is not None},
        grants={digest_bytes(text.encode()): signed_grant(text, farm) for text in segment.grants},
    )


def _said(receipt: Receipt, segment: Segment) -> bytes:
    return signed_bytes(receipt, receipt.performer, receipt.grant, segment.uid, segment.order)


def _needs_proof(receipt: Receipt) -> bool:
    return receipt.outcome == "done" and not receipt.carried


def _faults(receipt: Receipt, segment: Segment, account: str, evidence: _Evidence) -> Iterator[str]:
    """What is wrong with a receipt, the first of which is enough."""
    if not receipt.signature:
        yield "no performer signed it"
    grant, key = evidence.grants.get(receipt.grant), evidence.keys.get(receipt.performer)
    if not isinstance(grant, Grant):
        yield grant.message if grant else "the segment does not carry its grant"
        return
    if (grant.sub, grant.order, grant.account) != (segment.uid, segment.order, account):
        yield "its grant is for another job, order or license"
    if receipt.performer not in grant.performers:
        yield f"its grant does not name performer {receipt.performer[:12]!r}"
    if key is None:
        yield f"the segment does not carry the key of performer {receipt.performer[:12]!r}"
    elif not token.holds(receipt.signature, key, _said(receipt, segment)):
        yield "its signature does not hold"


def _refused(segment: Segment, uid: str, what: str) -> Refusal:
    return Refusal(
        reason=NOT_PROVEN,
        message=f"receipts: segment {segment.sequence} of job {uid}: {what}; nothing counts or is delivered from there on: "
        "find out who wrote it, then apply the job under another name",
    )
