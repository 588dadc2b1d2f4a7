"""Which languages a twin can speak: the primary language subtags espeak-ng has voices for, and common aliases."""

from __future__ import annotations

import re
from typing import Final

ALIASES: Final = {
    "zh": "cmn",
    "no": "nb",
    "nn": "nb",
    "iw": "he",
    "in": "id",
    "mo": "ro",
    "prs": "fa",
    "arb": "ar",
    "hye": "hy",
}
"""Subtags people write for a language that espeak-ng lists under another one."""

_VOICES: Final = """
af am an ar as az ba be bg bn bpy bs ca chr cmn cs cv cy da de el en eo es et eu fa fi fo fr ga gd gn grc gu hak haw he
hi hr ht hu hy hyw ia id io is it ja jbo ka kaa kk kl kn ko kok ku ky la lb lfn lt ltg lv mi mk ml mr ms mt mto my nb nci
ne nl nog om or pa pap piqd pl pt py qdb qu quc qya ro ru sd shn si sjn sk sl smj sq sr sv sw ta te th ti tk tn tr tt ug
uk ur uz vi xex yue
"""

SPOKEN_LANGUAGES: Final = frozenset(_VOICES.split()) | {
    alias for alias, language in ALIASES.items() if language in _VOICES.split()
}
"""Lowercase primary language subtags (BCP 47) that the farm's voice speaks."""

_LOCALE: Final = re.compile(r"[a-zA-Z]{2,4}(-[a-zA-Z0-9]{1,8})*")


def language(locale: str) -> str:
    """The primary language subtag of a BCP 47 locale, lowercase, aliases resolved: `zh-Hant-TW` gives `cmn`.

    An ill-formed locale gives the empty string, which is no language.
    """
    if not _LOCALE.fullmatch(locale):
        return ""
    primary = locale.split("-")[0].lower()
    return ALIASES.get(primary, primary)


def speaks(locale: str) -> bool:
    """True when the farm's voice speaks the language of a BCP 47 locale."""
    return language(locale) in SPOKEN_LANGUAGES
