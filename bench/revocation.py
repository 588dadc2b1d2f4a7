"""How soon the last frame is made after an owner revoked: licenses revoked mid-take, 1,000 items queued under each.

Everything is real: API server, MinIO, vault, operator, director and performers. Jobs of ten brands run at once, each under a
license of its own. As soon as a performer's log says that frames of a job's take have begun, its license is revoked. The
clock starts when the request that delivers the act is sent, a little before the API server accepts it; it ends with the
last line on that job's frames in any performer's log.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.campaign import NAMES, SENTENCES, Owner
from bench.measure import Measurement
from bench.stage import TALENT, condition, job, manifest, ready_twin, terms, until
from understudy_api.acts import Revocation, sign_act
from understudy_api.genesis import twin_id
from understudy_api.owner_word import Recorded, act_key
from understudy_api.terms import sign_license
from understudy_cli.kubectl import Kubectl
from understudy_cli.local import toolchain
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.local.object_store import settings as store_settings
from understudy_cli.local.part import Site
from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.key import Key
from understudy_workers.objects import Objects

REVOCATIONS: Final = 100
AT_ONCE: Final = 10
ITEMS: Final = 1000
BAR_SECONDS: Final = 5.0
OUTPUT: Final = {"name": "story", "width": 1080, "height": 1920}


@dataclass
class Take:
    """A license that is revoked while frames are made under it."""

    name: str
    brand: str
    uid: str = ""
    act: str = ""
    revoked_at: float = 0.0
    recorded_at: float = 0.0
    """When the operator judged the act that it then recorded."""
    quarantined_at: float = 0.0
    frames_at: list[float] = field(default_factory=list)
    """When its takes' frames began and ended, Unix seconds."""
    open: bool = False
    """Whether frames of one of its takes are being made."""

    @property
    def last_frame_seconds(self) -> float:
        """From the revocation to the last frame."""
        return max(max(self.frames_at) - self.revoked_at, 0.0)


class Logs:
    """The performers' logs, read as they grow."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}

    def lines(self) -> Iterator[dict[str, Any]]:
        """What was logged about frames since the last call."""
        for path in self._folder.glob("session_*/logs/worker-*.err"):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    self._read[path] = self._read.get(path, 0) + len(line)
                    if b'"frames ' in line:
                        yield json.loads(line)


def run(revocations: int = REVOCATIONS) -> list[Measurement]:
    """Seconds until the last frame and until everything is in quarantine."""
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as folder:
        farm = Farm(Home(Path(folder) / "farm"))
        try:
            site = farm.up()
            kubectl = Kubectl(toolchain.require("kubectl"), site.kubeconfig)
            objects = Objects(store_settings(site, "root"))
            bench = Bench(site, ready_twin(site, kubectl, objects, Path(folder)), objects)
            takes = [take for first in range(0, revocations, AT_ONCE) for take in bench.batch(first, AT_ONCE)]
        finally:
            farm.purge()
    return report(takes)


def report(takes: Sequence[Take]) -> list[Measurement]:
    """p50, p99 and worst of both delays."""
    note = (
        f"{len(takes)} revocations mid-take, {ITEMS} items queued under each, {AT_ONCE} jobs on {os.cpu_count()} cores"
    )
    found = []
    for name, seconds, bar in (
        ("revoked -> recorded", [take.recorded_at - take.revoked_at for take in takes], None),
        ("revoked -> last frame", [take.last_frame_seconds for take in takes], BAR_SECONDS),
        ("revoked -> in quarantine", [take.quarantined_at - take.revoked_at for take in takes], None),
    ):
        found += [
            Measurement(f"{name}, p50", statistics.median(seconds), "s", note=note),
            Measurement(f"{name}, p99", _p99(seconds), "s", bar, "lower"),
            Measurement(f"{name}, max", max(seconds), "s", better="lower"),
        ]
    return found


def _p99(seconds: Sequence[float]) -> float:
    """The smallest value that at least 99 of 100 do not exceed."""
    ranked = sorted(seconds)
    return ranked[-(-99 * len(ranked) // 100) - 1]


class Bench:
    """One farm, and the licenses that are revoked on it."""

    def __init__(self, site: Site, owner: Owner, objects: Objects) -> None:
        self._site = site
        self._objects = objects
        self._twin = twin_id(owner.genesis)
        self._owner = owner
        self._server = ApiServer.connect(site.kubeconfig)
        self._logs = Logs(site.home.ray)
        for number in range(AT_ONCE):
            name = {"metadata": {"name": f"brand-{number}"}}
            self._server.request("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", **name})

    def batch(self, first: int, count: int) -> list[Take]:
        """Licenses from `first` on: their jobs run at once, each is revoked mid-take, all are followed into quarantine."""
        takes = [Take(f"license-{first + place:04d}", f"brand-{place}") for place in range(count)]
        for take in takes:
            take.uid = self._begin(take)
        by_uid = {take.uid: take for take in takes}
        until(lambda: self._revoked_all(by_uid))
        until(lambda: self._quarantined_all(takes))
        self._take_in(by_uid)
        for take in takes:
            data = self._objects.get("understudy-ledger", act_key(self._twin, take.act))
            take.recorded_at = Recorded.model_validate_json(data).accepted_at
        return takes

    def _begin(self, take: Take) -> str:
        signed = sign_license(self._owner.key, terms(self._site.home, self._owner, take.brand, take.name))
        self._create(manifest("License", TALENT, take.name, {"twinRef": {"name": "ada"}, "token": signed}))
        rows = [{"id": str(n), "name": f"{NAMES[n % len(NAMES)]} {n}"} for n in range(ITEMS)]
        made = job(take.brand, take.name, take.name, SENTENCES[0], data={"key": "id", "rows": rows}, outputs=[OUTPUT])
        return str(self._create(made)["metadata"]["uid"])

    def _revoked_all(self, takes: dict[str, Take]) -> bool:
        """Revokes whoever is mid-take; whether all are revoked."""
        self._take_in(takes)
        for take in takes.values():
            if take.open and not take.revoked_at:
                act = Revocation(twin=self._twin, jti=take.name, iat=int(time.time()))
                take.act = sign_act(self._owner.key, act)
                spec = {"twinRef": {"name": "ada"}, "act": take.act}
                take.revoked_at = time.time()
                self._create(manifest("OwnerAct", TALENT, f"revoke-{take.name}", spec))
        return all(take.revoked_at for take in takes.values())

    def _take_in(self, takes: dict[str, Take]) -> None:
        for line in self._logs.lines():
            take = takes.get(line["order"])
            if take is not None:
                take.frames_at.append(line["at"])
                take.open = line["event"] == "frames begin"

    def _quarantined_all(self, takes: Sequence[Take]) -> bool:
        found = self._server.request("GET", Key("License", TALENT, "").collection) or {"items": []}
        stands = {one["metadata"]["name"] for one in found["items"] if condition(one, "Quarantined") == "True"}
        for take in takes:
            if take.name in stands and not take.quarantined_at:
                take.quarantined_at = time.time()
        time.sleep(0.1)
        return all(take.quarantined_at for take in takes)

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        made = self._server.request("POST", Key.of(body).collection, body)
        if made is None:
            raise RuntimeError(f"{Key.of(body)}: the API server did not create it")
        return made
