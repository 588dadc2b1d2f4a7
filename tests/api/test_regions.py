import pytest
from pydantic import TypeAdapter, ValidationError

from understudy_api.regions import COUNTRIES, REGIONS, Place, expand, regions_of

PLACE: TypeAdapter[str] = TypeAdapter(Place)


def test_the_lists_have_their_known_sizes() -> None:
    assert len(COUNTRIES) == 249
    sizes = {
        "EU": 27,
        "EEA": 30,
        "EFTA": 4,
        "ASEAN": 11,
        "DACH": 3,
        "BENELUX": 3,
        "GCC": 6,
        "MERCOSUR": 5,
        "WORLD": 249,
    }
    assert {name: len(REGIONS[name]) for name in sizes} == sizes


@pytest.mark.parametrize("name", sorted(REGIONS))
def test_a_region_holds_countries_and_is_none(name: str) -> None:
    assert REGIONS[name] <= COUNTRIES
    assert name not in COUNTRIES


def test_who_is_in_and_who_is_not() -> None:
    assert "GB" not in REGIONS["EU"]
    assert "NO" in REGIONS["EEA"]
    assert "CH" not in REGIONS["EEA"]
    assert REGIONS["EU"] < REGIONS["EEA"]


@pytest.mark.parametrize("code", ["DE", "EU", "WORLD", "JP"])
def test_known_places(code: str) -> None:
    assert PLACE.validate_python(code) == code


@pytest.mark.parametrize(
    ("code", "words"),
    [("UK", "write GB"), ("EUROPE", "EU or EEA"), ("ZZ", "neither"), ("de", "pattern"), ("", "at least")],
)
def test_a_slip_names_its_cure(code: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        PLACE.validate_python(code)


def test_expansion() -> None:
    assert expand(()) == frozenset()
    assert expand(("DE", "DE")) == {"DE"}
    assert expand(("DACH", "JP")) == {"AT", "CH", "DE", "JP"}
    assert expand(("ZZ",)) == {"ZZ"}


def test_regions_that_lie_within() -> None:
    assert regions_of(expand(("DACH", "LI", "IS", "NO"))) == ("DACH", "EFTA")
    assert regions_of(("DE",)) == ()
