"""What for, where, in which languages and shapes, and in which manner."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from understudy_api.clauses.clause import TERMS_CURE, Asked, Clause, Objection, listed
from understudy_api.regions import not_covered
from understudy_api.term_parts import MADE_BY_THE_FARM, Format
from understudy_api.use import Size

MANNERS: Final = {
    "puppeteering": "use.puppeteering",
    "singing": "use.singing",
    "edits": "use.edits",
    "training_on_outputs": "use.trainingOnOutputs",
}
"""Fields of `Allows` and of a declaration, and where a RenderJob declares them."""


def covers_language(ranges: tuple[str, ...], locale: str) -> bool:
    """RFC 4647 basic filtering: a range covers a locale that equals it or starts with it at a hyphen."""
    wanted = locale.lower()
    return any(wanted == r or wanted.startswith(r + "-") for r in (given.lower() for given in ranges))


def covers_format(formats: tuple[Format, ...], size: Size) -> bool:
    """Whether one of the formats has that shape and is high enough; no formats cover every size."""
    return not formats or any(
        one.aspect == size.aspect and (one.max_height is None or size.height <= one.max_height) for one in formats
    )


def _purpose(asked: Asked) -> Objection | None:
    if asked.use.purpose in asked.terms.purposes:
        return None
    return Objection("PurposeNotCovered", asked.use.purpose, f"declare another use.purpose or {TERMS_CURE}")


def _channels(asked: Asked) -> Objection | None:
    return _beyond("ChannelNotCovered", set(asked.use.channels) - set(asked.terms.channels), "use.channels")


def _territories(asked: Asked) -> Objection | None:
    missing = not_covered(asked.use.territories, asked.terms.territories)
    return _beyond("TerritoryNotCovered", missing, "use.territories")


def _languages(asked: Asked) -> Objection | None:
    missing = {one for one in asked.use.locales if not covers_language(asked.terms.languages, one)}
    return _beyond("LanguageNotCovered", missing, "locales")


def _formats(asked: Asked) -> Objection | None:
    missing = {_size(one) for one in asked.use.formats if not covers_format(asked.terms.formats, one)}
    return _beyond("FormatNotCovered", missing, "outputs")


def _manner(asked: Asked) -> Objection | None:
    beyond = {name for name in MANNERS if getattr(asked.use, name) and not getattr(asked.terms.allows, name)}
    if not beyond:
        return None
    fields = listed(MANNERS[name] for name in beyond)
    return Objection("MannerNotAllowed", listed(beyond), f"set {fields} to false or {TERMS_CURE}")


def _age(asked: Asked) -> Objection | None:
    age, range_ = asked.use.apparent_age, asked.terms.age
    if age is None:
        return None
    if age < 18:
        return Objection("AgeNotCovered", f"{age} years", "no license covers a minor; declare another apparentAge")
    if range_ is None or range_.minimum <= age <= range_.maximum:
        return None
    return Objection("AgeNotCovered", f"{age} years", f"declare another use.apparentAge or {TERMS_CURE}")


def _disclosures(asked: Asked) -> Objection | None:
    missing = set(asked.terms.disclosures) - set(asked.use.disclosures) - MADE_BY_THE_FARM
    if not missing:
        return None
    return Objection(
        "DisclosureMissing", f"a use without {listed(map(repr, missing))}", "copy the very words to use.disclosures"
    )


def _beyond(reason: str, missing: Collection[str], field: str) -> Objection | None:
    if not missing:
        return None
    return Objection(
        reason, listed(missing), f"remove {'it' if len(missing) == 1 else 'them'} from {field} or {TERMS_CURE}"
    )


def _size(size: Size) -> str:
    return f"{size.width}x{size.height}"


def _format(one: Format) -> str:
    return one.aspect if one.max_height is None else f"{one.aspect} up to {one.max_height:,} px high"


def _ages(asked: Asked) -> str:
    range_ = asked.terms.age
    return "18 years or older" if range_ is None else f"{range_.minimum} to {range_.maximum} years"


CLAUSES: Final = (
    Clause("purposes", lambda a: a.use.purpose, lambda a: listed(a.terms.purposes), _purpose),
    Clause("channels", lambda a: listed(a.use.channels), lambda a: listed(a.terms.channels), _channels),
    Clause("territories", lambda a: listed(a.use.territories), lambda a: listed(a.terms.territories), _territories),
    Clause("languages", lambda a: listed(a.use.locales), lambda a: listed(a.terms.languages), _languages),
    Clause(
        "formats",
        lambda a: listed(map(_size, a.use.formats)),
        lambda a: listed(map(_format, a.terms.formats), "any"),
        _formats,
    ),
    Clause(
        "allows",
        lambda a: listed(name for name in MANNERS if getattr(a.use, name)),
        lambda a: listed(name for name in MANNERS if getattr(a.terms.allows, name)),
        _manner,
    ),
    Clause(
        "age",
        lambda a: "as captured" if a.use.apparent_age is None else f"{a.use.apparent_age} years",
        _ages,
        _age,
    ),
    Clause(
        "disclosures",
        lambda a: listed(a.use.disclosures, "what the farm discloses by itself"),
        lambda a: f"with {listed(map(repr, a.terms.disclosures))}" if a.terms.disclosures else "any",
        _disclosures,
    ),
)
