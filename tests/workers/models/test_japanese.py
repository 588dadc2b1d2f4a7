"""Japanese phrases: readings of kanji, where phrases are cut, how prices are said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_workers.models.espeak import PHONEME, synthesize
from understudy_workers.models.japanese import phrases


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("今日は東京で。", [("今日は", "キョーワ"), ("東京で。", "トーキョーデ。")]),
        ("佐藤さん、こんにちは!", [("佐藤さん、", "サトーサン、"), ("こんにちは!", "コンニチワ!")]),
        ("12月3日に", [("12月", "12ガツ"), ("3日に", "3ニチニ")]),
        ("新作が€19.50から", [("新作が", "シンサクガ"), ("€19.50から", "19.50ユーロカラ")]),
        ("2,024着", [("2,024着", "2,024チャク")]),
    ],
)
def test_reads_and_cuts(text: str, wanted: list[tuple[str, str]]) -> None:
    assert [(p.text, p.reading) for p in phrases(text)] == wanted


def test_kanji_sound_like_their_kana() -> None:
    reading = " ".join(p.reading for p in phrases("東京の天気"))
    kanji = [e.symbol for e in synthesize(reading, "jpx/ja+f2", 165, 50).events if e.kind == PHONEME]
    kana = [e.symbol for e in synthesize("トーキョーノ テンキ", "jpx/ja+f2", 165, 50).events if e.kind == PHONEME]
    assert kanji == kana


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("今日は東京で新しい着3点€,.、。 「」ABc!?  \n・カナ"), max_size=24))
def test_phrases_are_the_text_without_white_space(text: str) -> None:
    found = phrases(text)
    assert "".join("".join(p.text for p in found).split()) == "".join(text.split())
    for phrase in found:
        assert text[phrase.start :].startswith(phrase.text)
        assert phrase.text.strip()
