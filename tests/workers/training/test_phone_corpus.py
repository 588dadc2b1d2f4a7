"""The encoder's material: what is held out stays out, labels stand at their time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from understudy_workers.models.espeak import variants
from understudy_workers.training import phone_corpus as corpus


def test_the_demo_languages_and_the_twins_voices_are_held_out() -> None:
    assert not set(corpus.TRAINING_LANGUAGES) & set(corpus.HELD_OUT_LANGUAGES)
    assert not set(corpus.TRAINING_VARIANTS) & set(corpus.HELD_OUT_VARIANTS)
    assert {"en", "de", "fr", "ja", "ar", "hi"} == set(corpus.HELD_OUT_LANGUAGES)
    assert len(corpus.TRAINING_LANGUAGES) >= 15
    assert set(corpus.TRAINING_VARIANTS) | set(corpus.HELD_OUT_VARIANTS) <= variants()


def test_a_label_for_every_row_and_the_same_every_time() -> None:
    first, again = (list(corpus.utterances(("es", "fi"), ("f1", "m1"), 8, 5)) for _ in range(2))
    assert sum(len(spoken.mel) for spoken in first) >= 800
    for a, b in zip(first, again, strict=True):
        assert len(a.phones) == len(a.mel)
        assert a.phones == b.phones
        assert np.array_equal(a.mel, b.mel)


def test_silence_is_quiet_and_vowels_are_not() -> None:
    loud: dict[bool, list[float]] = {True: [], False: []}
    for spoken in corpus.utterances(("it",), ("f1",), 6, 1):
        for row, phone in zip(spoken.mel, spoken.phones, strict=True):
            if phone in ("_", "a", "o", "e"):
                loud[phone == "_"].append(float(row.max()))
    assert np.median(loud[False]) > np.median(loud[True]) + 1


@pytest.mark.parametrize(
    ("symbol", "wanted"),
    [("ˈaɪ", "aɪ"), ("iː", "i"), ("tʃ", "tʃ"), ("ɯᵝ", "ɯ"), ("o̞", "o"), ("ˌ", "_"), ("", "_"), ("n̩", "n")],
)
def test_symbols_lose_their_marks(symbol: str, wanted: str) -> None:
    assert corpus.plain(symbol) == wanted


def test_no_letter_looks_like_two_things() -> None:
    letters = list(itertools.chain.from_iterable(corpus.ARTICULATIONS))
    assert len(letters) == len(set(letters))


@pytest.mark.parametrize(
    ("phone", "like"), [("p", "m"), ("f", "v"), ("tʃ", "ʃ"), ("dʒ", "ʒ"), ("ʔo", "o"), ("aʊ", "a"), ("ts", "t")]
)
def test_sounds_that_look_alike_are_one_class(phone: str, like: str) -> None:
    assert corpus.articulation(phone) == corpus.articulation(like) is not None


def test_unknown_letters_have_no_class() -> None:
    assert corpus.articulation("ǃ") is None
