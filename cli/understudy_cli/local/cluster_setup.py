"""What a cluster has to hold before the operator starts: our kinds, its account and rights, a default pool."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import certifi

from understudy_api.release import AUDIENCE
from understudy_cli.errors import UserError
from understudy_cli.local import kubeconfig
from understudy_cli.local.cluster import Cluster, documents
from understudy_cli.local.home import write_private
from understudy_cli.local.kubeconfig import Access
from understudy_cli.local.part import Site

NAMESPACE: Final = "understudy-system"
VAULT_ACCOUNT: Final = "understudy-vault"
PERFORMER_ACCOUNT: Final = "understudy-performer"
TOKEN_LIFE_SECONDS: Final = 365 * 24 * 3600
"""Asked for at every `up`; a cluster may grant less."""
_ESTABLISHED_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.05


def set_up(site: Site) -> None:
    """Apply kinds, accounts and roles, create the default pool if there is none, and hand operator, vault and performers their tokens."""
    access = kubeconfig.read(site.kubeconfig)
    kinds = documents(_yaml_files(crds_folder()))
    with Cluster(access) as cluster:
        for document in kinds:
            cluster.apply(document)
        for document in kinds:
            _wait_established(cluster, document["metadata"]["name"])
        served = {document["spec"]["names"]["kind"] for document in kinds}
        for document in documents(_yaml_files(manifests_folder())):
            _put(cluster, document, served)
        token = cluster.token(NAMESPACE, "operator", TOKEN_LIFE_SECONDS)
        for account, audience in ((VAULT_ACCOUNT, None), (PERFORMER_ACCOUNT, AUDIENCE)):
            made = cluster.token(NAMESPACE, account, TOKEN_LIFE_SECONDS, audience)
            write_private(site.home.account_token(account), made)
    write_private(site.home.cluster_authority, access.authority_pem or Path(certifi.where()).read_text())
    kubeconfig.write(
        site.home.operator_kubeconfig, Access(access.server, access.authority_pem, token=token), "operator"
    )


def crds_folder() -> Path:
    """The generated custom resource definitions: in the wheel beside this file, in a checkout at its root."""
    here = Path(__file__).resolve()
    folders = (here.parent / "crds", here.parents[3] / "crds")
    return next((folder for folder in folders if folder.is_dir()), folders[0])


def manifests_folder() -> Path:
    """What every cluster gets beside the kinds: accounts, roles, admission policies, the default pool."""
    return Path(__file__).parent / "manifests"


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml"))


def _put(cluster: Cluster, document: dict[str, Any], served: set[str]) -> None:
    """Ours is applied; the default pool is the user's to change once it is there."""
    if document["kind"] != "RenderPool":
        cluster.apply(document)
    elif "RenderPool" in served:
        cluster.create(document)


def _wait_established(cluster: Cluster, name: str) -> None:
    deadline = time.monotonic() + _ESTABLISHED_SECONDS
    while not cluster.is_established(name):
        if time.monotonic() > deadline:
            raise UserError(
                f"{name}: not served {_ESTABLISHED_SECONDS:.0f} s after it was applied; see apiserver's log"
            )
        time.sleep(_POLL_SECONDS)
