"""Canonical JSON (RFC 8785) and the digests every id derives from."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import rfc8785


def canonical(value: Any) -> bytes:
    """The RFC 8785 bytes of a JSON value: equal values give equal bytes on every platform.

    Raises rfc8785.CanonicalizationError for what JSON cannot hold (NaN, integers beyond 2**53 - 1).
    """
    return rfc8785.dumps(value)


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of a value, 64 lowercase hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def digest_bytes(data: bytes) -> str:
    """SHA-256 of raw bytes, 64 lowercase hex digits."""
    return hashlib.sha256(data).hexdigest()


def keyed_digest(key: bytes, value: Any) -> str:
    """HMAC-SHA-256 of the canonical JSON of a value under a key, 64 lowercase hex digits.

    Used for cache names: without the key nobody can tell whether a sentence was rendered before.
    """
    return hmac.new(key, canonical(value), hashlib.sha256).hexdigest()
