"""A data key in an envelope: HPKE (RFC 9180) to the key that its asker made for one question."""

from __future__ import annotations

import secrets

import tink
from tink import hybrid, proto_keyset_format

from understudy_api.release import DATA_KEY_BYTES, decode, encode
from understudy_api.verdict import Refusal

hybrid.register()


def new_data_key() -> bytes:
    """A fresh data key."""
    return secrets.token_bytes(DATA_KEY_BYTES)


def enclose(data_key: bytes, recipient: str, context: bytes) -> str | Refusal:
    """The data key encrypted to a public Tink keyset (base64url), bound to `context`; or why that is no such keyset."""
    try:
        handle = proto_keyset_format.parse_without_secret(decode(recipient))
        return encode(handle.primitive(hybrid.HybridEncrypt).encrypt(data_key, context))
    except (tink.TinkError, ValueError) as error:
        return Refusal(
            reason="BadRecipient",
            message=f"question: recipient: wanted a public HPKE keyset ({type(error).__name__}); make one for each question",
        )
