"""A farm in the pods of a kind cluster: installed by its chart, reached as people reach it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from chart_site import CHART, NAMESPACE, helm
from doc_commands import commands, files, holds, prints
from live_farm import BRAND, finish, index_of
from minio import Minio
from pydantic import SecretStr
from typer.testing import CliRunner

from understudy_api.settings import S3Settings
from understudy_cli.__main__ import app
from understudy_cli.campaign import manifests
from understudy_cli.errors import UserError
from understudy_cli.kubectl import Kubectl
from understudy_cli.local import buckets, toolchain
from understudy_cli.local.home import Home
from understudy_cli.local.keys import Keys, open_account
from understudy_cli.port_forward import forwarded

CLUSTER = os.environ.get("KIND_CLUSTER", "understudy")
DOCS = Path(__file__).parents[2] / "docs"
LIMIT_SECONDS = 400
VALUES = Path(__file__).parents[1] / "kind" / "values.yaml"


@dataclass(frozen=True)
class PodFarm:
    """The cluster, and the folder of the farm's keys."""

    kubeconfig: Path
    keys: Path
    values: Path
    """Of the chart."""
    chart: Path = CHART

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
        self.run("delete", "namespace", BRAND, manifests.OWNER_NAMESPACE, NAMESPACE, "--ignore-not-found")

    def give_secrets(self) -> None:
        """Brings the farm's Secrets into the cluster, its namespace too: all that this release of the chart wants."""
        self.kubectl.apply(manifests.namespace(NAMESPACE))
        self.run("apply", "--server-side", "-f", "-", stdin=understudy("chart", "secrets", str(self.keys)))

    def deploy(self, verb: str, *settings: str) -> None:
        """Installs or upgrades the release and waits until its pods are ready."""
        where = ("understudy", str(self.chart), "--values", str(self.values), "--wait", "--timeout", "5m")
        self.helm(verb, *where, *settings)

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
        return [str(one["name"]) for one in self._pods(component)]

    def uids(self, *components: str) -> set[str]:
        """Of all pods of these components: names may come again."""
        return {str(one["uid"]) for component in components for one in self._pods(component)}

    def _pods(self, component: str) -> list[dict[str, Any]]:
        found = self.kubectl.every("pods", "-n", NAMESPACE, "-l", f"app.kubernetes.io/component={component}")
        return [one["metadata"] for one in found if "deletionTimestamp" not in one["metadata"]]

    def leader(self) -> str:
        """The pod of the operator that leads."""
        holder = str(self.kubectl.get("lease", "understudy-operator", NAMESPACE)["spec"]["holderIdentity"])
        return holder.rsplit("-", 2)[0]

    def kill(self, pod: str) -> None:
        """Ends a pod at once, without a word to its processes."""
        self.run("delete", "pod", pod, "-n", NAMESPACE, "--grace-period=0", "--force", "--wait=false")

    def node(self, pod: str) -> str:
        """The node a pod runs on, a container of this machine; empty while it has none."""
        return str(self.kubectl.get("pod", pod, NAMESPACE)["spec"].get("nodeName", ""))

    def signal(self, pod: str, name: str) -> None:
        """Sends a signal to every process of a pod from outside of it; AssertionError when there is none."""
        find = f"grep -lzx HOSTNAME={pod} /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3"
        engine(
            "docker", "exec", self.node(pod), "sh", "-c", f'found=$({find}); test -n "$found" && kill -{name} $found'
        )

    def finish_whole(
        self, campaign: dict[str, Any], name: str, during: Callable[[], None], pool: str = "default"
    ) -> dict[str, Any]:
        """A campaign of new words, finished while something happens: every item once, metered as delivered."""
        rows = [{**row, "name": f"{row['name']} {name}"} for row in campaign["spec"]["data"]["rows"]]
        spec = {**campaign["spec"], "poolRef": {"name": pool}, "data": {**campaign["spec"]["data"], "rows": rows}}
        job = {**campaign, "metadata": {"name": name, "namespace": BRAND}, "spec": spec}
        try:
            done = finish(self.kubectl, job, during=during)
        except UserError as error:
            ends = [
                (line["item"][:12], line.get("reason"), line.get("message")) for line in self.index(f"{BRAND}/{name}/")
            ]
            raise AssertionError(f"{error}: {ends}") from error
        assert done["status"]["items"] == {"total": 8, "done": 8, "failed": 0, "rejected": 0}
        lines = self.index(f"{BRAND}/{name}/")
        assert len(lines) == len({line["item"] for line in lines}) == 8
        assert sum(line["seconds"] for line in lines) == pytest.approx(
            float(done["status"]["meteredSeconds"]), abs=0.01
        )
        return done


@dataclass(frozen=True)
class Desk:
    """Where people sit who follow a document: a folder with what it names, and a cluster."""

    folder: Path
    kubeconfig: Path

    def follow(self, document: str) -> None:
        """Writes a document's files that are not there, and runs its commands in their order.

        AssertionError when one does not print what stands below it.
        """
        text = (DOCS / document).read_text()
        for name, content in files(text).items():
            if not (self.folder / name).exists():
                (self.folder / name).write_text(content)
        environment = self.environment()
        for command, wanted in commands(text):
            said = prints(command, self.folder, environment, LIMIT_SECONDS)
            assert holds(wanted, said), f"{document}: {command}: wanted {wanted}, got {said}"

    def environment(self) -> dict[str, str]:
        """What commands find cluster and programs by."""
        programs = (Path(sys.executable).parent, toolchain.require("kubectl").parent, toolchain.require("helm").parent)
        path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
        return {"KUBECONFIG": str(self.kubeconfig), "PATH": path}


def cluster_of(name: str, folder: Path) -> Path | None:
    """The kubeconfig of a kind cluster, None when there is no such cluster."""
    done = subprocess.run(["kind", "get", "kubeconfig", "--name", name], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(done.stdout)
    return kubeconfig


def load_built(cluster: str, image: str, recipe: str) -> None:
    """Builds an image of the tests, tests/kind/<recipe>.Dockerfile, and loads it into a cluster's workers."""
    folder = VALUES.parent
    engine("docker", "build", "--quiet", "--file", str(folder / f"{recipe}.Dockerfile"), "--tag", image, str(folder))
    load(cluster, image)


def with_images(values: dict[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """Values of the chart with the tags of these images, by the chart's words for them."""
    images = {**values["image"], **{name: {**values["image"].get(name, {}), "tag": tag} for name, tag in tags.items()}}
    return {**values, "image": images}


def load(cluster: str, *images: str) -> None:
    """Brings images of this machine's engine to a cluster's workers."""
    nodes = f"{cluster}-worker,{cluster}-worker2"
    engine("kind", "load", "docker-image", "--name", cluster, "--nodes", nodes, *images)


def engine(*command: str) -> None:
    """Runs a command of the container engine; AssertionError with what it says when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


def understudy(*words: str) -> str:
    """What a command of ours prints; AssertionError with its words when it fails."""
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, f"understudy {' '.join(words)}: {done.output} {done.exception}"
    return done.stdout
