"""What stands in a ledger beside amounts, in words: for statements and for whoever checks a ledger."""

from __future__ import annotations

from collections.abc import Mapping

from understudy_api.ledger import entry as written
from understudy_api.owner_word import parsed


def in_words(one: written.Entry, names: Mapping[str, str] | None = None) -> str | None:
    """An entry as one sentence; None for one that counts and is told in sums. `names` of jobs by uid."""

    def job(uid: str) -> str:
        return (names or {}).get(uid) or uid

    match one:
        case written.Refused(uid=uid, reason=reason):
            return f"job {job(uid)} was refused: {reason}"
        case written.Revoked(act=act):
            return f"the owner revoked the license for good{_because(act)}"
        case written.KeyRecorded(number=number):
            return f"key record {number} of the owner was accepted"
        case written.ConsentAsked(uid=uid, request=request):
            return f"job {job(uid)} asked for consent (request {request[:16]})"
        case written.ConsentAnswered(request=request, answer=answer):
            return f"the owner {'approved' if answer == 'approve' else 'denied'} request {request[:16]}"
        case written.Delivered(uid=uid, items=items):
            return f"{len(items)} videos of job {job(uid)} had been delivered: nobody can call them back"
        case written.Quarantined(files=files, manifest=manifest):
            return f"{files} files kept under the license were taken out of reach (list {manifest[:16]})"
        case written.Erased(act=act):
            return f"the owner had the twin erased{_because(act)}"
        case _:
            return None


def _because(act: str) -> str:
    found = parsed(act)
    reason = getattr(found, "reason", "")
    return f" ({reason[:200]})" if reason else ""
