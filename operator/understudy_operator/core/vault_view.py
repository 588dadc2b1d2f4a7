"""What the vault knows of owners' acts, as far as a decision looks at it."""

from __future__ import annotations

from dataclasses import dataclass

from understudy_api.owner_word import Heard
from understudy_api.verdict import Refusal


@dataclass(frozen=True, kw_only=True)
class Untold:
    """A recorded act that the vault has not taken in."""

    act: str
    key_records: tuple[str, ...]
    """The twin's key records of that moment, a key record itself among them: by these it is read."""
    accepted_at: float


@dataclass(frozen=True, kw_only=True)
class VaultView:
    """What the vault knows of an act."""

    untold: tuple[Untold, ...] = ()
    """The twin's recorded acts that it has not taken in, oldest first, without those it refused lately."""
    heard: Heard | None = None
    """Its answer to this very act, once it has taken it in."""
    problem: Refusal | None = None
    """Why it had not when it was last told."""
