"""Previews: few, small, sealed to the one recipient whom the license names, told apart from the job's own order."""

from __future__ import annotations

from typing import Any

import pytest
from builders import a_license_token, some_terms
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.order import Making, OrderedUse, TwinPin, VideoOutput
from understudy_api.preview import (
    MAX_HEIGHT,
    job_of,
    preview_output,
    preview_prefix,
    preview_refusal,
    preview_uid,
)

RECIPIENT, OTHER = "age1" + "q" * 58, "age1" + "z" * 58
ALLOWED = some_terms(preview=True, preview_recipient=RECIPIENT)


def making(**changes: Any) -> Making:
    known: dict[str, Any] = {
        "namespace": "acme",
        "job": "spring",
        "twin": TwinPin(id="a" * 64, version="b" * 64),
        "license": a_license_token(),
        "use": OrderedUse(purpose="advertising", channels=("social",), territories=("DE",)),
        "locales": ("en-GB",),
        "outputs": (VideoOutput(name="preview", width=568, height=320),),
        "content": "d" * 64,
        "preview": RECIPIENT,
    }
    return Making(**{**known, **changes})


@pytest.mark.parametrize(
    ("changes", "terms", "reason"),
    [
        ({}, ALLOWED, None),
        ({"locales": ("en-GB", "de-DE", "fr-FR")}, ALLOWED, None),
        ({"preview": None}, some_terms(), None),
        ({}, some_terms(), "PreviewNotCovered"),
        ({"preview": OTHER}, ALLOWED, "PreviewNotCovered"),
        ({"locales": ("en-GB", "de-DE", "fr-FR", "ja-JP")}, ALLOWED, "PreviewTooLarge"),
        ({"outputs": (VideoOutput(name="wide", width=1280, height=720),)}, ALLOWED, "PreviewTooLarge"),
        ({"outputs": (VideoOutput(name="wide", width=1280, height=320),)}, ALLOWED, "PreviewTooLarge"),
        ({"outputs": (VideoOutput(name="a", width=192, height=192),) * 2}, ALLOWED, "PreviewTooLarge"),
    ],
)
def test_what_may_be_made_as_a_preview(changes: dict[str, Any], terms: Any, reason: str | None) -> None:
    found = preview_refusal(making(**changes), terms)
    assert (found.reason if found else None) == reason


def test_an_order_that_is_none_keeps_its_digest_and_a_preview_has_its_own() -> None:
    plain = making(preview=None)
    assert plain.digest == Making.model_validate(plain.model_dump(exclude={"preview"})).digest
    assert len({plain.digest, making().digest, making(preview=OTHER).digest}) == 3


@given(st.integers(96, 1920), st.integers(96, 1920))
def test_every_output_has_a_small_form_that_may_be_made(half_width: int, half_height: int) -> None:
    small = preview_output(VideoOutput(name="any", width=2 * half_width, height=2 * half_height))
    assert max(small.width, small.height) <= MAX_HEIGHT
    assert preview_refusal(making(outputs=(small,)), ALLOWED) is None


def test_a_preview_is_320_pixels_high_where_its_width_allows_that() -> None:
    wide, tall = (preview_output(VideoOutput(name="x", width=w, height=h)) for w, h in ((1280, 720), (1080, 1920)))
    assert (wide.width, wide.height) == (568, 320)
    assert (tall.width, tall.height) == (192, 342)


def test_a_preview_is_told_from_its_job_and_leads_to_it() -> None:
    job = "0c8f2b1e-0000-4000-8000-000000000000"
    uid = preview_uid(job, "a" * 64)
    assert (job_of(uid), job_of(job)) == (job, job)
    assert uid != preview_uid(job, "b" * 64)
    assert len(uid) <= 64
    assert preview_prefix("talent-ada", "a" * 64) == f"talent-ada/previews/{'a' * 64}/"
