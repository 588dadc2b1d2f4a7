"""The classifier over HTTP: answers become findings, and everything that is no answer in time leaves it to a person."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from understudy_api.moderation.report import Moderator
from understudy_api.moderation.rule import UNANSWERED, UNSURE, outcome
from understudy_api.settings import ClassifierSettings
from understudy_operator.shell.classifier import MAX_ANSWER_BYTES, Classifier

SENTENCES = (("Vote for us.", "en-GB"), ("Hello.", "en-GB"))
Answer = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


class Service:
    """A classifier on loopback that answers as it is told and remembers what it was asked."""

    def __init__(self, answer: Answer) -> None:
        asked = self.asked = list[dict[str, Any]]()
        self.headers: list[dict[str, str]] = []
        headers = self.headers

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                asked.append(body)
                headers.append({name.lower(): value for name, value in self.headers.items()})
                answer(self, body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/judge"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], Service]]:
    services: list[Service] = []

    def start(answer: Answer) -> Service:
        services.append(Service(answer))
        return services[-1]

    yield start
    for service in services:
        service.close()


def reply(handler: BaseHTTPRequestHandler, body: object, status: int = 200) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("content-length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def politics(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    answers = [
        {"outcome": "needs-human", "category": "386", "label": "politics"}
        if "Vote" in one["text"]
        else {"outcome": "pass"}
        for one in body["sentences"]
    ]
    reply(handler, {"version": "m-1", "answers": answers})


def asked(url: str, **settings: Any) -> list[tuple[str, str, str]]:
    classifier = Classifier(ClassifierSettings(url=url, **settings))
    try:
        return [(one.category, one.level, one.why) for one in classifier.session()(SENTENCES)]
    finally:
        classifier.close()


def test_answers_become_findings(serve: Callable[[Answer], Service], tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    service = serve(politics)
    assert asked(service.url, token_file=tmp_path / "token") == [("386", "sensitive", "Classified")]
    assert service.asked == [{"sentences": [{"locale": locale, "text": text} for text, locale in SENTENCES]}]
    assert service.headers[0]["authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ({"outcome": "block", "category": "8FD8nI"}, ("8FD8nI", "floor", "Classified")),
        ({"outcome": "block"}, ("", "sensitive", UNSURE)),
        ({"outcome": "needs-human", "category": "nosuch"}, ("nosuch", "sensitive", "Classified")),
        ({"outcome": "needs-human", "label": "odd"}, ("", "sensitive", UNSURE)),
    ],
)
def test_every_outcome_but_pass_is_told(
    serve: Callable[[Answer], Service], answer: dict[str, str], wanted: tuple[str, str, str]
) -> None:
    service = serve(lambda handler, _: reply(handler, {"answers": [answer, {"outcome": "pass"}]}))
    assert asked(service.url) == [wanted]


NO_ANSWERS: list[tuple[str, Answer]] = [
    ("status", lambda handler, _: reply(handler, {"answers": []}, 500)),
    ("not JSON", lambda handler, _: reply(handler, b"pass pass")),
    ("too few", lambda handler, _: reply(handler, {"answers": [{"outcome": "pass"}]})),
    ("unknown outcome", lambda handler, _: reply(handler, {"answers": [{"outcome": "fine"}] * 2})),
    ("unknown field", lambda handler, _: reply(handler, {"answers": [{"outcome": "pass", "x": 1}] * 2})),
    ("too long", lambda handler, _: reply(handler, b" " * (MAX_ANSWER_BYTES + 1))),
]


@pytest.mark.parametrize(("what", "answer"), NO_ANSWERS, ids=[what for what, _ in NO_ANSWERS])
def test_what_is_no_answer_needs_a_person(serve: Callable[[Answer], Service], what: str, answer: Answer) -> None:
    assert asked(serve(answer).url) == [("", "sensitive", UNANSWERED)]


def test_a_redirect_is_not_followed(serve: Callable[[Answer], Service]) -> None:
    inner = serve(politics)

    def elsewhere(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        handler.send_response(307)
        handler.send_header("location", inner.url)
        handler.send_header("content-length", "0")
        handler.end_headers()

    assert asked(serve(elsewhere).url) == [("", "sensitive", UNANSWERED)]
    assert inner.asked == []


def test_silence_beyond_the_deadline_needs_a_person_and_ends_the_session(serve: Callable[[Answer], Service]) -> None:
    released = threading.Event()
    service = serve(lambda _handler, _body: (released.wait(20), None)[1])
    classifier = Classifier(ClassifierSettings(url=service.url, deadline_seconds=0.05))
    classify = classifier.session()
    assert [one.why for one in classify(SENTENCES)] == [UNANSWERED]
    assert [one.why for one in classify(SENTENCES)] == [UNANSWERED]
    assert len(service.asked) == 1
    released.set()
    classifier.close()


def test_patience_with_a_whole_job_ends_too(serve: Callable[[Answer], Service]) -> None:
    now = [0.0]
    service = serve(politics)
    classifier = Classifier(ClassifierSettings(url=service.url, patience_seconds=10), clock=lambda: now[0])
    classify = classifier.session()
    assert [one.why for one in classify(SENTENCES)] == ["Classified"]
    now[0] = 11.0
    assert [one.why for one in classify(SENTENCES)] == [UNANSWERED]
    classifier.close()


def test_nobody_there_needs_a_person_for_the_whole_job() -> None:
    classifier = Classifier(ClassifierSettings(url="http://127.0.0.1:1/judge"))
    moderator = Moderator({"en-GB": ("Every piece is made to last.",)}, classifier.session())
    assert outcome(moderator.report().findings) == "needs-human"
    classifier.close()


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://evil.test/", "ftp://x", "file:///etc/passwd"])
def test_only_tls_or_this_machine(url: str) -> None:
    with pytest.raises(ValidationError):
        ClassifierSettings(url=url)
