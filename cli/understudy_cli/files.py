"""Reading what users name, writing what they keep: one-line errors, private modes, nothing half-written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml
from joserfc.jwk import OKPKey

from understudy_api import token
from understudy_cli.errors import UserError

MAX_FILE_BYTES = 1 << 20


def read_text(path: Path, what: str) -> str:
    """The text of a small UTF-8 file; UserError naming `what` otherwise."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UserError(f"{path}: {what} is larger than {MAX_FILE_BYTES} bytes; is it the right file?")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot read {what} ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: {what} is not UTF-8 text; is it the right file?") from error


def read_mapping(path: Path, what: str) -> dict[str, Any]:
    """One YAML (or JSON) document that is a mapping; UserError naming `what` and the line otherwise."""
    try:
        document = yaml.safe_load(read_text(path, what))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        raise UserError(f"{path}:{where} is not YAML ({getattr(error, 'problem', error)})") from error
    if not isinstance(document, dict):
        raise UserError(f"{path}: wanted {what} as a mapping, got {type(document).__name__}")
    return document


def read_key(path: Path) -> OKPKey:
    """A private Ed25519 key kept as JWK; UserError when it is none, or only the public half."""
    try:
        key = token.load_key(read_text(path, "the key"))
    except ValueError as error:
        raise UserError(f"{path}: {error}") from error
    if not key.is_private:
        raise UserError(f"{path}: is a public key; signing needs the private one")
    return key


def write_new(path: Path, text: str, *, private: bool = False) -> None:
    """A new file, whole or not at all, mode 0600 when private; UserError when it exists already."""
    mode = 0o600 if private else 0o644
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            file.write(text)
        os.link(part, path)
    except FileExistsError as error:
        raise UserError(f"{path}: exists already; choose another name or move it away") from error
    except OSError as error:
        raise UserError(f"{path}: cannot write ({error.strerror})") from error
    finally:
        part.unlink(missing_ok=True)
