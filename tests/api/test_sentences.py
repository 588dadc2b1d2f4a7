"""Sentences: where they end in many scripts, and that arguments are never cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_api.message import Message, MessageError, Plural, parse, to_text, variables
from understudy_api.sentences import sentence_templates, split_sentences

SPLIT = [
    ("en-GB", "", ()),
    ("en-GB", " ... !? ", ()),
    ("en-GB", "One sentence", ("One sentence",)),
    ("en-GB", "One.  Two!\nThree?", ("One.", "Two!", "Three?")),
    ("en-GB", "Really?! Yes… No... Maybe", ("Really?!", "Yes…", "No...", "Maybe")),
    (
        "en-GB",
        "Well... perhaps. Or e.g. today at 3.5 p.m. then.",
        ("Well... perhaps.", "Or e.g. today at 3.5 p.m. then."),
    ),
    ("en-GB", "Dr. Who met J. Smith. They won.", ("Dr. Who met J. Smith.", "They won.")),
    ("en-GB", 'She said "Go!" Then (at last.) Done.', ('She said "Go!"', "Then (at last.)", "Done.")),
    ("en-GB", "Buy at understudy.dev. Now.", ("Buy at understudy.dev.", "Now.")),
    ("en-GB", "It was I. Then you.", ("It was I.", "Then you.")),
    ("en-GB", "We have 5. They have 6.", ("We have 5.", "They have 6.")),
    ("en-GB", "Go! ... Then", ("Go!", "... Then")),
    (
        "de-DE",
        "Am 5. März z.B. Montag. Und im Jahr 2026. Gut.",
        ("Am 5. März z.B. Montag.", "Und im Jahr 2026.", "Gut."),
    ),
    ("fr-FR", "Bonjour M. Petit ! Ça va ? Oui.", ("Bonjour M. Petit !", "Ça va ?", "Oui.")),
    (
        "ja-JP",
        "こんにちは。お元気ですか？「はい。」次です。",
        ("こんにちは。", "お元気ですか？", "「はい。」", "次です。"),
    ),
    ("ar-EG", "مرحبا! كيف حالك؟ بخير. شكرا", ("مرحبا!", "كيف حالك؟", "بخير.", "شكرا")),
    ("hi-IN", "नमस्ते। डॉ. राव कैसे हैं? ठीक।", ("नमस्ते।", "डॉ. राव कैसे हैं?", "ठीक।")),
    ("xx", "Dr. Who. Yes.", ("Dr. Who.", "Yes.")),
]


@pytest.mark.parametrize(("locale", "text", "expected"), SPLIT)
def test_splits_plain_words(locale: str, text: str, expected: tuple[str, ...]) -> None:
    assert split_sentences(text, locale) == expected


SCRIPT = (
    "Hi {name}! It's spring.  {n, plural, one {One style. New!} other {# styles. New!}} for "
    "{who, select, dr {Dr. {last}} other {you}}. Dr. {name} costs {p, number, ::currency/EUR}."
)


def test_cuts_a_script_between_words_only() -> None:
    templates = sentence_templates(SCRIPT, "en-GB")
    assert not isinstance(templates, MessageError)
    assert [to_text(template) for template in templates] == [
        "Hi {name}!",
        "It''s spring.",
        "{n, plural, one {One style. New!} other {# styles. New!}} for {who, select, dr {Dr. {last}} other {you}}.",
        "Dr. {name} costs {p, number, ::currency/EUR}.",
    ]
    assert isinstance(templates[2].parts[0], Plural)
    assert variables(templates[1]) == {}


def test_a_sentence_without_variables_is_the_same_beside_any_other() -> None:
    alone = sentence_templates("It is spring.", "en-GB")
    beside = sentence_templates("Hi {name}!\n  It is\nspring. Bye {name}.", "en-GB")
    assert not isinstance(alone, MessageError)
    assert not isinstance(beside, MessageError)
    assert beside[1:2] == alone


def test_an_argument_alone_is_a_sentence_and_a_broken_text_an_error() -> None:
    assert sentence_templates("{greeting}", "en-GB") == (parse("{greeting}"),)
    assert sentence_templates("{a}. {b}. ...", "de-DE") == (parse("{a}."), parse("{b}. ..."))
    assert isinstance(sentence_templates("Hi {name.", "en-GB"), MessageError)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.text(st.sampled_from("ab Z.!?。 ؟'\n5\")"), max_size=40),
    st.sampled_from(["en-GB", "de-DE", "ja-JP", "ar-EG"]),
)
def test_no_letter_is_lost_or_moved(text: str, locale: str) -> None:
    sentences = split_sentences(text, locale)
    if any(char.isalnum() for char in text):
        assert "".join("".join(sentences).split()) == "".join(text.split())
    else:
        assert sentences == ()
    assert all(any(char.isalnum() for char in sentence) for sentence in sentences)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(["Hi {name}", "{n, plural, other {#. Yes! }}", "Dr.", "word", "! ", ". ", "。"])))
def test_templates_hold_every_part_of_the_text_in_order(pieces: list[str]) -> None:
    text = "".join(pieces)
    whole, templates = parse(text), sentence_templates(text, "en-GB")
    assert isinstance(whole, Message)
    assert not isinstance(templates, MessageError)
    if templates:
        rejoined = "".join(to_text(template) for template in templates)
        assert "".join(rejoined.split()) == "".join(to_text(whole).split())
