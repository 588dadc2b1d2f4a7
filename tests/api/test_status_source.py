"""Where lists come from: addresses that may be asked and those that may not, and where a license stands by what came."""

from __future__ import annotations

from typing import Any

import pytest
from builders import NOW, a_key, a_keyring, a_license_token
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from understudy_api import token
from understudy_api.model import fault_of
from understudy_api.status_list import StatusList
from understudy_api.status_source import (
    FARM,
    UNLISTED,
    Place,
    StatusSettings,
    addresses_problem,
    named_entry,
    place,
    poll_seconds,
    source,
    standing,
)
from understudy_api.term_parts import StatusEntry
from understudy_api.terms import LICENSE_TYPE

HERE = Place("lists.example", 443, "/")


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("https://lists.example/ada.jwt", Place("lists.example", 443, "/ada.jwt")),
        ("https://Lists.Example:8443", Place("lists.example", 8443, "/")),
        ("https://lists.example/a?b=c#d", Place("lists.example", 443, "/a?b=c")),
        ("https://[2001:db8::1]:8443/x", Place("2001:db8::1", 8443, "/x")),
    ],
)
def test_an_address_is_taken_apart(uri: str, found: Place) -> None:
    assert place(uri) == found


@pytest.mark.parametrize(
    "uri",
    [
        "http://lists.example/",
        "file:///etc/passwd",
        "https:///nobody",
        "https://user@lists.example/",
        "https://user:secret@lists.example/",
        "https://lists.example:99999/",
        "https://[::1/",
        "https://lïsts.example/",
        "https://lists.example/\x00",
        "https://lists.example/\n",
        "https://lists.example/a b",
    ],
)
def test_what_is_no_address_says_so_in_one_line(uri: str) -> None:
    found = place(uri)
    assert isinstance(found, str)
    assert "\n" not in found


@given(st.text(max_size=80) | st.text("htps:/[]@.%#?0123456789ab\x00\n ", max_size=40).map("https://".__add__))
def test_no_address_is_too_odd_to_judge(uri: str) -> None:
    found = place(uri)
    if isinstance(found, Place):
        assert found.host
        assert found.target.startswith("/")
        assert found.target.isprintable()
        assert found.target.isascii()
    else:
        assert "\n" not in found


PRIVATE = [
    "127.0.0.1", "10.0.0.8", "172.16.9.9", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "ff02::1",
    "64:ff9b::7f00:1", "2002:7f00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_nobody_is_sent_to_a_private_place(address: str) -> None:
    problem = addresses_problem(HERE, ["93.184.215.14", address], StatusSettings())
    assert problem is not None
    assert address in problem
    assert "status_lists.allowed_hosts" in problem


@pytest.mark.parametrize(
    ("allowed", "goes"),
    [
        (("lists.example",), True),
        (("lists.example:443",), True),
        (("lists.example:8443",), False),
        (("example",), False),
        ((), False),
    ],
)
def test_the_farm_may_allow_a_host(allowed: tuple[str, ...], goes: bool) -> None:
    assert (addresses_problem(HERE, ["10.0.0.8"], StatusSettings(allowed_hosts=allowed)) is None) is goes


def test_public_addresses_are_asked() -> None:
    assert (
        addresses_problem(HERE, ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"], StatusSettings()) is None
    )


@pytest.mark.parametrize("host", ["", "*", "a host", "UPPER.example"])
def test_allowed_hosts_are_names(host: str) -> None:
    with pytest.raises(ValidationError):
        StatusSettings(allowed_hosts=(host,))


PAIR = {"tls_cert": "/keys/tls.crt", "tls_key": "/keys/tls.key"}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.8"])
def test_lists_may_be_served_anywhere_over_tls(host: str) -> None:
    assert str(StatusSettings.model_validate({"host": host, "port": 8444, **PAIR}).host) == host


@pytest.mark.parametrize("told", [{}, {"host": "127.0.0.1"}, {"host": "127.8.8.8"}])
def test_plain_http_is_served_on_loopback(told: dict[str, Any]) -> None:
    assert StatusSettings.model_validate({**told, "port": 8444}).host.is_loopback


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"host": "0.0.0.0"}, "host 0.0.0.0: beyond loopback wanted tls_cert and tls_key, got none"),
        ({"host": "10.0.0.8", "port": 8444}, "host 10.0.0.8: beyond loopback wanted tls_cert"),
        ({"tls_cert": "/keys/tls.crt"}, "wanted both tls_cert and tls_key, or neither"),
        ({"host": "0.0.0.0", "tls_key": "/keys/tls.key"}, "wanted both tls_cert and tls_key, or neither"),
        ({"host": "localhost"}, "host: Input is not a valid IPv4 address"),
        ({"host": "::"}, "host: Input is not a valid IPv4 address"),
        ({"farm_url": "http://understudy-status.farm.svc:8444"}, "farm_url: String should match"),
        ({"farm_url": "http://127.0.0.1.example/"}, "farm_url: String should match"),
    ],
)
def test_what_would_speak_plainly_to_others_is_one_line(told: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        StatusSettings.model_validate(told)
    said = fault_of(caught.value)
    assert words in said
    assert "\n" not in said


def test_sources_have_names_of_their_own() -> None:
    assert source(None) == FARM
    names = {source(uri) for uri in ("https://a.example/1", "https://a.example/2", "https://b.example/1")}
    assert len(names) == 3
    assert all(len(name) == 32 and name.isalnum() for name in names)


@pytest.mark.parametrize(("ttl", "wait"), [(5, 5), (20, 5), (21, 5.25), (300, 75), (86_400, 21_600)])
def test_how_often_a_list_is_asked_for(ttl: int, wait: float) -> None:
    assert poll_seconds(ttl) == wait


def test_what_a_license_names_is_read_from_its_token() -> None:
    entry = {"index": 7, "uri": "https://lists.example/", "ttl_seconds": 60}
    assert named_entry(a_license_token(status=entry)) == (a_keyring().twin_id, StatusEntry.model_validate(entry))
    assert named_entry(a_license_token()) is None
    for text in ("", "x.y.z", "not a token"):
        assert named_entry(text) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"twin": "../../other", "status": {"index": 1, "ttl_seconds": 60}},
        {"status": {"index": 1, "ttl_seconds": 60}},
        {"twin": "0" * 64, "status": {"index": -1, "ttl_seconds": 60}},
        {"twin": "0" * 64, "status": {"index": 1, "ttl_seconds": 60, "uri": "http://lists.example/"}},
        {"twin": "0" * 64, "status": None},
    ],
)
def test_what_an_unchecked_token_names_leads_nowhere(claims: dict[str, Any]) -> None:
    assert named_entry(token.sign(a_key("anybody"), LICENSE_TYPE, claims)) is None


ENTRY = StatusEntry(index=1, ttl_seconds=60)


def known(**changes: Any) -> StatusList:
    """Index 0 stands, 1 is suspended, 2 revoked; signed now, for 300 s."""
    return StatusList(**{"iat": int(NOW), "ttl_seconds": 300, "exp": None, "bits": 2, "data": b"\x18", **changes})


@pytest.mark.parametrize(("index", "status"), [(0, "valid"), (1, "suspended"), (2, "revoked"), (4, None)])
def test_where_a_license_stands(index: int, status: str | None) -> None:
    found = standing(known(), ENTRY.model_copy(update={"index": index}))
    assert (found.status, found.iat) == (status, int(NOW))
    assert ("ends before index 4" in found.problem) is (status is None)


@pytest.mark.parametrize(
    ("changes", "ttl", "until"),
    [({}, 60, 60), ({}, 500, 300), ({"exp": int(NOW) + 20}, 60, 20), ({"ttl_seconds": 30}, 60, 30)],
)
def test_the_shortest_of_three_lives_counts(changes: dict[str, Any], ttl: int, until: int) -> None:
    found = standing(known(**changes), ENTRY.model_copy(update={"ttl_seconds": ttl}))
    assert found.until == NOW + until
    assert found.due_at() == NOW + until / 2


def test_without_a_list_nothing_is_known() -> None:
    found = standing(None, ENTRY, "lists.example: ConnectError")
    assert (found.status, found.iat, found.until, found.due_at()) == (None, None, None, None)
    assert found.problem == "lists.example: ConnectError"
    assert found.usage() == UNLISTED.usage()


def test_the_rule_is_asked_with_all_that_is_known() -> None:
    usage = standing(known(), ENTRY).usage()
    assert (usage.status, usage.status_iat, usage.status_until) == ("suspended", int(NOW), int(NOW) + 60)
