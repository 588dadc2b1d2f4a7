"""Disguises of one word fold to one spelling, letters that are letters stay."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_api.moderation.fold import MARK, fold

SAME = [
    ("CASINO", "casino"),
    ("Çasïnô", "casino"),
    ("ca\u200bsi\u00adno\ufeff", "casino"),
    ("ｃａｓｉｎｏ", "casino"),
    ("𝓬𝓪𝓼𝓲𝓷𝓸", "casino"),
    ("сasіnо", "casino"),
    ("cαsιηο", "casino"),
    ("c\u0336a\u0336s\u0336i\u0336n\u0336o\u0336", "casino"),
    ("ⓒⓐⓢⓘⓝⓞ", "casino"),
    ("Weiß", "weiss"),
    ("œuvre", "oeuvre"),
    ("Łódź", "lodz"),
    ("كَازِينُو", "كازينو"),
    ("كــازينو", "كازينو"),
    ("أإآ", "ااا"),
    ("مدرسة", "مدرسه"),
    ("ﻛﺎﺯﻳﻨﻮ", "كازينو"),
    ("क़लम", "कलम"),
    ("चाँद", "चांद"),
    ("ｶｼﾞﾉ", "カジノ"),
    ("力ジノ", "カジノ"),
    ("が", "が"),
    ("कैसीनो", "कैसीनो"),
]


@pytest.mark.parametrize(("text", "wanted"), SAME)
def test_disguises_fold_to_one_spelling(text: str, wanted: str) -> None:
    assert fold(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("a-b", "a-b"), ("a·b", "a-b"), ("don’t", "don-t"), ("a\u00a0b", "a b"), ("c@$h!", "c@$h-"), ("努力", "努力")],
)
def test_signs_stand_for_themselves_or_as_one_mark(text: str, wanted: str) -> None:
    assert fold(text) == wanted


@given(st.text(max_size=80))
@settings(max_examples=150)
def test_folding_never_fails_and_leaves_only_letters_digits_spaces_and_signs(text: str) -> None:
    folded = fold(text)
    assert all(char.isspace() or char in f"{MARK}@$" or not char.isupper() for char in folded)
    assert not any("\u200b" <= char <= "\u200f" for char in folded)


@given(st.text(alphabet=st.sampled_from("aäÉñßœ ｶｼﾞノ力कँक़أةـ\u200bСо$-"), max_size=40))
@settings(max_examples=150)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
