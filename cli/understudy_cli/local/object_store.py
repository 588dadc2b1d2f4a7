"""MinIO on loopback: the farm's object store, with TLS and without its root account leaving this machine's farm."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from understudy_api.settings import S3Settings
from understudy_cli.errors import UserError
from understudy_cli.local import buckets, toolchain
from understudy_cli.local.home import private_folder, write_private
from understudy_cli.local.keys import Account, open_account
from understudy_cli.local.part import External, Part, Site
from understudy_cli.local.plan import LOOPBACK
from understudy_cli.local.process import Command


def settings(site: Site, account: str) -> S3Settings:
    """How the account `root`, `operator`, `pool` or `vault` reaches the object store; elsewhere there is one for all."""
    if site.external.s3_url:
        return external_settings(site.external, site.external.s3_url)
    known = open_account(site.home, account)
    return S3Settings(
        endpoint=f"{LOOPBACK}:{site.plan.ports.minio}",
        access_key=known.access_key,
        secret_key=SecretStr(known.secret_key),
        ca_file=site.authority,
    )


def make_ready(site: Site) -> None:
    """Buckets, and in our own MinIO the accounts of planes and vault."""
    root = settings(site, "root")
    buckets.make_buckets(root)
    if site.external.s3_url:
        return
    policies = {
        "operator": buckets.operator_policy(),
        "pool": buckets.pool_policy(),
        "vault": buckets.vault_policy(),
    }
    for name, policy in policies.items():
        buckets.make_account(root, open_account(site.home, name), name, policy)


def external_settings(external: External, url: str) -> S3Settings:
    """The account of an S3 that the user brings; UserError when URL, keys or authority are not right."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
        raise UserError(f"--s3 {url}: wanted http(s)://host:port without a path")
    if not (external.s3_access_key and external.s3_secret_key):
        raise UserError("--s3 needs its credentials in UNDERSTUDY_S3_ACCESS_KEY and UNDERSTUDY_S3_SECRET_KEY")
    authority = external.s3_authority
    if authority is not None and not authority.is_file():
        raise UserError(f"UNDERSTUDY_S3_CA_FILE={authority}: no such file; name the PEM bundle that vouches for --s3")
    return S3Settings(
        endpoint=parts.netloc,
        access_key=external.s3_access_key,
        secret_key=SecretStr(external.s3_secret_key),
        ca_file=authority,
        secure=parts.scheme == "https",
    )


def _command(site: Site) -> Command:
    folder = _certificates(site)
    argv = (
        str(toolchain.require("minio")),
        "server",
        f"--address={LOOPBACK}:{site.plan.ports.minio}",
        f"--certs-dir={folder}",
        "--quiet",
        str(site.home.data("minio")),
    )
    root: Account = open_account(site.home, "root")
    secrets = {"MINIO_ROOT_USER": root.access_key, "MINIO_ROOT_PASSWORD": root.secret_key}
    quiet = {"MINIO_BROWSER": "off", "MINIO_UPDATE": "off", "MINIO_CALLHOME_ENABLE": "off"}
    return Command(argv, site.environment(secrets | quiet), site.home.data("minio"))


def _certificates(site: Site) -> str:
    """MinIO wants its certificate under fixed names in a folder of its own."""
    pair = site.issuer().server(site.home.pki, "minio")
    folder = private_folder(site.home.pki / "minio")
    write_private(folder / "public.crt", pair.certificate.read_bytes())
    write_private(folder / "private.key", pair.key.read_bytes())
    return str(folder)


def _not_ready(site: Site) -> str | None:
    return buckets.not_ready(settings(site, "root"))


MINIO: Final = Part(
    name="minio",
    ports=("minio",),
    tools=("minio",),
    command=_command,
    not_ready=_not_ready,
    finish=make_ready,
)
