"""A twin's key records as a command needs them: from files that the owner keeps, or as this machine's farm has recorded them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from understudy_api.genesis import read_genesis, twin_id
from understudy_api.keyring import Keyring, read_keyring
from understudy_api.owner_word import Recorded
from understudy_api.settings import BucketNames
from understudy_api.verdict import Refusal
from understudy_cli.errors import UserError
from understudy_cli.rings import followed

if TYPE_CHECKING:
    from understudy_workers.objects import Objects


def ring_at(objects: Objects, genesis: str, files: list[Path] | None, where: str) -> Keyring:
    """The twin's ring after the records in `files`, or without any, after those in the farm's ledger; UserError otherwise.

    `where` is what errors call the twin.
    """
    founded = read_genesis(genesis)
    if isinstance(founded, Refusal):
        raise UserError(f"{where}: {founded.message}")
    if files:
        return followed(Keyring(founded), files)
    ring = read_keyring(genesis, _recorded(objects, twin_id(genesis)))
    if isinstance(ring, Refusal):
        raise UserError(f"{where}: the recorded {ring.message}; give the records you keep with --records")
    return ring


def _recorded(objects: Objects, twin: str) -> tuple[str, ...]:
    bucket = BucketNames().ledger
    keys = sorted(objects.keys(bucket, f"keys/{twin}/"))
    return tuple(Recorded.model_validate_json(objects.get(bucket, key)).act for key in keys)
