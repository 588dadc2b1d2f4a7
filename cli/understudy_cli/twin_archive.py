"""A twin outside any farm: one file, age-encrypted, with a manifest that the owner's root key signed.

Inside is a tar of `export.json` (what is in it, SHA-256 of each file), `export.jws` (that manifest, signed) and the files of
the bundle as they were trained. Nothing is read from it before the signature held.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import pyrage
from joserfc.jwk import OKPKey
from pydantic import Field, ValidationError

from understudy_api import token
from understudy_api.digest import canonical, digest_bytes
from understudy_api.keyring import read_keyring
from understudy_api.model import Digest, Model, Token
from understudy_api.verdict import Refusal
from understudy_cli.errors import UserError

EXPORT_TYPE: Final = "understudy-export+jwt"
MANIFEST, SIGNATURE = "export.json", "export.jws"
MAX_MEMBER_BYTES: Final = 64 * 2**20
MAX_MEMBERS: Final = 32


class Packing(Model):
    """The manifest of an export."""

    format: Literal["understudy-export/1"] = "understudy-export/1"
    twin: Digest
    version: Digest
    genesis: Token
    key_records: tuple[Token, ...] = Field(default=(), max_length=256)
    namespace: str = Field(max_length=63)
    name: str = Field(max_length=253)
    spec: dict[str, Any] = Field(description="The TwinModel's spec, to apply on the other farm.")
    scores: dict[str, dict[str, float]] = Field(default={}, description="Rows of the validation record.")
    files: dict[str, Digest] = Field(max_length=MAX_MEMBERS)
    exported_at: int


def pack(packing: Packing, files: Mapping[str, bytes], root: OKPKey, recipients: Sequence[str]) -> bytes:
    """The encrypted archive. UserError for a recipient that is none."""
    manifest = canonical(packing.model_dump(mode="json"))
    signature = token.sign(root, EXPORT_TYPE, {"sha256": digest_bytes(manifest), "twin": packing.twin})
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, data in {MANIFEST: manifest, SIGNATURE: signature.encode(), **files}.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o600
            tar.addfile(member, io.BytesIO(data))
    try:
        keys = [pyrage.x25519.Recipient.from_str(one) for one in recipients]
    except pyrage.RecipientError as error:
        raise UserError("--to: wanted an age recipient (age1...); `age-keygen` makes one") from error
    return bytes(pyrage.encrypt(plain.getvalue(), keys))


def unpack(archive: bytes, identity: str) -> tuple[Packing, dict[str, bytes]]:
    """What was packed, verified against the owner's signature and every digest. UserError otherwise."""
    try:
        plain = pyrage.decrypt(archive, [pyrage.x25519.Identity.from_str(identity)])
    except (pyrage.DecryptError, pyrage.IdentityError) as error:
        raise UserError("the archive does not open with this identity; name the one it was exported to") from error
    members = _members(plain)
    packing = _signed(members.pop(MANIFEST, b""), members.pop(SIGNATURE, b""))
    if {name: digest_bytes(data) for name, data in members.items()} != packing.files:
        raise UserError("the archive's files are not those its manifest names; it was altered, export it again")
    return packing, members


def _members(plain: bytes) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as tar:
            for member in tar:
                if not member.isfile() or member.size > MAX_MEMBER_BYTES or len(members) > MAX_MEMBERS + 2:
                    raise UserError(f"the archive holds {member.name[:80]!r}, which no export of ours does")
                source = tar.extractfile(member)
                members[member.name] = source.read() if source else b""
    except tarfile.TarError as error:
        raise UserError("the archive holds no tar; it was altered, export it again") from error
    return members


def _signed(manifest: bytes, signature: bytes) -> Packing:
    try:
        packing = Packing.model_validate_json(manifest)
    except ValidationError as error:
        raise UserError("the archive's manifest is not one of ours; a newer farm may have made it") from error
    ring = read_keyring(packing.genesis, packing.key_records)
    if isinstance(ring, Refusal):
        raise UserError(f"the archive's {ring.message}")
    claims = token.verify(signature.decode("ascii", "replace"), ring.root, EXPORT_TYPE)
    wanted = {"sha256": digest_bytes(manifest), "twin": ring.twin_id}
    if isinstance(claims, Refusal) or claims != wanted or packing.twin != ring.twin_id:
        raise UserError("the archive was not signed by the twin's owner; ask them for one that is")
    return packing
