"""Keys kept by a Transit secrets engine (HashiCorp Vault, OpenBao), as its HTTP API is documented.

One Transit key a twin wraps that twin's data key; it never leaves the engine, cannot be exported and is made without
permission to delete it until the owner's act asks for that. The wrapped data key and the pinned genesis record lie in the
vault's own bucket. Used calls: `POST keys/:name`, `POST datakey/plaintext/:name`, `POST decrypt/:name`, `POST
keys/:name/config`, `DELETE keys/:name`.
"""

from __future__ import annotations

import base64
import ssl
from typing import Any, Final, Protocol

import httpx
from pydantic import ValidationError

from understudy_api.model import Digest, Model, Token
from understudy_api.settings import TransitSettings
from understudy_vault.keystore import Destroyed, Kept, KeyStoreError, Pin

_TIMEOUT_SECONDS: Final = 5.0
_GONE_WORDS: Final = ("encryption key not found", "no existing key", "could not find key")


class Shelf(Protocol):
    """Where wrapped data keys lie: created once, never replaced."""

    def create(self, key: str, data: bytes) -> bool:
        """Writes an object only where none is."""

    def get(self, key: str) -> bytes | None:
        """An object's bytes."""


class _Record(Model):
    """An object of the shelf."""

    twin: Digest
    genesis: Token
    created_at: int
    wrapped: str


class TransitKeys:
    """A KeyStore over Transit and a shelf."""

    name = "Transit"

    def __init__(self, settings: TransitSettings, shelf: Shelf) -> None:
        self._settings = settings
        self._shelf = shelf
        context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
        self._http = httpx.Client(
            base_url=settings.url, verify=context, timeout=_TIMEOUT_SECONDS, trust_env=False, follow_redirects=False
        )

    def create(self, twin: str, genesis: str, now: int) -> bool:
        """Makes a twin's Transit key and a data key under it; False, changing nothing, when there is or was one."""
        if self._record(twin) is not None:
            return False
        made = {"type": "aes256-gcm96", "exportable": False, "allow_plaintext_backup": False}
        self._post(f"keys/{_name(twin)}", made)  # the same again changes nothing
        answer = self._post(f"datakey/plaintext/{_name(twin)}", {"bits": 256})
        record = _Record(twin=twin, genesis=genesis, created_at=now, wrapped=_text(answer, "ciphertext"))
        return self._shelf.create(_key(twin), record.model_dump_json().encode())

    def find(self, twin: str) -> Kept | Destroyed | None:
        """A twin's key, that it was destroyed, or None when there never was one."""
        record = self._record(twin)
        if record is None:
            return None
        pin = Pin(twin=twin, genesis=record.genesis, created_at=record.created_at)
        if (note := self._shelf.get(_note(twin))) is not None:
            return Destroyed(pin, int(note))
        answer = self._post(f"decrypt/{_name(twin)}", {"ciphertext": record.wrapped})
        return Kept(pin, base64.b64decode(_text(answer, "plaintext")))

    def is_destroyed(self, twin: str) -> bool:
        """Whether a twin's key was destroyed."""
        return self._shelf.get(_note(twin)) is not None

    def destroy(self, twin: str, now: int) -> bool:
        """Allows deletion of a twin's Transit key, deletes it, and notes that; False when there is none to destroy."""
        if self._record(twin) is None or self._shelf.get(_note(twin)) is not None:
            return False
        self._post(f"keys/{_name(twin)}/config", {"deletion_allowed": True}, gone_is_well=True)
        self._send("DELETE", f"keys/{_name(twin)}", None, gone_is_well=True)
        self._shelf.create(_note(twin), str(now).encode())
        return True

    def _record(self, twin: str) -> _Record | None:
        data = self._shelf.get(_key(twin))
        if data is None:
            return None
        try:
            return _Record.model_validate_json(data)
        except ValidationError as error:
            raise KeyStoreError(f"{_key(twin)}: damaged; restore it from the bucket's backup") from error

    def _post(self, path: str, body: dict[str, Any], *, gone_is_well: bool = False) -> dict[str, Any]:
        return self._send("POST", path, body, gone_is_well=gone_is_well)

    def _send(self, method: str, path: str, body: dict[str, Any] | None, *, gone_is_well: bool) -> dict[str, Any]:
        settings, where = self._settings, f"{self._settings.mount}/{path}"
        try:
            headers = {"X-Vault-Token": settings.token_file.read_text().strip(), "X-Vault-Request": "true"}
            if settings.namespace:
                headers["X-Vault-Namespace"] = settings.namespace
            answer = self._http.request(method, f"/v1/{where}", json=body, headers=headers)
        except OSError as error:
            raise KeyStoreError(f"{settings.token_file}: {error.strerror}; let it hold Transit's token") from error
        except httpx.HTTPError as error:
            raise KeyStoreError(f"{settings.url}: Transit does not answer ({error or type(error).__name__})") from error
        if answer.is_success:
            return _data(answer)
        said = _errors(answer)
        if gone_is_well and (answer.status_code == httpx.codes.NOT_FOUND or any(word in said for word in _GONE_WORDS)):
            return {}
        raise KeyStoreError(
            f"{settings.url}: {method} {where}: HTTP {answer.status_code} {said}; check Transit's token, policy and seal"
        )


def _name(twin: str) -> str:
    """Transit's name of a twin's key."""
    return f"understudy-{twin}"


def _key(twin: str) -> str:
    return f"twins/{twin}.json"


def _note(twin: str) -> str:
    return f"destroyed/{twin}"


def _data(answer: httpx.Response) -> dict[str, Any]:
    """`data` of an answer; writes and deletions may answer 204 without a body."""
    if not answer.content:
        return {}
    try:
        body = answer.json()
    except ValueError as error:
        raise KeyStoreError(f"{answer.url}: wanted JSON from Transit, got something else; check the URL") from error
    return dict(body.get("data") or {}) if isinstance(body, dict) else {}


def _errors(answer: httpx.Response) -> str:
    try:
        return "; ".join(str(error) for error in answer.json()["errors"])[:200]
    except (ValueError, KeyError, TypeError):
        return ""


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise KeyStoreError(
            f"Transit: wanted {name!r} in its answer, got none; check that the mount is a Transit engine"
        )
    return value
