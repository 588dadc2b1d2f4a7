"""`understudy chart`: what the Helm chart needs of a farm beside its values, and what the chart's own pods run."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
import yaml
from pydantic import SecretStr

from understudy_api.settings import BucketNames, S3Settings
from understudy_api.settings_secrets import read_account
from understudy_cli import chart_secrets
from understudy_cli.errors import UserError
from understudy_cli.local import buckets as store
from understudy_cli.local.cluster_setup import NAMESPACE
from understudy_cli.local.home import Home
from understudy_cli.local.keys import Account
from understudy_cli.local.probe import answers, trusting

app = typer.Typer(help="Make the Secrets, buckets and policies that the Helm chart asks for.", no_args_is_help=True)

BucketOption = Annotated[
    list[str] | None, typer.Option(help="Another name for a bucket: outputs=NAME, twins=NAME, ...")
]
_POLL_SECONDS = 1.0
_POLICIES = {"operator": store.operator_policy, "pool": store.pool_policy, "vault": store.vault_policy}


@app.command()
def secrets(
    folder: Annotated[Path, typer.Argument(help="Where the farm's keys are kept; made on the first call.")],
    namespace: Annotated[str, typer.Option(help="The namespace that the chart is installed in.")] = NAMESPACE,
    own_s3: Annotated[
        bool,
        typer.Option(
            "--own-s3",
            help="Your S3 instead of the bundled one: one account for all, in UNDERSTUDY_S3_ACCESS_KEY and "
            "UNDERSTUDY_S3_SECRET_KEY. Replace the three Secrets understudy-s3-* to give each its own.",
        ),
    ] = False,
) -> None:
    """Print the chart's Secrets, for `kubectl apply --server-side -f -`. The same folder gives the same keys: back it up."""
    accounts = _own_account() if own_s3 else chart_secrets.open_accounts(Home(folder.absolute()))
    made = chart_secrets.secrets(folder, namespace, accounts)
    typer.echo(yaml.safe_dump_all(made, sort_keys=False), nl=False)
    typer.echo(f"farm {chart_secrets.thumbprint(folder)}  (what licenses name it by); keep {folder}", err=True)


@app.command()
def policies(bucket: BucketOption = None) -> None:
    """Print what each S3 account of the farm may do, as JSON: operator, pool and vault."""
    names = _names(bucket)
    typer.echo(json.dumps({name: policy(names) for name, policy in _POLICIES.items()}, indent=2))


@app.command()
def buckets(
    url: Annotated[str, typer.Argument(help="The MinIO: https://host:port.")],
    accounts: Annotated[
        Path, typer.Option(help="Folder with root/, operator/, pool/ and vault/, each with accessKey and secretKey.")
    ],
    authority: Annotated[Path | None, typer.Option(help="PEM bundle that vouches for the MinIO.")] = None,
    bucket: BucketOption = None,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for a MinIO that does not answer yet.")] = 0,
) -> None:
    """Make the buckets of a farm in a MinIO, and the accounts of operator, pool and vault with exactly their rights."""
    names, parts = _names(bucket), urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
        raise UserError(f"{url}: wanted http(s)://host:port without a path")
    known = {name: _mounted(accounts / name) for name in ("root", *_POLICIES)}
    root = S3Settings(
        endpoint=parts.netloc,
        access_key=known["root"].access_key,
        secret_key=SecretStr(known["root"].secret_key),
        ca_file=authority,
        secure=parts.scheme == "https",
    )
    _await(root, timeout)
    store.make_buckets(root, names)
    for name, policy in _POLICIES.items():
        store.make_account(root, known[name], name, policy(names))
    typer.echo(f"{parts.netloc}: {len(names.model_dump())} buckets, {len(_POLICIES)} accounts")


def _await(root: S3Settings, seconds: float) -> None:
    """Give a store that is not there yet so much time; why it is not is for whoever asks it next to say."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and (reason := store.not_ready(root)) is not None:
        typer.echo(f"waiting for {root.endpoint}: {reason}", err=True)
        time.sleep(_POLL_SECONDS)


@app.command()
def reach(
    targets: Annotated[list[str], typer.Argument(help="NAME=URL of what has to answer 200 to a GET.")],
    authority: Annotated[Path, typer.Option(help="PEM bundle that vouches for the https ones.")],
) -> None:
    """Ask servers of a farm whether they are there: one line each, exit code 1 when one does not answer."""
    if not authority.is_file():
        raise UserError(f"{authority}: no such file; name the PEM bundle that vouches for the farm's servers")
    trust, silent = trusting(authority), []
    for target in targets:
        name, _, url = target.partition("=")
        reason = answers(url, trust)
        typer.echo(f"{name:<10} {'answers' if reason is None else reason}")
        if reason is not None:
            silent.append(name)
    if silent:
        raise UserError(f"{', '.join(silent)}: no good answer; `kubectl get pods` and their logs say why")


def _own_account() -> dict[str, Account]:
    access, secret = (os.environ.get(f"UNDERSTUDY_S3_{name}_KEY", "") for name in ("ACCESS", "SECRET"))
    if not (access and secret):
        raise UserError("--own-s3 needs its account in UNDERSTUDY_S3_ACCESS_KEY and UNDERSTUDY_S3_SECRET_KEY")
    return dict.fromkeys(chart_secrets.PARTS, Account(access, secret))


def _mounted(folder: Path) -> Account:
    try:
        return Account(**read_account(folder))
    except OSError as error:
        raise UserError(
            f"{error.filename}: cannot be read ({error.strerror}); mount the account's Secret there"
        ) from error


def _names(given: list[str] | None) -> BucketNames:
    pairs = {role: name for role, _, name in (one.partition("=") for one in given or ())}
    roles = list(BucketNames.model_fields)
    for role, name in pairs.items():
        if role not in roles or not name:
            raise UserError(f"--bucket {role}={name}: wanted ROLE=NAME with one of {', '.join(roles)}")
    return BucketNames(**pairs)
