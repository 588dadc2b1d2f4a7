"""A farm in the pods of a kind cluster: installed by its chart, reached as people reach it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from chart_site import CHART, NAMESPACE, helm
from live_farm import index_of
from minio import Minio
from pydantic import SecretStr
from typer.testing import CliRunner

from understudy_api.settings import S3Settings
from understudy_cli.__main__ import app
from understudy_cli.kubectl import Kubectl
from understudy_cli.local import buckets, toolchain
from understudy_cli.local.home import Home
from understudy_cli.local.keys import Keys, open_account
from understudy_cli.port_forward import forwarded

VALUES = Path(__file__).parents[1] / "kind" / "values.yaml"


@dataclass(frozen=True)
class PodFarm:
    """The cluster, and the folder of the farm's keys."""

    kubeconfig: Path
    keys: Path
    image_tags: tuple[str, ...]
    """`--set` arguments that name the images."""

    @property
    def kubectl(self) -> Kubectl:
        """The administrator's kubectl."""
        return Kubectl(toolchain.require("kubectl"), self.kubeconfig)

    def run(self, *words: str, stdin: str = "", limit_seconds: float = 120) -> str:
        """What a kubectl command prints; AssertionError with its words when it fails."""
        argv = [str(toolchain.require("kubectl")), "--kubeconfig", str(self.kubeconfig), *words]
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False, timeout=limit_seconds)
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr or done.stdout}"
        return done.stdout

    def helm(self, *words: str) -> str:
        """What a Helm command for the farm's release prints; AssertionError with its words when it fails."""
        done = helm(*words, "--namespace", NAMESPACE, "--kubeconfig", str(self.kubeconfig))
        assert done.returncode == 0, f"helm {' '.join(words)}: {done.stderr or done.stdout}"
        return done.stdout

    def purge(self) -> None:
        """Removes everything that a farm leaves in a cluster on purpose: its objects, kinds and volumes."""
        if "understudy" in self.helm("list", "--short"):
            self.helm("uninstall", "understudy", "--wait")
        names = self.run("get", "crd", "-o", "name").split()
        for kind in [name.split("/")[1] for name in names if name.endswith(".understudy.dev")]:
            for one in self.kubectl.every(kind, "-A"):  # nobody is there to take finalizers away
                where = ("-n", one["metadata"]["namespace"]) if "namespace" in one["metadata"] else ()
                change = ("--type=merge", "-p", '{"metadata":{"finalizers":null}}')
                self.run("patch", kind, one["metadata"]["name"], *where, *change)
            self.run("delete", "crd", kind)
        self.run("delete", "pvc", "--all", "-n", NAMESPACE, "--ignore-not-found")

    def deploy(self, verb: str, *settings: str) -> None:
        """Installs or upgrades the release and waits until its pods are ready."""
        where = ("understudy", str(CHART), "--values", str(VALUES), "--wait", "--timeout", "110s")
        self.helm(verb, *where, *self.image_tags, *settings)

    @contextmanager
    def store(self) -> Iterator[Minio]:
        """The bundled object store, as its root account sees it."""
        root = open_account(Home(self.keys), "root")
        with forwarded(self.kubectl, NAMESPACE, "understudy-minio", 9000) as port:
            yield buckets.client(
                S3Settings(
                    endpoint=f"127.0.0.1:{port}",
                    access_key=root.access_key,
                    secret_key=SecretStr(root.secret_key),
                    ca_file=Home(self.keys).pki / "ca.crt",
                )
            )

    def index(self, prefix: str) -> list[dict[str, Any]]:
        """The lines of a delivery's index."""
        with self.store() as store:
            return index_of(store, prefix)

    @property
    def thumbprint(self) -> str:
        """What licenses name the farm by."""
        return Keys.at(Home(self.keys)).farm_thumbprint()

    def pods(self, component: str) -> list[str]:
        """Names of a component's pods that are not on their way out."""
        found = self.kubectl.every("pods", "-n", NAMESPACE, "-l", f"app.kubernetes.io/component={component}")
        return [one["metadata"]["name"] for one in found if "deletionTimestamp" not in one["metadata"]]

    def leader(self) -> str:
        """The pod of the operator that leads."""
        holder = str(self.kubectl.get("lease", "understudy-operator", NAMESPACE)["spec"]["holderIdentity"])
        return holder.rsplit("-", 2)[0]

    def kill(self, pod: str) -> None:
        """Ends a pod at once, without a word to its processes."""
        self.run("delete", "pod", pod, "-n", NAMESPACE, "--grace-period=0", "--force", "--wait=false")


def cluster_of(name: str, folder: Path) -> Path | None:
    """The kubeconfig of a kind cluster, None when there is no such cluster."""
    done = subprocess.run(["kind", "get", "kubeconfig", "--name", name], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(done.stdout)
    return kubeconfig


def load_minio(cluster: str, tag: str) -> None:
    """Packs the toolchain's MinIO into an image and loads it into a cluster's workers."""
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        (context / "minio").write_bytes(toolchain.require("minio").read_bytes())
        (context / "minio").chmod(0o755)
        recipe = VALUES.with_name("minio.Dockerfile")
        _engine("docker", "build", "--quiet", "--file", str(recipe), "--tag", f"understudy/minio:{tag}", str(context))
    nodes = f"{cluster}-worker,{cluster}-worker2"
    _engine("kind", "load", "docker-image", "--name", cluster, "--nodes", nodes, f"understudy/minio:{tag}")


def _engine(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


def understudy(*words: str) -> str:
    """What a command of ours prints; AssertionError with its words when it fails."""
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, f"understudy {' '.join(words)}: {done.output} {done.exception}"
    return done.stdout


def apply_all(farm: PodFarm, text: str) -> None:
    """Applies the manifests of a YAML stream."""
    for document in yaml.safe_load_all(text):
        farm.kubectl.apply(document)
