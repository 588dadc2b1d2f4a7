"""The text grammar: what it reads, what it refuses and where, and what a row must bring."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_api.message import (
    Date,
    Hash,
    Message,
    MessageError,
    Number,
    Part,
    Plural,
    Select,
    Simple,
    Text,
    as_date,
    as_number,
    check_row,
    parse,
    to_text,
    variables,
)
from understudy_api.message_parts import DATE_LENGTHS, PLURAL_CATEGORIES
from understudy_api.message_syntax import MAX_DEPTH, MAX_TEXT_CHARS


def message(*parts: Part) -> Message:
    return Message(parts)


def said(text: str) -> Message:
    return Message((Text(text),))


READ = [
    ("", message()),
    ("Hello.", said("Hello.")),
    ("Hi {name}!", message(Text("Hi "), Simple("name"), Text("!"))),
    ("{ name }", message(Simple("name"))),
    ("{0}{größe}", message(Simple("0"), Simple("größe"))),
    ("{n, number}", message(Number("n"))),
    ("{n,number,integer}", message(Number("n", "integer"))),
    ("{n, number, percent }", message(Number("n", "percent"))),
    ("{n, number, ::currency/EUR }", message(Number("n", "currency", "EUR"))),
    ("{d, date}", message(Date("d", "medium"))),
    ("{d, date, full}", message(Date("d", "full"))),
    (
        "{n, plural, =0 {none} one {one} other {# of them}}",
        message(
            Plural("n", (("=0", said("none")), ("one", said("one")), ("other", message(Hash("n"), Text(" of them")))))
        ),
    ),
    (
        "{n, plural, offset:1 other{#}}",
        message(Plural("n", (("other", message(Hash("n", 1))),), offset=1)),
    ),
    (
        "{n, selectordinal, few {#rd} other {#th}}",
        message(
            Plural(
                "n",
                (("few", message(Hash("n"), Text("rd"))), ("other", message(Hash("n"), Text("th")))),
                ordinal=True,
            )
        ),
    ),
    (
        "{who, select, she {her} other {{n, plural, other {#}}}}",
        message(
            Select(
                "who",
                (("she", said("her")), ("other", message(Plural("n", (("other", message(Hash("n"))),))))),
            )
        ),
    ),
    ("'{{''{'", said("{{'{")),
    ("it's {name}''s", message(Text("it's "), Simple("name"), Text("'s"))),
    ("'{name}' is # '{'", said("{name} is # {")),
    ("'{it''s}'", said("{it's}")),
    ("{n, plural, other {'#' is #}}", message(Plural("n", (("other", message(Text("# is "), Hash("n"))),)))),
    ("{x, select, other {a # b}}", message(Select("x", (("other", said("a # b")),)))),
    ("l'été à {ville}", message(Text("l'été à "), Simple("ville"))),
    ("d''{ville}", message(Text("d'"), Simple("ville"))),
]


@pytest.mark.parametrize(("text", "expected"), READ, ids=[text or "empty" for text, _ in READ])
def test_reads(text: str, expected: Message) -> None:
    assert parse(text) == expected


REFUSED = [
    ("Hi {name", 8, "the text ends inside { }"),
    ("Hi }", 3, "a } closes nothing"),
    ("Hi {}", 4, "no variable name"),
    ("{a b}", 3, "got 'b'"),
    ("{n, spellout}", 0, "kind 'spellout'"),
    ("{n, }", 0, "kind ''"),
    ("{n, number, ::currency/eur}", 12, "number style"),
    ("{n, number, currency}", 12, "number style"),
    ("{d, date, tiny}", 10, "date length"),
    ("{n, plural}", 10, "got '}'"),
    ("{n, plural, one {x}}", 19, "no case 'other'"),
    ("{n, plural, pair {x} other {y}}", 12, "no case 'pair'"),
    ("{n, plural, =01 {x} other {y}}", 12, "no case ''"),
    ("{n, plural, one {x} one {y} other {z}}", 20, "twice"),
    ("{n, plural, one x other {z}}", 16, "got 'x'"),
    ("{x, select, a {b}}", 17, "no case 'other'"),
    ("{x, select, =1 {b} other {c}}", 12, "no case ''"),
    ("{x, select, other {b", 18, "never closed"),
    ("'{never", 0, "quotation is never closed"),
    ("{n, number} {n, date}", 12, "is a number earlier and a date here"),
    ("{" + "n" * 65 + "}", 1, "no variable name"),
    ("a" * (MAX_TEXT_CHARS + 1), 0, f"{MAX_TEXT_CHARS + 1} characters"),
]


@pytest.mark.parametrize(("text", "position", "what"), REFUSED, ids=[text[:30] for text, _, _ in REFUSED])
def test_refuses_and_says_where(text: str, position: int, what: str) -> None:
    error = parse(text)
    assert isinstance(error, MessageError)
    assert what in error.what
    assert error.position == position
    assert error.wanted
    assert error.cure
    assert "\n" not in str(error)
    assert str(error).startswith(f"at character {position + 1}: ")


def nested(levels: int) -> str:
    text = "deep"
    for _ in range(levels):
        text = f"{{x, select, other {{{text}}}}}"
    return text


def test_bounds_the_depth() -> None:
    assert isinstance(parse(nested(MAX_DEPTH + 1)), Message)
    error = parse(nested(MAX_DEPTH + 2))
    assert isinstance(error, MessageError)
    assert "nested too deeply" in error.what


VARIABLES = [
    ("Hello.", {}),
    ("{a} {b, number} {c, date}", {"a": "text", "b": "number", "c": "date"}),
    ("{a} {a, number}", {"a": "number"}),
    ("{a, number} {a}", {"a": "number"}),
    ("{d, date} {d}", {"d": "date"}),
    ("{x, select, a {{n, plural, other {# {y}}}} other {}}", {"x": "text", "n": "number", "y": "text"}),
]


@pytest.mark.parametrize(("text", "expected"), VARIABLES)
def test_names_variables_with_their_kinds(text: str, expected: dict[str, str]) -> None:
    parsed = parse(text)
    assert isinstance(parsed, Message)
    assert variables(parsed) == expected


ROWS = [
    ({"name": "Ada", "n": 3, "day": "2026-03-05"}, ()),
    ({"name": "Ada", "n": "3.5", "day": "2026-03-05T10:00:00Z", "unused": None}, ()),
    ({"name": 7, "n": -2, "day": date(2026, 3, 5)}, ()),
    ({"n": 3, "day": "2026-03-05"}, ("{name} is missing",)),
    ({"name": "", "n": 3, "day": "2026-03-05"}, ("{name} is missing",)),
    ({"name": None, "n": "abc", "day": "2026-02-30"}, ("{name} is missing", "{n} is 'abc'", "{day} is '2026-02-30'")),
    ({"name": "a\nb", "n": True, "day": "5.3.2026"}, ("{name} is 'a\\nb'", "{n} is 'True'", "{day} is '5.3.2026'")),
    ({"name": ["Ada"], "n": float("nan"), "day": 20260305}, ("{name} is", "{n} is 'nan'", "{day} is '20260305'")),
    ({"name": "x" * 501, "n": "1,200", "day": "2026-03-05"}, ("{name} is 'xxx", "{n} is '1,200'")),
]


@pytest.mark.parametrize(("row", "reasons"), ROWS)
def test_holds_a_row_against_a_message(row: dict[str, object], reasons: tuple[str, ...]) -> None:
    parsed = parse("{name} has {n, plural, one {one} other {#}} since {day, date, long}")
    assert isinstance(parsed, Message)
    found = check_row(parsed, row)
    assert len(found) == len(reasons)
    for reason, start in zip(found, reasons, strict=True):
        assert reason.startswith(start)
        assert "wanted" in reason
        assert len(reason) < 200


NUMBERS = [
    (3, Decimal(3)),
    ("39.50", Decimal("39.50")),
    (" -7 ", Decimal(-7)),
    (0.1, Decimal("0.1")),
    (Decimal("2.5"), Decimal("2.5")),
    (1e15, None),
    (10**15, None),
    ("1e3", None),
    ("٣", None),
    (True, None),
    (float("inf"), None),
    (None, None),
    ("", None),
]


@pytest.mark.parametrize(("value", "expected"), NUMBERS)
def test_reads_numbers(value: object, expected: Decimal | None) -> None:
    assert as_number(value) == expected


def test_reads_days() -> None:
    day = date(2026, 3, 5)
    assert as_date("2026-03-05") == as_date(" 2026-03-05T23:59:59+09:00 ") == day
    assert as_date(day) == as_date(datetime(2026, 3, 5, 12, 30)) == day
    assert as_date("2026-3-5") is as_date("20260305") is as_date("2026-13-01") is as_date(5) is None


names = st.sampled_from(["a", "b_2", "größe", "_", "x" * 50])
texts = st.text(st.sampled_from("ab {}'#,.\n é漢"), min_size=1, max_size=12).map(Text)


def normal(parts: list[Part]) -> Message:
    """The drawn parts as the parser would give them: no two texts side by side."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, Text) and joined and isinstance(joined[-1], Text):
            joined[-1] = Text(joined[-1].text + part.text)
        else:
            joined.append(part)
    return Message(tuple(joined))


@st.composite
def messages(draw: st.DrawFn, depth: int = 0, hash_part: Hash | None = None) -> Message:
    # One prefix per kind keeps a variable from being both a number and a date.
    leaves: list[st.SearchStrategy[Part]] = [
        texts,
        names.map(lambda name: Simple(f"t{name}")),
        st.builds(Number, names.map("n{}".format), st.sampled_from(["decimal", "integer", "percent"])),
        st.builds(Number, names.map("n{}".format), st.just("currency"), st.sampled_from(["EUR", "JPY"])),
        st.builds(Date, names.map("d{}".format), st.sampled_from(DATE_LENGTHS)),
    ]
    if hash_part:
        leaves.append(st.just(hash_part))
    if depth < 2:
        leaves += [plurals(depth + 1), selects(depth + 1)]
    return normal(draw(st.lists(st.one_of(leaves), max_size=4)))


@st.composite
def plurals(draw: st.DrawFn, depth: int) -> Plural:
    name, offset = f"n{draw(names)}", draw(st.integers(0, 3))
    selectors = draw(st.sets(st.sampled_from([*PLURAL_CATEGORIES, "=0", "=12"]), max_size=3)) | {"other"}
    inner = messages(depth, Hash(name, offset))
    return Plural(name, tuple((s, draw(inner)) for s in sorted(selectors)), offset, draw(st.booleans()))


@st.composite
def selects(draw: st.DrawFn, depth: int) -> Select:
    words = draw(st.sets(st.sampled_from(["a", "b-c", "één"]), max_size=2)) | {"other"}
    return Select(f"t{draw(names)}", tuple((word, draw(messages(depth))) for word in sorted(words)))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(messages())
def test_writing_and_reading_gives_the_same(drawn: Message) -> None:
    assert parse(to_text(drawn)) == drawn


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("{}',#=nax other plural select number date offset:1"), max_size=60))
def test_any_text_is_a_message_or_an_error_inside_it(text: str) -> None:
    parsed = parse(text)
    if isinstance(parsed, MessageError):
        assert 0 <= parsed.position <= len(text)
    else:
        assert parse(to_text(parsed)) == parsed


@settings(max_examples=60, deadline=None, derandomize=True)
@given(messages(depth=1), st.dictionaries(names, st.none() | st.booleans() | st.floats() | st.text(max_size=5)))
def test_judging_a_row_never_raises_and_a_full_row_passes(drawn: Message, noise: dict[str, object]) -> None:
    check_row(drawn, noise)
    full = {"text": "Ada", "number": "3", "date": "2026-03-05"}
    assert check_row(drawn, {name: full[kind] for name, kind in variables(drawn).items()}) == ()
