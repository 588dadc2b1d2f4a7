"""Status lists: fresh, signed by the right key, never back in time, and no larger in memory than promised."""

import base64
import time
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api import token
from understudy_api.genesis import public_key, sign_genesis
from understudy_api.keyring import KeyRecord, Keyring, extended, read_keyring, sign_key_record
from understudy_api.status_list import (
    MAX_LIST_BYTES,
    MAX_LIST_TOKEN_BYTES,
    STATUS_LIST_TYPE,
    Packed,
    StatusClaims,
    StatusList,
    pack,
    read_status_list,
    recorded_list,
    sign_status_list,
)
from understudy_api.verdict import Refusal

NOW = 1_780_000_000
ROOT, STOP = token.new_key(), token.new_key()
FOUNDED = read_keyring(sign_genesis(ROOT, "Ada", NOW - 100, "0" * 32))
assert isinstance(FOUNDED, Keyring)


def with_stop_key(role: str = "stop", exp: int | None = None) -> Keyring:
    assert isinstance(FOUNDED, Keyring)
    record = KeyRecord.model_validate(
        {
            "twin": FOUNDED.twin_id,
            "number": 1,
            "previous": FOUNDED.head,
            "act": "delegate",
            "role": role,
            "key": public_key(STOP),
            "iat": NOW - 50,
            "exp": exp,
        }
    )
    ring = extended(FOUNDED, sign_key_record(ROOT, record))
    assert isinstance(ring, Keyring)
    return ring


RING = with_stop_key()


def claims(**changes: Any) -> StatusClaims:
    base = {"sub": RING.twin_id, "iat": NOW, "ttl": 300, "status_list": pack({3: "revoked", 5: "suspended"}, 8)}
    return StatusClaims.model_validate({**base, **changes})


def signed(**changes: Any) -> str:
    return sign_status_list(STOP, claims(**changes))


def read(text: str, ring: Keyring = RING, now: float = NOW + 1, **rest: Any) -> StatusList:
    found = read_status_list(text, ring, now, **rest)
    assert isinstance(found, StatusList), found
    return found


def revoked(found: StatusList) -> set[int]:
    return {index for index in range(200) if found.status(index) == "revoked"}


def marked(found: StatusList) -> set[int]:
    """The indices in its `revocations`."""
    assert not found.revocations & int("10" * 400, 2), "only the lower bit of each pair"
    return {index for index in range(200) if found.revocations >> 2 * index & 1}


def reason(text: str, ring: Keyring = RING, now: float = NOW + 1, **rest: Any) -> str:
    found = read_status_list(text, ring, now, **rest)
    assert isinstance(found, Refusal)
    assert "\n" not in found.message
    return found.reason


def test_says_what_the_owner_said() -> None:
    found = read(signed())
    assert [found.status(index) for index in range(8)] == [
        "valid", "valid", "valid", "revoked", "valid", "suspended", "valid", "valid",
    ]  # fmt: skip
    assert found.status(8) is None
    assert revoked(found) == {3}
    assert read(sign_status_list(ROOT, claims())) == found


def test_the_examples_of_the_draft() -> None:
    """Section 4.1 and 4.2 of draft-ietf-oauth-status-list: bytes B9 A3 at one bit, C9 44 F9 at two."""
    one = StatusList(0, 1, None, 1, bytes([0xB9, 0xA3]))
    assert [one.status(i) == "revoked" for i in range(16)] == [
        bool(bit) for bit in (1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1)
    ]
    two = StatusList(0, 1, None, 2, bytes([0xC9, 0x44, 0xF9]))
    names = {0: "valid", 1: "revoked", 2: "suspended", 3: "revoked"}
    assert [two.status(i) for i in range(12)] == [names[value] for value in (1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3)]


@given(
    bits=st.sampled_from([1, 2]),
    marks=st.dictionaries(st.integers(0, 99), st.sampled_from(["valid", "revoked", "suspended"]), max_size=20),
)
def test_packing_round_trips(bits: Any, marks: Any) -> None:
    if bits == 1:
        marks = {index: "revoked" if status == "suspended" else status for index, status in marks.items()}
    found = read(signed(status_list=pack(marks, 100, bits)))
    assert all(found.status(index) == marks.get(index, "valid") for index in range(100))
    assert revoked(found) == {index for index, status in marks.items() if status == "revoked"}
    assert marked(found) == revoked(found)


@pytest.mark.parametrize(
    ("marks", "size", "bits"), [({8: "revoked"}, 8, 2), ({-1: "revoked"}, 8, 2), ({0: "suspended"}, 8, 1)]
)
def test_what_does_not_fit_is_not_packed(marks: Any, size: int, bits: Any) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        pack(marks, size, bits)


def deflated(data: bytes) -> Packed:
    return Packed(bits=2, lst=base64.urlsafe_b64encode(data).rstrip(b"=").decode())


@pytest.mark.parametrize(
    ("text", "now", "why"),
    [
        (sign_status_list(token.new_key(), claims()), NOW, "SignerNotAllowed"),
        (signed(sub="0" * 64), NOW, "TwinNotCovered"),
        (signed(), NOW - 61, "FromTheFuture"),
        (signed(), NOW + 300, "StatusListStale"),
        (signed(exp=NOW + 10), NOW + 10, "StatusListStale"),
        (signed(status_list=deflated(b"not zlib")), NOW, "MalformedStatusList"),
        (signed(status_list=deflated(zlib.compress(bytes(99))[:-5])), NOW, "MalformedStatusList"),
        (signed(status_list=deflated(zlib.compress(bytes(99)) + b"more")), NOW, "MalformedStatusList"),
        (signed(status_list=deflated(b"")), NOW, "MalformedStatusList"),
        (signed(status_list=deflated(zlib.compress(bytes(MAX_LIST_BYTES + 1)))), NOW, "StatusListTooLarge"),
        (token.sign(STOP, STATUS_LIST_TYPE, {**claims().model_dump(), "vip": 1}), NOW, "UnknownClaim"),
        (token.sign(STOP, STATUS_LIST_TYPE, {**claims().model_dump(), "ttl": 0}), NOW, "MalformedStatusList"),
        (
            token.sign(
                STOP,
                STATUS_LIST_TYPE,
                {**claims().model_dump(exclude_none=True), "status_list": {"bits": 4, "lst": ""}},
            ),
            NOW,
            "MalformedStatusList",
        ),
        (token.sign(STOP, "jwt", claims().model_dump()), NOW, "WrongTokenType"),
        ("x" * (MAX_LIST_TOKEN_BYTES + 1), NOW, "TokenTooLarge"),
    ],
)
def test_each_fault_has_its_own_reason(text: str, now: float, why: str) -> None:
    assert reason(text, now=now) == why


def test_the_largest_list_is_read() -> None:
    text = signed(status_list=deflated(zlib.compress(bytes(MAX_LIST_BYTES))))
    assert len(read(text).data) == MAX_LIST_BYTES
    assert reason(text, max_bytes=1000) == "StatusListTooLarge"


def test_a_bomb_goes_off_in_one_megabyte() -> None:
    bomb = signed(status_list=deflated(zlib.compress(bytes(100 << 20), 9)))
    assert len(bomb) < 200_000
    tracemalloc.start()
    start = time.perf_counter()
    try:
        assert reason(bomb) == "StatusListTooLarge"
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20
    assert time.perf_counter() - start < 2


def test_lists_never_go_back() -> None:
    known = read(signed())
    assert reason(signed(iat=NOW - 1), before=known) == "StatusListOlder"
    assert read(signed(), before=known) == known
    assert read(signed(iat=NOW + 1), before=known).iat == NOW + 1


@pytest.mark.parametrize(
    "other", [{"status_list": pack({3: "revoked"}, 8)}, {"ttl": 299}, {"exp": NOW + 10}], ids=["bits", "ttl", "exp"]
)
def test_two_lists_of_one_second_are_a_fork(other: dict[str, Any]) -> None:
    assert reason(signed(**other), before=read(signed())) == "StatusListForked"


def test_revoked_stays_revoked_and_suspended_may_be_lifted() -> None:
    known = read(signed())
    assert read(signed(iat=NOW + 1, status_list=pack({3: "revoked"}, 8)), before=known).status(5) == "valid"
    for undone in (pack({}, 8), pack({3: "suspended"}, 8), pack({}, 2)):
        assert reason(signed(iat=NOW + 1, status_list=undone), before=known) == "RevocationUndone"
    one_bit = signed(iat=NOW + 1, status_list=pack({3: "revoked"}, 8, 1))
    assert revoked(read(one_bit, before=known)) == {3}
    assert reason(signed(iat=NOW + 2), before=read(signed(iat=NOW + 1, status_list=pack({6: "revoked"}, 8, 1)))) == (
        "RevocationUndone"
    )


def test_the_index_that_came_back_is_named() -> None:
    known = read(signed(status_list=pack({3: "revoked", 6: "revoked"}, 8)))
    found = read_status_list(signed(iat=NOW + 1, status_list=pack({3: "revoked"}, 8)), RING, NOW + 1, known)
    assert isinstance(found, Refusal)
    assert "index 6 was revoked" in found.message


marks = st.dictionaries(st.integers(0, 60), st.sampled_from(["valid", "revoked", "suspended"]), max_size=12)


@given(first=marks, second=marks, bits=st.sampled_from([1, 2]))
def test_no_list_brings_anything_back(first: Any, second: Any, bits: Any) -> None:
    if bits == 1:
        first = {index: "valid" if status == "suspended" else status for index, status in first.items()}
    known = read(signed(status_list=pack(first, 61, bits)))
    text = signed(iat=NOW + 1, status_list=pack(second, 61))
    if revoked(known) - revoked(read(text)):
        assert reason(text, before=known) == "RevocationUndone"
    else:
        assert read(text, before=known).iat == NOW + 1


def test_the_largest_lists_are_compared_in_little_memory() -> None:
    worst = deflated(zlib.compress(bytes([0b01010101]) * MAX_LIST_BYTES))
    known = read(signed(status_list=worst))
    tracemalloc.start()
    start = time.perf_counter()
    try:
        assert reason(signed(iat=NOW + 1), before=known) == "RevocationUndone"
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20
    assert time.perf_counter() - start < 2


def test_what_was_recorded_is_read_whatever_became_of_its_signer() -> None:
    assert recorded_list(signed(ttl=1)) == read(signed(ttl=1), now=NOW)
    assert recorded_list(sign_status_list(token.new_key(), claims())) == read(signed())
    large = signed(status_list=deflated(zlib.compress(bytes(range(256)) * 200, 0)))
    assert len(large) > token.MAX_TOKEN_BYTES
    assert isinstance(recorded_list(large), StatusList)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no list", "MalformedToken"),
        (token.sign(STOP, "jwt", {}), "WrongTokenType"),
        (token.sign(STOP, STATUS_LIST_TYPE, {"sub": "x"}), "MalformedStatusList"),
        (signed(status_list=deflated(zlib.compress(bytes(MAX_LIST_BYTES + 1)))), "StatusListTooLarge"),
    ],
)
def test_what_was_recorded_and_spoiled_is_no_list(text: str, why: str) -> None:
    found = recorded_list(text)
    assert isinstance(found, Refusal)
    assert found.reason == why


def test_only_the_stop_key_and_only_while_it_holds() -> None:
    assert reason(signed(), with_stop_key("license")) == "SignerNotAllowed"
    assert reason(signed(), with_stop_key(exp=NOW + 1)) == "DelegationOver"
    assert read(signed(), with_stop_key(exp=NOW + 2)).iat == NOW


def test_stale_at_the_end_of_ttl_or_exp_whichever_is_earlier() -> None:
    found = read(signed(exp=NOW + 200))
    assert found.until == NOW + 200
    assert [found.is_stale(NOW + at) for at in (199, 200)] == [False, True]
    assert [read(signed()).is_stale(NOW + at) for at in (299, 300)] == [False, True]
    assert read(signed(exp=NOW + 400)).until == NOW + 300
