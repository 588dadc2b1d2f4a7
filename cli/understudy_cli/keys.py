"""`understudy keys`: an owner's Ed25519 keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from understudy_api import token
from understudy_cli.errors import UserError
from understudy_cli.files import read_text, write_new

app = typer.Typer(
    help="Make and show Ed25519 keys. The root key proves that a twin is yours: keep it offline.", no_args_is_help=True
)


@app.command()
def new(path: Annotated[Path, typer.Argument(help="File to write, e.g. owner.jwk; mode 0600.")]) -> None:
    """Make a key pair and print the thumbprint of its public half."""
    key = token.new_key()
    write_new(path, json.dumps(key.as_dict(private=True), indent=2) + "\n", private=True)
    typer.echo(f"{path}  thumbprint {token.thumbprint(key)}")
    typer.echo("Keep this file offline and back it up: whoever holds it owns the twin, and nobody can replace it.")


@app.command()
def show(path: Annotated[Path, typer.Argument(help="Key file, private or public.")]) -> None:
    """Print a key's thumbprint and public half, never the private one."""
    try:
        key = token.load_key(read_text(path, "the key"))
    except ValueError as error:
        raise UserError(f"{path}: {error}") from error
    typer.echo(f"thumbprint {token.thumbprint(key)}")
    typer.echo(f"public     {json.dumps(token.public_jwk(key))}")
    typer.echo(f"private    {'yes, keep it offline' if key.is_private else 'no'}")
