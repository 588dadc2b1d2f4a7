"""A refusal is a value: what was asked, what is allowed, how to mend it."""

from __future__ import annotations

from pydantic import Field

from understudy_api.model import Model


class Refusal(Model):
    """Why something may not happen."""

    reason: str = Field(description="One CamelCase word for programs, a condition's reason.")
    message: str = Field(description="One sentence for people: what, wanted, allowed, cure.")


class Verdict(Model):
    """The answer of a rule: permitted when there is no refusal."""

    refusals: tuple[Refusal, ...] = ()

    @property
    def permitted(self) -> bool:
        """True when nothing speaks against it."""
        return not self.refusals

    @property
    def reason(self) -> str:
        """Reason of the first refusal, `Permitted` when there is none."""
        return self.refusals[0].reason if self.refusals else "Permitted"

    @property
    def message(self) -> str:
        """All refusals in one line."""
        return "; ".join(refusal.message for refusal in self.refusals)
