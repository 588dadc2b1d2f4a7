"""The pools of all RenderPools: one way to a director and its Ray for each address, asked side by side."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Final

from understudy_api.settings import OperatorSettings, RayEndpoint
from understudy_operator.core.ray_cluster import address_of
from understudy_operator.shell import views
from understudy_operator.shell.director import Director
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.key import Key
from understudy_operator.shell.pool import Pool
from understudy_operator.shell.ray_jobs import RayJobs
from understudy_operator.shell.store import Body, Store

AT_ONCE: Final = 16
"""Pools that are asked side by side."""
PATIENCE_SECONDS: Final = 0.5
"""How long a poll waits for them; the answer of a slower one is taken in by a later poll, and holds up no other pool."""

Address = tuple[str, str]
"""URLs of a director and of Ray."""


@dataclass(frozen=True)
class Access:
    """The way to one director and the Ray cluster it runs on."""

    pool: Pool
    director: Director
    ray: RayJobs

    def close(self) -> None:
        """Close the connections."""
        self.director.close()
        self.ray.close()


class Pools:
    """Every pool by the name of its RenderPool; pools with one address share a way. Safe for use from many threads."""

    def __init__(self, settings: OperatorSettings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._lock = threading.Lock()
        self._ways: dict[Address, Access] = {}
        self._asked: dict[Address, Future[tuple[set[str], bool]]] = {}
        self._threads = ThreadPoolExecutor(AT_ONCE, "pool")

    def of(self, name: str) -> Access | None:
        """The way to a RenderPool's director; None when there is no such RenderPool. One being deleted still has one."""
        body = self._store.get(Key("RenderPool", "", name))
        return None if body is None else self._way(_address(body, self._settings))

    def existing(self, name: str) -> Access:
        """The same for what has to be asked of it; OutageError when there is no such RenderPool any more."""
        found = self.of(name)
        if found is None:
            raise OutageError("pool", f"{name}: there is no such RenderPool any more")
        return found

    def poll(self) -> tuple[set[str], bool]:
        """Ask every director; the uids whose hint changed, and whether any pool itself did. For one thread at a time."""
        for address, way in self._in_use().items():
            if address not in self._asked:
                self._asked[address] = self._threads.submit(way.pool.poll)
        wait(self._asked.values(), PATIENCE_SECONDS)
        answers = [self._asked.pop(address).result() for address in list(self._asked) if self._asked[address].done()]
        return {uid for uids, _ in answers for uid in uids}, any(itself for _, itself in answers)

    def held_uids(self) -> frozenset[str] | None:
        """All orders that any director still works on; None when one does not answer."""
        held = [way.pool.held_uids() for way in self._in_use().values()]
        return None if None in held else frozenset().union(*(uids for uids in held if uids is not None))

    def answers(self, name: str) -> bool:
        """Whether the director of the RenderPool of this name answered when it was last asked."""
        way = self.of(name)
        return way is not None and way.pool.director is not None

    def forget(self, uid: str) -> None:
        """The object is gone: remember nothing of it."""
        for way in self._known():
            way.pool.forget(uid)

    def close(self) -> None:
        """Close every connection; polls that wait for an answer end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for way in self._known():
            way.close()

    def _known(self) -> list[Access]:
        with self._lock:
            return list(self._ways.values())

    def _in_use(self) -> dict[Address, Access]:
        """The ways to the RenderPools that there are, each once; without any, the one of the settings."""
        addresses = {_address(body, self._settings) for body in self._store.all("RenderPool")}
        return {address: self._way(address) for address in sorted(addresses or {_own(self._settings)})}

    def _way(self, address: Address) -> Access:
        with self._lock:
            if address not in self._ways:
                director = Director(self._settings.director.model_copy(update={"url": address[0]}))
                ray = RayJobs(RayEndpoint(address=address[1], token_file=self._settings.ray.token_file))
                self._ways[address] = Access(Pool(director), director, ray)
            return self._ways[address]


def _own(settings: OperatorSettings) -> Address:
    return settings.director.url, settings.ray.address


def _address(body: Body, settings: OperatorSettings) -> Address:
    """Where a RenderPool's director and Ray answer."""
    given: Any = body.get("spec", {})
    if address := given.get("address"):
        return str(address["director"]), str(address["ray"])
    if kuberay := given.get("kuberay"):
        return address_of(kuberay.get("cluster"), str(body["metadata"]["name"]), settings.namespace)
    return _own(settings)


def named(store: Store, pool: str) -> Iterator[str]:
    """Uids of the RenderJobs that name a pool."""
    for body in store.all("RenderJob"):
        if views.pool_name(body) == pool:
            yield views.uid(body)
