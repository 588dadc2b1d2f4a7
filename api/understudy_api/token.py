"""Signed tokens: compact JWS with Ed25519 (RFC 7515, RFC 9864), read strictly.

One algorithm, one spelling of every byte, three header parameters, no others. Whatever is wrong has a reason of its own,
told apart before the signature is trusted with anything. Claims are read by the models of `claims.read_claims`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from understudy_api.strictjson import parse_object
from understudy_api.verdict import Refusal

ALGORITHM: Final = "Ed25519"
MAX_TOKEN_BYTES: Final = 16_384
MAX_HEADER_BYTES: Final = 512
CLOCK_SKEW_SECONDS: Final = 60
"""How far the clocks of owner and farm may lie apart: a token signed further in the future is refused."""
_HEADER: Final = {"alg", "typ", "kid"}
_ED25519: Final = jws.JWSRegistry(algorithms=[ALGORITHM]).get_alg(ALGORITHM)


class Signer(Protocol):
    """Somebody who signs with a key that never leaves its place, a KMS for one."""

    @property
    def public(self) -> OKPKey:
        """The public half."""

    def signature(self, signing_input: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature over `signing_input`."""


@dataclass(frozen=True)
class Opened:
    """A token whose signature holds: its claims, the very bytes they stand in, and who signed."""

    claims: dict[str, Any]
    payload: bytes
    kid: str


def new_key() -> OKPKey:
    """A fresh Ed25519 key pair."""
    return OKPKey.generate_key("Ed25519")


def load_key(text: str) -> OKPKey:
    """The key in a JWK document; ValueError with a cure when it is not an Ed25519 JWK."""
    try:
        data = json.loads(text)
        if data.get("kty") != "OKP" or data.get("crv") != "Ed25519":
            raise ValueError
        return OKPKey.import_key(data)
    except (ValueError, AttributeError, JoseError) as error:
        raise ValueError("not an Ed25519 key in JWK form; make one with `understudy keys new`") from error


def public_jwk(key: OKPKey) -> dict[str, str]:
    """The three members of the public JWK that RFC 7638 hashes."""
    data = key.as_dict(private=False)
    return {"crv": str(data["crv"]), "kty": str(data["kty"]), "x": str(data["x"])}


def thumbprint(key: OKPKey) -> str:
    """RFC 7638 thumbprint of the public key, base64url without padding."""
    return str(key.thumbprint())


def key_of_x(x: str) -> OKPKey | None:
    """The public key whose JWK has this `x`; None when there is none."""
    try:
        return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})
    except (ValueError, JoseError):
        return None


def signature(key: OKPKey, data: bytes) -> str:
    """The Ed25519 signature over some bytes, base64url without padding. What is signed names its own format."""
    return _encode(_ED25519.sign(data, key)).decode()


def holds(signature: str, key: OKPKey, data: bytes) -> bool:
    """Whether `signature` of that spelling is the key's over these bytes."""
    try:
        return bool(_ED25519.verify(data, _decode(signature), key))
    except ValueError:
        return False


def public_of(signer: OKPKey | Signer) -> OKPKey:
    """The public half of whoever signs (for a key kept here, the key itself)."""
    return signer if isinstance(signer, OKPKey) else signer.public


def sign(signer: OKPKey | Signer, typ: str, claims: dict[str, Any]) -> str:
    """A compact JWS over `claims`; the header carries alg, typ and the signer's thumbprint as kid.

    Raises ValueError when a signer answers with something that its own public key does not verify.
    """
    public = public_of(signer)
    header = {"alg": ALGORITHM, "typ": typ, "kid": thumbprint(public)}
    signing_input = b".".join(_encode(_json(part)) for part in (header, claims))
    if isinstance(signer, OKPKey):
        signature = _ED25519.sign(signing_input, signer)
    else:
        signature = signer.signature(signing_input)
        if not _ED25519.verify(signing_input, signature, public):
            raise ValueError("the signer answered with a signature that its public key does not verify")
    return b".".join((signing_input, _encode(signature))).decode()


def verify(token: str, key: OKPKey, typ: str) -> dict[str, Any] | Refusal:
    """The claims of a token signed by `key`, or why it is not one. Checks no claim, not even `exp`."""
    found = opened(token, lambda kid: _only(key, kid), typ)
    return found if isinstance(found, Refusal) else found.claims


def opened(
    token: str, key_of: Callable[[str], OKPKey | Refusal], typ: str, max_bytes: int = MAX_TOKEN_BYTES
) -> Opened | Refusal:
    """A token signed by the key that `key_of` knows by its thumbprint (`kid`), or why it is not one.

    Checks no claim. Reasons: TokenTooLarge, TokenNotAscii, MalformedToken, NotCanonical, DuplicateKey, NotANumber,
    CriticalHeader, WrongAlgorithm, WrongTokenType, UnknownHeader, those of `key_of`, BadSignature.
    """
    parts = _parts(token, max_bytes)
    if isinstance(parts, Refusal):
        return parts
    header = _header(parts[0], typ)
    if isinstance(header, Refusal):
        return header
    key = key_of(header["kid"])
    if isinstance(key, Refusal):
        return key
    if not _ED25519.verify(token.rpartition(".")[0].encode(), parts[2], key):
        return _refusal("BadSignature", "the signature does not match the key of its signer; ask for the token anew")
    claims = parse_object(parts[1], "token: the payload")
    return claims if isinstance(claims, Refusal) else Opened(claims, parts[1], header["kid"])


def unverified(token: str, typ: str, max_bytes: int = MAX_TOKEN_BYTES) -> dict[str, Any] | Refusal:
    """The claims of a token before its signature is checked; only to find out which key to ask."""
    parts = _parts(token, max_bytes)
    if isinstance(parts, Refusal):
        return parts
    header = _header(parts[0], typ)
    return header if isinstance(header, Refusal) else parse_object(parts[1], "token: the payload")


def type_of(token: str, max_bytes: int = MAX_TOKEN_BYTES) -> str | Refusal:
    """The `typ` a token claims to be, before anything is checked: only to find out who may read it."""
    parts = _parts(token, max_bytes)
    if isinstance(parts, Refusal):
        return parts
    header = parse_object(parts[0], "token: the header")
    return header if isinstance(header, Refusal) else str(header.get("typ"))


def _parts(token: str, max_bytes: int) -> tuple[bytes, bytes, bytes] | Refusal:
    """The bytes of header, payload and signature."""
    if len(token) > max_bytes:
        return _refusal("TokenTooLarge", f"wanted <= {max_bytes} characters, got {len(token)}")
    if not token.isascii():
        return _refusal("TokenNotAscii", "wanted base64url letters and two dots, got other characters")
    texts = token.split(".")
    if len(texts) != 3:
        return _refusal("MalformedToken", f"wanted three base64url parts joined by dots, got {len(texts)} parts")
    try:
        header, payload, signature = (_decode(text) for text in texts)
    except ValueError as error:
        return _refusal("NotCanonical", f"a part is not base64url in its one canonical spelling ({error})")
    if len(header) > MAX_HEADER_BYTES:
        return _refusal("TokenTooLarge", f"wanted a header of <= {MAX_HEADER_BYTES} bytes, got {len(header)}")
    return header, payload, signature


def _header(data: bytes, typ: str) -> dict[str, Any] | Refusal:
    header = parse_object(data, "token: the header")
    if isinstance(header, Refusal):
        return header
    if "crit" in header:
        return _refusal("CriticalHeader", "`crit` asks for extensions; none is understood, sign without it")
    if header.get("alg") != ALGORITHM:
        return _refusal("WrongAlgorithm", f"wanted alg {ALGORITHM!r}, got {header.get('alg')!r}; no other is accepted")
    if header.get("typ") != typ:
        return _refusal("WrongTokenType", f"wanted typ {typ!r}, got {header.get('typ')!r}")
    if set(header) != _HEADER or not isinstance(header["kid"], str):
        return _refusal("UnknownHeader", f"wanted the header {sorted(_HEADER)}, got {sorted(header)}")
    return header


def _only(key: OKPKey, kid: str) -> OKPKey | Refusal:
    if kid == thumbprint(key):
        return key
    return _refusal("WrongSigner", f"signed with key {kid!r}, wanted {thumbprint(key)!r}; sign it with that key")


def _refusal(reason: str, words: str) -> Refusal:
    return Refusal(reason=reason, message=f"token: {words}")


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decode(part: str) -> bytes:
    """The bytes of a base64url part; ValueError unless it is the one canonical spelling of them."""
    data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    if _encode(data) != part.encode():
        raise ValueError("another spelling of the same bytes")
    return data
