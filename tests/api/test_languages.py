"""The list of languages says what the real engine speaks, no more and no less."""

from __future__ import annotations

import pytest

from understudy_api.languages import ALIASES, SPOKEN_LANGUAGES, language, speaks
from understudy_workers.models.espeak import voices


def test_the_list_is_what_the_engine_has() -> None:
    engine = {name.split("-")[0] for name in voices()}
    assert set(SPOKEN_LANGUAGES) - set(ALIASES) == engine
    assert set(ALIASES.values()) <= engine
    assert not set(ALIASES) & engine


@pytest.mark.parametrize("locale", ["en-GB", "de-DE", "fr-FR", "ja-JP", "ar-EG", "hi-IN", "zh-Hant-TW", "no", "EN-us"])
def test_speaks(locale: str) -> None:
    assert speaks(locale)


@pytest.mark.parametrize("locale", ["xx", "tlh-US", "", "-", "en_GB", "e", "english", "en-", "en--GB", "de-DE\n", "ü"])
def test_does_not_speak(locale: str) -> None:
    assert not speaks(locale)


@pytest.mark.parametrize(
    ("locale", "wanted"), [("zh-Hans-CN", "cmn"), ("no-NO", "nb"), ("pt-BR", "pt"), ("DE", "de"), ("?", "")]
)
def test_language(locale: str, wanted: str) -> None:
    assert language(locale) == wanted
