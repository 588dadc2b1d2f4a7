"""A license's account: what was made under it and what is promised, counted by owner and `jti`, never by object name.

An account is a chain of small objects, `accounts/{account id}/{sequence:08d}.json` in the receipts bucket, each created
by a conditional put and each complete, so that reading the newest is enough and two writers cannot both promise the
same seconds. A claim is one job's share; settling it moves what was really billed into `settled_seconds`.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from understudy_api import token
from understudy_api.digest import digest
from understudy_api.model import Model
from understudy_api.permits import Usage
from understudy_api.terms import LICENSE_TYPE
from understudy_api.verdict import Refusal


class Claim(Model):
    """What one job may make under a license."""

    namespace: str
    job: str
    reserved_seconds: float = Field(
        ge=0, description="Metered seconds promised to the job since `billed_from_seconds`."
    )
    billed_from_seconds: float = Field(ge=0, description="What the job's log had billed when the claim was opened.")

    def used_seconds(self, billed_seconds: float) -> float:
        """Metered seconds made under this claim, given what the job's log has billed by now."""
        return max(billed_seconds - self.billed_from_seconds, 0.0)

    def open_seconds(self, billed_seconds: float) -> float:
        """Metered seconds promised and not yet made."""
        return max(self.reserved_seconds - self.used_seconds(billed_seconds), 0.0)


class Account(Model):
    """All claims under one license, and what closed ones used."""

    id: str = Field(pattern=r"^[0-9a-f]{64}$", description="Digest of the owner's thumbprint and the license's `jti`.")
    sequence: int = Field(default=-1, ge=-1, description="Place in the chain; -1: nothing written yet.")
    settled_seconds: float = Field(default=0, ge=0, description="Metered seconds of claims that are closed.")
    claims: dict[str, Claim] = Field(default={}, description="Open claims by the RenderJob's uid.")

    def usage(self, billed_seconds: Mapping[str, float], without: str | None = None) -> Usage:
        """Used and reserved seconds and running jobs; the open part of the claim of job `without` is left out, what it used is not."""
        used = sum(claim.used_seconds(billed_seconds.get(uid, 0)) for uid, claim in self.claims.items())
        reserved = sum(
            claim.open_seconds(billed_seconds.get(uid, 0)) for uid, claim in self.claims.items() if uid != without
        )
        running = sum(1 for uid in self.claims if uid != without)
        return Usage(used_seconds=self.settled_seconds + used, reserved_seconds=reserved, running=running)

    def claimed(self, uid: str, claim: Claim) -> Account:
        """The next account of the chain, with this job's claim opened or replaced."""
        return self.model_copy(update={"sequence": self.sequence + 1, "claims": {**self.claims, uid: claim}})

    def settled(self, billed_seconds: Mapping[str, float], *uids: str) -> Account:
        """The next account of the chain, with these jobs' claims closed at what they used."""
        used = sum(self.claims[uid].used_seconds(billed_seconds.get(uid, 0)) for uid in uids)
        rest = {uid: claim for uid, claim in self.claims.items() if uid not in uids}
        return self.model_copy(
            update={
                "sequence": self.sequence + 1,
                "settled_seconds": self.settled_seconds + used,
                "claims": rest,
            }
        )


def account_id(license_token: str) -> str | None:
    """The account a license token is counted in, or None when it names no issuer and `jti`.

    Reads the token before its signature is checked: only good for finding the account; nothing is promised before
    admission has verified the token.
    """
    claims = token.unverified(license_token, LICENSE_TYPE)
    if isinstance(claims, Refusal) or not all(isinstance(claims.get(name), str) for name in ("iss", "jti")):
        return None
    return digest({"iss": claims["iss"], "jti": claims["jti"]})


def account_key(account: str, sequence: int) -> str:
    """Object key of one link of an account's chain in the receipts bucket; keys sort as sequences do."""
    return f"accounts/{account}/{sequence:08d}.json"
