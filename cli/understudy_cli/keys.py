"""`understudy keys`: an owner's Ed25519 keys, and the records that say which of them may sign what."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer
from joserfc.jwk import OKPKey

from understudy_api import token
from understudy_api.acts import Stop, sign_act
from understudy_cli import keys_records
from understudy_cli.errors import UserError
from understudy_cli.files import write_new
from understudy_cli.rings import RecordsOption, ring_of
from understudy_cli.signing import public_key_of

app = typer.Typer(
    help="Make, show and replace Ed25519 keys. The root key proves that a twin is yours: keep it offline.",
    no_args_is_help=True,
)
app.command("rotate")(keys_records.rotate)
app.command("delegate")(keys_records.delegate)
app.command("withdraw")(keys_records.withdraw)

ROLES = ("license", "consent", "stop", "recovery")


@app.command()
def new(
    path: Annotated[Path, typer.Argument(help="File to write, e.g. owner.jwk; mode 0600.")],
    role: Annotated[
        list[str] | None,
        typer.Option(help="Also make a key for this role, e.g. owner-stop.jwk: license, consent, stop or recovery."),
    ] = None,
) -> None:
    """Make a root key pair, keys for roles as asked, and an offline order that stops all its twins."""
    roles = tuple(dict.fromkeys(role or ()))
    if unknown := [one for one in roles if one not in ROLES]:
        raise UserError(f"--role: wanted one of {', '.join(ROLES)}, got {unknown[0]!r}")
    root = write_key(path)
    typer.echo(f"{path}  thumbprint {token.thumbprint(root)}")
    for one in roles:
        beside = _beside(path, one, ".jwk")
        typer.echo(f"{beside}  thumbprint {token.thumbprint(write_key(beside))}  ({_next_step(one)})")
    typer.echo(f"{write_stop_order(path, root)}  stops every twin of this key; deliver it with `twin stop --order`")
    typer.echo(f"Keep {path.name} offline and back it up: whoever holds it owns the twin.")
    if "recovery" not in roles:
        typer.echo("Without a recovery key (--role recovery, named at `twin init`) nobody can replace a lost root key.")


@app.command()
def show(
    path: Annotated[Path, typer.Argument(help="Key file, private or public.")],
    twin: Annotated[Path | None, typer.Option(help="TwinModel manifest: says what the key may sign for it.")] = None,
    records: RecordsOption = None,
) -> None:
    """Print a key's thumbprint and public half, never the private one, and its roles for a twin."""
    key = public_key_of(path)
    typer.echo(f"thumbprint {token.thumbprint(key)}")
    typer.echo(f"public     {json.dumps(token.public_jwk(key))}")
    typer.echo(f"private    {'yes, keep it offline' if key.is_private else 'no'}")
    if twin is not None:
        typer.echo(f"may sign   {_powers(key, twin, records)}")


def write_key(path: Path) -> OKPKey:
    """A new key pair in a new file, mode 0600."""
    key = token.new_key()
    write_new(path, json.dumps(key.as_dict(private=True), indent=2) + "\n", private=True)
    return key


def write_stop_order(path: Path, root: OKPKey) -> Path:
    """An order beside a root key's file that stops every twin of that key; it needs no key to be delivered."""
    order = _beside(path, "stop-order", ".jws")
    text = sign_act(root, Stop(iat=int(time.time()), reason="offline stop order"))
    write_new(order, text + "\n", private=True)
    return order


def _powers(key: OKPKey, twin: Path, records: list[Path] | None) -> str:
    ring, kid, now = ring_of(twin, records), token.thumbprint(key), time.time()
    if kid == token.thumbprint(ring.root):
        return f"everything: it is the root key after {ring.number} key records"
    held = [one for one in ring.delegations if one.key.thumbprint == kid and (one.exp is None or now < one.exp)]
    recovery = ring.genesis.claims.recovery
    said = [
        f"{one.role}{'' if one.exp is None else time.strftime(' until %Y-%m-%d', time.gmtime(one.exp))}" for one in held
    ]
    if recovery is not None and recovery.thumbprint == kid:
        said.append("the replacement of the root key")
    return ", ".join(said) or f"nothing for this twin after {ring.number} key records"


def _beside(path: Path, what: str, suffix: str) -> Path:
    return path.with_name(f"{path.stem}-{what}{suffix}")


def _next_step(role: str) -> str:
    return (
        "name it at `twin init --recovery`"
        if role == "recovery"
        else f"`keys delegate --role {role}` gives it its power"
    )
