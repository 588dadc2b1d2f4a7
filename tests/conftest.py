"""Real servers for the whole suite, started at most once per session on random loopback ports.

`control_plane` is a kube-apiserver with etcd under it, our custom resource definitions applied; `controllers` adds
the controller manager (namespaces that go, owner references that cascade); `object_store` is MinIO with the farm's
buckets and accounts. They live in one temporary farm that is taken down when the session ends.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from operator_site import Admin

from understudy_api.settings import BucketNames, S3Settings
from understudy_cli.local import buckets, toolchain
from understudy_cli.local import control_plane as plane
from understudy_cli.local import object_store as store
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.local.plan import PORTS
from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.errors import OutageError

settings.register_profile(
    "house",
    deadline=None,  # machines are shared: a slow moment is no bug
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("house")


def pytest_configure() -> None:
    """Signals and ports as the servers that tests start need them."""
    _let_children_be_interrupted()
    _take_a_range_of_ports()


def _take_a_range_of_ports() -> None:
    """Farms that are brought up at the same moment, one per worker of pytest-xdist, choose no port twice."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = len(PORTS) // 8
    first = PORTS.start + worker % 8 * share
    os.environ["UNDERSTUDY_PORTS"] = f"{first}-{first + share - 1}"


def _let_children_be_interrupted() -> None:
    """Children are interrupted by SIGINT also where the suite runs in the background, whose children ignore it else."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make golden` passes it: golden files are written instead of compared."""
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing them")


@dataclass(frozen=True)
class ControlPlane:
    """A running API server."""

    server: str
    """`https://127.0.0.1:port`."""
    kubeconfig: Path
    """The administrator's."""
    operator_kubeconfig: Path
    """The operator's service account, with the rights it really has."""
    kubectl: Path


@dataclass(frozen=True)
class ObjectStore:
    """A running MinIO; each account with the rights it really has."""

    root: S3Settings
    operator: S3Settings
    pool: S3Settings
    buckets: BucketNames

    def remove(self, bucket: str, key: str) -> None:
        """Takes an object away, as its administrator: what the pool may not do."""
        buckets.client(self.root).remove_object(bucket, key)


PLANE: Final = pytest.StashKey[ControlPlane]()
"""The session's API server, once there is one."""


@pytest.fixture(scope="session")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """The session's farm; fixtures bring up what they need of it."""
    farm = Farm(Home(tmp_path_factory.mktemp("farm")))
    yield farm
    farm.purge()


@pytest.fixture(scope="session")
def control_plane(farm: Farm, request: pytest.FixtureRequest) -> ControlPlane:
    """An API server that knows our kinds, ready in about four seconds."""
    site = farm.up(["apiserver"])
    found = request.config.stash[PLANE] = ControlPlane(
        server=plane.server_url(site),
        kubeconfig=site.home.admin_kubeconfig,
        operator_kubeconfig=site.home.operator_kubeconfig,
        kubectl=toolchain.require("kubectl"),
    )
    return found


@pytest.fixture(scope="module", autouse=True)
def cleared(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a module made in the session's API server goes with it: every operator of a later one would look after all of it."""
    yield
    used = request.config.stash.get(PLANE, None)
    if used is not None:
        with suppress(OutageError):  # It has only just started: there is nothing in it.
            Admin(ApiServer.connect(used.kubeconfig)).clear()


@pytest.fixture(scope="session")
def controllers(farm: Farm, control_plane: ControlPlane) -> ControlPlane:
    """The same API server with the controllers that make namespaces go and owner references cascade."""
    farm.up(["controllers"])
    return control_plane


@pytest.fixture(scope="session")
def object_store(farm: Farm) -> ObjectStore:
    """MinIO with the farm's buckets, ready in about a second."""
    site = farm.up(["minio"])
    root, operator, pool = (store.settings(site, account) for account in ("root", "operator", "pool"))
    return ObjectStore(root=root, operator=operator, pool=pool, buckets=BucketNames())
