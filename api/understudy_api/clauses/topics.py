"""What it is about: categories that are excluded, and those that need the owner's consent to each use."""

from __future__ import annotations

from typing import Final

from understudy_api.categories import category_names, within
from understudy_api.clauses.clause import TERMS_CURE, Asked, Clause, Objection


def sensitive(asked: Asked) -> tuple[str, ...]:
    """The declared categories that need consent under these terms."""
    return tuple(one for one in asked.use.categories if within(one, asked.terms.sensitive_categories))


def _excluded(asked: Asked) -> Objection | None:
    excluded = asked.terms.excluded_categories
    if excluded and not asked.use.categories:
        return Objection("CategoryNotDeclared", "no category", "say in use.categories what the videos are about")
    beyond = [one for one in asked.use.categories if within(one, excluded)]
    if not beyond:
        return None
    return Objection("CategoryExcluded", category_names(beyond), f"make it about something else or {TERMS_CURE}")


def _consent(asked: Asked) -> Objection | None:
    found = sensitive(asked)
    if not found or asked.use.consented or (asked.use.preview and asked.terms.preview):
        return None
    return Objection("ConsentRequired", category_names(found), "ask the owner to approve this job's ConsentRequest")


def _declared(asked: Asked) -> str:
    return category_names(asked.use.categories) or "no category"


def _after_consent(asked: Asked) -> str:
    preview = ", or a preview sealed to the owner" if asked.terms.preview else ""
    return f"with the owner's consent to each use{preview}" if asked.terms.sensitive_categories else "any"


CLAUSES: Final = (
    Clause(
        "excluded_categories",
        _declared,
        lambda a: f"all but {category_names(a.terms.excluded_categories)}" if a.terms.excluded_categories else "any",
        _excluded,
    ),
    Clause(
        "sensitive_categories", lambda a: category_names(sensitive(a)) or "nothing sensitive", _after_consent, _consent
    ),
)
