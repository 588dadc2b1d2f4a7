"""Readable terms become exact claims: every field, every amount, and errors that name the field."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from understudy_api.categories import SENSITIVE
from understudy_api.terms import Terms
from understudy_cli.errors import UserError
from understudy_cli.license_template import TEMPLATE
from understudy_cli.license_terms import ReadableTerms, claims_from

EXAMPLES = Path(__file__).parents[2] / "examples" / "licenses"
LEAST = {
    "id": "acme-spring",
    "assignee": "acme",
    "purposes": ["advertising"],
    "channels": ["social"],
    "territories": ["DE"],
    "languages": ["de"],
    "valid_from": "2027-01-01",
    "valid_until": "2027-01-02T12:00:00+02:00",
    "seconds": 60,
}


def claims(**changes: Any) -> Terms:
    document = yaml.safe_load(yaml.safe_dump({**LEAST, **changes}))
    return claims_from(document, "terms.yaml", owner="o" * 43, farm="f" * 43, twin_id="a" * 64, now=5)


def unix(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]


def test_the_least() -> None:
    found = claims()
    assert (found.iss, found.aud, found.twin, found.iat) == ("o" * 43, "f" * 43, "a" * 64, 5)
    assert found.nbf == unix(2027, 1, 1)
    assert found.exp == unix(2027, 1, 2, 10)
    assert found.assignee.brand is None
    assert found.sensitive_categories == SENSITIVE


def test_every_field_arrives() -> None:
    full = yaml.safe_load("\n".join(line.removeprefix("# ") for line in TEMPLATE.splitlines()[1:]))
    full |= {
        "preview": True,
        "preview_recipient": "age1" + "q" * 58,
        "exclusive": True,
        "allows": ["edits", "singing"],
        "versions": ["b" * 64],
    }
    assert set(full) == set(ReadableTerms.model_fields), "the template explains every field and no other"
    found = claims(**full)
    given = found.model_dump()
    for name in Terms.model_fields:
        if name not in ("profile", "iat"):
            assert given[name] not in (None, (), "", False), name
    assert found.assignee.brand == "Acme GmbH"
    assert (found.allows.edits, found.allows.singing, found.allows.puppeteering) == (True, True, False)
    assert [(one.aspect, one.max_height) for one in found.formats] == [("landscape", None), ("portrait", 1920)]
    assert found.excluded_categories == ("386", "211")
    assert found.sensitive_categories == ("286",)
    assert (found.quota.items, found.quota.concurrent) == (500, 2)
    assert found.publish_until == unix(2027, 12, 31)


def test_the_template_signs_as_it_stands() -> None:
    assert claims(**yaml.safe_load(TEMPLATE)).territories == ("EU", "CH", "JP-13")


@pytest.mark.parametrize(
    ("percent", "share"),
    [([70, 30], [700_000, 300_000]), ([33.3333, 66.6667], [333_333, 666_667]), (["12.5", 87.5], [125_000, 875_000])],
)
def test_shares_are_exact(percent: list[Any], share: list[int]) -> None:
    splits = [{"role": "owner", "payee": f"p-{n}", "percent": one} for n, one in enumerate(percent)]
    found = claims(
        royalty={"currency": "EUR", "per_second": 0.1, "per_video": "0.000001", "guaranteed": 7, "splits": splits}
    )
    assert found.royalty is not None
    assert [one.share_millionths for one in found.royalty.splits] == share
    amounts = (found.royalty.per_second_micros, found.royalty.per_item_micros, found.royalty.minimum_micros)
    assert amounts == (100_000, 1, 7_000_000)


OWNER = {"role": "owner", "payee": "p-1", "percent": 100}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"royalty": {"currency": "EUR", "per_second": 0.0000001, "splits": [OWNER]}}, "per_second"),
        ({"royalty": {"currency": "EUR", "per_second": "a lot", "splits": [OWNER]}}, "per_second"),
        ({"royalty": {"currency": "EUR", "per_second": -1, "splits": [OWNER]}}, "per_second"),
        ({"royalty": {"currency": "EUR", "per_second": True, "splits": [OWNER]}}, "per_second"),
        ({"royalty": {"currency": "EUR", "splits": [{**OWNER, "percent": 99.9}]}}, "add up to 1000000"),
        ({"royalty": {"currency": "EUR", "splits": [{**OWNER, "percent": 33.33333}]}}, "percent"),
        ({"vip": True}, "vip"),
        ({"allows": ["everything"]}, "allows"),
        ({"formats": ["round"]}, "formats"),
        ({"formats": [{"aspect": "square", "depth": 3}]}, "formats"),
        ({"territories": ["UK"]}, "write GB"),
        ({"excluded_categories": ["Politic"]}, "did you mean Politics"),
        ({"age": {"minimum": 17, "maximum": 20}}, "age"),
        ({"publish_until": "2026-01-01"}, "publish_until"),
        ({"items": 0}, "items"),
        ({"valid_from": "someday"}, "valid_from"),
        ({"status": {"index": 1}}, "ttl_seconds"),
        ({"assignee": {"namespace": "Not One"}}, "assignee"),
    ],
)
def test_errors_are_one_line_naming_the_field(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        claims(**changes)
    assert str(caught.value).startswith("terms.yaml: ")
    assert "\n" not in str(caught.value)


def test_one_spot_for_tokyo_in_may() -> None:
    found = claims(**yaml.safe_load((EXAMPLES / "tokyo-spot.yaml").read_text()))
    assert (found.quota.items, found.max_item_seconds, found.territories) == (1, 30, ("JP-13",))
    assert found.publish_until == unix(2027, 6, 1)


def test_36_months_exclusive() -> None:
    found = claims(**yaml.safe_load((EXAMPLES / "exclusive-36-months.yaml").read_text()))
    assert found.exclusive
    assert (found.nbf, found.exp) == (unix(2027, 1, 1), unix(2030, 1, 1))
    spot = claims(**yaml.safe_load((EXAMPLES / "tokyo-spot.yaml").read_text()))
    assert found.outranks(spot)
    assert not spot.outranks(found)
