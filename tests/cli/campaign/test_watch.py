from typing import Any

import pytest

from understudy_cli.campaign.watch import condition, job_look, twin_look


def document(status: dict[str, Any], generation: int = 2) -> dict[str, Any]:
    return {"metadata": {"generation": generation}, "status": status}


def flag(kind: str, status: str, reason: str = "R", message: str = "m") -> dict[str, Any]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def test_condition_is_empty_when_absent() -> None:
    assert condition(document({}), "Ready") == {}
    assert condition({"metadata": {}}, "Ready") == {}


@pytest.mark.parametrize(
    ("status", "finished", "failure"),
    [
        ({}, False, ""),
        ({"observedGeneration": 1, "conditions": [flag("Complete", "True")]}, False, ""),
        ({"observedGeneration": 2, "conditions": [flag("Complete", "True")]}, True, ""),
        ({"observedGeneration": 2, "conditions": [flag("Admitted", "True"), flag("Complete", "False")]}, False, ""),
        (
            {"observedGeneration": 2, "conditions": [flag("Admitted", "False", "LanguageNotCovered", "ja")]},
            False,
            "LanguageNotCovered: ja",
        ),
        (
            {"observedGeneration": 2, "conditions": [flag("Failed", "True", "TooMany", "3 failed")]},
            False,
            "TooMany: 3 failed",
        ),
    ],
)
def test_job(status: dict[str, Any], finished: bool, failure: str) -> None:
    look = job_look(document(status))
    assert (look.finished, look.failure) == (finished, failure)


def test_an_interrupted_job_says_what_it_waits_for() -> None:
    status = {
        "observedGeneration": 2,
        "phase": "Pending",
        "conditions": [flag("Interrupted", "True", "StorageRefused", "s3: denied")],
    }
    assert job_look(document(status)).text == "Pending: s3: denied"


def test_job_counts_items() -> None:
    look = job_look(document({"observedGeneration": 2, "phase": "Running", "items": {"done": 3, "total": 36}}))
    assert (look.text, look.done, look.total) == ("Running", 3, 36)


@pytest.mark.parametrize(
    ("status", "finished", "failure"),
    [
        ({}, False, ""),
        ({"observedGeneration": 2, "conditions": [flag("Ready", "False", "Training")]}, False, ""),
        (
            {"observedGeneration": 2, "conditions": [flag("Ready", "False", "NotGoodEnough", "below frozen")]},
            False,
            "below frozen",
        ),
        ({"observedGeneration": 1, "conditions": [flag("Ready", "True")]}, False, ""),
        ({"observedGeneration": 2, "conditions": [flag("Ready", "True")]}, True, ""),
    ],
)
def test_twin(status: dict[str, Any], finished: bool, failure: str) -> None:
    look = twin_look(document(status))
    assert (look.finished, look.failure) == (finished, failure)
