"""Links of a license's chain: each names the digest of the one before it, so that nobody changes the past unseen.

A chain is objects `licenses/{account id}/{sequence:08d}.json` in the ledger bucket, each created by a conditional put, each
with the whole account after it: reading the newest is enough to go on, reading all of them is enough to check everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import Field, ValidationError

from understudy_api.digest import digest_bytes
from understudy_api.ledger.account import Account, fold
from understudy_api.ledger.entry import Entry
from understudy_api.model import Digest, Model, fault_of
from understudy_api.verdict import Refusal

BEGINNING: Final = "0" * 64
"""What the first link names as the one before it."""
PREFIX: Final = "licenses/"
_KEY: Final = re.compile(r"^licenses/([0-9a-f]{64})/(\d{8})\.json$")

Fault = Literal["unreadable", "deleted", "reordered", "altered", "truncated", "forked", "unsigned"]


class Link(Model):
    """One object of a chain."""

    sequence: int = Field(ge=0)
    previous: Digest = Field(description="Digest of the bytes of the link before, BEGINNING for the first.")
    written_at: float = Field(ge=0, description="Unix seconds.")
    entries: tuple[Entry, ...] = Field(min_length=1)
    balance: Account = Field(description="The account after these entries.")


@dataclass(frozen=True)
class Head:
    """The newest link of a chain as far as the next one has to know it."""

    account: Account
    digest: str = BEGINNING


@dataclass(frozen=True)
class Finding:
    """Something that does not hold; `where` is an object key or a file."""

    fault: Fault
    where: str
    message: str


@dataclass(frozen=True)
class Chain:
    """A chain that was read: its links by sequence as far as they can be parsed, their digests, and what is wrong."""

    id: str
    links: Mapping[int, Link]
    digests: Mapping[int, str]
    findings: tuple[Finding, ...] = ()

    @property
    def length(self) -> int:
        """Sequence of the last link and one."""
        return max(self.digests, default=-1) + 1


def link_key(account: str, sequence: int) -> str:
    """Object key of a link; keys sort as sequences do."""
    return f"{PREFIX}{account}/{sequence:08d}.json"


def parse_key(key: str) -> tuple[str, int] | None:
    """Account id and sequence of a link's key, None for any other key."""
    found = _KEY.match(key)
    return (found[1], int(found[2])) if found else None


def next_link(head: Head, entries: tuple[Entry, ...], now: float) -> Link | Refusal:
    """The link that follows `head` with these entries, written at `now` (Unix seconds); or why it cannot."""
    account = fold(head.account, entries)
    if isinstance(account, Refusal):
        return account
    return Link(sequence=account.sequence, previous=head.digest, written_at=now, entries=entries, balance=account)


def to_bytes(link: Link) -> bytes:
    """The bytes that are stored, and that the next link names by digest."""
    return link.model_dump_json(exclude_defaults=False).encode()


def read_link(data: bytes, account: str, sequence: int) -> Link | Finding:
    """The link stored at a place of a chain; a Finding when it is no link or says it belongs elsewhere."""
    where = link_key(account, sequence)
    try:
        link = Link.model_validate_json(data)
    except ValidationError as error:
        return Finding("unreadable", where, fault_of(error, "the object"))
    if (link.balance.id, link.sequence, link.balance.sequence) != (account, sequence, sequence):
        said = f"link {link.sequence} of account {link.balance.id[:12]}"
        return Finding("reordered", where, f"it says it is {said}; the objects changed places")
    return link


def verify_chain(account: str, objects: Mapping[int, bytes]) -> Chain:
    """Check a whole chain, given its objects by sequence. Every object is looked at, whatever is wrong before it."""
    links: dict[int, Link] = {}
    digests: dict[int, str] = {}
    findings: list[Finding] = []
    before: Head | None = Head(Account(id=account))
    for sequence in range(max(objects, default=-1) + 1):
        data = objects.get(sequence)
        if data is None:
            where = link_key(account, sequence)
            findings.append(Finding("deleted", where, "there is no such object, but a later link stands"))
            before = None
            continue
        digests[sequence] = digest_bytes(data)
        link = read_link(data, account, sequence)
        if isinstance(link, Finding):
            findings.append(link)
            before = None
            continue
        links[sequence] = link
        if before is not None and (wrong := _does_not_follow(link, before, link_key(account, sequence))):
            findings.append(wrong)
        before = Head(link.balance, digests[sequence])
    return Chain(account, links, digests, tuple(findings))


def _does_not_follow(link: Link, before: Head, where: str) -> Finding | None:
    if link.previous != before.digest:
        return Finding("altered", where, "it follows another link than the one that stands before it")
    account = fold(before.account, link.entries)
    if isinstance(account, Refusal):
        return Finding("altered", where, f"{account.reason}: {account.message.removeprefix('ledger: ')}")
    if account != link.balance:
        return Finding("altered", where, "its balance does not follow from its entries")
    return None
