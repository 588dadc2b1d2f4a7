"""Which cluster a command speaks to: kubectl's own configuration, else the farm on this machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import yaml

from understudy_cli.errors import UserError
from understudy_cli.kubectl import Kubectl
from understudy_cli.local import toolchain
from understudy_cli.local.home import Home


def connect() -> Kubectl:
    """kubectl and where it looks: `$KUBECONFIG`, else `~/.kube/config`, else the farm of this machine; UserError without.

    A `~/.kube/config` that names no current context, as is left when a cluster was removed, leads nowhere and is passed over.
    """
    named = os.environ.get("KUBECONFIG")
    usual = Path("~/.kube/config").expanduser()
    own = Home.default().admin_kubeconfig
    kubeconfig = Path(named.split(os.pathsep)[0]) if named else usual if _leads_somewhere(usual) else own
    if not kubeconfig.is_file():
        raise UserError(f"{kubeconfig}: no cluster to speak to; set KUBECONFIG or start a farm with `understudy up`")
    found = shutil.which("kubectl")
    return Kubectl(Path(found) if found else toolchain.require("kubectl"), kubeconfig)


def _leads_somewhere(kubeconfig: Path) -> bool:
    try:
        found = yaml.safe_load(kubeconfig.read_text())
    except (OSError, yaml.YAMLError):
        return kubeconfig.is_file()  # kubectl says what is wrong with it
    return isinstance(found, dict) and bool(found.get("current-context"))
