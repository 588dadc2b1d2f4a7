"""The account of a license: what follows from its ledger. `fold` is the only way it ever changes.

Whatever was promised and whatever was made stays within the quota, because entries that would break it are refused, whoever
asks to write them and however often.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pydantic import Field

from understudy_api import token
from understudy_api.digest import digest
from understudy_api.ledger import entry as written
from understudy_api.ledger.ending import Ending, EndingEntry
from understudy_api.ledger.royalty import earned_micros
from understudy_api.model import Digest, Model
from understudy_api.royalty_terms import Royalty
from understudy_api.terms import LICENSE_TYPE
from understudy_api.verdict import Refusal

MICROS_PER_SECOND: Final = 1_000_000


class Claim(Model):
    """What one job may make, and what of it was made. Amounts count from the opening of the claim."""

    order: Digest
    reserved_micros: int = Field(ge=0)
    committed_micros: int = Field(default=0, ge=0)
    items: int = Field(default=0, ge=0, description="Items it may finish.")
    committed_items: int = Field(default=0, ge=0)
    segment: int = Field(ge=0, description="The next segment of the job's receipt log that counts.")
    granted_until: int = Field(ge=0, description="Unix seconds at which the last grant under it expires.")

    @property
    def open_micros(self) -> int:
        """Promised and not made yet."""
        return self.reserved_micros - self.committed_micros

    @property
    def open_items(self) -> int:
        """Items promised and not finished yet."""
        return max(self.items - self.committed_items, 0)


class Account(Model):
    """The sums after a link of the chain."""

    id: str = Field(pattern=r"^[0-9a-f]{64}$", description="Digest of the owner's thumbprint and the license's `jti`.")
    sequence: int = Field(default=-1, ge=-1, description="Place of the link in the chain; -1: nothing written yet.")
    license: Digest | None = Field(default=None, description="Digest of the license token last recorded.")
    licensed_at: int = Field(default=0, ge=0, description="When that token was signed, Unix seconds.")
    quota_micros: int = Field(default=0, ge=0)
    quota_items: int | None = Field(default=None, ge=0)
    concurrent: int | None = Field(default=None, ge=0)
    expires_at: int = Field(default=0, ge=0)
    royalty: Royalty | None = None
    used_micros: int = Field(default=0, ge=0, description="Everything made.")
    used_items: int = Field(default=0, ge=0)
    royalty_micros: int = Field(default=0, description="Everything earned, before the minimum.")
    claims: dict[str, Claim] = Field(default={}, description="Open claims by the RenderJob's uid.")
    pins: dict[str, str] = Field(default={}, description="UID of the first to use it, by the namespace's pseudonym.")
    ending: Ending = Field(default=Ending(), description="Whether it ended by its owner's word, and what followed.")

    @property
    def reserved_micros(self) -> int:
        """Promised to anybody and not made yet."""
        return sum(claim.open_micros for claim in self.claims.values())

    @property
    def reserved_items(self) -> int:
        """Items promised to anybody and not finished yet."""
        return sum(claim.open_items for claim in self.claims.values())

    @property
    def left_micros(self) -> int:
        """What can still be promised."""
        return max(self.quota_micros - self.used_micros - self.reserved_micros, 0)


def namespace_pseudonym(account: str, namespace: str) -> str:
    """What an account calls a namespace: the ledger holds no names, and two accounts call the same one differently."""
    return digest([account, namespace])


def account_id(license_token: str) -> str | None:
    """The account a license token is counted in, or None when it names no issuer and `jti`.

    Reads the token before its signature is checked: only good for finding the account; nothing is promised before
    admission has verified the token.
    """
    claims = token.unverified(license_token, LICENSE_TYPE)
    if isinstance(claims, Refusal) or not all(isinstance(claims.get(name), str) for name in ("iss", "jti")):
        return None
    return digest({"iss": claims["iss"], "jti": claims["jti"]})


def fold(account: Account, entries: Iterable[written.Entry]) -> Account | Refusal:
    """The account after a link with these entries; or why the first that cannot be written cannot."""
    book = _Book(account)
    for one in entries:
        refusal = book.write(one)
        if refusal is not None:
            return refusal
    return book.account()


class _Book:
    """An account while a link is written: the same sums, changed in place because links hold thousands of entries."""

    def __init__(self, account: Account) -> None:
        self._before = account
        self._license, self._licensed_at, self._royalty = account.license, account.licensed_at, account.royalty
        self._quota_micros, self._quota_items = account.quota_micros, account.quota_items
        self._concurrent, self._expires_at = account.concurrent, account.expires_at
        self._used_micros, self._used_items = account.used_micros, account.used_items
        self._royalty_micros = account.royalty_micros
        self._claims, self._pins = dict(account.claims), dict(account.pins)
        self._ending = account.ending
        self._open: tuple[str, Claim] | None = None
        """The claim whose segment is being counted, and what of it stands so far."""

    def write(self, one: written.Entry) -> Refusal | None:
        if self._open is not None and not isinstance(one, written.Committed | written.Counted):
            return _refused("SegmentUnfinished", "a segment is committed whole, then counted")
        match one:
            case written.Licensed():
                return self._licensed(one)
            case written.Reserved():
                return self._reserved(one)
            case written.Committed():
                return self._committed(one)
            case written.Counted():
                return self._counted(one)
            case written.Released():
                return self._released(one)
            case written.Corrected():
                return self._corrected(one)
            case written.Revoked() | written.Erased() | written.Delivered() | written.Quarantined():
                return self._ended(one)
        return None

    def account(self) -> Account | Refusal:
        if self._open is not None:
            return _refused("SegmentUnfinished", "a segment is committed whole, then counted")
        return Account(
            id=self._before.id,
            sequence=self._before.sequence + 1,
            license=self._license,
            licensed_at=self._licensed_at,
            quota_micros=self._quota_micros,
            quota_items=self._quota_items,
            concurrent=self._concurrent,
            expires_at=self._expires_at,
            royalty=self._royalty,
            used_micros=self._used_micros,
            used_items=self._used_items,
            royalty_micros=self._royalty_micros,
            claims=self._claims,
            pins=self._pins,
            ending=self._ending,
        )

    def _licensed(self, one: written.Licensed) -> Refusal | None:
        if self._license is not None and one.issued_at < self._licensed_at:
            return _refused("OlderLicense", "a license signed later is recorded already")
        self._license, self._licensed_at, self._royalty = one.license, one.issued_at, one.royalty
        self._quota_micros, self._quota_items = one.quota_micros, one.quota_items
        self._concurrent, self._expires_at = one.concurrent, one.expires_at
        return None

    def _reserved(self, one: written.Reserved) -> Refusal | None:
        held = self._claims.get(one.uid)
        if self._license is None:
            return _refused("NoLicense", "nothing is promised before the license is recorded")
        if one.pin is not None and self._pins.setdefault(one.pin.namespace, one.pin.uid) != one.pin.uid:
            return _refused("NamespaceTaken", "another namespace object of that name used the license first")
        if self._ending.revoked:
            return _refused("LicenseRevoked", "nothing is promised after the owner revoked the license")
        if held is not None and one.granted_until < held.granted_until:
            return _refused("GrantShortened", "a grant that was given is not taken back by writing another time")
        claim = Claim(
            order=one.order,
            reserved_micros=one.reserved_micros,
            committed_micros=held.committed_micros if held else 0,
            items=one.items,
            committed_items=held.committed_items if held else 0,
            segment=held.segment if held else one.segment,
            granted_until=one.granted_until,
        )
        others = [other for uid, other in self._claims.items() if uid != one.uid]
        refusal = self._does_not_fit(claim, held, others)
        if refusal is None:
            self._claims[one.uid] = claim
        return refusal

    def _does_not_fit(self, claim: Claim, held: Claim | None, others: list[Claim]) -> Refusal | None:
        grows = held is None or claim.reserved_micros > held.reserved_micros or claim.items > held.items
        if claim.open_micros < 0:
            return _refused("ClaimTooSmall", "a claim covers at least what was made under it")
        promised = self._used_micros + sum(other.open_micros for other in others) + claim.open_micros
        if grows and promised > self._quota_micros:
            return _refused("QuotaExceeded", f"{promised - self._quota_micros} micro-seconds more than the license has")
        items = self._used_items + sum(other.open_items for other in others) + claim.open_items
        if grows and self._quota_items is not None and items > self._quota_items:
            return _refused("QuotaExceeded", f"{items - self._quota_items} items more than the license has")
        if held is None and self._concurrent is not None and len(others) >= self._concurrent:
            return _refused("TooManyJobs", f"{len(others)} jobs hold a claim, the license allows {self._concurrent}")
        return None

    def _committed(self, one: written.Committed) -> Refusal | None:
        claim = self._counting(one.uid, one.segment)
        if isinstance(claim, Refusal):
            return claim
        made, items = claim.committed_micros + one.micros, claim.committed_items + 1
        if made > claim.reserved_micros:
            return _refused("BeyondClaim", f"segment {one.segment}: it makes more than was promised")
        if self._quota_items is not None and items > claim.items:
            return _refused("BeyondClaim", f"segment {one.segment}: it makes more items than were promised")
        if one.royalty_micros != earned_micros(self._royalty, self._used_micros, one.micros):
            return _refused("WrongRoyalty", f"item {one.item}: its royalty does not follow from the license")
        self._open = one.uid, claim.model_copy(update={"committed_micros": made, "committed_items": items})
        self._used_micros += one.micros
        self._used_items += 1
        self._royalty_micros += one.royalty_micros
        return None

    def _counted(self, one: written.Counted) -> Refusal | None:
        claim = self._counting(one.uid, one.segment)
        if isinstance(claim, Refusal):
            return claim
        self._claims[one.uid] = claim.model_copy(update={"segment": one.segment + 1})
        self._open = None
        return None

    def _counting(self, uid: str, segment: int) -> Claim | Refusal:
        """The claim that the next entry of a segment counts in."""
        if self._open is not None and self._open[0] != uid:
            return _refused("SegmentUnfinished", "a segment is committed whole, then counted")
        claim = self._open[1] if self._open else self._claims.get(uid)
        if claim is None:
            return _refused("LateCommit", f"segment {segment} of job {uid}: its claim was released")
        if segment != claim.segment:
            return _refused("WrongSegment", f"job {uid}: segment {claim.segment} is next, got {segment}")
        return claim

    def _released(self, one: written.Released) -> Refusal | None:
        claim = self._claims.get(one.uid)
        if claim is None or claim.segment != one.segment:
            return _refused("NoClaim", f"job {one.uid}: it holds no claim that ends at segment {one.segment}")
        del self._claims[one.uid]
        return None

    def _corrected(self, one: written.Corrected) -> Refusal | None:
        micros, items = self._used_micros + one.micros, self._used_items + one.items
        if micros < 0 or items < 0:
            return _refused("WrongCorrection", "a correction takes away more than there is")
        if one.micros > 0 and micros + sum(claim.open_micros for claim in self._claims.values()) > self._quota_micros:
            return _refused("QuotaExceeded", "a correction adds more than the license has")
        self._used_micros, self._used_items = micros, items
        self._royalty_micros += one.royalty_micros
        return None

    def _ended(self, one: EndingEntry) -> Refusal | None:
        after = self._ending.after(one, at_work=bool(self._claims))
        if isinstance(after, Refusal):
            return after
        self._ending = after
        return None


def _refused(reason: str, message: str) -> Refusal:
    return Refusal(reason=reason, message=f"ledger: {message}")
