"""Spoken material for the phone encoder: espeak-ng says CLDR's own words, and tells exactly which phone sounds when."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from typing import Final

import numpy as np
import numpy.typing as npt
from babel import Locale

from understudy_workers.models.phones import mel_spectrogram
from understudy_workers.models.voice import EspeakVoice, Phone, UnspeakableError

TRAINING_LANGUAGES: Final = (
    *("es", "it", "pt", "nl", "pl", "cs", "sv", "tr", "fi", "el", "ru", "ro", "hu", "id", "sw", "fa", "ko", "vi"),
    *("da", "ca", "hr", "ta", "ka", "et"),
)
HELD_OUT_LANGUAGES: Final = ("en", "de", "fr", "ja", "ar", "hi")
"""The demo campaign speaks these; the encoder never hears them while it learns."""

TRAINING_VARIANTS: Final = (
    *("f1", "f3", "f4", "m1", "m2", "m4", "m5", "m6", "m7", "m8", "Alicia", "Andrea", "Annie", "belinda", "linda"),
    *("steph", "anika", "aunty", "Alex", "Andy", "Diogo", "Gene", "Lee", "Marco", "adam", "ed", "max", "pablo"),
)
HELD_OUT_VARIANTS: Final = ("f2", "f5", "m3")
"""Voices that twins and tests use; the encoder never hears them while it learns."""

SILENCE: Final = "_"

ARTICULATIONS: Final = (
    *("_", "pbmɓ", "fvʋɱ", "θð", "tdnlɾɫɭɖʈɳɗ", "szʐʂ", "ʃʒɕʑ", "kɡŋxɣcɟɲχqʎç", "rʁɹɻʀ", "hɦħʔʕ", "wβɸʍɥ"),
    *("aɑɐɒ", "æ", "ʌɜɘ", "eɛ", "iɪɨj", "oɔɤ", "uʊɯʉ", "yøœɵʏ", "ə"),
)
"""Classes of phones that look alike, by their first letter; affricates with an ʃ or ʒ look like those."""


@dataclass(frozen=True)
class Spoken:
    """One utterance: log-mel rows [n, 64] at 100 Hz and the phone of each row (`_` in pauses)."""

    mel: npt.NDArray[np.float32]
    phones: tuple[str, ...]


def plain(symbol: str) -> str:
    """An IPA symbol without stress, length and other diacritics: what the mouth and tongue do at its core."""
    bare = "".join(c for c in unicodedata.normalize("NFD", symbol) if c not in "ˈˌːˑ" and c.isalpha())
    return "".join(c for c in bare if unicodedata.category(c) != "Lm") or SILENCE


def articulation(phone: str) -> int | None:
    """The class of a plain phone in `ARTICULATIONS`; None for letters it does not know."""
    core = phone.lstrip("ʔ") or phone
    letter = "ʃ" if core[:1] in ("t", "d") and core[1:2] in ("ʃ", "ʒ", "ɕ", "ʑ") else core[:1]
    return next((index for index, letters in enumerate(ARTICULATIONS) if letter in letters), None)


def utterances(languages: tuple[str, ...], variants: tuple[str, ...], seconds: float, seed: int) -> Iterator[Spoken]:
    """Speaks random word lists of every language in turn, voices at random, until `seconds` of sound are made."""
    rng = random.Random(seed)
    made = 0.0
    for code in cycle(languages):
        if made >= seconds:
            return
        voice = EspeakVoice(rng.choice(variants), rng.randint(20, 80), rng.randint(130, 210))
        text = " ".join(rng.choices(_words(code), k=rng.randint(5, 9)))
        try:
            speech = voice.speak(text + rng.choice([".", "?", ", 7.", "!"]), code)
        except UnspeakableError:
            continue
        mel = mel_spectrogram(speech.samples)
        made += len(mel) / 100
        yield Spoken(mel, _labels(speech.phones, len(mel)))


@cache
def _words(code: str) -> tuple[str, ...]:
    locale = Locale.parse(code)
    names = [*locale.territories.values(), *locale.languages.values(), *locale.currencies.values()]
    found = {word for name in names for word in re.findall(r"[^\W\d_]{3,}", str(name))}
    return tuple(sorted(found))


def _labels(phones: tuple[Phone, ...], count: int) -> tuple[str, ...]:
    labels = [SILENCE] * count
    for phone in phones:
        start, end = round(phone.start_seconds * 100), round(phone.end_seconds * 100)
        labels[start:end] = [plain(phone.symbol)] * (min(end, count) - start)
    return tuple(labels)
