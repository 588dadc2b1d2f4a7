"""What the vault is told: every recorded act, in the order of recording, until the vault has taken it in.

Its answer is a fact that is observed like any other: noted beside the act in the ledger bucket, or, while the vault is away
or refuses, known to this process alone.
"""

from __future__ import annotations

from itertools import takewhile
from typing import Final

from understudy_api.acts import Act
from understudy_api.genesis import twin_id
from understudy_api.keyring import KeyRecord
from understudy_api.status_list import StatusList
from understudy_api.verdict import Refusal
from understudy_operator.core.actions import TellVault
from understudy_operator.core.conditions import Said
from understudy_operator.core.state import ActState, SpecProblem, TwinState, Untold

NOT_TOLD: Final = "NotTold"
"""Reason of Vaulted=False before the vault has answered."""
UNAVAILABLE: Final = "VaultUnavailable"
"""Reason of a problem that passes by itself."""
TOLD_SECONDS: Final = 0.2
"""When an act is looked at again after the vault was told."""
RETRY_SECONDS: Final = 5.0
LATE_SECONDS: Final = 15.0
"""After so long the twin itself has its acts told: their objects may be gone."""


def tell(state: ActState, found: Act | KeyRecord | StatusList | Refusal | None) -> tuple[TellVault, ...]:
    """This act and the older ones that the vault does not know yet; nothing when it knows it, or may not have it.

    `found` is what becomes of the act: about to be recorded, refused, or None when it stands recorded.
    """
    vault, twin = state.vault, state.twin
    if vault is None or twin is None or isinstance(state.spec, SpecProblem) or isinstance(found, Refusal | StatusList):
        return ()
    act = state.spec.act
    known = {one.act for one in vault.untold}
    if vault.heard is not None or (found is None and act not in known):
        return ()
    before = tuple(takewhile(lambda one: one.act != act, vault.untold))
    records = twin.word.key_records
    fresh = Untold(act=act, key_records=(*records, act) if isinstance(found, KeyRecord) else records, accepted_at=0.0)
    this = next((one for one in vault.untold if one.act == act), fresh)
    return tuple(_telling(twin.genesis, one) for one in (*before, this))


def tell_late(state: TwinState, now: float) -> tuple[TellVault, ...]:
    """A twin's acts that the vault does not know although it is high time, at `now` (Unix seconds)."""
    if isinstance(state.spec, SpecProblem):
        return ()
    genesis = state.spec.genesis
    return tuple(_telling(genesis, one) for one in state.untold if now - one.accepted_at >= LATE_SECONDS)


def vaulted(state: ActState) -> tuple[Said, ...]:
    """The condition of an accepted act that says whether the vault has it; none where no vault runs."""
    vault = state.vault
    if vault is None:
        return ()
    if vault.heard is not None:
        return (Said("Vaulted", "True", "Heard", "the vault took it in and judges every release by it"),)
    if vault.problem is None:
        return (Said("Vaulted", "False", NOT_TOLD, "the vault has not taken it in yet; it is told until it does"),)
    return (Said("Vaulted", "False", vault.problem.reason, vault.problem.message),)


def telling_look(state: ActState, actions: tuple[TellVault, ...]) -> float | None:
    """Seconds until the vault's answer is looked at, or it is told again; None when nothing is on its way."""
    if not actions:
        return None
    known = state.vault.problem if state.vault else None
    return RETRY_SECONDS if known is not None else TOLD_SECONDS


def _telling(genesis: str, untold: Untold) -> TellVault:
    return TellVault(twin_id=twin_id(genesis), genesis=genesis, key_records=untold.key_records, act=untold.act)
