import json

import pytest
from pydantic import Field

from understudy_api.claims import issued_in_future, read_claims
from understudy_api.model import Model
from understudy_api.token import CLOCK_SKEW_SECONDS, Opened
from understudy_api.verdict import Refusal


class Inner(Model):
    size: int = Field(ge=1)


class Claims(Model):
    number: int
    names: tuple[str, ...] = ()
    inner: Inner | None = None


def read(**claims: object) -> Claims | Refusal:
    return read_claims(Claims, Opened(claims, json.dumps(claims).encode(), "kid"), "thing", "MalformedThing")


def test_reads_what_fits() -> None:
    assert read(number=1, names=["a"], inner={"size": 2}) == Claims(number=1, names=("a",), inner=Inner(size=2))


@pytest.mark.parametrize("name", ["\n", "a\nb", "\x1b[31m", "\u2028", "\x00"])
def test_a_claim_of_a_strange_name_is_one_plain_line(name: str) -> None:
    refusal = read(number=1, **{name: None})
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "UnknownClaim"
    assert refusal.message.isprintable()


@pytest.mark.parametrize(
    ("claims", "reason", "where"),
    [
        ({"number": 1, "vip": True}, "UnknownClaim", "vip"),
        ({"number": 1, "inner": {"size": 1, "vip": 1}}, "UnknownClaim", "inner.vip"),
        ({}, "MissingClaim", "number"),
        ({"number": "1"}, "MalformedThing", "number"),
        ({"number": 1.0}, "MalformedThing", "number"),
        ({"number": True}, "MalformedThing", "number"),
        ({"number": 1, "names": "ab"}, "MalformedThing", "names"),
        ({"number": 1, "inner": {"size": 0}}, "MalformedThing", "inner.size"),
        ({"number": 1, "names": ["\ud800"]}, "MalformedThing", "claims"),
    ],
)
def test_each_fault_names_its_field(claims: dict[str, object], reason: str, where: str) -> None:
    found = read(**claims)
    assert isinstance(found, Refusal)
    assert found.reason == reason
    assert found.message.startswith(f"thing: {where}")


@pytest.mark.parametrize(
    ("ahead", "refused"), [(0, False), (CLOCK_SKEW_SECONDS, False), (CLOCK_SKEW_SECONDS + 1, True)]
)
def test_sixty_seconds_of_skew(ahead: int, refused: bool) -> None:
    found = issued_in_future(1000 + ahead, 1000, "act")
    assert (found is not None) is refused
    if found:
        assert found.reason == "FromTheFuture"
        assert "clock" in found.message
