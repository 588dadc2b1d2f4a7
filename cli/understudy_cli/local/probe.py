"""Asking a server whether it is there."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from pathlib import Path

import httpx

_TIMEOUT_SECONDS = 5.0


def listens(port: int) -> bool:
    """Whether somebody accepts connections on the loopback port: far cheaper to ask than a TLS handshake."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_SECONDS).close()
    except OSError:
        return False
    return True


def trusting(authority: Path) -> ssl.SSLContext:
    """A TLS context that trusts exactly the authorities in a PEM file."""
    return ssl.create_default_context(cafile=str(authority))


def answers(url: str, context: ssl.SSLContext | bool = True, headers: Mapping[str, str] | None = None) -> str | None:
    """None when a GET answers 200, else why not."""
    try:
        with httpx.Client(verify=context, trust_env=False, timeout=_TIMEOUT_SECONDS) as client:
            answer = client.get(url, headers=dict(headers or {}))
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__
    return None if answer.status_code == httpx.codes.OK else f"HTTP {answer.status_code}"
