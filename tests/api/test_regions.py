import re

import pytest
from pydantic import TypeAdapter, ValidationError

from understudy_api.regions import COUNTRIES, REGIONS, Place, expand, not_covered, places_meet

PLACE: TypeAdapter[str] = TypeAdapter(Place)


def test_the_lists_have_their_known_sizes() -> None:
    assert len(COUNTRIES) == 249
    assert {name: len(members) for name, members in REGIONS.items()} == {
        "ANZ": 2,
        "ASEAN": 11,
        "BALTICS": 3,
        "BENELUX": 3,
        "DACH": 3,
        "EEA": 30,
        "EFTA": 4,
        "EU": 27,
        "GCC": 6,
        "MERCOSUR": 5,
        "NORDICS": 8,
        "USMCA": 3,
        "WORLD": 249,
    }


def test_a_place_that_is_none_says_all_that_is_one() -> None:
    with pytest.raises(ValidationError) as caught:
        PLACE.validate_python("ZZ")
    assert caught.value.errors()[0]["msg"] == (
        "Value error, 'ZZ' is neither an ISO 3166-1 country nor one of the regions ANZ, ASEAN, BALTICS, BENELUX, DACH, "
        "EEA, EFTA, EU, GCC, MERCOSUR, NORDICS, USMCA, WORLD"
    )


@pytest.mark.parametrize("name", sorted(REGIONS))
def test_a_region_holds_countries_and_is_none(name: str) -> None:
    assert REGIONS[name] <= COUNTRIES
    assert name not in COUNTRIES


def test_who_is_in_and_who_is_not() -> None:
    assert "GB" not in REGIONS["EU"]
    assert "NO" in REGIONS["EEA"]
    assert "CH" not in REGIONS["EEA"]
    assert REGIONS["EU"] < REGIONS["EEA"]


@pytest.mark.parametrize("code", ["DE", "EU", "WORLD", "JP", "JP-13", "GB-ENG"])
def test_known_places(code: str) -> None:
    assert PLACE.validate_python(code) == code


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("UK", "WORLD; write GB$"),
        ("EL", "; write GR$"),
        ("GLOBAL", "; write WORLD$"),
        ("WORLDWIDE", "pattern|at most|; write WORLD$"),
        ("EUROPE", "; write EU or EEA$"),
        ("ZZ", "neither"),
        ("ABCDEFGHIJ", "at most 9"),
        ("ZZ-1", "neither"),
        ("EU-1", "neither"),
        ("JP-", "pattern"),
        ("de", "pattern"),
        ("", "at least"),
    ],
)
def test_a_slip_names_its_cure(code: str, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        PLACE.validate_python(code)
    assert re.search(words, caught.value.errors()[0]["msg"])


def test_expansion() -> None:
    assert expand(()) == frozenset()
    assert expand(("DE", "DE")) == {"DE"}
    assert expand(("DACH", "JP")) == {"AT", "CH", "DE", "JP"}
    assert expand(("ZZ",)) == {"ZZ"}


@pytest.mark.parametrize(
    ("places", "by", "missing"),
    [
        (("JP-13",), ("JP",), set()),
        (("JP-13",), ("JP-13",), set()),
        (("JP",), ("JP-13",), {"JP"}),
        (("JP-27", "JP-13"), ("JP-13",), {"JP-27"}),
        (("DE-BE", "DE", "CH"), ("EU",), {"CH"}),
        (("DACH",), ("EU",), {"CH"}),
        ((), ("EU",), set()),
        (("DE",), (), {"DE"}),
    ],
)
def test_a_country_covers_its_parts(places: tuple[str, ...], by: tuple[str, ...], missing: set[str]) -> None:
    assert not_covered(places, by) == missing


@pytest.mark.parametrize(
    ("ours", "theirs", "meet"),
    [
        (("JP",), ("JP-13",), True),
        (("JP-27",), ("JP-13",), False),
        (("EU",), ("DACH",), True),
        (("EU",), ("CH", "GB"), False),
        (("CH", "JP"), ("EFTA",), True),
    ],
)
def test_meeting_places(ours: tuple[str, ...], theirs: tuple[str, ...], meet: bool) -> None:
    assert places_meet(ours, theirs) is places_meet(theirs, ours) is meet
