"""A check as a value: what was looked at, what came of it, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from understudy_cli.errors import UserError

Result = Literal["pass", "fail", "skip"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. A check that failed names its cure; one that was skipped says why."""

    name: str
    result: Result
    message: str
    cure: str = ""

    def wire(self) -> dict[str, Any]:
        """The check as JSON has it."""
        return asdict(self)


def passed(name: str, message: str) -> Check:
    """It is as it should be."""
    return Check(name, "pass", message)


def failed(name: str, message: str, cure: str) -> Check:
    """It is not, and this would mend it."""
    return Check(name, "fail", message, cure)


def skipped(name: str, reason: str, cure: str = "") -> Check:
    """It could not be looked at from here; `cure` says what would let it be."""
    return Check(name, "skip", reason, cure)


def unreadable(name: str, what: str, error: UserError, cure: str) -> Check:
    """What kubectl could not read: that the caller may not look says nothing about what is there."""
    message = str(error)
    if "(Forbidden)" in message or "forbidden:" in message:
        return skipped(name, f"you may not read {what}", "ask the platform team to look")
    return failed(name, message, cure)
