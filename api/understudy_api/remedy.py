"""What a refused job would have to change, as little as possible, to be legal under the license it names.

Reads refusals and the job's own spec, nothing secret. Where no change of the job helps, it says who can.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from understudy_api.renderjob import RenderJobSpec
from understudy_api.verdict import Refusal

_NUMBER: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")
_FIELDS: Final = {
    "puppeteering": "use.puppeteering",
    "singing": "use.singing",
    "edits": "use.edits",
    "training_on_outputs": "use.trainingOnOutputs",
}


def remedies(spec: RenderJobSpec, refusals: Iterable[Refusal]) -> tuple[str, ...]:
    """One change for each refusal, each an imperative that names the field; equal ones once."""
    return tuple(dict.fromkeys(_remedy(spec, one) for one in refusals))


def _remedy(spec: RenderJobSpec, refusal: Refusal) -> str:
    made = _BY_CLAUSE.get(refusal.clause or "")
    found = made(spec, refusal) if made else None
    return found or refusal.message.rpartition(";")[2].strip() or refusal.message


def _locales(spec: RenderJobSpec, refusal: Refusal) -> str | None:
    return _without("spec.locales", spec.locales, _words(refusal.wanted))


def _channels(spec: RenderJobSpec, refusal: Refusal) -> str | None:
    return _without("spec.use.channels", spec.use.channels, _words(refusal.wanted))


def _territories(spec: RenderJobSpec, refusal: Refusal) -> str | None:
    return _without("spec.use.territories", spec.use.territories, _words(refusal.wanted))


def _purpose(_spec: RenderJobSpec, refusal: Refusal) -> str | None:
    allowed = _words(refusal.allowed)
    return f"set spec.use.purpose to {' or '.join(allowed)}, if that is what it is for" if allowed else None


def _formats(spec: RenderJobSpec, refusal: Refusal) -> str | None:
    sizes = set(_words(refusal.wanted))
    beyond = [one.name for one in spec.outputs if f"{one.width}x{one.height}" in sizes]
    return _without("spec.outputs", [one.name for one in spec.outputs], beyond)


def _manner(_spec: RenderJobSpec, refusal: Refusal) -> str | None:
    fields = [f"spec.{_FIELDS[name]}" for name in _words(refusal.wanted) if name in _FIELDS]
    return f"set {' and '.join(fields)} to false" if fields else None


def _disclosures(_spec: RenderJobSpec, refusal: Refusal) -> str | None:
    words = (refusal.wanted or "").removeprefix("a use without ")
    return f"add {words} to spec.use.disclosures, word for word" if words else None


def _consent(_spec: RenderJobSpec, _refusal: Refusal) -> str:
    return "wait for the owner's answer to the ConsentRequest, or take the sensitive words out of the script"


def _excluded(_spec: RenderJobSpec, refusal: Refusal) -> str:
    return f"take {refusal.wanted} out of the script and of spec.use.categories"


def _seconds(spec: RenderJobSpec, refusal: Refusal) -> str | None:
    """Fewer rows, or else fewer outputs or locales: what loses the least and fits."""
    wanted, left = _first_number(refusal.wanted), _first_number(refusal.allowed)
    if not wanted or left is None:
        return None
    if left <= 0:
        return "nothing is left under this license: ask the owner for more seconds"
    share = left / wanted
    parts = {
        "spec.data.rows": len(spec.data.rows) if spec.data and spec.data.rows else 1,
        "spec.locales": len(spec.locales),
        "spec.outputs": len(spec.outputs),
    }
    fits = {name: math.floor(count * share) for name, count in parts.items()}
    usable = {name: kept for name, kept in fits.items() if kept >= 1 and parts[name] > 1}
    if not usable:
        return f"make at most {left:g} s in total: shorten the script to {share:.0%} of its length"
    name = max(usable, key=lambda one: usable[one] / parts[one])
    return f"keep {usable[name]} of {parts[name]} in {name}: about {left:g} s are left and {wanted:g} s are wanted"


def _items(_spec: RenderJobSpec, refusal: Refusal) -> str | None:
    wanted, left = _first_number(refusal.wanted), _first_number(refusal.allowed)
    if wanted is None or left is None:
        return None
    return f"make {left:,.0f} videos instead of {wanted:,.0f}: fewer rows, locales or outputs"


def _publication(_spec: RenderJobSpec, refusal: Refusal) -> str | None:
    until = (refusal.allowed or "").removeprefix("until ")
    return f"set spec.use.publishUntil to {until} or earlier" if until else None


_BY_CLAUSE: Final[dict[str, Callable[[RenderJobSpec, Refusal], str | None]]] = {
    "languages": _locales,
    "channels": _channels,
    "territories": _territories,
    "purposes": _purpose,
    "formats": _formats,
    "allows": _manner,
    "disclosures": _disclosures,
    "sensitive_categories": _consent,
    "excluded_categories": _excluded,
    "quota.seconds": _seconds,
    "quota.items": _items,
    "publish_until": _publication,
}


def _without(field: str, present: Sequence[str], beyond: Sequence[str]) -> str | None:
    """Take some of a list away; when nothing would be left, only the owner can help."""
    wrong = [one for one in present if one in beyond]
    if not wrong:
        return None
    kept = [one for one in present if one not in wrong]
    if not kept:
        return f"nothing of {field} is covered: ask the owner to extend the license"
    return f"take {', '.join(wrong)} out of {field}; {', '.join(kept)} may stay"


def _words(text: str | None) -> list[str]:
    return [word for word in (text or "").split(", ") if word and word != "none"]


def _first_number(text: str | None) -> float | None:
    found = _NUMBER.search(text or "")
    return float(found.group().replace(",", "")) if found else None
