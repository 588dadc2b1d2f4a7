"""Rules as values: what Prometheus records, what it alerts on, and what somebody does then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

RUNBOOKS: Final = "docs/runbooks"
"""Where the pages lie; the chart writes its value `monitoring.runbooks` in its place."""

Severity = Literal["critical", "warning"]
"""critical: somebody is woken. warning: somebody looks in working hours."""


@dataclass(frozen=True)
class Recording:
    """A series that Prometheus computes and keeps: `level:metric:operations`."""

    record: str
    expr: str
    labels: dict[str, str] = field(default_factory=dict)

    def wire(self) -> dict[str, Any]:
        """As a file of rules has it."""
        return {"record": self.record, "expr": self.expr, **({"labels": self.labels} if self.labels else {})}


@dataclass(frozen=True)
class Alert:
    """Something somebody has to know, with what it means and what to do: the rule and its runbook page come from here."""

    name: str
    expr: str
    pending: str
    """How long it has to hold, as Prometheus writes durations."""
    severity: Severity
    summary: str
    """One sentence; may name the alert's labels as `{{ $labels.pool }}`."""
    meaning: str
    """What it says of the farm, and what it costs whom while it lasts."""
    look: tuple[str, str, str]
    """The first three commands."""
    cure: str
    labels: dict[str, str] = field(default_factory=dict)

    def wire(self) -> dict[str, Any]:
        """As a file of rules has it."""
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.pending,
            "labels": {"severity": self.severity, **self.labels},
            "annotations": {
                "summary": self.summary,
                "cure": self.cure,
                "runbook_url": f"{RUNBOOKS}/{self.name}.md",
            },
        }


@dataclass(frozen=True)
class Group:
    """Rules that are evaluated together, in their order."""

    name: str
    rules: tuple[Recording | Alert, ...]

    def wire(self) -> dict[str, Any]:
        """As a file of rules has it."""
        return {"name": self.name, "rules": [rule.wire() for rule in self.rules]}
