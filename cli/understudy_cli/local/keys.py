"""Keys and tokens of a farm: made once, mode 0600, never printed, never on a command line."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from understudy_api import token
from understudy_cli.local.home import Home, write_private


@dataclass(frozen=True)
class Keys:
    """Where each key lies. JWKs are Ed25519; `.pub.jwk` is the public half."""

    farm: Path
    farm_public: Path
    pool: Path
    pool_public: Path
    director_token: Path
    ray_token: Path
    cache: Path
    vault: Path
    vault_public: Path

    @classmethod
    def at(cls, home: Home) -> Keys:
        """The paths, whether or not the files exist yet."""
        pairs = ("farm.jwk", "farm.pub.jwk", "pool.jwk", "pool.pub.jwk")
        others = ("director.token", "ray.token", "cache.key", "vault.jwk", "vault.pub.jwk")
        return cls(*(home.keys / name for name in (*pairs, *others)))

    def farm_thumbprint(self) -> str:
        """What licenses name this farm by; the key has to be made already."""
        return token.thumbprint(token.load_key(self.farm_public.read_text()))


@dataclass(frozen=True)
class Account:
    """One account of the object store."""

    access_key: str
    secret_key: str


def open_keys(home: Home) -> Keys:
    """The farm's keys; what is missing is made."""
    keys = Keys.at(home)
    _make_key_pair(keys.farm, keys.farm_public)
    _make_key_pair(keys.pool, keys.pool_public)
    _make_key_pair(keys.vault, keys.vault_public)
    _make(keys.director_token, lambda: secrets.token_urlsafe(32))
    _make(keys.ray_token, lambda: secrets.token_hex(32))
    _make(keys.cache, lambda: secrets.token_bytes(32))
    return keys


def open_account(home: Home, name: str) -> Account:
    """The object store account `name` (`root`, `operator`, `pool`, `vault`); made on the first call."""
    path = home.keys / f"s3-{name}.json"
    _make(
        path, lambda: json.dumps({"access_key": f"{name}-{secrets.token_hex(4)}", "secret_key": secrets.token_hex(20)})
    )
    return Account(**json.loads(path.read_text()))


def _make_key_pair(private: Path, public: Path) -> None:
    _make(private, lambda: json.dumps(token.new_key().as_dict(private=True)))
    _make(public, lambda: json.dumps(token.public_jwk(token.load_key(private.read_text()))))


def _make(path: Path, content: Callable[[], str | bytes]) -> None:
    if not path.exists():
        write_private(path, content())
