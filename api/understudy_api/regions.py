"""Countries and regions: ISO 3166-1 alpha-2 codes, and the names contracts use for many of them at once.

A region means its members as of this release; what a license granted is fixed by the countries behind the name when it is
asked, so a country that leaves a union is covered no longer.
"""

from __future__ import annotations

from collections.abc import Iterable
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
    if code in COUNTRIES or code in REGIONS:
        return code
    hint = _SLIPS.get(code)
    raise ValueError(
        f"{code!r} is neither an ISO 3166-1 country nor one of the regions {', '.join(sorted(REGIONS))}"
        + (f"; write {hint}" if hint else "")
    )


Place = Annotated[str, Field(min_length=2, max_length=8, pattern=r"^[A-Z]+$"), AfterValidator(_known)]
"""A country or region of a license."""


@lru_cache(maxsize=1024)
def expand(places: tuple[str, ...]) -> frozenset[str]:
    """The countries behind codes; a code that is no region stands for itself."""
    return frozenset(country for place in places for country in REGIONS.get(place, (place,)))


def regions_of(countries: Iterable[str]) -> tuple[str, ...]:
    """The regions that lie wholly within some countries, by name."""
    inside = set(countries)
    return tuple(name for name, members in sorted(REGIONS.items()) if members <= inside)
