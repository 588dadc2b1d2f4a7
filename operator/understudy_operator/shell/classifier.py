"""A classifier of the farm's choice, asked over HTTP about every sentence; who does not answer in time passes nothing.

`POST url` with `{"sentences": [{"locale": "de-DE", "text": "..."}, ...]}`, at most 64 of them, answers 200 with
`{"version": "...", "answers": [{"outcome": "pass" | "block" | "needs-human", "category": "<IAB id>", "label": "..."}, ...]}`,
one answer each, in order. A category is wanted with `block` and optional otherwise. Where it is, the farm's settings alone
say; it is given no credentials but its own.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Final, Literal

import httpx
import structlog
from pydantic import Field, ValidationError

from understudy_api.model import Model
from understudy_api.moderation.report import BATCH, Classify, Sentence
from understudy_api.moderation.rule import MAX_SENTENCE_CHARACTERS, UNANSWERED, UNSURE, Finding
from understudy_api.settings import ClassifierSettings

MAX_ANSWER_BYTES: Final = 256 * 1024
CLASSIFIED: Final = "Classified"
"""Why of a finding with a category that a classifier named."""

log = structlog.get_logger("classifier")


class _Answer(Model):
    outcome: Literal["pass", "block", "needs-human"]
    category: str = Field(default="", max_length=16, pattern=r"^[A-Za-z0-9]*$")
    label: str = Field(default="", max_length=120)


class _Answers(Model):
    version: str = Field(default="", max_length=120)
    answers: Annotated[tuple[_Answer, ...], Field(max_length=BATCH)]


class Classifier:
    """Asks one service. A session covers one job: once it was not answered, it asks no more."""

    def __init__(self, settings: ClassifierSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        verify: ssl.SSLContext | bool = (
            ssl.create_default_context(cafile=str(settings.ca_file)) if settings.ca_file else True
        )
        # No redirects and no proxies from the environment: sentences go to the one address that the farm names.
        self._client = httpx.Client(verify=verify, follow_redirects=False, trust_env=False)

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def session(self) -> Classify:
        """A second opinion on the sentences of one job."""
        ends = self._clock() + self._settings.patience_seconds
        gave_up = False

        def classify(sentences: Sequence[Sentence]) -> Iterable[Finding]:
            nonlocal gave_up
            answers = None if gave_up else self._ask(sentences, ends)
            if answers is None:
                gave_up = True
                return [_finding(sentence, why=UNANSWERED) for sentence in sentences[:1]]
            return [_found(one, answer) for one, answer in zip(sentences, answers, strict=True) if _tells(answer)]

        return classify

    def _ask(self, sentences: Sequence[Sentence], ends: float) -> tuple[_Answer, ...] | None:
        """The answers, or None: too late, not reachable, or not in the words above."""
        seconds = min(self._settings.deadline_seconds, ends - self._clock())
        if seconds <= 0:
            return None
        body = {"sentences": [{"locale": locale, "text": text} for text, locale in sentences]}
        try:
            data = self._post(json.dumps(body).encode(), self._clock() + seconds, seconds)
            found = _Answers.model_validate_json(data)
        except (httpx.HTTPError, ValidationError, OSError, ValueError) as error:
            log.warning("no answer", error=type(error).__name__, message=str(error)[:200])
            return None
        return found.answers if len(found.answers) == len(sentences) else None

    def _post(self, body: bytes, deadline: float, seconds: float) -> bytes:
        headers = {"content-type": "application/json"}
        if self._settings.token_file:
            headers["authorization"] = f"Bearer {self._settings.token_file.read_text().strip()}"
        with self._client.stream(
            "POST", self._settings.url, content=body, headers=headers, timeout=httpx.Timeout(seconds)
        ) as response:
            if response.status_code != httpx.codes.OK:
                raise ValueError(f"status {response.status_code}")
            data = b""
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > MAX_ANSWER_BYTES or self._clock() > deadline:
                    raise ValueError("the answer is too long or comes too slowly")
        return data


def _tells(answer: _Answer) -> bool:
    return answer.outcome != "pass"


def _found(sentence: Sentence, answer: _Answer) -> Finding:
    if not answer.category:
        return _finding(sentence, why=UNSURE, term=answer.label)
    level: Literal["floor", "sensitive"] = "floor" if answer.outcome == "block" else "sensitive"
    return _finding(sentence, why=CLASSIFIED, term=answer.label or "classified", category=answer.category, level=level)


def _finding(
    sentence: Sentence,
    why: str,
    term: str = "",
    category: str = "",
    level: Literal["floor", "sensitive"] = "sensitive",
) -> Finding:
    text, locale = sentence
    return Finding(
        locale=locale, sentence=text[:MAX_SENTENCE_CHARACTERS], category=category, level=level, term=term, why=why
    )
