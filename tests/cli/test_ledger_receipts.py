"""`understudy ledger verify --receipts`: what was charged is what a performer signed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from ledger_site import Ledger
from ledger_words import Writer, licensed, reserved, uid

from understudy_api import token
from understudy_api.digest import digest, digest_bytes
from understudy_api.grant import Grant, sign_grant
from understudy_api.ledger.chain import link_key
from understudy_api.proof import Signature
from understudy_api.receipt import Receipt, Segment, Totals, segment_key
from understudy_operator.core.booking import Logged, segment_entries

THREE, ORDER = "ce" * 32, "0d" * 32
PERFORMER = Signature(token.new_key())
WHO = uid(3)


class Signed(Ledger):
    """The ledger with a third license, whose one segment was signed as it has to be."""

    def __init__(self, root: Any, folder: Path) -> None:
        super().__init__(root, folder)
        self.key = segment_key(WHO, 0)
        self.segment = self.made()
        self.charge(self.segment)

    def made(self, farm: Any = None) -> Segment:
        """A segment of two items, by a performer that a grant of the farm names."""
        farm = farm or self.farm
        grant = sign_grant(
            farm,
            Grant(
                iss=token.thumbprint(farm),
                aud="default",
                sub=WHO,
                order=ORDER,
                license=ORDER,
                account=THREE,
                keys=ORDER,
                twin_version=ORDER,
                seconds=60.0,
                performers=(PERFORMER.performer,),
                iat=100,
                exp=1000,
            ),
        )
        items = [
            Receipt(
                item=digest(["item", place]),
                ordinal=place,
                row=str(place),
                locale="en-GB",
                output="story",
                outcome="done",
                frames=50,
                metered_seconds=2.0,
                sha256=digest(["file", place]),
            )
            for place in range(2)
        ]
        return Segment(
            uid=WHO,
            sequence=0,
            director="d-1",
            order=ORDER,
            generation=1,
            written_at=500.0,
            receipts=tuple(PERFORMER.under(one, WHO, ORDER, grant) for one in items),
            keys=(PERFORMER.x,),
            grants=(grant,),
            totals=Totals(done=2, metered_seconds=4.0),
        )

    def charge(self, segment: Segment, told: Segment | None = None) -> None:
        """Writes a segment and a chain that counts it, or that counts what was `told` under its digest."""
        data = segment.model_dump_json().encode()
        self.receipt(data)
        writer = Writer(THREE)
        writer.write(licensed(jti="gamma-winter", royalty=None), reserved(3, 10, order=ORDER))
        entries = segment_entries(
            writer.account, Logged(segment=told or segment, digest=digest_bytes(data), fault=None)
        )
        writer.write(*entries)
        for sequence, link in writer.objects.items():
            self.put(link_key(THREE, sequence), link)

    def receipt(self, data: bytes) -> None:
        self.store.put_object("understudy-receipts", self.key, io.BytesIO(data), len(data))


@pytest.fixture
def ledger(object_store: Any, tmp_path: Path) -> Signed:
    return Signed(object_store.root, tmp_path)


def test_charges_are_held_against_what_was_signed(ledger: Signed) -> None:
    """The receipts of the two other licenses are long gone, which is said and is no finding."""
    result = ledger.run("ledger", "verify", "--receipts")
    assert result.exit_code == 0, result.output
    assert "1 segments of receipts: 0 findings; 4 are no longer there and were not checked" in result.output
    assert "segments of receipts" not in ledger.run("ledger", "verify").output


def test_a_segment_that_was_exchanged_is_found(ledger: Signed) -> None:
    ledger.receipt(ledger.segment.model_copy(update={"director": "d-2"}).model_dump_json().encode())
    result = ledger.run("ledger", "verify", "--receipts")
    assert result.exit_code == 2
    assert f"altered: understudy-receipts/{ledger.key}: it is not the segment that was counted" in result.output


def test_a_charge_that_no_performer_signed_for_is_found(ledger: Signed) -> None:
    ledger.charge(ledger.made(farm=token.new_key()))
    result = ledger.run("ledger", "verify", "--receipts")
    assert result.exit_code == 2
    assert f"unsigned: understudy-receipts/{ledger.key}: receipts: segment 0 of job {WHO}: item " in result.output


def test_a_charge_beyond_what_was_signed_is_found(ledger: Signed) -> None:
    longer = ledger.segment.receipts[0].model_copy(update={"metered_seconds": 3.0})
    told = ledger.segment.model_copy(update={"receipts": (longer, *ledger.segment.receipts[1:])})
    ledger.charge(ledger.segment, told)
    result = ledger.run("ledger", "verify", "--receipts")
    assert result.exit_code == 2
    assert "what the ledger charges is not what its receipts say" in result.output


def test_a_receipt_that_was_told_again_is_found(ledger: Signed) -> None:
    once = ledger.segment.receipts[0]
    ledger.charge(ledger.segment.model_copy(update={"receipts": (once, once)}))
    result = ledger.run("ledger", "verify", "--receipts")
    assert result.exit_code == 2
    assert f"altered: job {WHO}: item {once.item[:12]} is charged 2 times" in result.output
