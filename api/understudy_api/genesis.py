"""The genesis record: the owner's root key signs that a twin is theirs; its digest is the twin's id."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

from joserfc.jwk import OKPKey
from pydantic import Field, ValidationError

from understudy_api import token
from understudy_api.digest import digest_bytes
from understudy_api.model import Digest, Model
from understudy_api.verdict import Refusal

GENESIS_TYPE: Final = "likeness-genesis+jwt"


class PublicKey(Model):
    """An Ed25519 public key as the JWK members that RFC 7638 hashes."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str = Field(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$")
    """32 bytes in base64url; the last letter carries four bits, so only these can end it."""

    def key(self) -> OKPKey:
        """The same key for joserfc."""
        return _imported(self.x)


@lru_cache(maxsize=1024)
def _imported(x: str) -> OKPKey:
    """Importing costs as much as checking a signature, and a farm meets the same few owners all day."""
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})


class GenesisClaims(Model):
    """What the owner signs once, when a twin is named."""

    root: PublicKey = Field(description="The owner's root key.")
    name: str = Field(min_length=1, max_length=120, description="How the owner calls the twin.")
    iat: int = Field(ge=0, description="When it was signed, Unix seconds.")
    nonce: str = Field(pattern=r"^[0-9a-f]{32}$", description="Makes two twins of one owner distinct.")


class Genesis(Model):
    """A verified genesis record."""

    twin_id: Digest = Field(description="SHA-256 of the record's compact form: the twin's id.")
    claims: GenesisClaims

    @property
    def owner(self) -> OKPKey:
        """The owner's public root key."""
        return self.claims.root.key()


def twin_id(record: str) -> str:
    """The id of the twin a genesis record founds."""
    return digest_bytes(record.encode())


def sign_genesis(root: OKPKey, name: str, issued_at: int, nonce: str) -> str:
    """A genesis record signed with the owner's root key."""
    claims = GenesisClaims(root=PublicKey.model_validate(token.public_jwk(root)), name=name, iat=issued_at, nonce=nonce)
    return token.sign(root, GENESIS_TYPE, claims.model_dump())


def read_genesis(record: str) -> Genesis | Refusal:
    """The verified record: signed by the very key it names; or why it is none."""
    claims = token.unverified(record, GENESIS_TYPE)
    if isinstance(claims, Refusal):
        return claims
    try:
        body = GenesisClaims.model_validate(claims)
    except ValidationError as error:
        first = error.errors()[0]
        return Refusal(
            reason="MalformedGenesis", message=f"genesis: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        )
    checked = token.verify(record, body.root.key(), GENESIS_TYPE)
    if isinstance(checked, Refusal):
        return checked
    return Genesis(twin_id=twin_id(record), claims=body)
