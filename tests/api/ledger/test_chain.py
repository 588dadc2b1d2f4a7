"""The chain: whatever is deleted, altered or moved is found, and where."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_words import ACCOUNT, licensed, reserved, some_chain

from understudy_api.ledger.account import Account
from understudy_api.ledger.chain import Finding, Head, Link, link_key, next_link, parse_key, read_link, verify_chain
from understudy_api.verdict import Refusal


def faults(objects: dict[int, bytes]) -> list[tuple[str, str]]:
    return [(one.fault, one.where) for one in verify_chain(ACCOUNT, objects).findings]


def test_a_chain_as_it_was_written_holds() -> None:
    writer = some_chain()
    chain = verify_chain(ACCOUNT, writer.objects)
    assert chain.findings == ()
    assert (chain.length, chain.links[6].balance) == (7, writer.account)
    assert list(chain.links.values()) == writer.links
    assert verify_chain(ACCOUNT, {}).length == 0


def test_keys_sort_as_sequences_do_and_are_told_apart() -> None:
    assert link_key(ACCOUNT, 9) < link_key(ACCOUNT, 10) < link_key(ACCOUNT, 99_999_999)
    assert parse_key(link_key(ACCOUNT, 12)) == (ACCOUNT, 12)
    for other in ("checkpoints/00000001.json", f"licenses/{ACCOUNT}/jobs/x", f"licenses/{ACCOUNT}/0000001.json"):
        assert parse_key(other) is None


def test_a_link_that_the_rule_refuses_is_not_made() -> None:
    refused = next_link(Head(Account(id=ACCOUNT)), (licensed(1), reserved(1, 2)), 0.0)
    assert isinstance(refused, Refusal)
    assert refused.reason == "QuotaExceeded"


@pytest.mark.parametrize("gone", range(6))
def test_a_deleted_link_is_found(gone: int) -> None:
    writer = some_chain()
    del writer.objects[gone]
    assert ("deleted", link_key(ACCOUNT, gone)) in faults(writer.objects)


def test_a_chain_cut_at_its_end_holds_by_itself() -> None:
    """Which is why checkpoints are kept elsewhere."""
    writer = some_chain()
    del writer.objects[6]
    assert faults(writer.objects) == []


@given(st.integers(0, 6), st.integers(0, 6))
def test_links_that_changed_places_are_found(one: int, two: int) -> None:
    objects = some_chain().objects
    objects[one], objects[two] = objects[two], objects[one]
    wrong = faults(objects)
    assert (wrong == []) is (one == two)
    if one != two:
        assert {("reordered", link_key(ACCOUNT, one)), ("reordered", link_key(ACCOUNT, two))} <= set(wrong)


@given(st.data())
def test_any_changed_byte_is_found(data: st.DataObject) -> None:
    objects = some_chain().objects
    at = data.draw(st.integers(0, 5), "link")
    link = objects[at]
    place = data.draw(st.integers(0, len(link) - 1), "byte")
    changed = data.draw(st.integers(0, 255), "value")
    objects[at] = link[:place] + bytes([changed]) + link[place + 1 :]
    assert (faults(objects) == []) is (objects[at] == link)


def test_a_link_written_anew_with_everything_after_it_holds_only_by_the_rule() -> None:
    """Who can write all objects can write another history, but not one that breaks the quota."""
    objects = some_chain().objects
    link = json.loads(objects[6])
    link["balance"]["used_micros"] -= 1_000_000
    objects[6] = json.dumps(link).encode()
    assert faults(objects) == [("altered", link_key(ACCOUNT, 6))]
    link = json.loads(objects[6])
    link["entries"][0]["micros"] = 60_000_000
    objects[6] = json.dumps(link).encode()
    (finding,) = verify_chain(ACCOUNT, objects).findings
    assert finding.message.startswith("BeyondClaim")


def test_an_added_link_is_found() -> None:
    objects = some_chain().objects
    objects[7] = objects[6].replace(b'"sequence":6', b'"sequence":7')
    assert faults(objects) == [("altered", link_key(ACCOUNT, 7))]


@pytest.mark.parametrize("data", [b"", b"{}", b"null", b"\xff", b'{"sequence":0', b'{"sequence": NaN}'])
def test_half_a_link_is_unreadable(data: bytes) -> None:
    found = read_link(data, ACCOUNT, 0)
    assert isinstance(found, Finding)
    assert (found.fault, found.where) == ("unreadable", link_key(ACCOUNT, 0))


def test_another_accounts_link_does_not_pass() -> None:
    objects = some_chain().objects
    found = verify_chain("ad" * 32, objects)
    assert {one.fault for one in found.findings} == {"reordered"}


def test_what_follows_a_broken_link_is_still_checked() -> None:
    objects = some_chain().objects
    objects[2] = b"{"
    link = Link.model_validate_json(objects[5])
    objects[5] = link.model_copy(update={"written_at": 1.0}).model_dump_json().encode()
    assert faults(objects) == [("unreadable", link_key(ACCOUNT, 2)), ("altered", link_key(ACCOUNT, 6))]
