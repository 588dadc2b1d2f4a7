"""The worker's own gate: before a frame is made it reads every token itself and asks the one license rule.

A director is not believed. Signatures are checked once per set of tokens and remembered (they cannot change); windows,
quota slice and terms are asked every time, which costs microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from joserfc.jwk import OKPKey

from understudy_api.digest import digest_bytes
from understudy_api.genesis import read_genesis
from understudy_api.grant import Grant, refusal_now, signed_grant
from understudy_api.permits import Usage, Use, permits
from understudy_api.terms import License, read_license
from understudy_api.token import load_key, public_jwk, thumbprint
from understudy_api.verdict import Refusal, Verdict
from understudy_workers.work import GRANT_EXHAUSTED, Permit

_SLACK_SECONDS: Final = 1e-6
"""Metered seconds are sums of n / 25 in binary; a slice used up to the last frame must not fail by rounding."""


@dataclass(frozen=True)
class Rights:
    """Tokens whose signatures hold and that name each other."""

    license: License
    grant: Grant
    farm: str


def check(
    permit: Permit,
    farm_public_key: OKPKey,
    *,
    pool: str,
    locale: str,
    seconds: float,
    committed_seconds: float,
    now: float,
) -> Verdict:
    """May `seconds` more metered seconds be made in `locale` on `pool` at `now` (Unix seconds)?

    `committed_seconds` are the metered seconds of the order that count already. Every refusal carries its reason;
    those in `work.PAUSING_REASONS` mean "wait for a new grant", all others "never". Never raises for what a token holds.
    """
    farm = public_jwk(farm_public_key)["x"]
    rights = _rights(permit.genesis, permit.license, permit.grant, permit.twin.id, farm)
    if isinstance(rights, Refusal):
        return Verdict(refusals=(rights,))
    if mismatch := tuple(_mismatches(rights, permit, pool)):
        return Verdict(refusals=mismatch)
    if late := refusal_now(rights.grant, now):
        return Verdict(refusals=(late,))
    use = Use(
        farm=rights.farm,
        namespace=permit.namespace,
        twin=permit.twin.id,
        purpose=permit.use.purpose,
        channels=permit.use.channels,
        territories=permit.use.territories,
        locales=(locale,),
        seconds=seconds,
    )
    verdict = permits(rights.license.terms, use, Usage(), now)
    if not verdict.permitted:
        return verdict
    left = rights.grant.seconds - committed_seconds
    if seconds > left + _SLACK_SECONDS or left <= 0:
        return Verdict(refusals=(_exhausted(seconds, left, rights.grant.seconds),))
    return verdict


@lru_cache(maxsize=512)
def _rights(genesis_text: str, license_text: str, grant_text: str, twin_id: str, farm_x: str) -> Rights | Refusal:
    """Reads the three tokens. Depends on nothing but its arguments, so remembering an answer is safe."""
    genesis = read_genesis(genesis_text)
    if isinstance(genesis, Refusal):
        return genesis
    if genesis.twin_id != twin_id:
        return Refusal(
            reason="TwinMismatch", message="twin: its id is not the digest of the genesis record; apply the job again"
        )
    license_ = read_license(license_text, genesis)
    if isinstance(license_, Refusal):
        return license_
    farm = load_key(f'{{"kty":"OKP","crv":"Ed25519","x":"{farm_x}"}}')
    grant = signed_grant(grant_text, farm)
    if isinstance(grant, Refusal):
        return grant
    return Rights(license_, grant, thumbprint(farm))


def _mismatches(rights: Rights, permit: Permit, pool: str) -> Iterator[Refusal]:
    grant = rights.grant
    pairs = {
        "issuer": (grant.iss, rights.farm),
        "pool": (grant.aud, pool),
        "order": (grant.sub, permit.order_uid),
        "order digest": (grant.order, permit.order_digest),
        "license": (grant.license, digest_bytes(permit.license.encode())),
        "twin version": (grant.twin_version, permit.twin.version),
    }
    for what, (granted, wanted) in pairs.items():
        if granted != wanted:
            yield Refusal(
                reason="GrantMismatch",
                message=f"grant: its {what} is {granted[:16]!r}, the work says {wanted[:16]!r}; a grant is good for one "
                "order on one pool",
            )


def _exhausted(seconds: float, left: float, granted: int) -> Refusal:
    return Refusal(
        reason=GRANT_EXHAUSTED,
        message=f"grant: {seconds:.2f} s wanted, {max(left, 0):.2f} s of {granted} s left; the order waits until the "
        "operator grants more",
    )


@dataclass(frozen=True)
class Gatekeeper:
    """The gate with what a worker knows once and for all: the farm's public key and a clock of Unix seconds."""

    farm_public_key: OKPKey
    clock: Callable[[], float]

    def ask(self, permit: Permit, locale: str, seconds: float = 0.0, committed_seconds: float = 0.0) -> Verdict:
        """`check` at this moment, on the pool the order was sent to."""
        return check(
            permit,
            self.farm_public_key,
            pool=permit.pool,
            locale=locale,
            seconds=seconds,
            committed_seconds=committed_seconds,
            now=self.clock(),
        )
