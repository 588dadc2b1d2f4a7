"""Where a license stands among those of its twin on this farm, and whether an earlier, exclusive one keeps it out."""

from __future__ import annotations

from dataclasses import dataclass

from understudy_api.keyring import Keyring
from understudy_api.owner_word import OwnerWord
from understudy_api.register import MAX_REGISTERED
from understudy_api.terms import License, Terms, read_license
from understudy_api.verdict import Refusal


@dataclass(frozen=True)
class Rival:
    """An exclusive license in the register; `terms` as it says them itself, to be believed once its token was verified."""

    token: str
    terms: Terms


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What the register says of one license."""

    number: int | None = None
    """Its place; None: it is not recorded."""
    following: int = 0
    """The number that the next license gets."""
    rivals: tuple[Rival, ...] = ()
    """Exclusive licenses recorded earlier; all of them while it is not recorded itself."""

    @property
    def full(self) -> Refusal | None:
        """That no more licenses of the twin are recorded, and this one is none of those that are."""
        if self.number is not None or self.following < MAX_REGISTERED:
            return None
        return Refusal(
            reason="RegisterFull",
            message=f"license: this farm has recorded {MAX_REGISTERED:,} licenses of the twin, as many as it keeps; "
            "use one of those, or license another farm",
        )


UNREGISTERED = Registration()


def outranked(terms: Terms, registration: Registration, keyring: Keyring, word: OwnerWord, now: float) -> bool:
    """Whether an exclusive license recorded earlier, which neither ended nor was revoked, keeps `terms` from being valid."""
    near = (rival for rival in registration.rivals if rival.terms.outranks(terms))
    return any(_stands(rival, keyring, word, now) for rival in near)


def _stands(rival: Rival, keyring: Keyring, word: OwnerWord, now: float) -> bool:
    found = read_license(rival.token, keyring)
    return isinstance(found, License) and found.terms.jti not in word.revoked and now < found.terms.exp
