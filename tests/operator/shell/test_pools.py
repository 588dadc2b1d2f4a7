"""Several pools: each has its own way, one that hangs holds up no other, and what cannot be asked is not known."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from operator_site import Site, until

from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.pool import POLL_SECONDS
from understudy_operator.shell.pools import Pools, named
from understudy_operator.shell.store import Store

pytestmark = pytest.mark.farm


def a_body(kind: str, name: str, spec: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "uid": secrets.token_hex(8), "resourceVersion": "1"}
    return {"apiVersion": "understudy.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}


@pytest.fixture
def store() -> Store:
    store = Store()
    store.put(a_body("RenderPool", "default", {"embedded": {}}))
    return store


@pytest.fixture
def pools(operator_site: Site, store: Store) -> Iterator[Pools]:
    pools = Pools(operator_site.settings, store)
    yield pools
    pools.close()


@pytest.fixture
def hanging() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"https://127.0.0.1:{server.getsockname()[1]}"


def test_pools_of_one_address_share_a_way_and_others_do_not(pools: Pools, store: Store, operator_site: Site) -> None:
    here = {"director": operator_site.settings.director.url, "ray": operator_site.settings.ray.address}
    store.put(a_body("RenderPool", "same", {"address": here}))
    store.put(a_body("RenderPool", "far", {"address": {**here, "director": "https://127.0.0.1:1"}}))
    assert pools.of("default") is pools.of("same")
    assert pools.of("default") is not pools.of("far")


def test_a_pool_of_kuberay_is_reached_at_its_heads_service(pools: Pools, store: Store) -> None:
    store.put(a_body("RenderPool", "rays", {"kuberay": {"groups": [{"name": "cpu"}]}}))
    store.put(a_body("RenderPool", "mine", {"kuberay": {"cluster": "understudy-rays"}}))
    assert pools.of("rays") is not None
    assert pools.of("rays") is pools.of("mine")


def test_what_is_not_there_is_said_in_one_line(pools: Pools) -> None:
    assert pools.of("missing") is None
    with pytest.raises(OutageError, match="missing: there is no such RenderPool any more"):
        pools.existing("missing")


def test_without_any_pool_the_settings_own_is_asked(operator_site: Site) -> None:
    pools = Pools(operator_site.settings, Store())
    until(lambda: (pools.poll(), pools.held_uids() is not None)[1])
    assert not pools.answers("default"), "there is no such RenderPool"
    pools.close()


def test_one_that_hangs_holds_up_no_other(pools: Pools, store: Store, hanging: str) -> None:
    until(lambda: (pools.poll(), pools.answers("default"))[1])
    assert pools.held_uids() is not None
    store.put(a_body("RenderPool", "hung", {"address": {"director": hanging, "ray": "http://127.0.0.1:1"}}))
    started = time.monotonic()
    pools.poll()
    assert time.monotonic() - started < POLL_SECONDS
    assert pools.existing("default").pool.director is not None
    assert pools.existing("hung").pool.director is None
    assert (pools.answers("default"), pools.answers("hung")) == (True, False)
    assert pools.held_uids() is None, "a claim is not settled by what nobody could ask"


def test_which_jobs_name_a_pool(store: Store) -> None:
    there = a_body("RenderJob", "a", {"poolRef": {"name": "far"}}, "acme")
    default = a_body("RenderJob", "b", {}, "acme")
    store.put(there)
    store.put(default)
    assert list(named(store, "far")) == [there["metadata"]["uid"]]
    assert list(named(store, "default")) == [default["metadata"]["uid"]]
