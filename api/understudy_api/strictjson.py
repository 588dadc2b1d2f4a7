"""JSON read strictly: UTF-8, one object, no key twice, no NaN, no bottomless nesting."""

from __future__ import annotations

import json
from typing import Any, Final

from understudy_api.verdict import Refusal

MAX_DEPTH: Final = 32


class _DuplicateKeyError(ValueError):
    pass


class _NotANumberError(ValueError):
    pass


def parse_object(data: bytes, what: str) -> dict[str, Any] | Refusal:
    """The JSON object in UTF-8 bytes, or why there is none: DuplicateKey, NotANumber, TooDeep or MalformedToken.

    `what` begins the refusal's message, e.g. `token: the payload`.
    """
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except _DuplicateKeyError as error:
        return Refusal(reason="DuplicateKey", message=f"{what} has the key {error} twice; write each key once")
    except _NotANumberError as error:
        return Refusal(reason="NotANumber", message=f"{what} has {error}, which is not JSON; write a number")
    except RecursionError:
        return _too_deep(what)
    except ValueError as error:
        return Refusal(reason="MalformedToken", message=f"{what} is not strict JSON in UTF-8 ({error})")
    if not isinstance(found, dict):
        return Refusal(reason="MalformedToken", message=f"{what} is not a JSON object")
    return found if _depth(found) <= MAX_DEPTH else _too_deep(what)


def _depth(value: Any) -> int:
    """Levels of nesting, counted without recursion, no further than needed."""
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        level = [
            child
            for one in level
            for child in (one.values() if isinstance(one, dict) else one)
            if isinstance(child, dict | list)
        ]
        depth += 1
    return depth


def _too_deep(what: str) -> Refusal:
    return Refusal(reason="TooDeep", message=f"{what} nests deeper than {MAX_DEPTH} levels; no claim does")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateKeyError(next(repr(name)[:40] for name in names if names.count(name) > 1))
    return result


def _refuse_constant(name: str) -> Any:
    raise _NotANumberError(name)
