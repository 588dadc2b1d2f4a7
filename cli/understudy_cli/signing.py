"""Who signs: a key file, or a command that signs with a key kept elsewhere (a KMS, a card)."""

from __future__ import annotations

import base64
import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer
from joserfc.jwk import OKPKey

from understudy_api import token
from understudy_api.keyring import Signatory
from understudy_cli.errors import UserError
from understudy_cli.files import read_key, read_text

TIMEOUT_SECONDS: Final = 120
_THUMBPRINT: Final = re.compile(r"[\w-]{43}", re.ASCII)
T = TypeVar("T")

KeyOption = Annotated[Path, typer.Option("--key", help="Key file (JWK) that signs; with --signer its public half.")]
SignerOption = Annotated[
    str | None,
    typer.Option(
        "--signer",
        help="Command that signs instead: gets the signing input on stdin, prints the base64url Ed25519 signature.",
    ),
]


@dataclass(frozen=True)
class CommandSigner:
    """Signs by running a command; the private key never comes near this process."""

    public: OKPKey
    command: tuple[str, ...]

    def signature(self, signing_input: bytes) -> bytes:
        """The command's answer; UserError when it fails or prints something else than a signature."""
        name = self.command[0]
        try:
            done = subprocess.run(
                self.command, input=signing_input, capture_output=True, check=False, timeout=TIMEOUT_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UserError(f"--signer {name}: {error}") from error
        if done.returncode:
            said = " ".join(done.stderr.decode(errors="replace").split())[:300]
            raise UserError(f"--signer {name}: exit code {done.returncode}: {said or 'it said nothing'}")
        text = done.stdout.strip().rstrip(b"=")
        try:
            signature = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:
            signature = b""
        if len(signature) != 64:
            raise UserError(
                f"--signer {name}: wanted 64 bytes in base64url on stdout, got {len(done.stdout)} characters"
            )
        return signature


def signatory(key: Path, command: str | None) -> Signatory:
    """Who signs: the private key in a file, or `command` for the public key in it; UserError when that cannot be."""
    if command is None:
        return read_key(key)
    words = tuple(shlex.split(command))
    if not words:
        raise UserError("--signer: wanted a command, got nothing")
    return CommandSigner(public_key_of(key), words)


def public_key_of(path: Path) -> OKPKey:
    """The key in a file, private or public; UserError when it is none."""
    try:
        return token.load_key(read_text(path, "the key"))
    except ValueError as error:
        raise UserError(f"{path}: {error}") from error


def thumbprint_of(given: str) -> str:
    """The thumbprint that is given, or that of the key in the file of this name; UserError when it is neither."""
    if _THUMBPRINT.fullmatch(given):
        return given
    if not Path(given).is_file():
        raise UserError(
            f"{given}: wanted the thumbprint of the farm's key, 43 characters, or the file of its public key"
        )
    return token.thumbprint(public_key_of(Path(given)))


def signed(sign: Callable[[], T]) -> T:
    """What `sign` returns; UserError when the signer answered with something that its public key does not verify."""
    try:
        return sign()
    except ValueError as error:
        raise UserError(f"signing: {error}; is --key the public half of the key that signs?") from error
