"""Which S3 account a command uses: the one given, else that of the operator's settings, else none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from understudy_api.settings import OperatorSettings, S3Settings
from understudy_cli.local.home import Home
from understudy_cli.local.object_store import external_settings
from understudy_cli.local.part import External

SettingsOption = Annotated[
    Path | None,
    typer.Option(help="The operator's settings file; default: that of this machine's farm.", show_default=False),
]
S3Option = Annotated[
    str | None,
    typer.Option(
        help="Another S3, as http(s)://host:port; keys in UNDERSTUDY_S3_ACCESS_KEY and UNDERSTUDY_S3_SECRET_KEY.",
        show_default=False,
    ),
]


def operator_settings(file: Path | None) -> OperatorSettings | None:
    """The settings that are named, else those of this machine's farm, else None. Raises SettingsError."""
    own = file or Home.default().operator_settings
    return OperatorSettings.load(own) if file or own.is_file() else None


def given_account(url: str) -> S3Settings:
    """The account that a URL and the environment name, as `understudy up` takes it; UserError when it is half there."""
    return external_settings(from_environment(), url)


def from_environment() -> External:
    """The keys and the authority of an S3 that somebody brings, as far as the environment names them."""
    read = os.environ.get
    authority = read("UNDERSTUDY_S3_CA_FILE")
    return External(
        s3_access_key=read("UNDERSTUDY_S3_ACCESS_KEY", ""),
        s3_secret_key=read("UNDERSTUDY_S3_SECRET_KEY", ""),
        s3_authority=Path(authority).absolute() if authority else None,
    )
