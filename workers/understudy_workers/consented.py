"""Words held against the list that was consented to: by the performer, before it says them.

The list is the operator's; what is believed is its digest, which stands in the subject that the owner or a reviewer
released and that the grant covers.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from understudy_api.digest import digest_bytes
from understudy_api.localize import resolve
from understudy_api.message import Message, parse, variables
from understudy_api.moderation.listing import copy_key, head_line, sentence_line, template_line, value_line
from understudy_api.verdict import Refusal
from understudy_workers.objects import Objects
from understudy_workers.work import Filling, Permit

NOT_CONSENTED: Final = "WordsNotConsented"
_KEPT: Final = 2
"""Lists that are remembered: those of the orders at work."""


class Consented:
    """The lists of orders whose words were released by somebody. Not for several threads at once."""

    def __init__(self, objects: Objects, bucket: str) -> None:
        self._objects = objects
        self._bucket = bucket
        self._lists: OrderedDict[tuple[str, str], frozenset[bytes] | Refusal] = OrderedDict()

    def refusal(self, permit: Permit, words: str, locale: str, filling: Filling | None) -> Refusal | None:
        """Why a sentence must not be said under a permit that holds; None when it was listed, or nothing had to be.

        Raises StoreError (MissingObjectError: the list is gone).
        """
        if permit.clearance is None:
            return None
        lines = self._lines(permit)
        if isinstance(lines, Refusal):
            return lines
        if permit.clearance.subject.form == "sentences":
            listed = sentence_line(locale, words) in lines
        else:
            listed = filling is not None and _made_of(lines, words, locale, filling)
        return None if listed else _refused(f"{locale}: a sentence of {len(words)} characters is not on the list")

    def _lines(self, permit: Permit) -> frozenset[bytes] | Refusal:
        """The list that the order's subject names; or why what lies there is another one."""
        assert permit.clearance is not None
        subject = permit.clearance.subject
        asked = (permit.order_uid, subject.digest)
        if asked not in self._lists:
            data = self._objects.get(self._bucket, copy_key(permit.order_uid, subject.listing))
            lines = data.splitlines(keepends=True)
            good = digest_bytes(data) == subject.listing and lines[:1] == [head_line(subject.form, subject.content)]
            while len(self._lists) >= _KEPT:
                self._lists.popitem(last=False)
            self._lists[asked] = frozenset(lines) if good else _refused("the list is not the one that was consented to")
        self._lists.move_to_end(asked)
        return self._lists[asked]


def _made_of(lines: frozenset[bytes], words: str, locale: str, filling: Filling) -> bool:
    """Whether these very words come out when listed values fill a listed template."""
    try:
        message, values = parse(filling.template), dict(filling.values)
        return (
            isinstance(message, Message)
            and template_line(locale, filling.template) in lines
            and set(variables(message)) == set(values)
            and all(value_line(column, value) in lines for column, value in values.items())
            and resolve(message, values, locale) == words
        )
    except (ValueError, TypeError, ArithmeticError):  # a director may send anything
        return False


def _refused(what: str) -> Refusal:
    return Refusal(
        reason=NOT_CONSENTED,
        message=f"consent: {what}; only listed words are said, ask for consent to the changed ones",
    )
