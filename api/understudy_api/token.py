"""Signed tokens: compact JWS with Ed25519 (RFC 7515, RFC 9864), read strictly.

joserfc checks the signature; what it leaves open is closed here: `typ` is compared, duplicate keys and unknown header
parameters are refused, sizes are bounded. Claims are checked by the models that read them.
"""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from understudy_api.verdict import Refusal

ALGORITHM: Final = "Ed25519"
MAX_TOKEN_BYTES: Final = 16_384
_REGISTRY: Final = jws.JWSRegistry(algorithms=[ALGORITHM])


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


def sign(key: OKPKey, typ: str, claims: dict[str, Any]) -> str:
    """A compact JWS over `claims`; the header carries alg, typ and the signer's thumbprint as kid."""
    header = {"alg": ALGORITHM, "typ": typ, "kid": thumbprint(key)}
    payload = json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode()
    return str(jws.serialize_compact(header, payload, key, registry=_REGISTRY))


def verify(token: str, key: OKPKey, typ: str) -> dict[str, Any] | Refusal:
    """The claims of a token signed by `key`, or why it is not one. Checks no claim, not even `exp`."""
    if not token.isascii() or len(token) > MAX_TOKEN_BYTES:
        return Refusal(
            reason="TokenTooLarge",
            message=f"token: wanted <= {MAX_TOKEN_BYTES} ASCII characters, got {len(token)}",
        )
    try:
        for part in token.split("."):
            _decode(part)
        signed = jws.deserialize_compact(token, key, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError, KeyError):
        return Refusal(reason="BadSignature", message="token: the signature does not match the key of its signer")
    header = signed.headers()
    if set(header) != {"alg", "typ", "kid"} or header["typ"] != typ:
        return Refusal(
            reason="WrongTokenType",
            message=f"token: wanted typ {typ!r}, got header {sorted(header)} typ {header.get('typ')!r}",
        )
    return parse_claims(signed.payload or b"")


def unverified(token: str, typ: str) -> dict[str, Any] | Refusal:
    """The claims of a token before its signature is checked; only to find out which key to ask."""
    try:
        header_part, payload_part, _ = token.split(".")
        header = parse_claims(_decode(header_part))
        claims = parse_claims(_decode(payload_part))
    except ValueError:
        return Refusal(reason="MalformedToken", message="token: wanted three base64url parts joined by dots")
    if isinstance(header, Refusal):
        return header
    if header.get("typ") != typ:
        return Refusal(reason="WrongTokenType", message=f"token: wanted typ {typ!r}, got {header.get('typ')!r}")
    return claims


def parse_claims(payload: bytes) -> dict[str, Any] | Refusal:
    """A JSON object without duplicate keys, NaN or Infinity, or why not."""
    try:
        claims = json.loads(payload, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        return Refusal(reason="MalformedToken", message=f"token: the payload is not strict JSON ({error})")
    if not isinstance(claims, dict):
        return Refusal(reason="MalformedToken", message="token: the payload is not a JSON object")
    return claims


def _decode(part: str) -> bytes:
    """The bytes of a base64url part; ValueError unless it is the one canonical spelling of them."""
    data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(data).rstrip(b"=") != part.encode():
        raise ValueError("not canonical base64url")
    return data


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice")
    return result


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
