"""The register's words: keys that sort as numbers do, entries that hold a token and a time, terms as a token claims them."""

from __future__ import annotations

from typing import Any

import pytest
from builders import NOW, a_license_token, some_terms
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from understudy_api.register import Registered, claimed_terms, register_key, register_prefix, sameness

TWIN = "a" * 64


@given(st.lists(st.integers(0, 99_999_999), min_size=2, max_size=2, unique=True))
def test_keys_sort_as_licenses_were_recorded(pair: list[int]) -> None:
    low, high = sorted(pair)
    assert register_key(TWIN, low) < register_key(TWIN, high)
    assert register_key(TWIN, low).startswith(register_prefix(TWIN))


def test_an_entry_reads_back() -> None:
    entry = Registered(license=a_license_token(), recorded_at=NOW)
    assert Registered.model_validate_json(entry.model_dump_json()) == entry


@pytest.mark.parametrize("changed", [{"license": "no token"}, {"recorded_at": -1}, {"license": "a.b.c" * 9000}])
def test_what_is_no_entry_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Registered.model_validate({"license": a_license_token(), "recorded_at": NOW, **changed})


def test_a_token_claims_its_terms_whoever_signed_it() -> None:
    assert claimed_terms(a_license_token(exclusive=True)) == some_terms(exclusive=True)
    assert claimed_terms(a_license_token(signer="thief")) == some_terms()


@pytest.mark.parametrize(
    ("changed", "same"),
    [({"iat": int(NOW)}, True), ({"jti": "other-license"}, False), ({"exclusive": True}, False), ({"nbf": 5}, False)],
)
def test_a_license_signed_anew_says_the_same(changed: dict[str, Any], same: bool) -> None:
    assert (sameness(some_terms(**changed)) == sameness(some_terms())) is same


@pytest.mark.parametrize("text", ["", "no.token.here", a_license_token().partition(".")[2]])
def test_what_is_no_license_claims_nothing(text: str) -> None:
    assert claimed_terms(text) is None
