"""How an owner's command reaches a farm: the one on this machine, or one on a cluster through forwarded ports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy_cli.errors import UserError

if TYPE_CHECKING:
    from understudy_api.settings import S3Settings
    from understudy_cli.kubectl import Kubectl
    from understudy_cli.local.home import Home
    from understudy_cli.local.keys import Keys
    from understudy_cli.local.part import External, Site
    from understudy_cli.owner_vault import OwnerVault

_VAULT, _MINIO = ("understudy-vault", 8443), ("understudy-minio", 9000)
"""Services of the chart, and their ports."""

FarmKeysOption = Annotated[
    Path | None,
    typer.Option(help="Folder of a farm on a cluster, as `understudy chart secrets` made it.", show_default=False),
]
VaultOption = Annotated[
    str | None,
    typer.Option(
        help="The cluster's vault, as https://host:port; default: kubectl forwards a port.", show_default=False
    ),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--s3",
        help="The cluster's S3, as http(s)://host:port; keys in UNDERSTUDY_S3_ACCESS_KEY and UNDERSTUDY_S3_SECRET_KEY. "
        "Default: the chart's MinIO, by a forwarded port.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class FarmReach:
    """A farm's vault, its object store under an account that may read and write every bucket, its keys, its cluster."""

    vault: OwnerVault
    store: S3Settings
    keys: Keys
    kubectl: Kubectl

    def objects(self) -> Any:
        """The farm's objects, closed at the end of a `with`."""
        from contextlib import closing

        from understudy_workers.objects import Objects

        return closing(Objects(self.store, patience_seconds=5.0))


@contextmanager
def reach(farm_keys: Path | None, vault: str | None, s3: str | None) -> Iterator[FarmReach]:
    """The farm whose keys lie in `farm_keys`, or this machine's; ports are forwarded until the `with` ends.

    UserError when there is no such farm, or no way to it.
    """
    if farm_keys is None:
        if vault or s3:
            raise UserError("--vault and --s3 name a farm on a cluster: give its --farm-keys too")
        yield _here(local_site())
        return
    from understudy_cli.cluster_access import connect
    from understudy_cli.local.cluster_setup import NAMESPACE
    from understudy_cli.local.home import Home
    from understudy_cli.local.keys import Keys
    from understudy_cli.local.object_store import external_settings
    from understudy_cli.owner_vault import OwnerVault
    from understudy_cli.port_forward import forwarded
    from understudy_cli.s3_access import from_environment

    home, kubectl = Home(farm_keys.absolute()), connect()
    authority = home.pki / "ca.crt"
    if not authority.is_file():
        raise UserError(f"{farm_keys}: holds no farm's keys; `understudy chart secrets {farm_keys}` makes them")
    with ExitStack() as ways:

        def way(service: tuple[str, int]) -> str:
            return f"https://127.0.0.1:{ways.enter_context(forwarded(kubectl, NAMESPACE, *service))}"

        account = from_environment() if s3 else _bundled(home)
        store = external_settings(account, s3 or way(_MINIO))
        yield FarmReach(OwnerVault((vault or way(_VAULT)).rstrip("/"), authority), store, Keys.at(home), kubectl)


def local_site() -> Site:
    """The farm on this machine; UserError when there is none."""
    from understudy_cli.local.farm import Farm
    from understudy_cli.local.home import Home
    from understudy_cli.local.plan import load_plan

    home = Home.default()
    if load_plan(home) is None:
        raise UserError(f"no farm in {home.root}; `understudy up` starts one, --farm-keys names one on a cluster")
    return Farm(home).site()


def _here(site: Site) -> FarmReach:
    from understudy_cli.kubectl import Kubectl
    from understudy_cli.local import object_store, toolchain
    from understudy_cli.local.keys import Keys
    from understudy_cli.owner_vault import OwnerVault

    kubectl = Kubectl(toolchain.require("kubectl"), site.kubeconfig)
    return FarmReach(OwnerVault.of(site), object_store.settings(site, "root"), Keys.at(site.home), kubectl)


def _bundled(home: Home) -> External:
    """The root account of the chart's MinIO, and who vouches for it."""
    from understudy_cli.local.keys import open_account
    from understudy_cli.local.part import External

    if not (home.keys / "s3-root.json").is_file():
        raise UserError(f"{home.root}: no keys of a MinIO there; name the farm's own S3 with --s3")
    root = open_account(home, "root")
    return External(s3_access_key=root.access_key, s3_secret_key=root.secret_key, s3_authority=home.pki / "ca.crt")
