"""Speech: durations, word times, loudness, languages; with the real espeak-ng."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_workers.models.espeak import variants, voices
from understudy_workers.models.loudness import loudness_lufs, true_peak
from understudy_workers.models.voice import (
    FPS,
    LEAD_FRAMES,
    SAMPLE_RATE_HZ,
    SAMPLES_PER_FRAME,
    TAIL_FRAMES,
    EspeakVoice,
    Speech,
    UnspeakableError,
    espeak_voice,
)

SENTENCES = {
    "en-GB": "Good morning, Ada! Three new styles from €19.50, only this week.",
    "de-DE": "Guten Morgen, Ada! Drei neue Kleider ab 19,50 €, nur diese Woche.",
    "fr-FR": "Bonjour Ada ! Trois nouveautés à partir de 19,50 €, cette semaine.",
    "ja-JP": "おはようございます、佐藤さん。春の新作が3点、今週だけの特別価格です。",
    "ar-EG": "صباح الخير يا سارة، لدينا ثلاثة تصاميم جديدة هذا الأسبوع.",
    "hi-IN": "सुप्रभात आशा! इस सप्ताह तीन नई शैलियाँ आपके लिए हैं।",
}


def check_shape(speech: Speech) -> None:
    """What every take promises, whatever was said."""
    assert speech.samples.dtype == np.float32
    assert len(speech.samples) % SAMPLES_PER_FRAME == 0
    assert np.abs(speech.samples).max() <= 1
    assert not speech.samples[: LEAD_FRAMES * SAMPLES_PER_FRAME].any()
    assert not speech.samples[-TAIL_FRAMES * SAMPLES_PER_FRAME :].any()
    seconds = len(speech.samples) / SAMPLE_RATE_HZ
    for one in (*speech.words, *speech.phones):
        assert LEAD_FRAMES / FPS <= one.start_seconds < one.end_seconds <= seconds - TAIL_FRAMES / FPS + 1e-6
    for row in (speech.words, speech.phones):
        for left, right in itertools.pairwise(row):
            assert left.end_seconds <= right.start_seconds + 1e-9


@pytest.mark.parametrize("locale", SENTENCES)
def test_speaks_a_take(locale: str) -> None:
    speech = EspeakVoice().speak(SENTENCES[locale], locale)
    check_shape(speech)
    assert 2 < len(speech.samples) / SAMPLE_RATE_HZ < 12
    assert len(speech.phones) > 20
    assert len(speech.words) > 5


@pytest.mark.parametrize("locale", SENTENCES)
def test_is_loud_but_never_clips(locale: str) -> None:
    speech = EspeakVoice().speak(SENTENCES[locale], locale)
    assert -17.0 < loudness_lufs(speech.samples, SAMPLE_RATE_HZ) < -15.0
    assert 20 * np.log10(true_peak(speech.samples)) < -1.0


@pytest.mark.parametrize("locale", SENTENCES)
def test_captions_are_the_input_words(locale: str) -> None:
    words = EspeakVoice().speak(SENTENCES[locale], locale).words
    said = "".join("".join(word.text for word in words).split())
    assert said == "".join(SENTENCES[locale].split())


def test_word_times_follow_the_sound() -> None:
    # One word, a long pause, another word: the second must begin where sound comes back.
    speech = EspeakVoice().speak("Yes. Bananas.", "en-GB")
    first, second = speech.words
    assert (first.text, second.text) == ("Yes.", "Bananas.")
    pause = speech.samples[
        int((first.end_seconds + 0.05) * SAMPLE_RATE_HZ) : int((second.start_seconds - 0.02) * SAMPLE_RATE_HZ)
    ]
    word = speech.samples[int(second.start_seconds * SAMPLE_RATE_HZ) :][: int(0.3 * SAMPLE_RATE_HZ)]
    assert len(pause) > 0.1 * SAMPLE_RATE_HZ
    assert np.abs(pause).max() < 0.02 < 0.2 < np.abs(word).max()


def test_same_words_give_same_samples_whatever_was_said_before() -> None:
    voice = EspeakVoice()
    once = voice.speak("Good morning.", "en-GB")
    EspeakVoice("m3").speak("Etwas ganz anderes.", "de-DE")
    again = voice.speak("Good morning.", "en-GB")
    assert np.array_equal(once.samples, again.samples)
    assert once.words == again.words


def test_threads_share_the_engine() -> None:
    voice = EspeakVoice()
    wanted = {locale: voice.speak(text, locale).samples for locale, text in SENTENCES.items()}
    got: dict[str, np.ndarray] = {}

    def say(locale: str) -> None:
        got[locale] = voice.speak(SENTENCES[locale], locale).samples

    threads = [threading.Thread(target=say, args=(locale,)) for locale in SENTENCES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(got[locale], wanted[locale]) for locale in SENTENCES)


def test_the_knobs_turn() -> None:
    text = "A sentence to compare voices with."
    slow, fast = (EspeakVoice(rate_wpm=rate).speak(text, "en-GB") for rate in (120, 220))
    assert len(slow.samples) > 1.3 * len(fast.samples)
    low, high = (EspeakVoice(pitch=pitch).speak(text, "en-GB") for pitch in (10, 90))
    assert centre_hz(low) < centre_hz(high)
    assert not np.array_equal(
        EspeakVoice("f2").speak(text, "en-GB").samples, EspeakVoice("m3").speak(text, "en-GB").samples
    )


def centre_hz(speech: Speech) -> float:
    """Frequency of the strongest partial under 400 Hz: the voice's pitch."""
    spectrum = np.abs(np.fft.rfft(speech.samples))
    hz = np.fft.rfftfreq(len(speech.samples), 1 / SAMPLE_RATE_HZ)
    band = (hz > 60) & (hz < 400)
    return float((hz[band] * spectrum[band] ** 2).sum() / (spectrum[band] ** 2).sum())


@pytest.mark.parametrize(
    ("locale", "voice"),
    [
        ("en", "gmw/en"),
        ("en-AU", "gmw/en"),
        ("en-US", "gmw/en-US"),
        ("de-AT", "gmw/de"),
        ("fr-CA", "roa/fr"),
        ("fr-CH", "roa/fr-CH"),
        ("es-MX", "roa/es-419"),
        ("es-ES", "roa/es"),
        ("pt-BR", "roa/pt-BR"),
        ("zh-Hans-CN", "sit/cmn"),
        ("zh-HK", "sit/yue"),
        ("no-NO", "gmq/nb"),
        ("sr-Latn-RS", "zls/sr"),
        ("ja-JP", "jpx/ja"),
    ],
)
def test_finds_the_nearest_voice(locale: str, voice: str) -> None:
    assert espeak_voice(locale) == voice


@pytest.mark.parametrize("locale", ["xx-XX", "tlh", "", "en_GB", "e", "-", "de\n"])
def test_an_unknown_language_names_itself_and_the_cure(locale: str) -> None:
    with pytest.raises(UnspeakableError) as caught:
        EspeakVoice().speak("Hello", locale)
    assert repr(locale) in str(caught.value)
    assert "SPOKEN_LANGUAGES" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "   ", "...", "—"])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(UnspeakableError, match="words to say"):
        EspeakVoice().speak(text, "en-GB")


def test_an_unknown_variant_is_refused() -> None:
    with pytest.raises(UnspeakableError, match="'nobody'"):
        EspeakVoice("nobody")
    assert "f2" in variants()


@pytest.mark.parametrize("name", sorted(voices()))
def test_every_voice_of_the_engine_can_be_reached(name: str) -> None:
    if name in {"fr-fr", "chr-us-qaaa-x-west"}:
        name = name.split("-")[0]
    assert espeak_voice(name)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(max_codepoint=0x2FFF), max_size=12), max_size=6).map(" ".join))
def test_any_text_is_a_take_or_a_refusal(text: str) -> None:
    try:
        speech = EspeakVoice().speak(text, "en-GB")
    except UnspeakableError:
        return
    check_shape(speech)
    assert "".join(w.text for w in speech.words).split() or not text.split()
