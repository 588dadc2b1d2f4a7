"""A pool on a real Ray, whose processes a test may kill."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from puppet_farm import ray_environment

from understudy_api.kuberay import GROUP_LABEL, GROUP_VARIABLE
from understudy_api.order import Order, Progress
from understudy_api.settings import PoolSettings
from understudy_cli.local.farm import Farm
from understudy_cli.local.part import HOME_MARK

SUPPORT = Path(__file__).parent
CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Pool:
    """A Ray cluster with a director whose performers are puppets."""

    farm: Farm
    settings: PoolSettings
    http: httpx.Client

    def launch(self, release: str = "one", name: str = "") -> subprocess.CompletedProcess[str]:
        """Runs the launcher, as the operator has Ray do it; without a name, as one of an earlier release does."""
        told = {"UNDERSTUDY_RELEASE": release} | ({"UNDERSTUDY_POOL": name} if name else {})
        environment = {**ray_environment(self.farm.site()), **told}
        argv = [sys.executable, "-m", "understudy_workers.director", "--studio", "puppet:Puppet"]
        return subprocess.run(argv, cwd=SUPPORT, env=environment, capture_output=True, text=True, check=False)

    @contextmanager
    def node(self, group: str) -> Iterator[None]:
        """One more node, of one performer, told its group as the operator's RayClusters tell their nodes."""
        ports = self.farm.site().plan.ports
        argv = [
            *(sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus=1"),
            *(f"--address=[::ffff:127.0.0.1]:{ports.ray_gcs}", "--node-ip-address=127.0.0.2"),
            *("--object-store-memory=100000000", "--include-log-monitor=false", "--disable-usage-stats"),
        ]
        environment = {
            **ray_environment(self.farm.site()),
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "1",
            GROUP_VARIABLE: group,
            "RAY_OVERRIDE_LABELS": json.dumps({GROUP_LABEL: group}),
        }
        with subprocess.Popen(argv, cwd=SUPPORT, env=environment, stdout=subprocess.DEVNULL) as process:
            try:
                yield
            finally:  # at once: asked to end, a node waits half a minute for its performer
                node = psutil.Process(process.pid)
                for one in (*node.children(recursive=True), node):
                    with suppress(psutil.NoSuchProcess):
                        one.kill()

    def put(self, order: Order) -> Progress:
        """Hands an order in, as soon as there is a director to take it."""
        answer = self.eventually(lambda: self._send("PUT", f"/v1/orders/{order.uid}", order.model_dump_json()))
        return Progress.model_validate(answer.raise_for_status().json())

    def progress(self, order: Order) -> Progress | None:
        answer = self._send("GET", f"/v1/orders/{order.uid}")
        return Progress.model_validate(answer.json()) if answer is not None and answer.status_code == 200 else None

    def board(self) -> dict[str, Any] | None:
        answer = self._send("GET", "/v1/orders")
        return answer.json() if answer is not None else None

    def until_over(self, order: Order, seconds: float = 60) -> Progress:
        def over() -> Progress | None:
            progress = self.progress(order)
            return progress if progress and progress.state in ("Finished", "Failed") else None

        return self.eventually(over, seconds)

    def commit_all(self, over: threading.Event) -> None:
        """Plays the operator until `over`: whatever is in a log stands in the ledger at once."""
        while not over.wait(0.05):
            for uid, last in (self.board() or {}).get("sequences", {}).items():
                self._send("PUT", f"/v1/orders/{uid}/committed", json.dumps({"sequence": last}))

    def processes(self, actor: str) -> list[psutil.Process]:
        """Processes of this pool's actors of a class."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            command = process.info["cmdline"]
            if command and command[0].startswith(f"ray::{actor}"):
                try:
                    if process.environ().get(HOME_MARK) == str(self.farm.site().home.root):
                        found.append(process)
                except psutil.Error:
                    continue
        return found

    def _send(self, method: str, path: str, content: str | None = None) -> httpx.Response | None:
        try:
            return self.http.request(method, path, content=content)
        except httpx.TransportError:
            return None

    @staticmethod
    def eventually(look: Callable[[], Any], seconds: float = 60) -> Any:
        deadline = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < deadline, "waited too long"
            time.sleep(0.02)
        return found


@contextmanager
def opened(farm: Farm, release: str = "one", name: str = "") -> Iterator[Pool]:
    """The farm's pool with a director of this release, while somebody plays the operator."""
    site = farm.up(["vault", "ray"])
    settings = PoolSettings.load(site.home.pool_settings)
    token = settings.director.token_file.read_text().strip()
    trust = ssl.create_default_context(cafile=str(site.authority))
    url = f"https://127.0.0.1:{settings.director.port}"
    with httpx.Client(
        base_url=url, verify=trust, headers={"Authorization": f"Bearer {token}"}, trust_env=False
    ) as http:
        ready = Pool(farm, settings, http)
        launched = ready.launch(release, name)
        assert launched.returncode == 0, launched.stderr
        over = threading.Event()
        clerk = threading.Thread(target=ready.commit_all, args=(over,))
        clerk.start()
        try:
            yield ready
        finally:
            over.set()
            clerk.join()
