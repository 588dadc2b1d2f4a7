"""What becomes of the files of a license that its owner ended: listed, moved out of reach, written down; then nothing more.

It begins once nobody works under the license any more: its claims are closed only after the pool said so, or after their
grants ran out. Each step is done at one look and shows in what is observed at the next, so whoever takes over goes on.
A stop may be lifted, and a deleted License may be created again: neither ends a license, and nothing is moved for them.
"""

from __future__ import annotations

from typing import Final

from understudy_api.ledger.account import Account
from understudy_api.ledger.entry import Erased, Quarantined, Revoked
from understudy_operator.core.actions import Action, ListKept, MoveKept, Record
from understudy_operator.core.conditions import Said
from understudy_operator.core.state import LicenseState

CLOSING_SECONDS: Final = 2.0
"""How often a license that ended looks whether everybody has stopped; jobs that do ring by themselves."""


def is_due(account: Account | None) -> bool:
    """Whether files have to be put away now."""
    return (
        account is not None and account.ending.begun and not account.claims and account.ending.quarantined_files is None
    )


def is_ending(state: LicenseState) -> bool:
    """Whether its owner ended the license and its files are not put away yet."""
    if any(isinstance(one, Revoked | Erased) for one in state.unwritten):
        return True
    account = state.account
    return account is not None and account.ending.begun and account.ending.quarantined_files is None


def put_away(state: LicenseState) -> tuple[Action, ...]:
    """The next step; () when there is none now."""
    account, found = state.account, state.quarantine
    if account is None or found is None or not is_due(account):
        return ()
    if found.manifest is None:
        return (ListKept(account=account.id, part=found.parts),)
    if found.moved < found.parts:
        return (MoveKept(account=account.id, part=found.moved),)
    entries = found.delivered or (Quarantined(manifest=found.manifest, files=found.files, bytes=found.bytes),)
    return (Record(account=account, entries=entries),)


def quarantine_said(state: LicenseState) -> tuple[Said, ...]:
    """The condition Quarantined of a license that its owner ended; () for every other."""
    account, found = state.account, state.quarantine
    if account is None or not account.ending.begun:
        return ()
    ending = account.ending
    if ending.quarantined_files is not None:
        message = (
            f"{ending.quarantined_files} files were taken out of reach; {ending.delivered_items} videos had been "
            "delivered before: the ledger lists them, nobody can call them back"
        )
        return (Said("Quarantined", "True", "Quarantined", message),)
    if account.claims:
        message = f"waits until {len(account.claims)} jobs have stopped, at the latest when their grants have ended"
        return (Said("Quarantined", "False", "WorkStopping", message),)
    if found is None or found.manifest is None:
        return (Said("Quarantined", "False", "Listing", "what is kept under it is being listed"),)
    return (Said("Quarantined", "False", "Moving", f"{found.files} files are being taken out of reach"),)


def quarantine_look(state: LicenseState, actions: tuple[Action, ...]) -> float | None:
    """Seconds until the next step; None when none is left."""
    if any(isinstance(one, Record | ListKept | MoveKept) for one in actions):
        return 0.0
    return CLOSING_SECONDS if is_ending(state) else None
