"""The one rule: may this use be made under these terms, now?

Asked at admission, at dispatch, on the worker before a frame, by the vault before a key leaves it and by the command line,
so that they cannot disagree. Pure: the clock and what was used so far are arguments. Every clause is asked, and every
clause that speaks against a use is named with what was wanted, what is allowed and the cure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from understudy_api.clauses import amounts, parties, scope, times, topics
from understudy_api.clauses.clause import Asked, Clause
from understudy_api.clauses.scope import covers_language
from understudy_api.terms import Terms
from understudy_api.use import Declaration, Size, Usage, Use
from understudy_api.verdict import Refusal, Verdict

__all__ = [
    "CLAUSES",
    "NOT_FOUND",
    "Declaration",
    "Finding",
    "Size",
    "Usage",
    "Use",
    "covers_language",
    "findings",
    "is_assignee",
    "permits",
    "stands",
]

NOT_FOUND: Final = Refusal(
    reason="LicenseNotFound", message="license: not found; check licenseRef, or ask the owner for a license"
)
"""The same words for a license that is not there and for one of another brand: nobody learns of others' contracts."""

CLAUSES: Final[tuple[Clause, ...]] = (
    *parties.CLAUSES,
    *times.CLAUSES,
    *scope.CLAUSES,
    *topics.CLAUSES,
    *amounts.CLAUSES,
)
"""Every clause, in the order they are told."""


STANDING: Final = frozenset({"revocation", "status", "exclusive"})
"""Clauses that ask of the license itself whether it stands, whatever it would be used for."""


@dataclass(frozen=True)
class Finding:
    """What one clause says of a use, whether it objects or not."""

    clause: str
    wanted: str
    allowed: str
    refusal: Refusal | None


def permits(terms: Terms, use: Use, usage: Usage, now: float) -> Verdict:
    """Permitted, or every clause that speaks against it. `now` in Unix seconds."""
    if not is_assignee(terms, use.namespace, use.namespace_uid, usage):
        return Verdict(refusals=(NOT_FOUND,))
    return Verdict(refusals=tuple(_refusals(Asked(terms, use, usage, now))))


def stands(terms: Terms, usage: Usage, now: float) -> Verdict:
    """Whether the license stands at `now` (Unix seconds), or what its owner and other licenses say against it.

    Whoever shows a license asks this; whoever uses one asks `permits`, which asks the same clauses and more.
    """
    use = Use(
        purpose=terms.purposes[0],
        channels=terms.channels,
        territories=(),
        farm=terms.aud,
        namespace=terms.assignee.namespace,
        twin=terms.twin,
        locales=(),
        seconds=0,
    )
    asked = Asked(terms, use, usage, now)
    every = (clause.refusal(asked) for clause in CLAUSES if clause.name in STANDING)
    return Verdict(refusals=tuple(refusal for refusal in every if refusal is not None))


def findings(terms: Terms, use: Use, usage: Usage, now: float) -> tuple[Finding, ...]:
    """The whole answer clause by clause, for whoever may read the terms; agrees with `permits` in every case."""
    asked = Asked(terms, use, usage, now)
    who = None if is_assignee(terms, use.namespace, use.namespace_uid, usage) else NOT_FOUND
    return (
        Finding("assignee", use.namespace, terms.assignee.namespace, who),
        *(Finding(one.name, one.wanted(asked), one.allowed(asked), one.refusal(asked)) for one in CLAUSES),
    )


def is_assignee(terms: Terms, namespace: str, namespace_uid: str | None, usage: Usage) -> bool:
    """Whether a namespace may use the license and read its terms.

    One deleted and created again is another one: its UID was pinned at first use.
    """
    same = usage.namespace_uid is None or namespace_uid == usage.namespace_uid
    return namespace == terms.assignee.namespace and same


def _refusals(asked: Asked) -> Iterator[Refusal]:
    for clause in CLAUSES:
        refusal = clause.refusal(asked)
        if refusal is not None:
            yield refusal
