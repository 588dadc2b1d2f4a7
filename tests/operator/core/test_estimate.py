"""The bound on spoken seconds: held against real speech in many languages, and never shortened by a choice of words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.languages import language
from understudy_api.message import parse
from understudy_api.message_parts import Message, MessageError
from understudy_operator.core.estimate import (
    DATE_SECONDS,
    NUMBER_SECONDS,
    SLOWEST_WORDS_PER_MINUTE,
    TAKE_SECONDS,
    at_rate,
    message_bound,
    text_seconds,
)

SPOKEN = [
    ("en-GB", "Hi Maya!"),
    ("en-GB", "We"),
    ("en-GB", "I like it a lot, and you will too because it fits you perfectly well in every season."),
    ("en-GB", "One new style from 39.99 euros."),
    ("en-GB", "999999999999999"),
    ("de-DE", "Siebenundzwanzigtausend neue Stile ab 39,99 Euro."),
    ("de-DE", "Das Donaudampfschiff ist da, und wir freuen uns sehr auf dich."),
    ("fr-FR", "Une nouvelle collection à partir de 39,99 euros, rien que pour vous."),
    ("fi-FI", "999999999999"),
    ("ja-JP", "新しいスタイルが三つあります。"),
    ("ja-JP", "価格は39.99ユーロからです。"),
    ("ja-JP", "志を承る"),
    ("zh-CN", "我们很高兴见到你"),
    ("ar-EG", "لدينا ثلاثة أنماط جديدة بسعر يبدأ من تسعة وثلاثين يورو"),
    ("hi-IN", "हमारे पास तीन नई शैलियाँ हैं"),
    ("ko-KR", "새로운 스타일이 세 가지 있습니다"),
    ("ta-IN", "எங்களிடம் மூன்று புதிய பாணிகள் உள்ளன"),
    ("ru-RU", "У нас три новых стиля."),
    ("am-ET", "ሰላም ማያ እንዴት ነሽ"),
    ("ka-GE", "გამარჯობა მაია"),
    ("th-TH", "สวัสดี มายา เรามีสามรูปแบบใหม่"),
    ("vi-VN", "Xin chào Maya, chúng tôi có ba kiểu mới."),
]


def _message(text: str) -> Message:
    found = parse(text)
    assert not isinstance(found, MessageError)
    return found


def _bound(text: str, locale: str, **row: object) -> float:
    return message_bound(_message(text), locale).seconds(row, language(locale))


@pytest.mark.parametrize("rate", [SLOWEST_WORDS_PER_MINUTE, 300])
def test_real_speech_stays_below_the_bound(rate: int) -> None:
    voices = pytest.importorskip("understudy_workers.models.voice")
    voice = voices.EspeakVoice(rate_wpm=rate)
    for locale, text in SPOKEN:
        spoken = len(voice.speak(text, locale).samples) / voices.SAMPLE_RATE_HZ
        bound = at_rate(message_bound(_message(text), locale).constant_seconds, rate)
        assert spoken <= bound, f"{locale} {text}: {spoken:.2f} s > {bound:.2f} s at {rate} words a minute"


def test_prose_is_bounded_within_a_factor_of_four() -> None:
    voices = pytest.importorskip("understudy_workers.models.voice")
    voice = voices.EspeakVoice(rate_wpm=160)
    locale, text = SPOKEN[2]
    spoken = len(voice.speak(text, locale).samples) / voices.SAMPLE_RATE_HZ
    assert at_rate(_bound(text, locale), 160) < 4 * spoken


@given(st.text(max_size=40), st.text(max_size=40))
def test_longer_texts_never_take_less(one: str, two: str) -> None:
    assert text_seconds(one + two, "en") == pytest.approx(text_seconds(one, "en") + text_seconds(two, "en"))
    assert text_seconds(one, "en") >= 0.1 * len(one)


@given(st.text(alphabet="abcXYZ 123.", min_size=1, max_size=20))
def test_a_value_counts_as_its_text(value: str) -> None:
    assert _bound("Hi {name}", "en-GB", name=value) == pytest.approx(
        TAKE_SECONDS + text_seconds("Hi ", "en") + text_seconds(value, "en")
    )


def test_the_longest_case_counts() -> None:
    short, long = "one", "a much longer way to say it"
    plural = f"{{n, plural, one {{{short}}} other {{{long}}}}}"
    assert _bound(plural, "en-GB", n=1) == pytest.approx(TAKE_SECONDS + text_seconds(long, "en"))
    select = "{g, select, f {{name} {name}} other {{name}}}"
    assert _bound(select, "en-GB", name="Maya") >= 2 * text_seconds("Maya", "en")


def test_numbers_and_dates_carry_their_words() -> None:
    assert _bound("{p, number, ::currency/EUR}", "en-GB", p=39) == pytest.approx(
        TAKE_SECONDS + NUMBER_SECONDS + text_seconds("39", "en")
    )
    assert _bound("{d, date, full}", "en-GB", d="2026-03-05") == pytest.approx(TAKE_SECONDS + DATE_SECONDS)


def test_kanji_take_longer_in_japanese_than_in_chinese() -> None:
    assert text_seconds("志", "ja") > text_seconds("志", "cmn") > text_seconds("a", "en")


def test_a_rate_shortens_but_never_lengthens() -> None:
    assert at_rate(100, 80) == 100
    assert at_rate(100, 160) == pytest.approx(62.5)
    assert at_rate(100, 300) < at_rate(100, 200) < 100
