"""From a scene's text to the words a voice says: sentences first, then each row's values in the locale's own form.

The result is written to be spoken and to be read in captions alike: amounts and percentages in words
("39 euros", "20 Prozent") and digits without grouping, because voices stumble over signs and narrow spaces, and
always in 0-9, which every voice reads. Plural rules, names and calendars are CLDR's, by way of babel.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from babel.units import format_unit

from understudy_api.message import (
    Date,
    Hash,
    Message,
    Number,
    Part,
    Plural,
    Select,
    Simple,
    Text,
    as_date,
    as_number,
)
from understudy_api.sentences import sentence_templates, split_sentences

__all__ = ["Value", "cldr_locale", "resolve", "sentence_templates", "split_sentences"]

Value = str | int | float | Decimal | date

_LOCALE = re.compile(r"[a-zA-Z]{2,4}(-[a-zA-Z0-9]{1,8})*")
_SPACES = re.compile(r"[ \t\r\n\f\v]+")
_BREAKLESS = re.compile("[\u00a0\u202f\u2009]")
_MARKS = re.compile("[\u200e\u200f\u061c]")


@lru_cache(maxsize=256)
def cldr_locale(locale: str) -> Locale:
    """CLDR's closest data for a BCP 47 locale: region and script are dropped before the language's own forms are.

    A language CLDR does not know gets the root's neutral forms. Raises ValueError for a malformed locale.
    """
    if not _LOCALE.fullmatch(locale):
        raise ValueError(f"locale: wanted a BCP 47 tag such as en-GB, got {locale!r}; correct it")
    tags = locale.split("-")
    while tags:
        try:
            return Locale.parse("-".join(tags), sep="-")
        except (UnknownLocaleError, ValueError):
            tags.pop()
    return Locale("root")


def resolve(message: Message, values: Mapping[str, Value], locale: str) -> str:
    """The words of a message for one row, as said and captioned in a locale; runs of spaces become one.

    ``values`` holds what ``understudy_api.message.check_row`` has let through; a missing or unfit value raises
    ValueError naming it. Half cents and halves round to even, as ICU does.
    """
    words = _words(message, values, cldr_locale(locale))
    return _SPACES.sub(" ", words).strip()


def _words(message: Message, values: Mapping[str, Value], locale: Locale) -> str:
    return "".join(_part_words(part, values, locale) for part in message.parts)


def _part_words(part: Part, values: Mapping[str, Value], locale: Locale) -> str:
    match part:
        case Text(text):
            return text
        case Simple(name):
            value = _value(values, name)
            return value if isinstance(value, str) else _plain(_simple_words(value, locale))
        case Number(name, style, currency):
            return _plain(_number_words(_number(values, name), style, currency, locale))
        case Date(name, length):
            return _plain(_date_words(_day(values, name), length, locale))
        case Hash(name, offset):
            return _plain(_decimal_words(_number(values, name) - offset, locale))
        case Plural():
            return _words(_plural_case(part, _number(values, part.name), locale), values, locale)
        case Select(name, cases):
            by_word = dict(cases)
            chosen = by_word.get(str(_value(values, name)), by_word["other"])
            return _words(chosen, values, locale)


def _value(values: Mapping[str, Value], name: str) -> Value:
    if name not in values:
        raise ValueError(f"row: wanted a value for {{{name}}}, got none; add the column {name!r}")
    return values[name]


def _number(values: Mapping[str, Value], name: str) -> Decimal:
    number = as_number(value := _value(values, name))
    if number is None:
        raise ValueError(f"row: wanted a number for {{{name}}}, got {value!r}; correct the row")
    return number


def _day(values: Mapping[str, Value], name: str) -> date:
    day = as_date(value := _value(values, name))
    if day is None:
        raise ValueError(f"row: wanted a day such as 2026-03-05 for {{{name}}}, got {value!r}; correct the row")
    return day


def _plural_case(plural: Plural, number: Decimal, locale: Locale) -> Message:
    cases = dict(plural.cases)
    for selector, message in plural.cases:
        if selector[0] == "=" and number == int(selector[1:]):
            return message
    form = locale.ordinal_form if plural.ordinal else locale.plural_form
    return cases.get(form(_shortest(number - plural.offset)), cases["other"])


def _shortest(number: Decimal) -> Decimal:
    """The number without trailing zeros, as it is shown: "1.0" counts as 1."""
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()


def _simple_words(value: Value, locale: Locale) -> str:
    if isinstance(value, date):
        return _date_words(value, "long", locale)
    return _decimal_words(Decimal(str(value)), locale)


def _decimal_words(number: Decimal, locale: Locale) -> str:
    return str(format_decimal(number, locale=locale, group_separator=False))


def _date_words(day: date, length: str, locale: Locale) -> str:
    known: Literal["short", "medium", "long", "full"]
    match length:
        case "short" | "medium" | "long" | "full" as known:
            return str(format_date(day, known, locale=locale))
        case _:
            raise ValueError(f"date length: wanted short, medium, long or full, got {length!r}")


def _number_words(number: Decimal, style: str, currency: str, locale: Locale) -> str:
    match style:
        case "integer":
            return _decimal_words(number.quantize(Decimal(1), ROUND_HALF_EVEN), locale)
        case "percent":
            return _percent_words((number * 100).quantize(Decimal(1), ROUND_HALF_EVEN), locale)
        case "currency":
            return _currency_words(number, currency, locale)
        case _:
            return _decimal_words(number, locale)


def _percent_words(percent: Decimal, locale: Locale) -> str:
    """A percentage with CLDR's word for it, else with its sign.

    Where CLDR leaves a plural form out, babel answers with a sign or with the unit's own name; a number given as
    text asks for the form "one", which every locale with a word has.
    """
    for number in (percent, f"{percent:f}"):
        words = str(format_unit(number, "concentr-percent", "long", format="0", locale=locale))
        if any(char.isalpha() for char in words) and "concentr" not in words:
            return words
    return str(format_percent(percent / 100, locale=locale))


def _currency_words(amount: Decimal, currency: str, locale: Locale) -> str:
    """An amount with its currency's name; whole amounts without a fraction: "39 euros", "39.50 euros"."""
    digits = get_currency_precision(currency)
    amount = amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    whole = amount == amount.to_integral_value()
    amount = Decimal(int(amount)) if whole else amount  # so that "1.00" counts as one
    pattern = "0" if whole else "0." + "0" * digits
    return str(
        format_currency(amount, currency, format=pattern, currency_digits=False, locale=locale, format_type="name")
    )


def _plain(words: str) -> str:
    """The words with ordinary spaces and without direction marks, which voices would try to read."""
    return _MARKS.sub("", _BREAKLESS.sub(" ", words))
