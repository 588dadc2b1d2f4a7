"""Countries, parts of countries and regions: ISO 3166 codes, and the names contracts use for many of them at once.

A region means its members as of this release; what a license granted is fixed by the countries behind the name when it is
asked, so a country that leaves a union is covered no longer.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, Field


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


COUNTRIES: Final = _codes("""
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD
CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF
GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN
KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI
SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI
VN VU WF WS YE YT ZA ZM ZW
""")
"""The 249 codes of ISO 3166-1."""

_EU: Final = _codes("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")
_EFTA: Final = _codes("CH IS LI NO")

REGIONS: Final = {
    "ANZ": frozenset({"AU", "NZ"}),
    "ASEAN": _codes("BN ID KH LA MM MY PH SG TH TL VN"),
    "BALTICS": frozenset({"EE", "LT", "LV"}),
    "BENELUX": frozenset({"BE", "LU", "NL"}),
    "DACH": frozenset({"AT", "CH", "DE"}),
    "EEA": _EU | (_EFTA - {"CH"}),
    "EFTA": _EFTA,
    "EU": _EU,
    "GCC": _codes("AE BH KW OM QA SA"),
    "MERCOSUR": _codes("AR BO BR PY UY"),
    "NORDICS": _codes("AX DK FI FO GL IS NO SE"),
    "USMCA": frozenset({"CA", "MX", "US"}),
    "WORLD": COUNTRIES,
}
"""Regions by the name a license writes."""

_SLIPS: Final = {"UK": "GB", "EL": "GR", "EUROPE": "EU or EEA", "GLOBAL": "WORLD", "WORLDWIDE": "WORLD"}


def _known(code: str) -> str:
    if code in COUNTRIES or code in REGIONS or (country_of(code) != code and country_of(code) in COUNTRIES):
        return code
    hint = _SLIPS.get(code)
    raise ValueError(
        f"{code!r} is neither an ISO 3166-1 country nor one of the regions {', '.join(sorted(REGIONS))}"
        + (f"; write {hint}" if hint else "")
    )


Place = Annotated[str, Field(min_length=2, max_length=9, pattern=r"^[A-Z]+(-[A-Z0-9]{1,3})?$"), AfterValidator(_known)]
"""A country, a part of one (ISO 3166-2, e.g. JP-13) or a region of a license."""


@lru_cache(maxsize=1024)
def expand(places: tuple[str, ...]) -> frozenset[str]:
    """The countries behind codes; a code that is no region stands for itself."""
    return frozenset(country for place in places for country in REGIONS.get(place, (place,)))


def country_of(place: str) -> str:
    """The country of a part of one: JP of JP-13; any other code is itself."""
    return place.partition("-")[0]


def not_covered(places: tuple[str, ...], by: tuple[str, ...]) -> frozenset[str]:
    """What of `places` lies outside `by`: a country covers its parts, a part covers itself alone."""
    allowed = expand(by)
    return frozenset(one for one in expand(places) if one not in allowed and country_of(one) not in allowed)


def places_meet(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether some place lies in both."""
    return len(not_covered(ours, theirs)) < len(expand(ours)) or len(not_covered(theirs, ours)) < len(expand(theirs))
