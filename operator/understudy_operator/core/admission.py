"""May this job be made, and as which order? Asked anew at every look, so a revoked license stops a running job.

The answer is a value: permitted with the order, refused with every reason, or waiting for something that comes by
itself. Nothing here reserves anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from understudy_api.moderation.rule import floor_refusals, found_categories
from understudy_api.order import Content, Order
from understudy_api.permits import NOT_FOUND, Size, Use, permits
from understudy_api.renderjob import RenderJobSpec
from understudy_api.verdict import Refusal, Verdict
from understudy_operator.core.budget import budget_refusals
from understudy_operator.core.claims import unproven
from understudy_operator.core.consent_policy import (
    CONSENT_PENDING,
    CONSENT_REQUIRED,
    LISTING,
    Cleared,
    Open,
    Question,
    Release,
    Unlisted,
    release,
)
from understudy_operator.core.content import content
from understudy_operator.core.draft import draft, ordered_use
from understudy_operator.core.estimate import at_rate
from understudy_operator.core.items import least_items
from understudy_operator.core.places import job_place_refusals
from understudy_operator.core.quota import Demand, exhausted, least_seconds, usage
from understudy_operator.core.registration import UNREGISTERED
from understudy_operator.core.rights import Rights, rights
from understudy_operator.core.script_policy import script_refusals
from understudy_operator.core.state import (
    ContentProblem,
    CredentialsProblem,
    FrozenContent,
    JobState,
    SpecProblem,
    TwinView,
)

FREEZING: Final = "FreezingRows"
"""Reason of waiting until rows are frozen."""
UNRECORDED: Final = "LicenseNotRecorded"
"""Reason of waiting until the license stands in the register of its twin."""


@dataclass(frozen=True)
class Permitted:
    """The order may be made."""

    order: Order
    digest: str
    """The order's digest, computed once."""
    rights: Rights
    seconds: float
    """Upper bound of the metered seconds of the whole order, all outputs."""

    @property
    def demand(self) -> Demand:
        """What it asks of the license's account."""
        return Demand(self.order, self.digest, self.rights.license, self.seconds)


@dataclass(frozen=True)
class Refused:
    """The job may not be made as it stands."""

    verdict: Verdict
    order: Order | None = None
    """The order it would be, when that can be told."""
    digest: str | None = None
    """That order's digest."""


@dataclass(frozen=True)
class Waiting:
    """Neither: something has to happen first, and will without the brand doing anything."""

    reason: str
    message: str
    content: Content | None = None
    """What has to be listed first, when the reason is LISTING."""
    question: Question | None = None
    """What waits for an answer, when the reason is CONSENT_PENDING."""
    asked: bool = False
    """Whether the ConsentRequest stands."""
    draft: Permitted | None = None
    """The order that waits for it: what a preview may be made of."""


Admission = Permitted | Refused | Waiting


def admit(state: JobState, now: float) -> Admission:
    """The answer for a job at `now` (Unix seconds)."""
    spec, twin = state.spec, state.twin
    if isinstance(spec, SpecProblem):
        return _refused(Refusal(reason="SpecInvalid", message=spec.message))
    own = tuple(_refusals_of_spec(state, spec))
    if twin is None:
        return _refused(_twin_not_found(spec), *own)
    found = rights(twin, state.license, state.identity.namespace)
    if isinstance(found, Refusal):
        return _refused(found, *own)
    if swapped := _swapped(state, found):
        return _refused(swapped, *own)
    version = state.status.twin_version or twin.version
    known = usage(state, found.license.terms, now)
    verdict = permits(found.license.terms, _use(state, spec, found, version), known, now)
    if NOT_FOUND in verdict.refusals:
        return _refused(NOT_FOUND, *own)
    # Consent is asked for once the words are frozen, and once nothing else speaks against the job.
    clauses = _but_consent(verdict.refusals)
    if not clauses and not own and (unrecorded := _unrecorded(state)) is not None:
        return unrecorded
    if isinstance(state.content, FrozenContent):
        floor = floor_refusals(state.content.moderation.findings)
        needed = clauses != verdict.refusals
        return _of_order(state, spec, twin, found, state.content, (*floor, *clauses, *own), needed, now)
    if clauses or own:
        return _refused(*clauses, *own)
    if isinstance(state.content, ContentProblem):
        return _refused(Refusal(reason=state.content.reason, message=state.content.message))
    return Waiting(FREEZING, "rows: being read and checked")


def _unrecorded(state: JobState) -> Refused | Waiting | None:
    """Before anything is made under a license it takes its place among the others of its twin."""
    registration = state.license.registration if state.license else UNREGISTERED
    if registration.full is not None:
        return _refused(registration.full)
    if registration.number is None:
        return Waiting(UNRECORDED, "license: it is being recorded on this farm")
    return None


def _of_order(
    state: JobState,
    spec: RenderJobSpec,
    twin: TwinView,
    found: Rights,
    frozen: FrozenContent,
    refusals: tuple[Refusal, ...],
    consent_needed: bool,
    now: float,
) -> Admission:
    order, where = _pinned(state, spec, twin, found, frozen, consent_needed, now)
    digest = order.digest if order else None
    if refusals:
        return Refused(Verdict(refusals=refusals).at("admission"), order, digest)
    if order is None or digest is None:
        why = twin.message or "it is not trained yet"
        return Waiting(
            "TwinNotReady", f"twinRef: {twin.namespace}/{twin.name}: {why}; the job goes on when it is Ready"
        )
    seconds = at_rate(frozen.spoken_seconds, twin.rate_words_per_minute) * len(order.outputs)
    least = least_seconds(state.log, order), least_items(state, order)
    use = _use(state, spec, found, order.twin.version, *least)
    against = _but_consent(permits(found.license.terms, use, usage(state, found.license.terms, now), now).refusals)
    if against or isinstance(where, Refusal):
        said = (where, *against) if isinstance(where, Refusal) else against
        return Refused(Verdict(refusals=said).at("admission"), order, digest)
    if not isinstance(where, Cleared):
        return _unreleased(where, Permitted(order, digest, found, seconds), twin)
    permitted = Permitted(order, digest, found, seconds)
    stopped_by = unproven(state) or exhausted(state, permitted.demand, now)
    return Refused(Verdict(refusals=(stopped_by,)).at("admission"), order, digest) if stopped_by else permitted


def _unreleased(where: Unlisted | Open, draft: Permitted, twin: TwinView) -> Waiting:
    """Nothing speaks against it but that nobody has released the words yet."""
    if isinstance(where, Unlisted):
        return Waiting(LISTING, "consent: the list of what would be said is being written", content=draft.order.content)
    question = where.question
    who = "the owner's signature" if question.awaits_owner else "a reviewer of the farm, or the owner"
    message = f"ConsentRequest {twin.namespace}/{question.name} waits for {who}; nothing is rendered before"
    return Waiting(CONSENT_PENDING, message, question=question, asked=where.asked, draft=draft)


def _pinned(
    state: JobState,
    spec: RenderJobSpec,
    twin: TwinView,
    found: Rights,
    frozen: FrozenContent,
    consent_needed: bool,
    now: float,
) -> tuple[Order | None, Release]:
    """The order with the version the job already renders with, else with the twin's present one; None without either.

    A twin trained anew does not change what is being made; a changed job takes the new version. The order carries the
    release of its words, where they need one and have it.
    """
    license_token = state.license.token if state.license else ""
    versions = (state.status.twin_version, twin.version if twin.ready else None)
    for version in filter(None, versions):
        order = draft(state, spec, found.keyring, license_token, version, content(spec, frozen))
        where = release(state, found, order, consent_needed, now)
        if isinstance(where, Cleared):
            order = order.model_copy(update={"clearance": where.clearance})
        if version == versions[1] or order.digest == state.status.order_digest:
            return order, where
    return None, Unlisted()


def _but_consent(refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    return tuple(refusal for refusal in refusals if refusal.reason != CONSENT_REQUIRED)


def _use(
    state: JobState, spec: RenderJobSpec, found: Rights, version: str | None, seconds: float = 0.0, items: int = 0
) -> Use:
    declared = dict(ordered_use(spec.use))
    frozen = state.content
    words = found_categories(frozen.moderation.findings) if isinstance(frozen, FrozenContent) else ()
    declared["categories"] = tuple(dict.fromkeys((*spec.use.categories, *words)))
    return Use(
        **declared,
        farm=state.farm.thumbprint,
        namespace=state.identity.namespace,
        namespace_uid=state.namespace_uid,
        twin=found.keyring.twin_id,
        version=version,
        locales=spec.locales,
        formats=tuple(Size(width=out.width, height=out.height) for out in spec.outputs),
        seconds=seconds,
        items=items,
    )


def _refusals_of_spec(state: JobState, spec: RenderJobSpec) -> Iterator[Refusal]:
    """What speaks against the spec itself, whoever licenses it."""
    yield from job_place_refusals(spec, state.identity.namespace, state.farm.buckets)
    if isinstance(state.credentials, CredentialsProblem):
        yield Refusal(reason="CredentialsNotFound", message=state.credentials.message)
    yield from script_refusals(spec)
    yield from budget_refusals(spec, state.pool)


def _swapped(state: JobState, found: Rights) -> Refusal | None:
    """That another license stands where the one was that admitted the job: other terms are taken by the brand's word alone."""
    status = state.status
    admitted = status.license_digest if status.observed_generation == state.identity.generation else None
    if admitted is None or admitted == found.license.digest:
        return None
    return Refusal(
        reason="LicenseChanged",
        message=f"licenseRef: the job was admitted under license {admitted[:12]}, there is {found.license.digest[:12]} now; read its "
        "terms in status.license and take them by changing the job: set suspend to true and back to false",
    )


def _twin_not_found(spec: RenderJobSpec) -> Refusal:
    ref = spec.twin_ref
    return Refusal(
        reason="TwinNotFound",
        message=f"twinRef: no TwinModel {ref.namespace}/{ref.name}; create another RenderJob that names one, "
        "or ask the owner",
    )


def _refused(*refusals: Refusal) -> Refused:
    return Refused(Verdict(refusals=refusals).at("admission"))
