"""A whole farm on one machine whose performers are puppets: everything is real but the pictures."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from minio import Minio
from operator_site import Admin, Tenant, resource

from understudy_api import token
from understudy_api.acts import Act, sign_act
from understudy_api.genesis import sign_genesis
from understudy_api.receipt import TrainingResult, training_key
from understudy_api.settings import S3Settings
from understudy_api.twinmodel import TwinModelSpec
from understudy_cli.local import buckets, object_store, process
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.local.keys import Keys
from understudy_cli.local.part import HOME_MARK, Site
from understudy_cli.owner_vault import OwnerVault
from understudy_operator.core.state import Identity
from understudy_operator.core.training import training_order
from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.key import Key
from understudy_operator.shell.objects import Objects
from understudy_operator.shell.release import VARIABLE, installed_release

SUPPORT = Path(__file__).parent


@dataclass(frozen=True)
class PuppetFarm:
    """A farm in its home, as its administrator sees it. Ports and servers are asked for anew: a farm may come back elsewhere."""

    home: Home

    @property
    def farm(self) -> Farm:
        return Farm(self.home)

    @property
    def site(self) -> Site:
        return self.farm.site()

    @property
    def admin(self) -> Admin:
        return Admin(ApiServer.connect(self.site.kubeconfig))

    @property
    def store(self) -> Minio:
        return buckets.client(object_store.settings(self.site, "root"))

    @property
    def vault(self) -> OwnerVault:
        return OwnerVault.of(self.site)

    def stop(self, part: str) -> None:
        """Ends one process of the farm; `up` starts it again."""
        known = process.recall(self.home.record(part))
        assert known is not None
        process.stop(known.identity, grace_seconds=10)
        self.home.record(part).unlink()

    def perform(self) -> None:
        """Starts pool and operator: the director is there before the operator looks for it, with puppets to perform."""
        site = self.farm.up(["vault", "ray"])
        environment = {**ray_environment(site), VARIABLE: installed_release()}
        argv = [sys.executable, "-m", "understudy_workers.director", "--studio", "puppet:Puppet"]
        done = subprocess.run(argv, cwd=SUPPORT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        self.farm.up()
        self.admin.wait(Key("RenderPool", "", "default"), "Ready", seconds=60)

    def owner(self, namespace: str, brand: str) -> Tenant:
        """An owner with a twin that counts as trained and whose key the vault keeps; and a brand, with nothing yet."""
        root = token.new_key()
        genesis = sign_genesis(root, namespace, int(time.time()), os.urandom(16).hex())
        made = Tenant(self.admin, namespace, brand, root, genesis, Keys.at(self.home).farm_thumbprint())
        for name in (namespace, brand):
            if self.admin.server.request("GET", f"/api/v1/namespaces/{name}") is None:
                self.admin.server.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        self.vault.seal(root, genesis, adopt=True)
        self._trained(made)
        self.admin.create(made.twin())
        return made

    def _trained(self, owner: Tenant) -> None:
        """Lets a training result stand where the twin's own would: equal trainings share one, whatever object asks for it."""
        spec = TwinModelSpec.model_validate(owner.twin()["spec"])
        nobody = Identity(
            namespace=owner.owner, name="ada", uid="00000000-puppet", generation=1, resource_version="", created_at=0.0
        )
        order = training_order(nobody, spec)
        result = TrainingResult(
            digest=order.digest, twin_id=order.twin_id, state="Ready", version="0" * 64, finished_at=time.time()
        )
        pool = Objects(object_store.settings(self.site, "pool"))
        pool.put("understudy-receipts", training_key(order.digest), result.model_dump_json().encode())
        pool.close()

    def deliver(self, owner: Tenant, name: str, act: Act) -> None:
        """Delivers what an owner signs."""
        spec = {"twinRef": {"name": "ada"}, "act": sign_act(owner.root, act)}
        self.admin.create(resource("OwnerAct", owner.owner, name, spec))

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """What lies in a bucket."""
        return [str(one.object_name) for one in self.store.list_objects(bucket, prefix=prefix, recursive=True)]

    def objects(self, bucket: str, prefix: str) -> dict[str, bytes]:
        """What lies below a prefix, whole."""
        return {key: self.store.get_object(bucket, key).read() for key in self.keys(bucket, prefix)}

    def environment(self) -> Iterator[tuple[str, str]]:
        """What commands need to find this farm; nothing while it has no keys."""
        if self.home.keys.exists():
            yield "KUBECONFIG", str(self.site.kubeconfig)
            yield "UNDERSTUDY_HOME", str(self.home.root)
            yield "MC_HOST_farm", host(object_store.settings(self.site, "root"))


def ray_environment(site: Site) -> dict[str, str]:
    """What a process of a farm's Ray on this machine finds its cluster, its token and its settings by."""
    return {
        **os.environ,
        HOME_MARK: str(site.home.root),
        "RAY_ADDRESS": f"127.0.0.1:{site.plan.ports.ray_gcs}",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(Keys.at(site.home).ray_token),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "UNDERSTUDY_POOL_SETTINGS": str(site.home.pool_settings),
    }


def host(account: S3Settings) -> str:
    """An S3 account as mc reads it from its environment."""
    return f"https://{account.access_key}:{account.secret_key.get_secret_value()}@{account.endpoint}"
