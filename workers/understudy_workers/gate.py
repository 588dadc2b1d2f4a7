"""The worker's own gate: before a frame is made it reads every token itself and asks the one license rule.

A director is not believed. Signatures are checked once per set of tokens and remembered (they cannot change); windows,
quota slice and terms are asked every time, which costs microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from joserfc.jwk import OKPKey

from understudy_api.digest import digest_bytes
from understudy_api.grant import Grant, refusal_now, signed_grant
from understudy_api.keyring import Keyring, read_keyring
from understudy_api.moderation.rule import examine, found_categories
from understudy_api.order import Making, VideoOutput
from understudy_api.permits import Size, Usage, Use, permits
from understudy_api.preview import preview_refusal
from understudy_api.terms import License, read_license
from understudy_api.token import load_key, public_jwk, thumbprint
from understudy_api.verdict import Refusal, Verdict
from understudy_workers.clearing import words_refusals, words_released
from understudy_workers.work import GRANT_EXHAUSTED, PERFORMER_NOT_NAMED, Permit

_SLACK_SECONDS: Final = 1e-6
"""Metered seconds are sums of n / 25 in binary; a slice used up to the last frame must not fail by rounding."""
NEAR_SECONDS: Final = 60.0
"""With less than this left of a grant, an item's length is asked about before its frames are made."""


@dataclass(frozen=True)
class Rights:
    """Tokens whose signatures hold and that name each other."""

    license: License
    grant: Grant
    keyring: Keyring
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
    performer: str | None = None,
    outputs: Sequence[VideoOutput] = (),
    item_seconds: float = 0.0,
    words: str = "",
    items: int = 0,
    committed_items: int = 0,
) -> Verdict:
    """May `seconds` more metered seconds be made in `locale` and `outputs` on `pool` at `now` (Unix seconds)?

    `committed_seconds` and `committed_items` are what counts already, `items` how many this one adds, `item_seconds` the
    length of one video once it is known, `words` the sentence that is to be spoken. Every refusal carries its reason;
    those in `work.PAUSING_REASONS` mean "wait for a new grant", all others "never". Never raises for what a token holds.
    """
    rights = _rights_of(permit, farm_public_key)
    if isinstance(rights, Refusal):
        return Verdict(refusals=(rights,)).at("performer")
    if against := tuple(_against(permit, rights, pool, performer, now)):
        return Verdict(refusals=against).at("performer")
    released = words_released(permit, rights.grant, rights.license.terms, rights.keyring, now)
    if isinstance(released, Refusal):
        return Verdict(refusals=(released,)).at("performer")
    findings = examine(words, locale)
    if spoken := tuple(words_refusals(findings, released)):
        return Verdict(refusals=spoken).at("performer")
    use = Use(
        **{**dict(permit.use), "categories": (*permit.use.categories, *found_categories(findings))},
        consented=released == "owner",
        preview=permit.making.preview is not None,
        farm=rights.farm,
        namespace=permit.namespace,
        twin=permit.twin.id,
        version=permit.twin.version,
        locales=(locale,),
        formats=() if permit.making.preview else tuple(Size(width=one.width, height=one.height) for one in outputs),
        seconds=seconds,
        item_seconds=item_seconds,
    )
    verdict = permits(rights.license.terms, use, _usage(rights.grant), now)
    if not verdict.permitted:
        return verdict.at("performer")
    if not _is_made_of(permit, rights.grant):
        return Verdict(refusals=(_another_order(),)).at("performer")
    left = rights.grant.seconds - committed_seconds
    if seconds > left + _SLACK_SECONDS or left <= 0:
        return Verdict(refusals=(_exhausted(seconds, left, rights.grant.seconds),)).at("performer")
    bound = rights.grant.items
    if bound is not None and committed_items + items > bound:
        return Verdict(refusals=(_no_item_left(bound),)).at("performer")
    return verdict


def _against(permit: Permit, rights: Rights, pool: str, performer: str | None, now: float) -> Iterator[Refusal]:
    """Why the grant is not for this work here and now, first things first; nothing when it is."""
    mismatches = tuple(_mismatches(rights, permit, pool))
    if mismatches:
        yield from mismatches
    elif performer is not None and performer not in rights.grant.performers:
        yield _not_named(performer)
    elif late := refusal_now(rights.grant, now):
        yield late
    elif permit.making is None:
        yield _another_order()
    elif unseen := preview_refusal(permit.making, rights.license.terms):
        yield unseen


def _rights_of(permit: Permit, farm_public_key: OKPKey) -> Rights | Refusal:
    """The tokens of a permit; read once."""
    farm = public_jwk(farm_public_key)["x"]
    return _rights(permit.genesis, permit.key_records, permit.license, permit.grant, permit.twin.id, farm)


@lru_cache(maxsize=512)
def _rights(
    genesis_text: str, key_records: tuple[str, ...], license_text: str, grant_text: str, twin_id: str, farm_x: str
) -> Rights | Refusal:
    """Reads all tokens. Depends on nothing but its arguments, so remembering an answer is safe."""
    keyring = read_keyring(genesis_text, key_records)
    if isinstance(keyring, Refusal):
        return keyring
    if keyring.twin_id != twin_id:
        return Refusal(
            reason="TwinMismatch", message="twin: its id is not the digest of the genesis record; apply the job again"
        )
    license_ = read_license(license_text, keyring)
    if isinstance(license_, Refusal):
        return license_
    farm = load_key(f'{{"kty":"OKP","crv":"Ed25519","x":"{farm_x}"}}')
    grant = signed_grant(grant_text, farm)
    if isinstance(grant, Refusal):
        return grant
    return Rights(license_, grant, keyring, thumbprint(farm))


def _mismatches(rights: Rights, permit: Permit, pool: str) -> Iterator[Refusal]:
    grant = rights.grant
    pairs = {
        "issuer": (grant.iss, rights.farm),
        "pool": (grant.aud, pool),
        "order": (grant.sub, permit.order_uid),
        "order digest": (grant.order, permit.order_digest),
        "license": (grant.license, digest_bytes(permit.license.encode())),
        "keys": (grant.keys, rights.keyring.head),
        "twin version": (grant.twin_version, permit.twin.version),
    }
    for what, (granted, wanted) in pairs.items():
        if granted != wanted:
            yield Refusal(
                reason="GrantMismatch",
                message=f"grant: its {what} is {granted[:16]!r}, the work says {wanted[:16]!r}; a grant is good for one "
                "order on one pool",
            )


def _is_made_of(permit: Permit, grant: Grant) -> bool:
    """Whether what the work says of itself is what the grant's digest covers: nobody changes the use, or leaves out that
    its words had to be released."""
    made = permit.making
    return (
        made is not None
        and _digest_of(made) == grant.order
        and (made.namespace, made.job, made.twin) == (permit.namespace, permit.job, permit.twin)
        and (made.license, made.use) == (permit.license, permit.use)
        and made.clearance == (permit.clearance.digest if permit.clearance else None)
    )


@lru_cache(maxsize=512)
def _digest_of(made: Making) -> str:
    return made.digest


def _another_order() -> Refusal:
    return Refusal(
        reason="GrantMismatch",
        message="grant: the work is not the order that it covers; put the order again as it was admitted",
    )


def _usage(grant: Grant) -> Usage:
    """What a performer knows of the license's standing: the operator granted by it, and says how old that list is."""
    return Usage(status=None if grant.status_iat is None else "valid", status_iat=grant.status_iat)


def _not_named(performer: str) -> Refusal:
    return Refusal(
        reason=PERFORMER_NOT_NAMED,
        message=f"grant: it does not name performer {performer[:12]}; the order waits until the operator names it",
    )


def _exhausted(seconds: float, left: float, granted: float) -> Refusal:
    return Refusal(
        reason=GRANT_EXHAUSTED,
        message=f"grant: {seconds:.2f} s wanted, {max(left, 0):.2f} s of {granted:.2f} s left; the order waits until the "
        "operator grants more",
    )


def _no_item_left(granted: int) -> Refusal:
    return Refusal(
        reason=GRANT_EXHAUSTED,
        message=f"grant: 1 item wanted, 0 of {granted} left; the order waits until the operator grants more",
    )


@dataclass(frozen=True)
class Gatekeeper:
    """The gate with what a worker knows once and for all: the farm's public key, a clock of Unix seconds, who it is itself."""

    farm_public_key: OKPKey
    clock: Callable[[], float]
    performer: str | None = None
    """Thumbprint of the performer's own key, which grants have to name; None asks for no name."""

    def ask_take(self, permit: Permit, words: str, locale: str, outputs: Sequence[VideoOutput]) -> Verdict:
        """May these words be spoken and frames of them be made now, on the pool the order was sent to?"""
        return self._ask(permit, locale, outputs, 0.0, 0.0, words)

    def ask_item(
        self,
        permit: Permit,
        locale: str,
        output: VideoOutput,
        seconds: float,
        committed_seconds: float,
        committed_items: int = 0,
    ) -> Verdict:
        """May an item of that length be finished now, on the pool the order was sent to?"""
        return self._ask(
            permit, locale, (output,), seconds, committed_seconds, items=1, committed_items=committed_items
        )

    def wants_length(self, permit: Permit, committed_seconds: float) -> bool:
        """Whether an item's length has to be known before its frames: the license bounds it, or the grant ends soon."""
        rights = _rights_of(permit, self.farm_public_key)
        if isinstance(rights, Refusal):
            return False
        bounded = rights.license.terms.max_item_seconds is not None
        return bounded or rights.grant.seconds - committed_seconds < NEAR_SECONDS

    def late(self, permit: Permit) -> Refusal | None:
        """Why frames may be made no longer under a permit that was asked about before: its time is over."""
        rights = _rights_of(permit, self.farm_public_key)
        return rights if isinstance(rights, Refusal) else refusal_now(rights.grant, self.clock())

    def _ask(
        self,
        permit: Permit,
        locale: str,
        outputs: Sequence[VideoOutput],
        seconds: float,
        committed_seconds: float,
        words: str = "",
        items: int = 0,
        committed_items: int = 0,
    ) -> Verdict:
        return check(
            permit,
            self.farm_public_key,
            pool=permit.pool,
            locale=locale,
            seconds=seconds,
            committed_seconds=committed_seconds,
            now=self.clock(),
            performer=self.performer,
            outputs=outputs,
            item_seconds=seconds,
            words=words,
            items=items,
            committed_items=committed_items,
        )
