"""The ConsentRequest that asks a question: everything an owner needs to read before signing."""

from __future__ import annotations

from collections.abc import Iterator

from understudy_api.categories import category_names
from understudy_api.consentrequest import (
    MAX_SHOWN_FINDINGS,
    ConsentRequestSpec,
    SentenceList,
    ShownFinding,
    ShownSentence,
)
from understudy_api.digest import canonical
from understudy_api.moderation.rule import Finding, in_words
from understudy_api.references import LocalReference, ObjectReference
from understudy_api.renderjob import RenderJobSpec
from understudy_operator.core.consent_policy import Question
from understudy_operator.core.places import Place
from understudy_operator.core.times import rfc3339

MAX_SHOWN_BYTES = 16_384
"""How much of the list an object shows itself."""


def list_key(owner_namespace: str, digest: str) -> str:
    """Object key of a list of sentences in the outputs bucket: inside the owner's own prefix."""
    return f"{owner_namespace}/consent/{digest}.jsonl"


def request_spec(
    question: Question, spec: RenderJobSpec, findings: tuple[Finding, ...], bucket: str
) -> ConsentRequestSpec:
    """The spec of the request; `bucket` holds the list."""
    subject, listing = question.subject, question.listing
    return ConsentRequestSpec(
        twin_ref=LocalReference(name=spec.twin_ref.name),
        license_ref=LocalReference(name=spec.license_ref.name),
        job_ref=ObjectReference(namespace=subject.namespace, name=subject.job),
        awaits="owner" if question.awaits_owner else "reviewer",
        digest=subject.digest,
        subject=canonical(subject.model_dump(mode="json")).decode(),
        summary=tuple(_summary(question)),
        sentences=SentenceList(
            s3=Place(bucket, list_key(spec.twin_ref.namespace, listing.digest)).url,
            sha256=listing.digest,
            form=listing.form,
            entries=listing.entries,
        ),
        first=tuple(_shown(question)),
        findings=tuple(_finding(one) for one in findings[:MAX_SHOWN_FINDINGS]),
    )


def _summary(question: Question) -> Iterator[str]:
    subject, use = question.subject, question.subject.use
    yield f"{subject.namespace} asks to let the twin speak, under license {subject.license}."
    if subject.categories:
        yield f"About: {category_names(subject.categories)}."
    yield f"Purpose: {use.purpose}. Channels: {', '.join(sorted(use.channels))}."
    yield f"Territories: {', '.join(sorted(use.territories))}. Languages: {', '.join(subject.locales)}."[:1000]
    if use.publish_until is not None:
        yield f"To be shown until {rfc3339(use.publish_until)}."
    what = "distinct sentences" if subject.form == "sentences" else "templates and values"
    yield f"{question.listing.entries:,} {what}; the signature covers every one of them."


def _shown(question: Question) -> Iterator[ShownSentence]:
    left = MAX_SHOWN_BYTES
    for line in question.listing.first:
        left -= len(line.sentence.encode())
        if left < 0:
            return
        yield ShownSentence(locale=line.locale, sentence=line.sentence)


def _finding(found: Finding) -> ShownFinding:
    return ShownFinding(
        locale=found.locale,
        sentence=found.sentence,
        category=in_words(found.category) if found.category else "",
        term=found.term,
        why=found.why,
    )
