"""When frames may be made and how long outputs may be shown."""

from __future__ import annotations

from typing import Final

from understudy_api.clauses.clause import TERMS_CURE, Asked, Clause, Objection, moment
from understudy_api.token import CLOCK_SKEW_SECONDS


def _issued(asked: Asked) -> Objection | None:
    if asked.terms.iat <= asked.now + CLOCK_SKEW_SECONDS:
        return None
    return Objection(
        "FromTheFuture",
        f"a license signed {moment(asked.terms.iat)}",
        "set the clock of whoever signed it or of the farm",
    )


def _window(asked: Asked) -> Objection | None:
    if asked.now < asked.terms.nbf:
        return Objection("LicenseNotYetValid", moment(asked.now), "wait or ask the owner for an earlier start")
    if asked.now >= asked.terms.exp:
        return Objection("LicenseExpired", moment(asked.now), "it expired; ask the owner for a new license")
    return None


def _publication(asked: Asked) -> Objection | None:
    until, declared = asked.terms.publish_until, asked.use.publish_until
    if until is None:
        return None
    if asked.now >= until:
        return Objection("PublicationOver", "to show it later still", TERMS_CURE)
    if declared is None:
        return Objection("PublicationNotDeclared", "no date", "set use.publishUntil to that date or an earlier one")
    if declared > until:
        return Objection(
            "PublicationTooLate", moment(declared), f"set use.publishUntil to that date or earlier, or {TERMS_CURE}"
        )
    return None


def _shown_until(asked: Asked) -> str:
    return "no date" if asked.use.publish_until is None else f"until {moment(asked.use.publish_until)}"


CLAUSES: Final = (
    Clause("iat", lambda a: f"signed {moment(a.terms.iat)}", lambda a: f"until {moment(a.now)}", _issued),
    Clause(
        "window",
        lambda a: moment(a.now),
        lambda a: f"{moment(a.terms.nbf)} to {moment(a.terms.exp)}",
        _window,
    ),
    Clause(
        "publish_until",
        _shown_until,
        lambda a: "any time" if a.terms.publish_until is None else f"until {moment(a.terms.publish_until)}",
        _publication,
    ),
)
