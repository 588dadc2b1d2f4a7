"""`understudy open`: a job's contact sheet by a link that works for a while and for whoever has it."""

from __future__ import annotations

import webbrowser
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from understudy_api.settings import S3Settings
from understudy_cli.cluster_access import connect
from understudy_cli.errors import UserError
from understudy_cli.jobs import JobArgument, NamespaceOption, find_job, where
from understudy_cli.s3_access import S3Option, SettingsOption, given_account, operator_settings

MAX_MINUTES: Final = 7 * 24 * 60
"""As long as S3 lets a presigned link live."""


def open_(
    job: JobArgument,
    namespace: NamespaceOption = None,
    minutes: Annotated[int, typer.Option(min=1, max=MAX_MINUTES, help="How long the link works.")] = 60,
    browser: Annotated[bool, typer.Option("--browser", help="Also open it in the browser.")] = False,
    settings: SettingsOption = None,
    s3: S3Option = None,
) -> None:
    """Print a link to a job's contact sheet. Whoever has the link can read the sheet until it ends."""
    found = find_job(connect(), job, namespace)
    url = found.get("status", {}).get("contactSheet")
    if not url:
        raise UserError(f"{where(found)}: no contact sheet yet; it is written when the job is complete")
    account = _account(where(found), "destination" in found["spec"], settings, s3)
    link = presigned(account, str(url), timedelta(minutes=minutes))
    typer.echo(link)
    if browser and not webbrowser.open(link):
        raise UserError("--browser: no browser to be found here; open the printed link yourself")


def presigned(account: S3Settings, url: str, life: timedelta) -> str:
    """A link to an `s3://bucket/key`; UserError when the account finds nothing there."""
    import urllib3
    from minio.error import MinioException

    from understudy_cli.local.buckets import client

    bucket, _, key = url.removeprefix("s3://").partition("/")
    store = client(account)
    try:
        store.stat_object(bucket, key)
        return str(store.presigned_get_object(bucket, key, expires=life))
    except (MinioException, urllib3.exceptions.HTTPError) as error:
        reason = getattr(error, "code", None) or " ".join(str(error).split())
        raise UserError(f"{url}: {reason} at {account.endpoint}; check --s3 and its keys") from error


def _account(job: str, elsewhere: bool, settings: Path | None, s3: str | None) -> S3Settings:
    """The account to sign with: a job that delivers to a bucket of its brand needs the brand's keys."""
    if s3:
        return given_account(s3)
    told = operator_settings(settings)
    if told is None or elsewhere:
        raise UserError(f"{job}: no credentials for its bucket; give --s3 and its keys in the environment")
    return told.s3
