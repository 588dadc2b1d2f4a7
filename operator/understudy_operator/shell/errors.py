"""What can go wrong outside: an outage is waited out, a conflict is looked at again, a denial is told to the administrator."""

from __future__ import annotations


class OutageError(Exception):
    """Something the operator talks to does not answer properly now; nothing is known about the objects concerned.

    Whoever meets it decides nothing: the reconcile ends, the key backs off and comes again.
    """

    def __init__(self, what: str, message: str) -> None:
        super().__init__(f"{what}: {message}")
        self.what = what


class ConflictError(Exception):
    """The object changed since it was read; read it again."""


class AccountTakenError(ConflictError):
    """Somebody else wrote the next link of a license's account; look at the account again."""

    def __init__(self, account: str, sequence: int) -> None:
        super().__init__(f"account {account}: link {sequence} is not ours to write; somebody else was faster")
        self.account = account


class DeniedError(Exception):
    """The API server refuses what the operator itself asks for: its own account or its own words are wrong."""
