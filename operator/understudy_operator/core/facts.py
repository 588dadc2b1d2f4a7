"""What an owner did, for the ledger of the licenses it concerns: facts that stand there once each.

They follow from what is recorded of the owner's word, so any restart finds the same ones; those whose ids stand in the
chain already are left out by whoever observes (`Ledger.unwritten`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from understudy_api import token
from understudy_api.acts import ConsentAnswer
from understudy_api.digest import digest_bytes
from understudy_api.keyring import Keyring, read_keyring
from understudy_api.ledger.account import Account
from understudy_api.ledger.entry import ConsentAnswered, ConsentAsked, Entry, Erased, KeyRecorded, Revoked
from understudy_api.owner_word import OwnerWord, parsed
from understudy_api.terms import LICENSE_TYPE, License, read_license
from understudy_api.verdict import Refusal
from understudy_operator.core.actions import Action, Record
from understudy_operator.core.booking import licensed
from understudy_operator.core.frozen import ConsentView

MAX_FACTS: Final = 256
"""Facts that one look writes at most; whoever has more looks again."""
MAX_ASKED: Final = 64
"""Requests of one job that are written down at a time."""


def of_license(license_token: str, account: Account, genesis: str, word: OwnerWord, farm: str) -> tuple[Entry, ...]:
    """What the owner's word means for a license on the farm of this thumbprint, oldest first.

    Nothing for a token that its twin's owner did not sign, unless it is the one that the account was recorded with: a
    stranger's object must not write into the chain of a license it merely names. A revocation of a license that was
    never used is written with the license before it; everything else only where something was written already.
    """
    if not (word.revocations or word.key_records or word.erasure):
        return ()
    found = _verified(license_token, genesis, word)
    known = account.license == digest_bytes(license_token.encode())
    claims = token.unverified(license_token, LICENSE_TYPE)
    if isinstance(claims, Refusal) or (not known and not (found and found.terms.aud == farm)):
        return ()
    return tuple(_of_license(account, word, str(claims["jti"]), found))[:MAX_FACTS]


def _of_license(account: Account, word: OwnerWord, jti: str, found: License | None) -> Iterator[Entry]:
    used, revocation = account.sequence >= 0, word.revocations.get(jti)
    if used:
        yield from (KeyRecorded(number=place, record=one) for place, one in enumerate(word.key_records, start=1))
    if revocation is not None:
        if account.license is None and found is not None and (first := licensed(account, found)):
            yield first
        yield Revoked(act=revocation)
    if used and word.erasure is not None:
        yield Erased(act=word.erasure)


def _verified(license_token: str, genesis: str, word: OwnerWord) -> License | None:
    ring = read_keyring(genesis, word.key_records)
    found = read_license(license_token, ring) if isinstance(ring, Keyring) else None
    return found if isinstance(found, License) else None


def of_consents(uid: str, consents: Sequence[ConsentView], word: OwnerWord) -> tuple[Entry, ...]:
    """What was asked for a job, and what its owner answered."""
    return tuple(_of_consents(uid, consents[:MAX_ASKED], word))


def _of_consents(uid: str, consents: Sequence[ConsentView], word: OwnerWord) -> Iterator[Entry]:
    for request in dict.fromkeys(one.digest for one in consents if one.digest):
        yield ConsentAsked(uid=uid, request=request)
        act = word.answers.get(request)
        answer = parsed(act) if act else None
        if act and isinstance(answer, ConsentAnswer):
            yield ConsentAnswered(request=request, answer=answer.answer, act=act)


def written(
    actions: tuple[Action, ...], account: Account | None, facts: tuple[Entry, ...], names: Mapping[str, str]
) -> tuple[Action, ...]:
    """The actions, with the facts in the one link they write, or in a link of their own before them."""
    if account is None or not facts:
        return actions
    for place, action in enumerate(actions):
        if isinstance(action, Record):
            further = replace(action, entries=(*action.entries, *facts), names={**names, **action.names})
            return (*actions[:place], further, *actions[place + 1 :])
    return (Record(account=account, entries=facts, names=names), *actions)
