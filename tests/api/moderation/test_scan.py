"""What is found and what is not: words dressed up, words that only look like it, six languages."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_api.languages import language
from understudy_api.localize import resolve
from understudy_api.message_parts import MessageError
from understudy_api.moderation.scan import scan
from understudy_api.sentences import sentence_templates

GAMBLING = "181"
CAMPAIGN = Path(__file__).parents[3] / "examples" / "campaign" / "renderjob.yaml"


def categories(text: str, locale: str) -> set[str]:
    found = scan(text, language(locale))
    assert found is not None, f"{locale} has no list"
    return {term.category for term in found}


DRESSED = [
    ("Visit our casino tonight.", "en"),
    ("Visit our CASINO tonight.", "en"),
    ("Visit our casinos' best table.", "en"),
    ("c a s i n o", "en"),
    ("Come, B U Y a C A S I N O chip", "en"),
    ("c.a.s.i.n.o", "en"),
    ("ca-si-no", "en"),
    ("ca\u200bsino", "en"),
    ("сasіnо", "en"),
    ("c4s1n0", "en"),
    ("ca$ino", "en"),
    ("caaasinooo", "en"),
    ("𝗰𝗮𝘀𝗶𝗻𝗼", "en"),
    ("çåsíñö", "en"),
    ("Das Glücksspiel lockt.", "de"),
    ("Das Gluecksspiel lockt.", "de"),
    ("Ein Onlinecasino.", "de"),
    ("Le casino vous attend.", "fr"),
    ("Les machines à sous.", "fr"),
    ("カジノへようこそ", "ja"),
    ("カ ジ ノ へようこそ", "ja"),
    ("カ・ジ・ノへようこそ", "ja"),
    ("ｶｼﾞﾉ", "ja"),
    ("力ジノ", "ja"),
    ("本日のcasinoです", "ja"),
    ("والكازينو مفتوح", "ar"),
    ("بالكَازِينُو", "ar"),
    ("कैसीनो में आइए", "hi"),
    ("हमारा casino", "hi"),
]


@pytest.mark.parametrize(("text", "locale"), DRESSED)
def test_finds_the_word_however_it_is_dressed(text: str, locale: str) -> None:
    assert GAMBLING in categories(text, locale)


HARMLESS = [
    ("Scunthorpe, Penistone, Essex, Middlesex and Sussex in one classic passage.", "en"),
    ("The assassin bug, a cockatoo, Dickens, the shiitake mushroom and an analysis.", "en"),
    ("Mr Cummings, Ms Cox, Dick, Randy, Gay, Christian, Jesus, Mohammed, Isis and Mercedes Butts.", "en"),
    ("We will be heading home for Christmas. The skyscraper is a killer view.", "en"),
    ("Grapefruit, therapist, button, hello, peacock, cocktail dress, bath bombs, bullet points.", "en"),
    ("B2B, H264, PS5, 4K, A 4 and U S A.", "en"),
    ("Die Staatsexamen, der Wachtmeister, das Spritzgebäck, wählen Sie die Waffel, Gift Card.", "de"),
    ("Unsere Weinroten Kleider, der Sektor, Essen, Ärsche gibt es nicht: Marschmusik.", "de"),
    ("Le concours, la cuvette, un député-maire n'est pas là, politique de retour, culotte, concombre.", "fr"),
    ("個性的なデザイン。必死に走る。タイムスロット、ステロイド、ピエロ、テロップ。全国会員様へ。酒井さん。", "ja"),
    ("قلم رصاص، سياسة الخصوصية، كتاب جميل، بنك، والدي، حربي", "ar"),
    ("यह बमुश्किल है। चादर, कमरा, सरसों, मौसम।", "hi"),
]


@pytest.mark.parametrize(("text", "locale"), HARMLESS)
def test_ordinary_words_do_not_match(text: str, locale: str) -> None:
    found = scan(text, locale)
    allowed = {"député-maire": "386"}
    assert {one.category for one in found or ()} <= {c for word, c in allowed.items() if word in text}, found


PLAIN = [
    (
        "en",
        {"Rm3SiT": "an erotic film", "avbNf2": "a handgun", "8FD8nI": "a terrorist", "286": "it is clinically proven"},
    ),
    ("de", {"avbNf2": "eine Schusswaffe", "pg0WhF": "Zigaretten", "386": "der Wahlkampf", "453": "die Kirche"}),
    ("fr", {"211": "du champagne", "mm3UXx": "un torrent", "I4GWl6": "la guerre", "Z7rJBM": "l'avortement"}),
    ("ja", {"211": "日本酒", "386": "選挙に行こう", "XtODT3": "殺人事件", "286": "糖尿病"}),
    ("ar", {"211": "النبيذ", "386": "الانتخابات", "8FD8nI": "الإرهاب", "453": "المسجد"}),
    ("hi", {"211": "शराब", "386": "चुनाव", "8FD8nI": "आतंकवादी", "453": "मंदिर"}),
]


@pytest.mark.parametrize(("locale", "wanted"), PLAIN)
def test_names_the_category(locale: str, wanted: dict[str, str]) -> None:
    for category, text in wanted.items():
        assert categories(text, locale) == {category}, text


def test_floor_terms_are_told_from_sensitive_ones() -> None:
    found = scan("It cures cancer.", "en")
    assert found is not None
    assert {term.level for term in found if term.text == "cures cancer"} == {"floor"}


def test_a_language_without_a_list_is_no_answer() -> None:
    assert scan("hola", "es") is None
    assert scan("casino", "") is None


def test_the_demo_campaign_passes() -> None:
    spec = yaml.safe_load(CAMPAIGN.read_text(encoding="utf-8"))["spec"]
    scripts = {"en": spec["script"], **spec["translations"]}
    for locale, script in scripts.items():
        for scene in script["scenes"]:
            parts = sentence_templates(scene["say"], locale)
            assert not isinstance(parts, MessageError)
            for part in parts:
                for row in spec["data"]["rows"]:
                    assert scan(resolve(part, row, locale), language(locale)) == ()


@given(st.text(max_size=120), st.sampled_from(["ar", "de", "en", "fr", "hi", "ja"]))
@settings(max_examples=200)
def test_never_fails_and_never_answers_twice(text: str, locale: str) -> None:
    found = scan(text, locale)
    assert found is not None
    assert len(found) == len(set(found))


@given(
    st.sampled_from(["casino", "roulette", "cocaine", "terrorist", "abortion"]),
    st.lists(st.sampled_from(["", "\u200b", "\u0301", "\u00ad", "\ufe0f"]), min_size=10, max_size=10),
    st.lists(st.booleans(), min_size=10, max_size=10),
)
@settings(max_examples=150)
def test_invisible_signs_marks_and_case_hide_nothing(word: str, between: list[str], upper: list[bool]) -> None:
    dressed = "".join((c.upper() if up else c) + sign for c, sign, up in zip(word, between, upper, strict=False))
    assert scan(f"Try {dressed} now.", "en") == scan(f"Try {word} now.", "en") != ()
