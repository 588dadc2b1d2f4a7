"""Signed notes as C2SP has them (c2sp.org/signed-note): a text, an empty line, and a line for each Ed25519 signature."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any, Final

from joserfc.jwk import OKPKey

from understudy_api.verdict import Refusal

ED25519: Final = b"\x01"
MAX_NOTE_BYTES: Final = 1_000_000
_DASH: Final = "\u2014 "


def verifier_key(name: str, key: OKPKey) -> str:
    """The key in the form other tools take: `name+hash+key`."""
    raw = _raw(key)
    return f"{name}+{_key_hash(name, raw).hex()}+{base64.b64encode(ED25519 + raw).decode()}"


def sign_note(text: str, name: str, key: OKPKey) -> str:
    """The text with a signature under it. Raises ValueError for a text that does not end in a newline or a name with spaces or plus."""
    if not text.endswith("\n") or not _is_name(name):
        raise ValueError("a note ends in a newline, its signer's name has neither space nor plus")
    signature: bytes = _signer(key).sign(text.encode())
    line = base64.b64encode(_key_hash(name, _raw(key)) + signature).decode()
    return f"{text}\n{_DASH}{name} {line}\n"


def open_note(note: str, name: str, key: OKPKey) -> str | Refusal:
    """The text of a note that `key` signed under `name`; or why it is none. Signatures of others are passed over."""
    if len(note.encode("utf-8", "replace")) > MAX_NOTE_BYTES:
        return _refused(f"wanted at most {MAX_NOTE_BYTES} bytes")
    text, gap, signatures = note.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        return _refused("wanted a text, an empty line and signatures")
    text += "\n"
    wanted = _key_hash(name, _raw(key))
    for line in signatures.splitlines():
        signature = _signature(line, name, wanted)
        if signature is not None and _holds(key, signature, text):
            return text
    return _refused(f"no signature of {name} that holds")


def _signature(line: str, name: str, key_hash: bytes) -> bytes | None:
    """The signature on a line, when it is one of this very key."""
    if not line.startswith(_DASH):
        return None
    signer, _, encoded = line.removeprefix(_DASH).partition(" ")
    try:
        data = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        return None
    is_canonical = base64.b64encode(data).decode() == encoded
    return data[4:] if is_canonical and signer == name and hmac.compare_digest(data[:4], key_hash) else None


def _holds(key: OKPKey, signature: bytes, text: str) -> bool:
    from cryptography.exceptions import InvalidSignature  # comes with joserfc

    try:
        _verifier(key).verify(signature, text.encode())
    except InvalidSignature:
        return False
    return True


def _signer(key: OKPKey) -> Any:
    """The private key as joserfc's own cryptography library holds it."""
    return key.get_op_key("sign")


def _verifier(key: OKPKey) -> Any:
    return key.get_op_key("verify")


def _raw(key: OKPKey) -> bytes:
    """The 32 bytes of the public key."""
    x = str(key.as_dict(private=False)["x"])
    return base64.urlsafe_b64decode(x + "=" * (-len(x) % 4))


def _key_hash(name: str, raw: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + raw).digest()[:4]


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def _refused(what: str) -> Refusal:
    return Refusal(reason="BadNote", message=f"note: {what}; take the file as the farm wrote it")
