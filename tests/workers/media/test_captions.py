"""Captions: words at their times, lines that fit, cues that can be read, scripts of every direction."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_workers.media.captions import Cue, Spoken, caption, is_right_to_left, to_srt


@dataclass(frozen=True)
class Word:
    text: str
    start_seconds: float
    end_seconds: float


def spoken(text: str, start: float = 0.0, pace: float = 0.3, pieces: list[str] | None = None) -> Spoken:
    """A take in which each word takes ``pace`` seconds, after 0.2 s of silence and before 0.24 s."""
    words = [
        Word(piece, 0.2 + number * pace, 0.2 + number * pace + 0.8 * pace)
        for number, piece in enumerate(pieces if pieces is not None else text.split())
    ]
    return Spoken(text, words, start, round(0.44 + pace * len(words), 2))


LONG = (
    "Three new styles from 39 euros, and every one of them was made for the long and bright evenings "
    "of the coming summer, which we hope you will enjoy as much as we do."
)


def test_a_short_sentence_is_one_cue_at_its_words() -> None:
    cues = caption([spoken("Hello there, my dear friends.", start=2.0)], "en-GB")
    assert [cue.lines for cue in cues] == [("Hello there, my dear friends.",)]
    assert (cues[0].start_seconds, cues[0].end_seconds) == pytest.approx((2.2, 3.64))


def test_cues_follow_the_takes_on_the_time_line() -> None:
    first = spoken("The first sentence is here.")
    second = spoken("And here the second one.", start=first.seconds)
    cues = caption([first, second], "en-GB")
    assert [cue.lines for cue in cues] == [("The first sentence is here.",), ("And here the second one.",)]
    assert cues[1].start_seconds == pytest.approx(first.seconds + 0.2)
    assert cues[0].end_seconds <= cues[1].start_seconds


def test_a_long_sentence_becomes_several_balanced_cues() -> None:
    cues = caption([spoken(LONG)], "en-GB")
    assert " ".join(" ".join(cue.lines) for cue in cues) == LONG
    assert len(cues) == 3
    assert cues[0].lines[0] == "Three new styles from 39 euros,"
    lengths = [sum(map(len, cue.lines)) for cue in cues]
    assert max(lengths) < 1.5 * min(lengths)
    # Each cue begins when its first word is said.
    words = LONG.split()
    for cue in cues[1:]:
        said = len(" ".join(" ".join(earlier.lines) for earlier in cues[: cues.index(cue)]).split())
        assert cue.start_seconds == pytest.approx(0.2 + 0.3 * said)
        assert " ".join(cue.lines).startswith(words[said])


def test_slow_speech_is_cut_by_time() -> None:
    cues = caption([spoken("One two three four five six.", pace=2.0)], "en-GB")
    assert len(cues) == 2
    assert all(cue.end_seconds - cue.start_seconds <= 7 for cue in cues)


def test_a_word_longer_than_a_line_stands_alone() -> None:
    word = "Donaudampfschifffahrtsgesellschaftskapitänsmütze"
    lines = [line for cue in caption([spoken(f"Die {word} ist weg.")], "de-DE") for line in cue.lines]
    assert word in " ".join(lines)
    assert all(len(line) <= 42 or line == word for line in lines)


JAPANESE = [
    "新しい",
    "スタイルが",
    "三つ、",
    "39",
    "ユーロから",
    "ご用意",
    "しております。",
    "春の",
    "夜を",
    "楽しく。",
]


def test_japanese_breaks_between_phrases_and_keeps_numbers_with_what_they_count() -> None:
    text = "".join(JAPANESE)
    cues = caption([spoken(text, pieces=JAPANESE)], "ja-JP")
    lines = [line for cue in cues for line in cue.lines]
    assert "".join(lines) == text
    assert all(len(line) <= 18 for line in lines)
    starts = {"".join(JAPANESE[:number]) for number in range(len(JAPANESE))}
    for number in range(1, len(lines)):
        assert "".join(lines[:number]) in starts
    assert not any(line.startswith("ユーロ") for line in lines)


def test_words_that_are_not_in_the_text_leave_the_take_s_own_times() -> None:
    cues = caption([Spoken("Hello there.", [Word("greetings", 0.5, 0.9)], 1.0, 2.0)], "en-GB")
    assert cues == (Cue(1.0, 3.0, ("Hello there.",)),)


def test_srt_is_what_players_read() -> None:
    cues = (Cue(0.2, 1.2, ("Hi!",)), Cue(3661.0004, 3662.9996, ("Two", "lines.")))
    assert to_srt(cues, "en-GB") == (
        "1\n00:00:00,200 --> 00:00:01,200\nHi!\n\n2\n01:01:01,000 --> 01:01:03,000\nTwo\nlines.\n"
    )
    assert to_srt((), "en-GB") == ""


def test_right_to_left_lines_are_marked() -> None:
    srt = to_srt(caption([spoken("مرحبا Ada!")], "ar-EG"), "ar-EG")
    assert srt.splitlines()[2] == "\u200fمرحبا Ada!\u200f"
    assert "\u200f" not in to_srt(caption([spoken("Hello Ada!")], "en-GB"), "en-GB")


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("ar-EG", True), ("he-IL", True), ("fa", True), ("ur-PK", True), ("en-GB", False), ("qqq", False), ("!", False)],
)
def test_knows_directions(locale: str, expected: bool) -> None:
    assert is_right_to_left(locale) is expected


sentences = st.lists(
    st.sampled_from(["a", "is", "né", "well,", "summer", "bright.", "evenings", "unforgettable!"]),
    min_size=1,
    max_size=40,
).map(" ".join)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.tuples(sentences, st.floats(0.1, 0.9)), min_size=1, max_size=4))
def test_every_word_is_shown_once_in_order_and_cues_never_overlap(drawn: list[tuple[str, float]]) -> None:
    takes: list[Spoken] = []
    for text, pace in drawn:
        takes.append(spoken(text, sum(take.seconds for take in takes), pace))
    cues = caption(takes, "en-GB")
    shown = [word for cue in cues for line in cue.lines for word in line.split()]
    assert shown == [word for text, _ in drawn for word in text.split()]
    end = sum(take.seconds for take in takes)
    for cue, following in zip(cues, [*cues[1:], Cue(end, end, ())], strict=True):
        assert 0 <= cue.start_seconds <= cue.end_seconds <= following.start_seconds + 1e-6
        assert cue.end_seconds - cue.start_seconds <= 7 + 1e-6
        assert 1 <= len(cue.lines) <= 2
        assert all(len(line) <= 42 for line in cue.lines)
        room = following.start_seconds - cue.start_seconds
        assert cue.end_seconds - cue.start_seconds >= min(1, room) - 1e-6
    numbers = [int(block.split("\n")[0]) for block in re.split(r"\n\n", to_srt(cues, "en-GB").strip())]
    assert numbers == list(range(1, len(cues) + 1))
