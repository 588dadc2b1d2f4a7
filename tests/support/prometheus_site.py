"""A real Prometheus that scrapes a farm every second, with the rules as they are shipped."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from operator_site import until
from prometheus_programs import program

from understudy_cli.local.plan import LOOPBACK, Ports, free_ports

RULES = Path(__file__).parents[2] / "dashboards" / "rules.yaml"


@dataclass
class Prometheus:
    """A process that is asked over its HTTP API, and that may be started again over what it kept."""

    argv: list[str]
    url: str
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it; returns once it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.argv, stdout=log, stderr=log)
        until(lambda: _is_ready(self.url), seconds=60)

    def stop(self) -> None:
        """Ends it as its supervisor would."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)

    def ask(self, expr: str) -> dict[tuple[tuple[str, str], ...], float]:
        """Labels, without the name, -> value of each series now; AssertionError when the query is refused."""
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": expr}, trust_env=False).json()
        assert answer["status"] == "success", f"{expr}: {answer.get('error')}"
        result = answer["data"]["result"]
        if answer["data"]["resultType"] == "scalar":
            return {(): float(result[1])}
        return {_labels(one["metric"]): float(one["value"][1]) for one in result}

    def number(self, expr: str) -> float:
        """The one value of a query; 0 where there is none."""
        found = self.ask(expr)
        assert len(found) <= 1, f"{expr}: wanted one series, got {len(found)}"
        return next(iter(found.values()), 0.0)

    def get(self, path: str) -> Any:
        """What its API answers."""
        return httpx.get(f"{self.url}/api/v1/{path}", trust_env=False).json()["data"]


def _labels(metric: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, value) for key, value in metric.items() if key != "__name__"))


@contextmanager
def watching(ports: Ports, folder: Path) -> Iterator[Prometheus]:
    """Prometheus with a farm's operator and director as its targets; ends with the block."""
    with scraping({"operator": ports.operator_metrics, "director": ports.director_metrics}, folder) as found:
        yield found


@contextmanager
def scraping(targets: Mapping[str, int], folder: Path) -> Iterator[Prometheus]:
    """Prometheus that looks at these ports of this machine, by their jobs, every second; ends with the block."""
    jobs = [
        {"job_name": name, "static_configs": [{"targets": [f"{LOOPBACK}:{port}"]}]} for name, port in targets.items()
    ]
    every = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config = {"global": every, "rule_files": [str(RULES)], "scrape_configs": jobs}
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    (port,) = free_ports(1)
    argv = [
        str(program("prometheus")),
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--web.enable-lifecycle",
        "--log.level=warn",
    ]
    found = Prometheus(argv, f"http://{LOOPBACK}:{port}", folder / "prometheus.log")
    try:
        found.start()
        until(lambda: found.ask("up == 1"), lambda up: len(up) == len(targets), 30)
        yield found
    finally:
        found.stop()


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", trust_env=False).status_code == httpx.codes.OK
    except (httpx.HTTPError, json.JSONDecodeError):
        return False
