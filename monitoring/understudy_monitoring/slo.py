"""Service level objectives: ratios that are recorded, and alerts on how fast their error budget burns.

Windows and factors are those of Google's SRE workbook, chapter 5, for a budget of 30 days: 14.4 times as fast over an hour
spends 2 % of it, 6 times over six hours 5 %, once over three days 10 %. The short window says whether it still burns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from understudy_monitoring.rule import Alert, Recording, Severity

WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


@dataclass(frozen=True)
class Burn:
    """How fast is too fast, over a long and a short window."""

    factor: float
    long: str
    short: str


@dataclass(frozen=True)
class Pace:
    """Burns that somebody hears of in the same way."""

    word: str
    """End of the alert's name."""
    severity: Severity
    pending: str
    burns: tuple[Burn, Burn]


PACES: Final = (
    Pace("BurnsFast", "critical", "2m", (Burn(14.4, "1h", "5m"), Burn(6, "6h", "30m"))),
    Pace("Burns", "warning", "1h", (Burn(3, "1d", "2h"), Burn(1, "3d", "6h"))),
)


@dataclass(frozen=True)
class Objective:
    """So much of something has to be good, over 30 days."""

    name: str
    """In CamelCase, for alerts: `FirstItem`."""
    slug: str
    """For series: `first_item`."""
    target: float
    """Share that has to be good, between 0 and 1."""
    good: str
    """Expression of good events in `%s`, a window."""
    total: str
    says: str
    """What is promised, as a sentence for people."""
    look: tuple[str, str, str]
    cure: str

    @property
    def budget(self) -> float:
        """Share that may be bad."""
        return 1 - self.target

    def series(self, window: str) -> str:
        """Name of the recorded share of bad events."""
        return f"understudy:{self.slug}_errors:ratio_rate{window}"

    def recordings(self) -> Iterator[Recording]:
        """The share of bad events over each window; no series where nothing happened."""
        for window in WINDOWS:
            good, total = self.good % window, self.total % window
            yield Recording(self.series(window), f"1 - ({good}) / (({total}) > 0)")

    def alerts(self) -> Iterator[Alert]:
        """One alert for those who are woken and one for those who look in working hours."""
        for pace in PACES:
            yield Alert(
                name=f"Understudy{self.name}{pace.word}",
                expr=" or ".join(f"({self._too_fast(burn)})" for burn in pace.burns),
                pending=pace.pending,
                severity=pace.severity,
                summary=f"{self.says} Its error budget of 30 days burns {_words(pace)}.",
                meaning=f"Promised: {self.says} The share that missed it, of all over a long and a short window, is so large that the budget "
                f"of {self.budget:.2%} would be gone within {30 / pace.burns[-1].factor:g} days.",
                look=self.look,
                cure=self.cure,
                labels={"slo": self.slug},
            )

    def _too_fast(self, burn: Burn) -> str:
        bound = f"{burn.factor * self.budget:.6g}"
        return f"{self.series(burn.long)} > {bound} and {self.series(burn.short)} > {bound}"


def _words(pace: Pace) -> str:
    return " or ".join(f"{burn.factor:g} times too fast over {burn.long}" for burn in pace.burns)
