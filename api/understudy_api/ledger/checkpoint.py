"""Checkpoints: one signature over the heads of all chains, in the formats of C2SP (tlog-checkpoint, signed-note).

The tree (RFC 6962) has a leaf for each chain, sorted by account id: the canonical JSON of its Head line. Who keeps a
checkpoint, or a statement that carries one, can show later that a chain was cut or grown anew since.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Final

from joserfc.jwk import OKPKey
from pydantic import Field

from understudy_api import token
from understudy_api.digest import canonical
from understudy_api.ledger import merkle
from understudy_api.ledger.chain import Chain, Finding, link_key
from understudy_api.ledger.note import open_note, sign_note
from understudy_api.model import Digest, Model
from understudy_api.verdict import Refusal

PREFIX: Final = "checkpoints/"
_BODY: Final = re.compile(r"^(\S+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\ntime (\d{1,12})\n$")


class ChainHead(Model):
    """How far a chain had come."""

    account: Digest
    sequence: int = Field(ge=0)
    digest: Digest = Field(description="Digest of the bytes of that link.")

    @property
    def leaf(self) -> bytes:
        """The bytes of its leaf."""
        return canonical([self.account, self.sequence, self.digest])


class Checkpoint(Model):
    """A signed note and all the heads it was made over."""

    note: str = Field(max_length=10_000)
    heads: tuple[ChainHead, ...] = Field(max_length=100_000)


class Evidence(Model):
    """A signed note and the one head a statement is about, with its inclusion proof."""

    note: str = Field(max_length=10_000)
    head: ChainHead
    index: int = Field(ge=0)
    proof: tuple[str, ...] = Field(max_length=64, description="Base64 hashes from the leaf upwards.")


class Sealed(Model):
    """What a checkpoint's text says, once its signature holds."""

    size: int
    root: str
    sealed_at: int = Field(description="Unix seconds.")


def checkpoint_key(number: int) -> str:
    """Object key of a checkpoint in the ledger bucket; keys sort as numbers do."""
    return f"{PREFIX}{number:08d}.json"


def origin(farm: OKPKey) -> str:
    """The name a farm signs checkpoints under."""
    return f"understudy.dev/ledger/{token.thumbprint(farm)}"


def seal(heads: Sequence[ChainHead], farm: OKPKey, now: float) -> Checkpoint:
    """A checkpoint over heads, signed with the farm's key at `now` (Unix seconds)."""
    ordered = tuple(sorted(heads, key=lambda head: head.account))
    root = base64.b64encode(merkle.root([head.leaf for head in ordered])).decode()
    name = origin(farm)
    return Checkpoint(note=sign_note(f"{name}\n{len(ordered)}\n{root}\ntime {int(now)}\n", name, farm), heads=ordered)


def evidence(checkpoint: Checkpoint, account: str) -> Evidence | None:
    """What a statement about one license carries; None when the checkpoint knows no such chain."""
    places = [place for place, head in enumerate(checkpoint.heads) if head.account == account]
    if not places:
        return None
    proof = merkle.inclusion_proof([head.leaf for head in checkpoint.heads], places[0])
    texts = tuple(base64.b64encode(one).decode() for one in proof)
    return Evidence(note=checkpoint.note, head=checkpoint.heads[places[0]], index=places[0], proof=texts)


def read_note(note: str, farm: OKPKey) -> Sealed | Refusal:
    """What a checkpoint's note says, when this farm signed it."""
    text = open_note(note, origin(farm), farm)
    if isinstance(text, Refusal):
        return text
    found = _BODY.match(text)
    if found is None or found[1] != origin(farm):
        return Refusal(reason="BadCheckpoint", message="checkpoint: wanted origin, size, root and time")
    return Sealed(size=int(found[2]), root=found[3], sealed_at=int(found[4]))


def proven_heads(kept: Checkpoint | Evidence, farm: OKPKey) -> tuple[ChainHead, ...] | Refusal:
    """The heads that a kept file really proves; or why it proves none."""
    sealed = read_note(kept.note, farm)
    if isinstance(sealed, Refusal):
        return sealed
    wanted = base64.b64decode(sealed.root)
    if isinstance(kept, Checkpoint):
        holds = len(kept.heads) == sealed.size and merkle.root([head.leaf for head in kept.heads]) == wanted
        heads = kept.heads
    else:
        heads = (kept.head,)
        proof = _hashes(kept.proof)
        holds = proof is not None and merkle.included(kept.head.leaf, kept.index, sealed.size, proof, wanted)
    if not holds:
        return Refusal(reason="BadCheckpoint", message="checkpoint: its heads are not those that were signed")
    return heads


def compare(heads: Sequence[ChainHead], chains: Mapping[str, Chain]) -> tuple[Finding, ...]:
    """Where chains do not go on from heads they once had: cut off (truncated) or grown anew (forked)."""
    findings = []
    for head in heads:
        chain, where = chains.get(head.account), link_key(head.account, head.sequence)
        if chain is None or chain.length <= head.sequence:
            there = f"{chain.length} links" if chain else "nothing"
            said = f"a checkpoint has seen link {head.sequence}, now there are {there}"
            findings.append(Finding("truncated", where, said))
        elif chain.digests.get(head.sequence, head.digest) != head.digest:
            findings.append(Finding("forked", where, "a checkpoint has seen another link at this place"))
    return tuple(findings)


def _hashes(texts: Sequence[str]) -> tuple[bytes, ...] | None:
    try:
        return tuple(base64.b64decode(text, validate=True) for text in texts)
    except (ValueError, binascii.Error):
        return None
