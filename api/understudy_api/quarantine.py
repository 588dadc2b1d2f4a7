"""Quarantine: where files of an ended license are taken, and the list of them.

In the staging bucket, below `quarantine/{account}/`, where no performer and no delivery reads:

- `manifest/{n:08d}.json`: the list, in parts, each created by a conditional put before anything is moved. Each names the part
  before it by digest and goes on with its sums, so that the digest of the last part stands for all.
- `files/{key}`: the files, each under the key it had.
- `moved/{n:08d}.json`: says that the files of a part were moved.
"""

from __future__ import annotations

from typing import Final

from pydantic import Field

from understudy_api.digest import digest_bytes
from understudy_api.model import Digest, Model

MAX_PART_FILES: Final = 1000
BEGINNING: Final = "0" * 64
"""What the first part names as the one before it."""
KEPT: Final = ("clips", "takes")
"""Folders of the staging bucket in which performers keep what they made, by license account."""


class KeptFile(Model):
    """One object as it was when it was listed."""

    key: str = Field(min_length=1, max_length=1024)
    etag: str = Field(max_length=128, description="As the store said.")
    bytes: int = Field(ge=0)


class Part(Model):
    """One part of the list; `files` and `bytes` are the sums up to here."""

    account: Digest
    number: int = Field(ge=0)
    previous: Digest = Field(description="Digest of the bytes of the part before, BEGINNING for the first.")
    kept: tuple[KeptFile, ...] = Field(max_length=MAX_PART_FILES)
    files: int = Field(ge=0)
    bytes: int = Field(ge=0)
    last: bool = Field(description="Whether there was nothing more when it was written.")


def first_part(account: str, kept: tuple[KeptFile, ...], last: bool) -> Part:
    """The part that a list begins with."""
    return _part(account, 0, BEGINNING, 0, 0, kept, last)


def next_part(before: Part, kept: tuple[KeptFile, ...], last: bool) -> Part:
    """The part that follows another."""
    digest = digest_bytes(to_bytes(before))
    return _part(before.account, before.number + 1, digest, before.files, before.bytes, kept, last)


def _part(
    account: str, number: int, previous: str, files: int, size: int, kept: tuple[KeptFile, ...], last: bool
) -> Part:
    return Part(
        account=account,
        number=number,
        previous=previous,
        kept=kept,
        files=files + len(kept),
        bytes=size + sum(one.bytes for one in kept),
        last=last,
    )


def to_bytes(part: Part) -> bytes:
    """The bytes that are stored, and that the next part or the ledger names by digest."""
    return part.model_dump_json().encode()


def folder(account: str) -> str:
    """Prefix of everything that is quarantined under an account."""
    return f"quarantine/{account}/"


def part_key(account: str, number: int) -> str:
    """Object key of a part; keys sort as numbers do."""
    return f"{folder(account)}manifest/{number:08d}.json"


def moved_key(account: str, number: int) -> str:
    """Object key of the note that the files of a part were moved."""
    return f"{folder(account)}moved/{number:08d}.json"


def file_key(account: str, key: str) -> str:
    """Object key of a file once it was moved."""
    return f"{folder(account)}files/{key}"
