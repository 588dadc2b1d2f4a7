"""What a job that waits for consent asks for: first the list of its sentences, then the ConsentRequest."""

from __future__ import annotations

from understudy_operator.core.actions import Action, AskConsent, ListSentences
from understudy_operator.core.admission import Admission, Waiting
from understudy_operator.core.consent_spec import request_spec
from understudy_operator.core.lifecycle import Course
from understudy_operator.core.state import FrozenContent, JobState, SpecProblem


def ask_consent(state: JobState, admission: Admission, course: Course) -> tuple[Action, ...]:
    """The next step towards an answer; () when nothing waits for one, or it was asked."""
    if not isinstance(admission, Waiting) or isinstance(state.spec, SpecProblem) or course.finished:
        return ()
    owner = state.spec.twin_ref.namespace
    if admission.content is not None:
        return (ListSentences(uid=state.identity.uid, owner_namespace=owner, content=admission.content),)
    question = admission.question
    if question is None or admission.asked or not isinstance(state.content, FrozenContent):
        return ()
    spec = request_spec(question, state.spec, state.content.moderation.findings, state.farm.buckets.outputs)
    return (AskConsent(namespace=owner, name=question.name, spec=spec),)
