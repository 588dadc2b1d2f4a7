"""Writes what planes and vault are told: `operator.json`, `pool.json` and `vault.json`, mode 0600."""

from __future__ import annotations

from urllib.parse import urlsplit

from understudy_api.settings import (
    ApiServerEndpoint,
    ContentCredentials,
    DirectorEndpoint,
    DirectorListener,
    OperatorSettings,
    PoolSettings,
    RayEndpoint,
    VaultAddress,
    VaultEndpoint,
    VaultSettings,
)
from understudy_api.status_source import StatusSettings
from understudy_cli.local import kubeconfig, object_store, pool
from understudy_cli.local.cluster_setup import NAMESPACE, PERFORMER_ACCOUNT, VAULT_ACCOUNT
from understudy_cli.local.control_plane import server_url
from understudy_cli.local.credentials_identity import open_identity
from understudy_cli.local.home import private_folder, write_private
from understudy_cli.local.keys import Keys, open_keys
from understudy_cli.local.part import Site
from understudy_cli.local.plan import LOOPBACK
from understudy_cli.local.vault_process import is_installed as has_vault
from understudy_cli.local.vault_process import vault_url

POOL = "default"
"""The pool that `up` makes; its performers are the only ones the vault knows here."""


def write_settings(site: Site) -> None:
    """Make the farm's keys if need be and write the files; the same farm gets the same content."""
    keys = open_keys(site.home)
    if site.external.ray_token:
        write_private(keys.ray_token, site.external.ray_token)
    for path, told in (
        (site.home.operator_settings, operator_settings(site, keys)),
        (site.home.pool_settings, pool_settings(site, keys)),
        (site.home.vault_settings, vault_settings(site, keys)),
    ):
        write_private(path, told.model_dump_json(indent=2) + "\n")


def operator_settings(site: Site, keys: Keys) -> OperatorSettings:
    """What the operator is told."""
    ports, s3 = site.plan.ports, object_store.settings(site, "operator")
    return OperatorSettings(
        kubeconfig=site.home.operator_kubeconfig,
        farm=keys.farm_thumbprint(),
        s3=s3,
        public_s3_url=f"{'https' if s3.secure else 'http'}://{s3.endpoint}",
        farm_key_file=keys.farm,
        ray=RayEndpoint(address=pool.dashboard_url(site), token_file=keys.ray_token),
        director=DirectorEndpoint(
            url=f"https://{_director_host(site)}:{ports.director}",
            token_file=keys.director_token,
            ca_file=site.authority,
        ),
        pool_public_key_file=keys.pool_public,
        status_lists=StatusSettings(port=ports.operator_status),
        vault=VaultAddress(url=vault_url(site), ca_file=site.authority) if has_vault() else None,
        demand_capture_consent=True,
        metrics_port=ports.operator_metrics,
        health_port=ports.operator_health,
    )


def pool_settings(site: Site, keys: Keys) -> PoolSettings:
    """What director and performers are told."""
    ports, host = site.plan.ports, _director_host(site)
    server = site.issuer().server(site.home.pki, "director", (host,))
    identity = open_identity(site.home.c2pa, site.plan.name)
    return PoolSettings(
        farm=keys.farm_thumbprint(),
        s3=object_store.settings(site, "pool"),
        director=DirectorListener(
            host=LOOPBACK if host == LOOPBACK else "0.0.0.0",  # noqa: S104 - a pool elsewhere is reached from here
            port=ports.director,
            token_file=keys.director_token,
            tls_cert=server.certificate,
            tls_key=server.key,
        ),
        bundle_key_file=keys.pool,
        bundle_public_key_file=keys.pool_public,
        farm_public_key_file=keys.farm_public,
        vault=VaultEndpoint(
            url=vault_url(site),
            token_file=site.home.account_token(PERFORMER_ACCOUNT),
            ca_file=site.authority,
        ),
        c2pa=ContentCredentials(chain_file=identity.chain, key_file=identity.key, root_file=identity.root),
        status_lists=StatusSettings(
            farm_url=f"http://{LOOPBACK}:{ports.operator_status}" if host == LOOPBACK else None
        ),
        cache_key_file=keys.cache,
        metrics_port=ports.director_metrics,
        work_dir=private_folder(site.home.work),
    )


def vault_settings(site: Site, keys: Keys) -> VaultSettings:
    """What the vault is told: whom to ask about callers, and which users the pools' performers are."""
    server = site.issuer().server(site.home.pki, "vault")
    return VaultSettings(
        apiserver=ApiServerEndpoint(
            url=kubeconfig.read(site.kubeconfig).server if site.external.kubeconfig else server_url(site),
            token_file=site.home.account_token(VAULT_ACCOUNT),
            ca_file=site.home.cluster_authority,
        ),
        farm_public_key_file=keys.farm_public,
        signing_key_file=keys.vault,
        callers={POOL: f"system:serviceaccount:{NAMESPACE}:{PERFORMER_ACCOUNT}"},
        s3=object_store.settings(site, "vault"),
        keys_folder=private_folder(site.home.vault_keys),
        port=site.plan.ports.vault,
        tls_cert=server.certificate,
        tls_key=server.key,
    )


def _director_host(site: Site) -> str:
    """The director runs on the Ray head, wherever that is."""
    return urlsplit(site.external.pool_url).hostname or LOOPBACK if site.external.pool_url else LOOPBACK
