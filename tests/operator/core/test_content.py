"""Content: which text each locale speaks, what is frozen and what its digest sees."""

from __future__ import annotations

from typing import Any

import pytest
from builders import a_job_spec, frozen

from understudy_operator.core.content import content, request, scenes, script_locale
from understudy_operator.core.script_policy import script_refusals

SAY = {"en": "script", "de": "german", "de-AT": "austrian", "en-US": "american"}


def _spec(locales: list[str], translations: tuple[str, ...], script: str | None = None) -> Any:
    return a_job_spec(
        script={"scenes": [{"say": "script"}], **({"locale": script} if script else {})},
        locales=locales,
        translations={name: {"scenes": [{"say": SAY[name]}]} for name in translations},
    )


@pytest.mark.parametrize(
    ("locale", "translations", "text"),
    [
        ("en-GB", (), "script"),
        ("en-US", (), "script"),
        ("en-US", ("en-US",), "american"),
        ("de-DE", ("de",), "german"),
        ("de-AT", ("de", "de-AT"), "austrian"),
        ("de-CH", ("de", "de-AT"), "german"),
        ("DE-at", ("de-AT",), "austrian"),
        ("fr-FR", ("de",), None),
        ("de-DE", ("de-AT",), None),
    ],
)
def test_the_nearest_text_is_spoken(locale: str, translations: tuple[str, ...], text: str | None) -> None:
    found = scenes(_spec(["en-GB", locale], translations), locale)
    assert found == (None if text is None else (text,))


def test_the_script_is_written_in_the_first_locale_unless_it_says_so() -> None:
    assert script_locale(_spec(["en-GB", "de-DE"], ("de",))) == "en-GB"
    assert script_locale(_spec(["de-DE"], ("de",), script="en-GB")) == "en-GB"


def test_content_takes_frozen_rows() -> None:
    spec = a_job_spec()
    made = content(spec, frozen(spec))
    assert made.rows_count == 2
    assert made.key == "id"
    assert set(made.scenes) == {"en-GB", "de-DE"}
    again = content(spec, frozen(spec).model_copy(update={"rows_s3_key": "elsewhere"}))
    assert again.digest == made.digest


@pytest.mark.parametrize(
    "changed",
    [
        {"script": {"scenes": [{"say": "Bye {name}!"}]}},
        {"locales": ["en-GB"]},
        {"data": {"key": "name", "rows": [{"id": "1", "name": "Maya"}]}},
        {"data": {"key": "id", "from": {"s3": "s3://understudy-outputs/acme/rows.csv"}}},
    ],
)
def test_what_is_asked_for_changes_the_request(changed: dict[str, Any]) -> None:
    assert request(a_job_spec(**changed)).digest != request(a_job_spec()).digest


@pytest.mark.parametrize("changed", [{"priority": 5}, {"suspend": True}, {"ttlSecondsAfterFinished": 5}])
def test_what_is_not_content_does_not(changed: dict[str, Any]) -> None:
    assert request(a_job_spec(**changed)).digest == request(a_job_spec()).digest


def test_a_job_without_data_asks_for_one_empty_row() -> None:
    asked = request(a_job_spec(data=None, script={"scenes": [{"say": "Hi."}]}))
    assert (asked.key, asked.rows, asked.source) == (None, ({},), None)


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({}, []),
        ({"locales": ["en-GB", "ja-JP"]}, ["TranslationMissing"]),
        ({"locales": ["xx-AA"], "script": {"scenes": [{"say": "Hi."}]}, "translations": {}}, ["UnknownLocale"]),
        ({"script": {"locale": "qq", "scenes": [{"say": "Hi."}]}}, ["UnknownLocale", "TranslationMissing"]),
        ({"translations": {"de": {"scenes": [{"say": "a"}, {"say": "{"}]}}}, ["SceneCountDiffers", "ScriptUnreadable"]),
        ({"script": {"scenes": [{"say": "{n, number, ::bogus}"}]}}, ["ScriptUnreadable"]),
    ],
)
def test_script_refusals(changed: dict[str, Any], reasons: list[str]) -> None:
    assert [refusal.reason for refusal in script_refusals(a_job_spec(**changed))] == reasons
