"""Signed receipts: what a performer signed counts for its order alone, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api import token
from understudy_api.digest import digest_bytes
from understudy_api.grant import Grant, sign_grant
from understudy_api.proof import NOT_PROVEN, Signature, fault
from understudy_api.receipt import Receipt, Segment, Totals

UID, OTHER_UID = "0c8f2b1e-0000-4000-8000-000000000000", "1d9f2b1e-0000-4000-8000-000000000000"
ORDER, OTHER_ORDER, ACCOUNT = "a" * 64, "b" * 64, "c" * 64
FARM, STRANGE_FARM, PERFORMER, STRANGER = (token.new_key() for _ in range(4))


def a_grant(farm: Any = FARM, **changes: Any) -> str:
    claims: dict[str, Any] = {
        "iss": token.thumbprint(farm),
        "aud": "default",
        "sub": UID,
        "order": ORDER,
        "license": "d" * 64,
        "account": ACCOUNT,
        "keys": "e" * 64,
        "twin_version": "f" * 64,
        "seconds": 60.0,
        "performers": (token.thumbprint(PERFORMER),),
        "iat": 100,
        "exp": 1000,
    }
    return sign_grant(farm, Grant.model_validate({**claims, **changes}))


GRANT = a_grant()
MADE = Receipt(
    item="1" * 64,
    ordinal=3,
    row="r3\n\u2028",
    locale="en-GB",
    output="story",
    outcome="done",
    frames=51,
    metered_seconds=51 / 25,
    sha256="2" * 64,
    bytes=4096,
    takes=2,
)
FAILED = MADE.model_copy(update={"ordinal": 4, "outcome": "failed", "metered_seconds": 0.0, "frames": 0})


def by(
    key: Any = PERFORMER, receipt: Receipt = MADE, uid: str = UID, order: str = ORDER, grant: str = GRANT
) -> Receipt:
    return Signature(key).under(receipt, uid, order, grant)


def segment(*receipts: Receipt, **changes: Any) -> Segment:
    """A segment that carries the performer's key and the grant, `changes` applied."""
    base: dict[str, Any] = {
        "uid": UID,
        "sequence": 7,
        "director": "d-1",
        "order": ORDER,
        "generation": 1,
        "written_at": 500.0,
        "receipts": receipts,
        "keys": (token.public_jwk(PERFORMER)["x"],),
        "grants": (GRANT,),
        "totals": Totals(),
    }
    return Segment.model_validate({**base, **changes})


def test_what_a_named_performer_signed_counts_also_after_it_was_written_down() -> None:
    written = Segment.model_validate_json(segment(by(), FAILED).model_dump_json())
    assert fault(written, UID, ACCOUNT, FARM) is None


def test_what_costs_nothing_needs_no_proof() -> None:
    carried = MADE.model_copy(update={"carried": True, "metered_seconds": 0.0})
    assert fault(segment(FAILED, carried, keys=(), grants=()), UID, ACCOUNT, FARM) is None


def test_attempts_are_the_directors_to_count() -> None:
    assert fault(segment(by().model_copy(update={"attempts": 3})), UID, ACCOUNT, FARM) is None


@pytest.mark.parametrize(
    "altered",
    [
        {"metered_seconds": 2.0},
        {"frames": 50},
        {"item": "3" * 64},
        {"ordinal": 4},
        {"row": "r4"},
        {"locale": "de-DE"},
        {"output": "landscape"},
        {"sha256": "4" * 64},
        {"bytes": 4097},
        {"takes": 3},
        {"signature": ""},
        {"signature": "A" * 86},
        {"signature": by().signature[:-1]},
        {"signature": "\u00fc" * 10},
    ],
)
def test_an_altered_receipt_does_not_count(altered: dict[str, Any]) -> None:
    found = fault(segment(by().model_copy(update=altered)), UID, ACCOUNT, FARM)
    assert found is not None
    assert found.reason == NOT_PROVEN


WRONG_KEY = (token.public_jwk(STRANGER)["x"],)
BOTH_KEYS = (token.public_jwk(PERFORMER)["x"], *WRONG_KEY)
ELSEWHERE, LATER = a_grant(sub=OTHER_UID), a_grant(order=OTHER_ORDER)
FORGED, ANOTHER_LICENSE = a_grant(STRANGE_FARM), a_grant(account="9" * 64)


@pytest.mark.parametrize(
    ("made", "changes", "words"),
    [
        (MADE, {}, "no performer signed it"),
        (by(STRANGER), {"keys": BOTH_KEYS}, "does not name performer"),
        (by(), {"keys": WRONG_KEY}, "does not carry the key"),
        (by(), {"keys": ("", "?", "A" * 43)}, "does not carry the key"),
        (by(grant=LATER), {}, "does not carry its grant"),
        (by(grant=FORGED), {"grants": (GRANT, FORGED)}, "which is not this farm"),
        (by(grant=ELSEWHERE), {"grants": (GRANT, ELSEWHERE)}, "for another job, order or license"),
        (by(grant=LATER), {"grants": (GRANT, LATER)}, "for another job, order or license"),
        (by(grant=ANOTHER_LICENSE), {"grants": (GRANT, ANOTHER_LICENSE)}, "for another job, order or license"),
        (by(), {"order": OTHER_ORDER}, "for another job, order or license"),
        (by(uid=OTHER_UID), {}, "its signature does not hold"),
        (by(order=OTHER_ORDER), {}, "its signature does not hold"),
    ],
)
def test_what_another_performer_order_or_farm_made_does_not_count(made: Receipt, changes: Any, words: str) -> None:
    before = by(receipt=MADE.model_copy(update={"item": "0" * 64}))
    found = fault(segment(before, made, **changes), UID, ACCOUNT, FARM)
    assert found is not None
    assert words in found.message
    assert found.message.startswith(f"receipts: segment 7 of job {UID}: item ")
    assert "apply the job under another name" in found.message


def test_a_segment_of_another_log_does_not_count_here() -> None:
    """Brought over whole, with everything that proves it where it belongs."""
    assert "from the log of job" in str(fault(segment(by()), OTHER_UID, ACCOUNT, FARM))


def test_another_license_counts_nothing_of_it() -> None:
    assert "another job, order or license" in str(fault(segment(by()), UID, "8" * 64, FARM))


def test_who_signs_with_a_named_performers_name_is_found_out() -> None:
    """A stranger's signature under the performer's thumbprint."""
    forged = by(STRANGER).model_copy(update={"performer": token.thumbprint(PERFORMER)})
    assert "its signature does not hold" in str(fault(segment(forged, keys=BOTH_KEYS), UID, ACCOUNT, FARM))


def test_a_receipt_is_told_once() -> None:
    assert "it is told twice" in str(fault(segment(by(), by()), UID, ACCOUNT, FARM))


def test_a_grant_is_named_by_the_digest_of_its_token() -> None:
    assert by().grant == digest_bytes(GRANT.encode())


@given(st.text(max_size=43), st.text(max_size=64), st.text(max_size=86), st.text(max_size=60))
def test_no_nonsense_counts_or_raises(performer: str, grant: str, signature: str, key: str) -> None:
    made = MADE.model_copy(update={"performer": performer, "grant": grant, "signature": signature})
    assert fault(segment(made, keys=(key, *BOTH_KEYS)), UID, ACCOUNT, FARM) is not None
