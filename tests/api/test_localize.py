"""Values in a locale's own words: plurals, amounts, percentages, days, and what a row must not do."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_api.localize import Value, cldr_locale, resolve
from understudy_api.message import Message, check_row, parse


def words(text: str, locale: str, **values: Value) -> str:
    message = parse(text)
    assert isinstance(message, Message)
    return resolve(message, values, locale)


PRICES = [
    ("en-GB", 39, "39 euros"),
    ("en-GB", "1", "1 euro"),
    ("en-GB", 39.5, "39.50 euros"),
    ("en-GB", 1234567, "1234567 euros"),
    ("en-GB", "39.999", "40 euros"),
    ("en-GB", "-0.004", "0 euros"),
    ("de-DE", "39.50", "39,50 Euro"),
    ("fr-FR", 39, "39 euros"),
    ("ja-JP", 39, "39ユーロ"),
    ("ar-EG", 39, "39 يورو"),
    ("hi-IN", 39, "39 यूरो"),
]


@pytest.mark.parametrize(("locale", "price", "expected"), PRICES)
def test_says_amounts_in_words(locale: str, price: Value, expected: str) -> None:
    assert words("{p, number, ::currency/EUR}", locale, p=price) == expected


def test_knows_each_currency_s_digits() -> None:
    assert words("{p, number, ::currency/JPY}", "en-GB", p=1200.4) == "1200 Japanese yen"
    assert words("{p, number, ::currency/KWD}", "en-GB", p=1.5) == "1.500 Kuwaiti dinars"


PERCENTAGES = [
    ("en-GB", "20 per cent"),
    ("de-DE", "20 Prozent"),
    ("fr-FR", "20 pour cent"),
    ("ja-JP", "20 パーセント"),
    ("ar-EG", "20 بالمائة"),
    ("hi-IN", "20 प्रतिशत"),
    ("zh-Hant-TW", "20%"),
]


@pytest.mark.parametrize(("locale", "expected"), PERCENTAGES)
def test_says_percentages_in_words(locale: str, expected: str) -> None:
    assert words("{p, number, percent}", locale, p=0.2) == expected


DAYS = [
    ("en-GB", "long", "5 March 2026"),
    ("en-GB", "full", "Thursday, 5 March 2026"),
    ("de-DE", "medium", "05.03.2026"),
    ("fr-FR", "long", "5 mars 2026"),
    ("ja-JP", "long", "2026年3月5日"),
    ("ar-EG", "short", "5/3/2026"),
    ("hi-IN", "long", "5 मार्च 2026"),
    ("ru-RU", "long", "5 марта 2026 г."),
]


@pytest.mark.parametrize(("locale", "length", "expected"), DAYS)
def test_says_days(locale: str, length: str, expected: str) -> None:
    assert words(f"{{d, date, {length}}}", locale, d="2026-03-05") == expected
    assert words(f"{{d, date, {length}}}", locale, d=date(2026, 3, 5)) == expected


STYLES = "{n, plural, =0 {nothing} zero {zero} one {one} two {two} few {few} many {many} other {# pieces}}"
PLURALS = [
    ("en-GB", 0, "nothing"),
    ("en-GB", "1.0", "one"),
    ("en-GB", 1.5, "1.5 pieces"),
    ("en-GB", 12000, "12000 pieces"),
    ("fr-FR", 1.5, "one"),
    ("ja-JP", 1, "1 pieces"),
    ("ar-EG", 2, "two"),
    ("ar-EG", 3, "few"),
    ("ar-EG", 11, "many"),
    ("ar-EG", 100, "100 pieces"),
    ("pl-PL", 22, "few"),
    ("de-DE", 2.5, "2,5 pieces"),
]


@pytest.mark.parametrize(("locale", "number", "expected"), PLURALS)
def test_picks_the_locale_s_plural(locale: str, number: Value, expected: str) -> None:
    assert words(STYLES, locale, n=number) == expected


def test_takes_the_offset_from_the_number_but_not_from_exact_cases() -> None:
    text = "{n, plural, offset:1 =1 {only {who}} one {{who} and # friend} other {{who} and # friends}}"
    assert [words(text, "en-GB", n=n, who="Ada") for n in (1, 2, 4)] == [
        "only Ada",
        "Ada and 1 friend",
        "Ada and 3 friends",
    ]


def test_counts_in_order() -> None:
    text = "{n, selectordinal, one {#st} two {#nd} few {#rd} other {#th}}"
    assert [words(text, "en-GB", n=n) for n in (1, 2, 3, 4, 11, 21)] == ["1st", "2nd", "3rd", "4th", "11th", "21st"]


def test_selects_by_word() -> None:
    text = "{who, select, she {her} 7 {seven} other {them}}"
    assert [words(text, "en-GB", who=who) for who in ("she", 7, "")] == ["her", "seven", "them"]


PLAIN = [
    ("{x}", {"x": "  Ada \n Lovelace "}, "Ada Lovelace"),
    ("{x}", {"x": "1,200"}, "1,200"),
    ("{x}", {"x": 1200.5}, "1200.5"),
    ("{x}", {"x": Decimal("2.50")}, "2.5"),
    ("{x}", {"x": date(2026, 3, 5)}, "5 March 2026"),
    ("{x, number}", {"x": "1200.1239"}, "1200.124"),
    ("{x, number, integer}", {"x": 2.5}, "2"),
    ("a \n b '{'{x}'}'", {"x": "{y}"}, "a b {{y}}"),
]


@pytest.mark.parametrize(("text", "values", "expected"), PLAIN)
def test_says_values_plainly(text: str, values: dict[str, Value], expected: str) -> None:
    assert words(text, "en-GB", **values) == expected


LOCALES = [("en-GB", "en_GB"), ("en-XX", "en"), ("zh-Hant-TW", "zh_Hant_TW"), ("de-XX-x", "de"), ("qqq", "root")]


@pytest.mark.parametrize(("locale", "expected"), LOCALES)
def test_finds_the_closest_data(locale: str, expected: str) -> None:
    assert str(cldr_locale(locale)) == expected


@pytest.mark.parametrize(
    ("text", "values", "what"),
    [
        ("{x}", {}, "{x}, got none"),
        ("{x, number}", {"x": "abc"}, "{x}, got 'abc'"),
        ("{x, date}", {"x": "soon"}, "{x}, got 'soon'"),
    ],
)
def test_names_the_value_that_does_not_fit(text: str, values: dict[str, Value], what: str) -> None:
    with pytest.raises(ValueError, match="row: wanted") as refusal:
        words(text, "en-GB", **values)
    assert what in str(refusal.value)


def test_names_a_malformed_locale() -> None:
    with pytest.raises(ValueError, match="got 'en_GB!'"):
        words("Hi", "en_GB!")


EVERYTHING = "{a} {n, number} {n, number, percent} {n, plural, one {#} other {#}} {n, number, ::currency/EUR}"


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.text(max_size=8),
    st.integers(-(10**14), 10**14) | st.floats(-1e14, 1e14) | st.decimals(-999, 999, places=3).map(str),
    st.sampled_from(["en-GB", "de-DE", "fr-FR", "ja-JP", "ar-EG", "hi-IN", "la"]),
)
def test_a_row_that_passes_the_check_is_always_resolved(name: str, number: Value, locale: str) -> None:
    message = parse(EVERYTHING)
    assert isinstance(message, Message)
    if not check_row(message, {"a": name, "n": number}):
        said = resolve(message, {"a": name, "n": number}, locale)
        assert said == said.strip()
        assert "\u202f" not in said.removeprefix(name)
