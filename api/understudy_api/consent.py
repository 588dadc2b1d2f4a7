"""Consent per use: what an owner is asked, word for word, and what was answered.

The owner signs one digest. It covers the frozen content, the list of what is said, the declared use, the license and
who asks, so that none of them can change under the signature.
"""

from __future__ import annotations

from typing import Final

from pydantic import Field

from understudy_api.acts import ConsentAnswer, read_act
from understudy_api.categories import CategoryId
from understudy_api.digest import digest
from understudy_api.keyring import Keyring
from understudy_api.model import Digest, Locale, Model, Name, ObjectName, Token
from understudy_api.moderation.listing import Form
from understudy_api.use import Declaration
from understudy_api.verdict import Refusal

MAX_REVIEWER_CHARACTERS: Final = 253


class ConsentSubject(Model):
    """What is consented to. Its digest is what the owner signs and what a reviewer's release names."""

    namespace: Name = Field(description="The brand's.")
    job: ObjectName
    twin: Digest
    license: str = Field(max_length=64, description="The license's id (`jti`).")
    use: Declaration = Field(description="The declared use.")
    locales: tuple[Locale, ...] = Field(max_length=200)
    categories: tuple[CategoryId, ...] = Field(
        default=(), max_length=64, description="What it is about, declared and found, as far as it needs consent."
    )
    content: Digest = Field(description="Digest of the frozen script, translations and rows.")
    listing: Digest = Field(description="Digest of the list of every sentence, or of templates and values.")
    form: Form = Field(description="Which of the two the list holds.")

    @property
    def digest(self) -> str:
        """What is signed."""
        return digest(self.model_dump(mode="json"))


class Clearance(Model):
    """How a job's words were released: the owner's signed answer, or a reviewer's name. Travels with the order.

    The grant names its digest: the operator vouches that the subject is that of the order, and for the reviewer.
    """

    subject: ConsentSubject
    answer: Token | None = Field(default=None, description="The owner's ConsentAnswer, approving.")
    reviewer: str | None = Field(default=None, max_length=MAX_REVIEWER_CHARACTERS, description="Who released it.")

    @property
    def digest(self) -> str:
        """What a grant names."""
        return digest(self.model_dump(mode="json"))


def read_answer(text: str, subject: ConsentSubject, keyring: Keyring, now: float) -> ConsentAnswer | Refusal:
    """The owner's answer to this very subject; or why it is none."""
    act = read_act(text, keyring, now)
    if isinstance(act, Refusal):
        return act
    if not isinstance(act, ConsentAnswer):
        return Refusal(reason="WrongTokenType", message="consent: it is another act; sign a consent answer")
    if act.request != subject.digest:
        return Refusal(
            reason="ConsentMismatch",
            message="consent: it answers another request; a changed word needs a new signature, read and sign the new one",
        )
    if act.license != subject.license:
        return Refusal(
            reason="ConsentMismatch", message=f"consent: it is for license {act.license}, wanted {subject.license}"
        )
    return act


def refusal_of(clearance: Clearance | None, keyring: Keyring, now: float) -> Refusal | None:
    """Why a clearance does not stand for the owner's consent; None when it does."""
    if clearance is None or clearance.answer is None:
        return Refusal(
            reason="ConsentRequired",
            message="consent: the owner's answer is missing; ask for it with the ConsentRequest",
        )
    found = read_answer(clearance.answer, clearance.subject, keyring, now)
    if isinstance(found, Refusal):
        return found
    if found.answer != "approve":
        return Refusal(reason="ConsentDenied", message="consent: the owner said no to these words; change them")
    return None
