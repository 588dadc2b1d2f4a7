"""Who may have a twin's data key: pure questions about tokens, answered with what was proven or with why not.

The vault believes nobody: not the operator that signed a grant, not the performer that shows it. It reads the owner's own
tokens, asks `permits`, and holds everything against the genesis record that it pinned when it made the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from joserfc.jwk import OKPKey

from understudy_api.consent import read_answer
from understudy_api.digest import digest_bytes
from understudy_api.grant import Grant, read_grant, read_training_grant
from understudy_api.keyring import Keyring
from understudy_api.owner_word import OwnerWord
from understudy_api.permits import Size, Usage, Use, permits
from understudy_api.preview import preview_refusal
from understudy_api.release import Question, RenderingClaim, TrainingClaim
from understudy_api.settings import EVERY_POOL
from understudy_api.terms import License, read_license
from understudy_api.token import thumbprint
from understudy_api.verdict import Refusal, Verdict
from understudy_vault.captures import capture_refusal
from understudy_vault.keystore import Destroyed, Kept


@dataclass(frozen=True)
class Bench:
    """What the vault judges by: the farm's public key, which user the performers of each pool are, its passcodes' secret."""

    farm: OKPKey
    callers: Mapping[str, str]
    passcode_key: bytes = field(repr=False)
    demands_capture_consent: bool = True


@dataclass(frozen=True)
class Entitled:
    """A proven right to a twin's key: what the log says of it."""

    purpose: str
    twin: str
    version: str
    order: str
    pool: str
    caller: str
    performer: str
    grant: str
    license: str = ""
    jti: str = ""
    capture: str = ""

    def facts(self) -> dict[str, Any]:
        """All of it, for the log: digests and ids, no name of a person."""
        return asdict(self)


@dataclass(frozen=True)
class Said:
    """What the vault heard of an owner."""

    word: OwnerWord
    denials: Mapping[str, int]
    """Requests for consent that were denied: digest, and when the newest no was signed (Unix seconds)."""


@dataclass(frozen=True)
class Asked:
    """One question as it arrived: its claim, who signed it, which user called, and when (Unix seconds)."""

    claim: RenderingClaim | TrainingClaim
    question: Question
    caller: str
    now: float

    @property
    def performer(self) -> str:
        """Thumbprint of the key that signed the question."""
        return thumbprint(self.question.key.key())


def rendering(
    bench: Bench, asked: Asked, claim: RenderingClaim, kept: Kept, ring: Keyring, said: Said
) -> Entitled | Verdict:
    """May this caller render with the twin whose key is `kept`, and whose owner's keys are `ring`?"""
    making = claim.making
    if stranger := _of_pool(bench, claim.pool, asked.caller):
        return _no(stranger)
    if changed := _owner_changed(claim.genesis, making.twin.id, ring.twin_id, kept):
        return _no(changed)
    grant = read_grant(claim.grant, bench.farm, asked.now)
    if isinstance(grant, Refusal):
        return _no(grant)
    if mismatch := _grant_mismatch(bench, claim, grant, ring, asked.performer):
        return _no(mismatch)
    license_ = read_license(making.license, ring)
    if isinstance(license_, Refusal):
        return _no(license_)
    if unseen := preview_refusal(making, license_.terms):
        return _no(unseen)
    consented = _consented(claim, license_, ring, said.denials, asked.now)
    if isinstance(consented, Refusal):
        return _no(consented)
    verdict = permits(license_.terms, _use(bench, claim, consented), _usage(grant, license_, said.word), asked.now)
    if not verdict.permitted:
        return verdict.at("vault")
    return Entitled(
        purpose="rendering",
        twin=making.twin.id,
        version=making.twin.version,
        order=claim.uid,
        pool=claim.pool,
        caller=asked.caller,
        performer=asked.performer,
        grant=digest_bytes(claim.grant.encode()),
        license=license_.digest,
        jti=license_.terms.jti,
    )


def training(
    bench: Bench, asked: Asked, claim: TrainingClaim, kept: Kept | None, ring: Keyring, word: OwnerWord
) -> Entitled | Verdict:
    """May this caller train the twin, whose owner's keys are `ring`? `kept` is None before its first training."""
    order = claim.order
    if stranger := _of_pool(bench, order.pool, asked.caller):
        return _no(stranger)
    if changed := _owner_changed(order.genesis, order.twin_id, ring.twin_id, kept):
        return _no(changed)
    if word.halted is not None:
        return _no(word.halted)
    if order.grant is None:
        return _no(Refusal(reason="BadGrant", message="grant: a training without the farm's grant gets no key"))
    grant = read_training_grant(order.grant, bench.farm, asked.now)
    if isinstance(grant, Refusal):
        return _no(grant)
    wanted = (thumbprint(bench.farm), order.pool, order.uid, order.digest, order.twin_id)
    if (grant.iss, grant.aud, grant.sub, grant.order, grant.twin) != wanted:
        return _no(_mismatch("training order"))
    if grant.trainer != asked.performer:
        return _no(_not_named("trainer", asked.performer))
    demanded = bench.demands_capture_consent
    if refusal := capture_refusal(order, ring, bench.passcode_key, asked.now, demanded=demanded):
        return _no(refusal)
    return Entitled(
        purpose="training",
        twin=order.twin_id,
        version="",
        order=order.uid,
        pool=order.pool,
        caller=asked.caller,
        performer=asked.performer,
        grant=digest_bytes(order.grant.encode()),
        capture=order.capture_sha256 or "",
    )


def no_key(found: Destroyed | None, twin: str) -> Refusal:
    """Why there is no key to release."""
    if isinstance(found, Destroyed):
        return Refusal(reason="TwinErased", message=f"twin {twin[:12]}: its owner had it erased; its key is destroyed")
    return Refusal(reason="NoKey", message=f"twin {twin[:12]}: the vault keeps no key of it; train or import it here")


def _owner_changed(record: str, twin: str, founded: str, kept: Kept | None) -> Refusal | None:
    """Why this genesis record is not the twin's: it has to found the very twin and be the one that was pinned."""
    if founded != twin:
        return Refusal(reason="TwinMismatch", message="twin: its id is not the digest of the genesis record shown")
    if kept is not None and kept.pin.genesis != record:
        return Refusal(reason="OwnerChanged", message="genesis: another record was pinned when the twin's key was made")
    return None


def _of_pool(bench: Bench, pool: str, caller: str) -> Refusal | None:
    if caller and bench.callers.get(pool, bench.callers.get(EVERY_POOL)) == caller:
        return None
    return Refusal(
        reason="CallerNotOfPool",
        message=f"caller: {caller[:120] or 'nobody'} is no performer of pool {pool}; ask with the pool's service account",
    )


def _grant_mismatch(bench: Bench, claim: RenderingClaim, grant: Grant, ring: Keyring, performer: str) -> Refusal | None:
    pairs = {
        "issuer": (grant.iss, thumbprint(bench.farm)),
        "pool": (grant.aud, claim.pool),
        "order": (grant.sub, claim.uid),
        "order digest": (grant.order, claim.making.digest),
        "license": (grant.license, digest_bytes(claim.making.license.encode())),
        "keyring": (grant.keys, ring.head),
        "twin version": (grant.twin_version, claim.making.twin.version),
    }
    for what, (granted, wanted) in pairs.items():
        if granted != wanted:
            return _mismatch(what)
    if performer not in grant.performers:
        return _not_named("performer", performer)
    return None


def _not_named(what: str, key: str) -> Refusal:
    return Refusal(
        reason="PerformerNotNamed",
        message=f"grant: it does not name {what} {key[:12]}; wait for the operator to name it",
    )


def _mismatch(what: str) -> Refusal:
    return Refusal(
        reason="GrantMismatch", message=f"grant: it speaks of another {what}; a grant is good for one order on one pool"
    )


def _consented(
    claim: RenderingClaim, license_: License, ring: Keyring, denials: Mapping[str, int], now: float
) -> bool | Refusal:
    """Whether the owner signed a release of this very content; a refusal when the release shown is not the order's, or the
    owner said no since: of two signed in the same second, the no counts.
    """
    clearance, making = claim.clearance, claim.making
    if clearance is None and making.clearance is None:
        return False
    subject = clearance.subject if clearance else None
    if (
        clearance is None
        or subject is None
        or making.clearance != clearance.digest
        or (subject.content, subject.twin) != (making.content, making.twin.id)
        or (subject.license, subject.namespace) != (license_.terms.jti, making.namespace)
    ):
        return Refusal(
            reason="ConsentMismatch", message="consent: the release is not for this order; ask the owner anew"
        )
    if clearance.answer is None:
        return False
    answer = read_answer(clearance.answer, subject, ring, now)
    if isinstance(answer, Refusal):
        return answer
    if answer.answer == "approve" and denials.get(subject.digest, -1) < answer.iat:
        return True
    return Refusal(reason="ConsentDenied", message="consent: the owner said no to these words; change them")


def _use(bench: Bench, claim: RenderingClaim, consented: bool) -> Use:
    """The whole order as a use; what it adds is counted by others, so nothing is added here."""
    making = claim.making
    found = claim.clearance.subject.categories if claim.clearance else ()
    return Use(
        **{**dict(making.use), "categories": (*making.use.categories, *found)},
        consented=consented,
        preview=making.preview is not None,
        farm=thumbprint(bench.farm),
        namespace=making.namespace,
        twin=making.twin.id,
        version=making.twin.version,
        locales=making.locales,
        formats=() if making.preview else tuple(Size(width=one.width, height=one.height) for one in making.outputs),
        seconds=0,
    )


def _usage(grant: Grant, license_: License, word: OwnerWord) -> Usage:
    """What owners' acts say, and how old the status list was by which the operator granted."""
    return Usage(
        revoked=license_.terms.jti in word.revoked,
        stopped=bool(word.stops),
        status=None if grant.status_iat is None else "valid",
        status_iat=grant.status_iat,
    )


def _no(refusal: Refusal) -> Verdict:
    return Verdict(refusals=(refusal,))
