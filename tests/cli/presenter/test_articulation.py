"""From phones to mouth poses: what each sound must look like, and how neighbours blend."""

from dataclasses import astuple, dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_cli.presenter.articulation import beats, track
from understudy_cli.presenter.phonemes import sounds_of
from understudy_cli.presenter.targets import NAMES, TARGETS

FPS = 25


@dataclass(frozen=True)
class Said:
    symbol: str
    start_seconds: float
    end_seconds: float


def say(symbols: str, each: float = 0.12, lead: float = 0.4) -> list[Said]:
    return [Said(s, lead + i * each, lead + (i + 1) * each) for i, s in enumerate(symbols.split())]


def pose(symbols: str, which: int, name: str, each: float = 0.12) -> float:
    """The parameter in the frame nearest the middle of sound `which`."""
    table = track(say(symbols, each), 60, FPS, seed=3)
    return float(table[int((0.4 + (which + 0.5) * each) * FPS), NAMES.index(name)])


@pytest.mark.parametrize(
    ("symbol", "sounds"),
    [
        ("p", ("lips",)),
        ("m", ("lips",)),
        ("f", ("teeth-lip",)),
        ("ˈɑː", ("a",)),
        ("aɪ", ("a", "i")),
        ("ˈəʊ", ("uh", "u")),
        ("tʃ", ("tongue-ridge", "hush")),
        ("t͡s", ("tongue-ridge", "hiss")),
        ("ɔ̃", ("o",)),
        ("ʁ", ("r",)),
        ("ø", ("oe",)),
        ("yː", ("y",)),
        ("w", ("w",)),
        ("ɜː", ("schwa",)),
        ("θ", ("tongue-teeth",)),
        ("_:", ()),
        ("", ()),
        ("ˈ", ()),
        ("☃", ("schwa",)),
    ],
)
def test_symbols_become_sounds(symbol, sounds):
    assert sounds_of(symbol) == sounds


@given(st.text(max_size=4))
def test_any_symbol_gives_known_sounds(symbol):
    assert all(sound in TARGETS for sound in sounds_of(symbol))


@pytest.mark.parametrize("closure", ["p", "b", "m"])
def test_lips_meet_in_closures_even_between_wide_vowels(closure):
    assert pose(f"ɑː {closure} ɑː", 1, "open") <= 0.0
    assert pose(f"ɑː {closure} ɑː", 0, "open") > 0.4


@pytest.mark.parametrize(
    ("symbols", "name", "low", "high"),
    [
        ("ɑː ɑː", "jaw", 0.7, 1.2),
        ("ɑː ɑː", "open", 0.7, 1.2),
        ("iː iː", "width", 0.4, 1.0),
        ("iː iː", "jaw", -0.1, 0.35),
        ("uː uː", "round", 0.7, 1.2),
        ("f f", "tuck", 0.6, 1.2),
        ("s s", "jaw", -0.1, 0.2),
        ("l l", "tip", 0.6, 1.3),
        ("ʃ ʃ", "round", 0.35, 0.9),
    ],
)
def test_each_sound_takes_its_shape(symbols, name, low, high):
    assert low < pose(symbols, 1, name) < high


def test_a_consonant_before_a_rounded_vowel_is_already_round():
    assert pose("s uː", 0, "round") > pose("s iː", 0, "round") + 0.1


def test_silence_is_rest():
    table = track(say("ɑː ɑː", lead=0.4), 60, FPS, seed=1)
    assert np.abs(table[0]).max() < 0.15
    assert np.abs(table[-10:]).max() < 0.05
    assert not np.abs(track([], 20, FPS, seed=1)[:, :9]).max() > 0.01


def test_pauses_between_words_become_rest():
    phones = [Said("ɑː", 0.4, 0.6), Said("ɑː", 1.4, 1.6)]
    assert [b.sound for b in beats(phones, 2.4)] == ["rest", "a", "rest", "a", "rest"]
    table = track(phones, 60, FPS, seed=1)
    assert table[25, NAMES.index("open")] < 0.1


def test_equal_seeds_give_equal_tracks_and_others_differ():
    phones = say("h ɛ l əʊ")
    assert (track(phones, 40, FPS, 5) == track(phones, 40, FPS, 5)).all()
    assert (track(phones, 40, FPS, 5) != track(phones, 40, FPS, 6)).any()


@given(
    st.lists(
        st.sampled_from(["p", "a", "m", "i", "s", "u", "f", "l", "r", "k", "ʃ", "aɪ", "θ"]), min_size=1, max_size=12
    ),
    st.integers(0, 99),
)
@settings(max_examples=30, deadline=None)
def test_poses_stay_within_reach(symbols, seed):
    table = track(say(" ".join(symbols), 0.07), 60, FPS, seed)
    assert np.isfinite(table).all()
    assert np.abs(table).max() < 1.5
    assert np.abs(np.diff(table, axis=0)).max() < 1.0, "nothing jumps from frame to frame"


def test_targets_only_insist_on_parameters_that_exist():
    for target in TARGETS.values():
        assert {name for name, _ in target.firm} <= set(NAMES)
        assert max(map(abs, astuple(target.pose))) <= 1.0
