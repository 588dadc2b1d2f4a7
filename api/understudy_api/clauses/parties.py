"""Who, which twin, and whether the license stands at all."""

from __future__ import annotations

from typing import Final

from understudy_api.clauses.clause import Asked, Clause, Objection
from understudy_api.term_parts import StatusEntry
from understudy_api.use import Usage


def _farm(asked: Asked) -> Objection | None:
    if asked.use.farm == asked.terms.aud:
        return None
    return Objection(
        "WrongFarm",
        f"farm {asked.use.farm[:12]} (the license is for another farm)",
        "ask the owner for a license with this farm's key in `aud`",
    )


def _twin(asked: Asked) -> Objection | None:
    if asked.use.twin == asked.terms.twin:
        return None
    return Objection(
        "TwinNotCovered", f"{asked.use.twin[:12]} (another twin)", "name the twin in twinRef that it was signed for"
    )


def _versions(asked: Asked) -> Objection | None:
    if not asked.terms.versions or asked.use.version in asked.terms.versions:
        return None
    return Objection(
        "VersionNotCovered", _version(asked), "ask the owner to license this version, or to deploy a licensed one"
    )


def _revocation(asked: Asked) -> Objection | None:
    if asked.usage.stopped:
        return Objection("TwinStopped", "to make more", "the owner stopped this twin; ask the owner to resume it")
    if asked.usage.revoked:
        return Objection("LicenseRevoked", "to make more", "the owner revoked it for good; ask for a new license")
    return None


def _status(asked: Asked) -> Objection | None:
    return status_objection(asked.terms.status, asked.usage, asked.now)


def status_objection(entry: StatusEntry | None, usage: Usage, now: float) -> Objection | None:
    """What speaks against a license that stands at `entry` of a status list, at `now` (Unix seconds)."""
    if usage.status == "revoked":
        return Objection("LicenseRevoked", "to make more", "the owner revoked it for good; ask for a new license")
    if usage.status == "suspended":
        return Objection("LicenseSuspended", "to make more", "wait, or ask the owner to lift the suspension")
    if entry is None:
        return None
    if usage.status is None or usage.status_iat is None:
        return Objection("StatusUnknown", "to go on without a status list", "publish the owner's status list")
    age = now - usage.status_iat
    if age >= entry.ttl_seconds or (usage.status_until is not None and now >= usage.status_until):
        return Objection("StatusStale", f"to go on by a list {age:,.0f} s old", "publish a newer status list")
    return None


def _exclusive(asked: Asked) -> Objection | None:
    if not asked.usage.outranked:
        return None
    return Objection(
        "ExclusivityConflict",
        "an overlapping license",
        "another license, recorded earlier, is exclusive; ask the owner for terms that do not overlap",
    )


def _standing(asked: Asked) -> str:
    if asked.usage.status in ("revoked", "suspended"):
        return "nothing"
    entry = asked.terms.status
    return "no list asked for" if entry is None else f"a list younger than {entry.ttl_seconds:,} s"


def _version(asked: Asked) -> str:
    return asked.use.version[:12] if asked.use.version else "no version yet"


CLAUSES: Final = (
    Clause("aud", lambda a: f"farm {a.use.farm[:12]}", lambda a: f"farm {a.terms.aud[:12]}", _farm),
    Clause("twin", lambda a: a.use.twin[:12], lambda a: a.terms.twin[:12], _twin),
    Clause(
        "versions",
        _version,
        lambda a: ", ".join(version[:12] for version in a.terms.versions) or "all versions",
        _versions,
    ),
    Clause(
        "revocation", lambda _: "to make more", lambda a: "nothing" if _revocation(a) else "to make more", _revocation
    ),
    Clause("status", lambda _: "a license that stands", _standing, _status),
    Clause(
        "exclusive",
        lambda _: "to use it beside others",
        lambda a: "the earlier, exclusive license alone" if a.usage.outranked else "no conflict",
        _exclusive,
    ),
)
