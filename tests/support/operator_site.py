"""Fixtures for tests of the operator against real servers: settings, tenants, the test peer, the process itself."""

from __future__ import annotations

import json
import os
import secrets
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cuttable import Relay
from director_peer import DirectorPeer
from joserfc.jwk import OKPKey
from list_host import ListHost

from understudy_api import token
from understudy_api.genesis import sign_genesis, twin_id
from understudy_api.kinds import KINDS
from understudy_api.model import API_VERSION
from understudy_api.settings import DirectorEndpoint, OperatorSettings, RayEndpoint
from understudy_api.terms import Assignee, Quota, Terms, sign_license
from understudy_cli.local.certificates import Authority
from understudy_cli.local.plan import free_ports
from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.key import Key
from understudy_operator.shell.lease import LEASE_NAME
from understudy_operator.shell.objects import Objects

T = TypeVar("T")
WAIT_SECONDS = 20.0


def until(ask: Callable[[], T], wanted: Callable[[T], object] = bool, seconds: float = WAIT_SECONDS) -> T:
    """The first answer that is wanted; fails with the last one when none is in time."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while True:
        answer = ask()
        if wanted(answer):
            return answer
        assert time.monotonic() < deadline, f"not in {seconds} s; last: {answer}"
        pause.wait(0.02)


class Admin:
    """The administrator's view of the cluster."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server

    def namespace(self, prefix: str, pools: str = "default") -> str:
        """A fresh namespace that may use these pools."""
        name = f"{prefix}-{secrets.token_hex(3)}"
        metadata = {"name": name, "annotations": {"understudy.dev/pools": pools}}
        self.server.request("POST", "/api/v1/namespaces", {"metadata": metadata})
        return name

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        """Create an object of our kinds."""
        created = self.server.request("POST", Key.of(body).collection, body, query={"fieldValidation": "Strict"})
        assert created is not None
        return created

    def get(self, key: Key) -> dict[str, Any] | None:
        return self.server.request("GET", key.path)

    def all(self, kind: str) -> list[dict[str, Any]]:
        """All objects of one of our kinds, of every namespace."""
        found = self.server.request("GET", f"/apis/{API_VERSION}/{kind.lower()}s") or {"items": []}
        return list(found["items"])

    def patch(self, key: Key, spec: dict[str, Any]) -> dict[str, Any]:
        """Merge into an object's spec."""
        found = self.server.request("PATCH", key.path, {"spec": spec}, content_type="application/merge-patch+json")
        assert found is not None
        return found

    def delete(self, key: Key) -> None:
        self.server.request("DELETE", key.path)

    def clear(self) -> None:
        """Deletes every object of our kinds that is in a namespace, whoever wanted to see it go first."""
        for kind in (kind.kind for kind in KINDS if kind.namespaced):
            for body in self.all(kind):
                key = Key(kind, body["metadata"]["namespace"], body["metadata"]["name"])
                if body["metadata"].get("finalizers"):
                    merge = "application/merge-patch+json"
                    self.server.request("PATCH", key.path, {"metadata": {"finalizers": None}}, content_type=merge)
                self.delete(key)

    def let_lease_go(self) -> None:
        """What waiting for the lease of an operator that was killed comes to, at once."""
        self.server.request("DELETE", f"/apis/coordination.k8s.io/v1/namespaces/understudy-system/leases/{LEASE_NAME}")

    def events(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Events that speak of an object."""
        found = self.server.request("GET", f"/api/v1/namespaces/{body['metadata']['namespace']}/events") or {}
        return [e for e in found["items"] if e["involvedObject"].get("uid") == body["metadata"]["uid"]]

    def wait(self, key: Key, condition: str, status: str = "True", seconds: float = WAIT_SECONDS) -> dict[str, Any]:
        """The object, once a condition stands so for its present generation."""

        def stands(body: dict[str, Any] | None) -> bool:
            return condition_of(body, condition).get("status") == status

        found = until(lambda: self.get(key), stands, seconds)
        assert found is not None
        return found


def condition_of(body: dict[str, Any] | None, name: str) -> dict[str, Any]:
    """A condition that speaks of the object's present generation."""
    for one in (body or {}).get("status", {}).get("conditions", ()):
        if one["type"] == name and one.get("observedGeneration") == body["metadata"]["generation"]:  # type: ignore[index]
            return dict(one)
    return {}


@dataclass(frozen=True)
class Tenant:
    """A brand with its own licensed twin."""

    admin: Admin
    owner: str
    brand: str
    root: OKPKey
    genesis: str
    farm_thumbprint: str

    def terms(self, **changes: Any) -> Terms:
        now = int(time.time())
        given = {
            "iss": token.thumbprint(self.root),
            "aud": self.farm_thumbprint,
            "jti": f"lic-{secrets.token_hex(4)}",
            "iat": now,
            "nbf": now - 60,
            "exp": now + 3600,
            "assignee": Assignee(namespace=self.brand),
            "twin": twin_id(self.genesis),
            "purposes": ("advertising",),
            "channels": ("social",),
            "territories": ("DE",),
            "languages": ("en", "de"),
            "quota": Quota(seconds=100_000),
        }
        return Terms(**{**given, **changes})

    def twin(self) -> dict[str, Any]:
        capture = f"s3://understudy-outputs/{self.owner}/capture.mp4"
        spec = {"genesis": self.genesis, "capture": {"s3": capture}}
        return resource("TwinModel", self.owner, "ada", spec)

    def license(self, name: str = "spring", **changes: Any) -> dict[str, Any]:
        text = sign_license(self.root, self.terms(**changes))
        return resource("License", self.owner, name, {"twinRef": {"name": "ada"}, "token": text})

    def job(self, name: str, license_name: str = "spring", **changes: Any) -> dict[str, Any]:
        spec = {
            "twinRef": {"namespace": self.owner, "name": "ada"},
            "licenseRef": {"namespace": self.owner, "name": license_name},
            "use": {"purpose": "advertising", "channels": ["social"], "territories": ["DE"]},
            "script": {"scenes": [{"say": "Hello {name}."}]},
            "locales": ["en-GB"],
            "data": {"key": "id", "rows": [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Bob"}]},
            "outputs": [{"name": "wide", "width": 640, "height": 360}],
        }
        return resource("RenderJob", self.brand, name, {**spec, **changes})

    def key(self, name: str) -> Key:
        return Key("RenderJob", self.brand, name)


def resource(kind: str, namespace: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """An object of one of our kinds."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}


@dataclass(frozen=True)
class Site:
    """Everything around an operator: settings on disk, the peer it speaks to, S3 as the pool sees it."""

    settings: OperatorSettings
    settings_file: Path
    farm_key: OKPKey
    peer: DirectorPeer
    objects: Objects
    storage: Relay
    """Between the operator and MinIO; nobody else goes through it."""
    cluster: Relay
    """Between the operator and the API server; nobody else goes through it."""
    lists: ListHost
    """An https host for owners' status lists."""


@pytest.fixture(scope="session")
def admin(control_plane: Any) -> Admin:
    return Admin(ApiServer.connect(control_plane.kubeconfig))


@pytest.fixture(scope="session")
def operator_site(control_plane: Any, object_store: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Settings for operators of this session, all with the same peer as their director."""
    folder = tmp_path_factory.mktemp("operator")
    farm_key = token.new_key()
    (folder / "farm.jwk").write_text(json.dumps(farm_key.as_dict(private=True)))
    for name in ("director", "ray"):
        (folder / f"{name}.token").write_text(secrets.token_hex(16))
    authority = Authority.open(folder, "Test farm")
    pair = authority.server(folder, "director")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pair.certificate, pair.key)
    pool_objects = Objects(object_store.pool)
    bearer = (folder / "director.token").read_text()
    peer = DirectorPeer(pool_objects, object_store.buckets, bearer, farm_key, tls)
    peer.start()
    host, _, port = object_store.operator.endpoint.partition(":")
    storage = Relay(host, int(port))
    host, _, port = control_plane.server.removeprefix("https://").partition(":")
    cluster = Relay(host, int(port))
    kubeconfig, through = folder / "kubeconfig", f"https://127.0.0.1:{cluster.port}"
    kubeconfig.write_text(control_plane.operator_kubeconfig.read_text().replace(control_plane.server, through))
    metrics_port, health_port, ray_port, status_port = free_ports(4)
    lists = ListHost(folder / "lists")
    settings = OperatorSettings(
        kubeconfig=kubeconfig,
        farm="test",
        s3=object_store.operator.model_copy(update={"endpoint": f"127.0.0.1:{storage.port}"}),
        public_s3_url=f"https://{object_store.operator.endpoint}",
        farm_key_file=folder / "farm.jwk",
        ray=RayEndpoint(address=f"http://127.0.0.1:{ray_port}", token_file=folder / "ray.token"),
        director=DirectorEndpoint(
            url=f"https://127.0.0.1:{peer.port}",
            token_file=folder / "director.token",
            ca_file=authority.certificate_file,
        ),
        pool_public_key_file=folder / "farm.jwk",
        status_lists=lists.settings.model_copy(update={"port": status_port}),
        metrics_port=metrics_port,
        health_port=health_port,
    )
    path = folder / "operator.json"
    path.write_text(settings.model_dump_json())
    yield Site(settings, path, farm_key, peer, pool_objects, storage, cluster, lists)
    peer.close()
    lists.close()
    storage.close()
    cluster.close()


@pytest.fixture(scope="session")
def new_tenant(admin: Admin, operator_site: Site) -> Callable[[], Tenant]:
    """Makes tenants: two namespaces and a signed twin, with nothing in them yet."""

    def make() -> Tenant:
        root = token.new_key()
        genesis = sign_genesis(root, "Ada", int(time.time()), secrets.token_hex(16))
        thumbprint = token.thumbprint(operator_site.farm_key)
        return Tenant(
            admin, admin.namespace("talent"), admin.namespace("brand", "default,far"), root, genesis, thumbprint
        )

    return make


class OperatorProcess:
    """The operator as a real process."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.child: subprocess.Popen[bytes] | None = None
        self.log = site.settings_file.with_name(f"operator-{secrets.token_hex(3)}.log")

    def start(self, wait: bool = True) -> None:
        """Start and, by default, wait until it says it is healthy."""
        environment = {**os.environ, "UNDERSTUDY_OPERATOR_SETTINGS": str(self._site.settings_file)}
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "understudy_operator"]
            self.child = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        if wait:
            until(self.is_healthy, seconds=30)

    def is_healthy(self) -> bool:
        """Whether the liveness probe answers; fails when the process ended."""
        import httpx

        assert self.child is not None
        assert self.child.poll() is None, self.log.read_text()
        try:
            url = f"http://127.0.0.1:{self._site.settings.health_port}/healthz"
            return httpx.get(url, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        assert self.child is not None
        self.child.send_signal(number)
        return self.child.wait(20)


@pytest.fixture(scope="module")
def operator_process(operator_site: Site, pool: dict[str, Any]) -> Iterator[OperatorProcess]:
    """The module's operator, running, with the default pool to work for; ended after the module."""
    process = OperatorProcess(operator_site)
    process.start()
    yield process
    if process.child is not None and process.child.poll() is None:
        process.end()


@pytest.fixture(scope="session")
def pool(admin: Admin) -> dict[str, Any]:
    """The default pool, priced."""
    spec = {"embedded": {}, "pricePerWorkerHour": {"amount": "0.60", "currency": "EUR"}}
    name = Key("RenderPool", "", "default")
    return admin.get(name) or admin.create(resource("RenderPool", "", "default", spec))


ALL_KINDS = tuple(kind.kind for kind in KINDS)
