"""The genesis record: the owner's root key signs that a twin is theirs; its digest is the twin's id."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal, Self

from joserfc.jwk import OKPKey
from pydantic import Field, model_validator

from understudy_api import token
from understudy_api.claims import read_claims
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

    @property
    def thumbprint(self) -> str:
        """RFC 7638 thumbprint."""
        return _thumbprint(self.x)


@lru_cache(maxsize=1024)
def _thumbprint(x: str) -> str:
    return token.thumbprint(_imported(x))


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
    recovery: PublicKey | None = Field(
        default=None, description="A second key that may replace a lost or stolen root key, and nothing else."
    )

    @model_validator(mode="after")
    def _two_keys(self) -> Self:
        if self.recovery == self.root:
            raise ValueError("the recovery key must be another key than the root key")
        return self


class Genesis(Model):
    """A verified genesis record."""

    twin_id: Digest = Field(description="SHA-256 of the record's compact form: the twin's id.")
    claims: GenesisClaims
    record: str = Field(description="Its compact form.")

    @property
    def owner(self) -> OKPKey:
        """The owner's public root key."""
        return self.claims.root.key()


def twin_id(record: str) -> str:
    """The id of the twin a genesis record founds."""
    return digest_bytes(record.encode())


def sign_genesis(
    root: OKPKey | token.Signer, name: str, issued_at: int, nonce: str, recovery: OKPKey | None = None
) -> str:
    """A genesis record signed with the owner's root key; `recovery` names the key that may replace it."""
    claims = GenesisClaims(
        root=public_key(token.public_of(root)),
        name=name,
        iat=issued_at,
        nonce=nonce,
        recovery=public_key(recovery) if recovery is not None else None,
    )
    return token.sign(root, GENESIS_TYPE, claims.model_dump(exclude_none=True))


def public_key(key: OKPKey) -> PublicKey:
    """The public half of a key as a claim."""
    return PublicKey.model_validate(token.public_jwk(key))


def read_genesis(record: str) -> Genesis | Refusal:
    """The verified record: signed by the very key it names; or why it is none."""
    found = token.opened(record, lambda _: _named_root(record), GENESIS_TYPE)
    if isinstance(found, Refusal):
        return found
    body = read_claims(GenesisClaims, found, "genesis", "MalformedGenesis")
    if isinstance(body, Refusal):
        return body
    if body.root.thumbprint != found.kid:
        return Refusal(reason="WrongSigner", message="genesis: `kid` names another key than the record's root")
    return Genesis(twin_id=twin_id(record), claims=body, record=record)


def _named_root(record: str) -> OKPKey | Refusal:
    """The key that a record names as its root, before anything is verified."""
    claims = token.unverified(record, GENESIS_TYPE)
    if isinstance(claims, Refusal):
        return claims
    try:
        return PublicKey.model_validate(claims.get("root")).key()
    except ValueError as error:
        return Refusal(
            reason="MalformedGenesis", message=f"genesis: root: wanted an Ed25519 public key ({type(error).__name__})"
        )
