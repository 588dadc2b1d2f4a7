"""docs/backup-and-restore.md on a farm in pods: copied, taken away with its volumes and objects, brought back by the same commands.

What becomes of receipts, licenses and twins is tried without pods in tests/docs; here it is Helm, the vault's volume and
the operator's own view of its settings.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chart_site import NAMESPACE
from doc_commands import commands, holds, prints
from live_farm import BRAND
from pod_farm import DOCS, LIMIT_SECONDS, Desk, PodFarm
from puppet_farm import host

from understudy_cli.campaign import manifests
from understudy_cli.local import object_store, toolchain
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.local.keys import open_account
from understudy_cli.port_forward import forwarded

pytestmark = [pytest.mark.kind, pytest.mark.timeout(900)]


@pytest.fixture
def safe(tmp_path: Path) -> Iterator[Any]:
    """Somebody else's object store."""
    elsewhere = Farm(Home(tmp_path / "safe"))
    try:
        yield object_store.settings(elsewhere.up(["minio"]), "root")
    finally:
        elsewhere.purge()


def test_a_farm_in_pods_comes_back(licensed: PodFarm, desk: Desk, safe: Any, campaign: dict[str, Any]) -> None:
    before = licensed.finish_whole(campaign, "kept", during=lambda: None)
    _follow(licensed, desk, safe, "A copy, while the farm works")
    shutil.rmtree(licensed.keys)
    licensed.purge()
    _follow(licensed, desk, safe, "Into a new cluster")
    after = licensed.kubectl.get("renderjob", "kept", BRAND)
    assert after["status"]["phase"] == "Complete"
    assert after["status"]["meteredSeconds"] == before["status"]["meteredSeconds"]
    assert licensed.kubectl.get("twinmodel", manifests.TWIN, manifests.OWNER_NAMESPACE)["status"]["version"]
    licensed.finish_whole(campaign, "after", during=lambda: None)


def _follow(farm: PodFarm, desk: Desk, safe: Any, title: str) -> None:
    """Runs a section's commands; the bundled object store is reached through a forwarded port while `mc` needs it."""
    section = (DOCS / "backup-and-restore.md").read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    trusted = desk.folder / "mc" / "certs" / "CAs"
    trusted.mkdir(parents=True, exist_ok=True)
    (trusted / "safe.crt").write_bytes(safe.ca_file.read_bytes())
    environment = desk.environment() | {
        "MC_HOST_safe": host(safe),
        "MC_CONFIG_DIR": str(desk.folder / "mc"),
        "PATH": f"{toolchain.require('mc').parent}:{desk.environment()['PATH']}",
    }
    for command, wanted in commands(section):
        if command.startswith("mc "):
            root = open_account(Home(farm.keys), "root")
            (trusted / "farm.crt").write_bytes((Home(farm.keys).pki / "ca.crt").read_bytes())
            with forwarded(farm.kubectl, NAMESPACE, "understudy-minio", 9000) as port:
                way = {"MC_HOST_farm": f"https://{root.access_key}:{root.secret_key}@127.0.0.1:{port}"}
                said = prints(command, desk.folder, environment | way, LIMIT_SECONDS)
        else:
            said = prints(command, desk.folder, environment, LIMIT_SECONDS)
        assert said.code == 0, f"{command}: {said}"
        assert holds(wanted, said), f"{command}: wanted {wanted}, got {said}"
