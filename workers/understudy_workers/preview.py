"""Sealing a preview: encrypted to the owner's age recipient before it is stored anywhere."""

from __future__ import annotations

import pyrage


def sealed_to(recipient: str | None, *files: bytes) -> tuple[bytes, ...]:
    """The files as only the recipient can open them; as they are when there is none. ValueError for one that is none."""
    if recipient is None:
        return files
    try:
        key = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError as error:
        raise ValueError("preview: wanted an age recipient (age1...); sign the license anew") from error
    return tuple(bytes(pyrage.encrypt(data, [key])) for data in files)
