"""A few minutes of a farm that works for three brands, with everything a dashboard has to show, watched by Prometheus.

Everything is real but the twin's training. Work comes in waves; one job is refused, one waits for its owner's consent, one
misses its deadline, one item fails, one is tried again, a performer dies, and a license is revoked while its job runs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.campaign import NAMES, SENTENCES, Owner
from bench.director import start_director
from bench.stage import TALENT, condition, job, manifest, ready_twin, terms, until
from bench.stumbling import FAINTS, STUTTERS, TRIPS
from understudy_api.acts import Revocation, sign_act
from understudy_api.genesis import twin_id
from understudy_api.royalty_terms import MILLION, Royalty, Split
from understudy_api.terms import Quota, sign_license
from understudy_cli.kubectl import Kubectl
from understudy_cli.local import toolchain
from understudy_cli.local.farm import Farm
from understudy_cli.local.object_store import settings as store_settings
from understudy_cli.local.part import Site
from understudy_operator.shell.release import installed_release
from understudy_workers.objects import Objects

QUOTAS: Final = {"acme": 240, "globex": 600, "initech": 10_000}
"""Seconds of each brand's license."""
ROYALTIES: Final = {
    brand: Royalty(
        currency="EUR",
        per_second_micros=per_second,
        per_item_micros=MILLION // 2,
        splits=(Split(role="owner", payee="ada", share_millionths=MILLION),),
    )
    for brand, per_second in {"acme": 20_000, "initech": 50_000}.items()
}
"""What two of them agree."""
WIDE: Final = {"name": "wide", "width": 640, "height": 360}
TALL: Final = {"name": "tall", "width": 360, "height": 640}
HASTE_SECONDS: Final = 20
"""Within which forty videos are never made here."""
LAST_SECONDS: Final = 90.0
"""Curves of work that goes on are as good as any: a busy machine is not waited for."""
SETTLING_SECONDS: Final = 20.0
"""Looked on after the last job ended, so that the fall of the curves is seen too."""


def open_farm(farm: Farm) -> Site:
    """The farm with performers that stumble: their director is there before the operator looks for one."""
    site = farm.up(["vault", "ray"])
    start_director(site, "bench.stumbling:Studio", installed_release())
    return farm.up()


@dataclass
class Season:
    """What happens on one farm."""

    site: Site
    folder: Path
    kubectl: Kubectl = field(init=False)
    owner: Owner = field(init=False)

    def __post_init__(self) -> None:
        self.kubectl = Kubectl(toolchain.require("kubectl"), self.site.kubeconfig)
        self.owner = ready_twin(self.site, self.kubectl, Objects(store_settings(self.site, "root")), self.folder)
        for brand, seconds in QUOTAS.items():
            self.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": brand}})
            allowed = terms(self.site.home, self.owner, brand, f"lic-{brand}")
            agreed = {"quota": Quota(seconds=seconds), "royalty": ROYALTIES.get(brand)}
            signed = sign_license(self.owner.key, allowed.model_copy(update=agreed))
            self.kubectl.apply(manifest("License", TALENT, brand, {"twinRef": {"name": "ada"}, "token": signed}))

    def play(self, seconds: float) -> None:
        """All of it, begun within so many seconds; returns a little after the last job ended, or LAST_SECONDS after the last began."""
        began = time.monotonic()
        acts = (self.spring, self.many, self.mishaps, self.refusals, self.revoked, self.encore)
        for place, act in enumerate(acts):
            time.sleep(max(0.0, began + seconds * place / len(acts) - time.monotonic()))
            act()
        latest = time.monotonic() + LAST_SECONDS
        while not self._over() and time.monotonic() < latest:
            time.sleep(1)
        time.sleep(SETTLING_SECONDS)

    def spring(self) -> None:
        """Two formats of the same sentences, wanted within a time that is long enough."""
        self._order("acme", "spring", range(6), outputs=[WIDE, TALL], activeDeadlineSeconds=600)

    def many(self) -> None:
        """More than two performers make at once; and more than they make within a job's time."""
        self._order("globex", "loyalty", range(100, 130))
        self._order("initech", "hasty", range(500, 540), activeDeadlineSeconds=HASTE_SECONDS)

    def mishaps(self) -> None:
        """A failure, a retry, and a performer that dies."""
        people = (TRIPS, STUTTERS, FAINTS)
        self._order("initech", "launch", range(200, 208), people, failurePolicy={"maxFailedItems": 1})

    def refusals(self) -> None:
        """Another country, another language, and words that want the owner's consent."""
        abroad = {"purpose": "advertising", "channels": ["social"], "territories": ["US"]}
        for brand in ("globex", "initech"):
            self._order(brand, "overseas", range(4), use=abroad)
        self._order("acme", "german", range(2), locales=["de-DE"])
        self._order("acme", "casino", range(2), script={"scenes": [{"say": "Hello {name}, our casino is open."}]})

    def revoked(self) -> None:
        """The owner takes globex' license back while its job runs."""
        self._order("globex", "finale", range(400, 460))
        until(lambda: self._has_started("globex", "finale"))
        act = Revocation(twin=twin_id(self.owner.genesis), jti="lic-globex", iat=int(time.time()))
        spec = {"twinRef": {"name": "ada"}, "act": sign_act(self.owner.key, act)}
        self.kubectl.apply(manifest("OwnerAct", TALENT, "revoke-globex", spec))

    def encore(self) -> None:
        """The first sentences again and as many new ones, and a large campaign beside them."""
        self._order("acme", "summer", range(12))
        self._order("initech", "sequel", range(300, 310), outputs=[WIDE, TALL])

    def _order(self, brand: str, name: str, numbers: range, people: tuple[str, ...] = (), **spec: Any) -> None:
        names = (*people, *(f"{NAMES[number % len(NAMES)]} {number}" for number in numbers))
        rows = [{"id": str(place), "name": one} for place, one in enumerate(names)]
        words = {"data": {"key": "id", "rows": rows}, "outputs": [WIDE], **spec}
        self.kubectl.apply(job(brand, name, brand, SENTENCES[0], **words))

    def _has_started(self, brand: str, name: str) -> bool:
        status = self.kubectl.get("renderjob", name, brand).get("status", {})
        return bool(status.get("items", {}).get("done"))

    def _over(self) -> bool:
        """Whether every job has ended, was refused, or waits for its owner."""
        over = {"Complete": "True", "Failed": "True", "Admitted": "False", "ConsentPending": "True"}
        jobs = self.kubectl.every("renderjobs", "-A")
        return all(any(condition(one, name) == status for name, status in over.items()) for one in jobs)
