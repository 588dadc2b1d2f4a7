"""The grammar of a scene's text: a subset of ICU MessageFormat, read into frozen parts.

Understood: ``{name}``, ``{n, plural, offset:1 =0 {..} one {..} other {# ..}}``, ``selectordinal``,
``{x, select, a {..} other {..}}``, ``{p, number}`` with ``integer``, ``percent`` or ``::currency/EUR``,
``{d, date}`` with ``short``, ``medium``, ``long`` or ``full``, nesting, and ICU's apostrophes: ``''`` is one
apostrophe, ``'{'`` is a brace that opens nothing, and an apostrophe between letters stands for itself.

Two places are stricter than ICU, because here they are mistakes far more often than intentions: a ``}`` that
closes nothing and a quotation that never ends are refused.
"""

import re
from itertools import groupby

from understudy_api.message_parts import (
    DATE_LENGTHS,
    PLURAL_CATEGORIES,
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
)

MAX_TEXT_CHARS = 4_000
MAX_DEPTH = 4

_SPACE = re.compile(r"[ \t\r\n]*")
_NAME = re.compile(r"\w{1,64}(?!\w)")
_WORD = re.compile(r"[\w-]{1,64}(?![\w-])")
_SELECTOR = re.compile(r"=(?:0|[1-9][0-9]{0,8})(?![0-9])|[\w-]{1,64}(?![\w-])")
_OFFSET = re.compile(r"offset[ \t\r\n]*:[ \t\r\n]*(?:0|[1-9][0-9]{0,8})(?![0-9])")
_SKELETON = re.compile(r"::[^{}']*")
_CURRENCY = re.compile(r"::currency/([A-Z]{3})[ \t\r\n]*")


class Refused(Exception):  # noqa: N818  (a refusal travelling inside the parser; callers only see the value)
    """Carries a ``MessageError`` out of the depth of the grammar."""

    def __init__(self, error: MessageError) -> None:
        super().__init__(str(error))
        self.error = error


class Parser:
    """Reads one text from left to right; ``read()`` returns its ``Message`` or raises ``Refused``."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.kinds: dict[str, str] = {}  # variable -> text | number | date, in order of appearance

    def read(self) -> Message:
        """The whole text as a message."""
        if len(self._text) > MAX_TEXT_CHARS:
            size = f"the text has {len(self._text)} characters"
            raise self._refusal(size, f"at most {MAX_TEXT_CHARS}", "split it into several scenes", at=0)
        return self._message(depth=0, hash_part=None)

    def _refusal(self, what: str, wanted: str, cure: str, at: int | None = None) -> Refused:
        return Refused(MessageError(self._at if at is None else at, what, wanted, cure))

    def _message(self, depth: int, hash_part: Hash | None) -> Message:
        """Parts up to the } that closes this case (left for the caller), or up to the end at depth 0."""
        parts: list[Part] = []
        start = self._at
        while (char := self._text[self._at : self._at + 1]) not in ("", "}"):
            if char == "{":
                parts.append(self._argument(depth))
            elif char == "'":
                parts.append(Text(self._quoted(in_plural=hash_part is not None)))
            else:
                parts.append(hash_part if char == "#" and hash_part else Text(char))
                self._at += 1
        if depth and not char:
            cure = "close the text of this case with }"
            raise self._refusal("a { is never closed", "}", cure, at=start - 1)
        if char and not depth:
            raise self._refusal("a } closes nothing", "a { before it", "remove it, or write '}' in apostrophes")
        return Message(_joined(parts))

    def _quoted(self, in_plural: bool) -> str:
        """The text of an apostrophe at the cursor: itself, or a whole quotation."""
        start = self._at
        follower = self._text[start + 1 : start + 2]
        if follower == "'":
            self._at += 2
            return "'"
        if follower not in ("{", "}") and not (follower == "#" and in_plural):
            self._at += 1
            return "'"
        words = ""
        while True:
            end = self._text.find("'", self._at + 1)
            if end < 0:
                cure = "close it with ', or write '' for an apostrophe"
                raise self._refusal("a quotation is never closed", "a second '", cure, at=start)
            words += self._text[self._at + 1 : end]
            self._at = end + 1
            if self._text[self._at : self._at + 1] != "'":
                return words
            words += "'"

    def _skip_space(self) -> str:
        """Move to the next character that is no space and return it, '' at the end."""
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._text[self._at : self._at + 1]

    def _take(self, pattern: re.Pattern[str]) -> str:
        self._skip_space()
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match.group()

    def _expect(self, char: str, wanted: str, cure: str) -> None:
        if (got := self._skip_space()) != char:
            raise self._refusal(f"got {got!r}" if got else "the text ends inside { }", wanted, cure)
        self._at += 1

    def _argument(self, depth: int) -> Part:
        start = self._at
        if depth > MAX_DEPTH:
            cure = "move the inner choice into a column of the rows"
            raise self._refusal("arguments are nested too deeply", f"at most {MAX_DEPTH} levels", cure)
        self._at += 1
        name = self._take(_NAME)
        if not name:
            cure = "name the variable, or write '{' in apostrophes for a brace"
            raise self._refusal("no variable name follows {", "a name of at most 64 letters, digits or _", cure)
        if self._skip_space() == "}":
            self._at += 1
            self._note(name, "text", start)
            return Simple(name)
        self._expect(",", "} or ,", f"write {{{name}}}")
        kind = self._take(_WORD)
        readers = {"number": self._number, "date": self._date, "select": self._select}
        if kind in readers:
            self._note(name, kind if kind != "select" else "text", start)
            part = readers[kind](name, depth)
        elif kind in ("plural", "selectordinal"):
            self._note(name, "number", start)
            part = self._plural(name, depth, ordinal=kind == "selectordinal")
        else:
            wanted = "number, date, plural, selectordinal or select"
            raise self._refusal(f"{{{name}}} has the kind {kind!r}", wanted, "use one of these", at=start)
        self._expect("}", "}", f"close {{{name}, {kind}, ...}} with }}")
        return part

    def _note(self, name: str, kind: str, at: int) -> None:
        known = self.kinds.get(name, "text")
        if {known, kind} == {"number", "date"}:
            what = f"{{{name}}} is a {known} earlier and a {kind} here"
            raise self._refusal(what, "one kind for one variable", "rename one of them", at=at)
        self.kinds[name] = known if kind == "text" else kind

    def _number(self, name: str, _depth: int) -> Part:
        if self._skip_space() == "}":
            return Number(name)
        wanted = "integer, percent or ::currency/EUR"
        self._expect(",", "} or ,", f"write {{{name}, number}}")
        self._skip_space()
        start = self._at
        style = self._take(_SKELETON) or self._take(_WORD)
        if currency := _CURRENCY.fullmatch(style):
            return Number(name, "currency", currency.group(1))
        if style in ("integer", "percent"):
            return Number(name, style)
        raise self._refusal(f"{{{name}}} has the number style {style!r}", wanted, "use one of these", at=start)

    def _date(self, name: str, _depth: int) -> Part:
        if self._skip_space() == "}":
            return Date(name)
        self._expect(",", "} or ,", f"write {{{name}, date}}")
        self._skip_space()
        start = self._at
        if (length := self._take(_WORD)) in DATE_LENGTHS:
            return Date(name, length)
        wanted = ", ".join(DATE_LENGTHS[:-1]) + f" or {DATE_LENGTHS[-1]}"
        raise self._refusal(f"{{{name}}} has the date length {length!r}", wanted, "use one of these", at=start)

    def _plural(self, name: str, depth: int, ordinal: bool) -> Part:
        self._expect(",", ",", f"write {{{name}, plural, one {{...}} other {{...}}}}")
        offset = int(self._take(_OFFSET).rpartition(":")[2] or 0)
        cases = self._cases(name, depth, Hash(name, offset))
        return Plural(name, cases, offset, ordinal)

    def _select(self, name: str, depth: int) -> Part:
        self._expect(",", ",", f"write {{{name}, select, a {{...}} other {{...}}}}")
        return Select(name, self._cases(name, depth, None))

    def _cases(self, name: str, depth: int, hash_part: Hash | None) -> tuple[tuple[str, Message], ...]:
        cases: dict[str, Message] = {}
        while self._skip_space() not in ("}", ""):
            start = self._at
            selector = self._take(_SELECTOR if hash_part else _WORD)
            if not selector or (hash_part and selector[0] != "=" and selector not in PLURAL_CATEGORIES):
                wanted = f"=number or {', '.join(PLURAL_CATEGORIES)}" if hash_part else "a word"
                cure = "name a case, then its text in { }"
                raise self._refusal(f"{{{name}}} has no case {selector!r}", wanted, cure, at=start)
            if selector in cases:
                what = f"{{{name}}} has the case {selector!r} twice"
                raise self._refusal(what, "each case once", "remove one", at=start)
            self._expect("{", "{", f"put the text of the case {selector!r} in {{ }}")
            cases[selector] = self._message(depth + 1, hash_part)
            self._at += 1
        if "other" not in cases:
            what = f"{{{name}}} has no case 'other'"
            raise self._refusal(what, "other {...}", "add it: it is used when no case fits")
        return tuple(cases.items())


def _joined(parts: list[Part]) -> tuple[Part, ...]:
    """The parts with neighbouring texts made one and empty ones dropped."""
    joined: list[Part] = []
    for is_text, run in groupby(parts, key=lambda part: isinstance(part, Text)):
        if not is_text:
            joined.extend(run)
        elif text := "".join(part.text for part in run if isinstance(part, Text)):
            joined.append(Text(text))
    return tuple(joined)
