"""A refusal is a value: what was asked, what is allowed, how to mend it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from understudy_api.model import Model

Gate = Literal["admission", "dispatch", "performer", "vault", "cli"]


class Refusal(Model):
    """Why something may not happen."""

    reason: str = Field(description="One CamelCase word for programs, a condition's reason.")
    message: str = Field(description="One sentence for people: what, wanted, allowed, cure.")
    gate: Gate | None = Field(default=None, description="Where it was refused.")
    clause: str | None = Field(default=None, description="The part of the terms that speaks against it.")
    wanted: str | None = Field(default=None, description="What was asked, as far as that clause does not cover it.")
    allowed: str | None = Field(default=None, description="What that clause allows.")


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

    def at(self, gate: Gate) -> Verdict:
        """The same answer, its refusals naming the gate that gave them."""
        return Verdict(refusals=tuple(one.model_copy(update={"gate": gate}) for one in self.refusals))
