"""A vault that runs as a process of the session's farm, and a cast whose farm is this farm."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from understudy_api import token
from understudy_api.release import AUDIENCE, Heartbeat, Released
from understudy_api.settings import VaultSettings
from understudy_cli.local import kubeconfig
from understudy_cli.local.cluster import Cluster
from understudy_cli.local.cluster_setup import NAMESPACE, PERFORMER_ACCOUNT
from understudy_cli.local.farm import Farm
from understudy_cli.local.keys import Keys
from understudy_cli.local.part import Site
from understudy_vault.bucket import Bucket
from understudy_vault.captures import passcode_key
from understudy_vault.journal import lines


@dataclass(frozen=True)
class Running:
    """A vault that runs, and a cast whose farm is this farm."""

    site: Site
    settings: VaultSettings
    cast: Any
    http: httpx.Client
    cluster: Cluster

    def token(self, account: str, audience: str | None = AUDIENCE) -> str:
        return self.cluster.token(NAMESPACE, account, 3600, audience)

    @property
    def performer(self) -> str:
        return self.site.home.account_token(PERFORMER_ACCOUNT).read_text()

    def ask(self, claim: Any, bearer: str, **question: Any) -> tuple[int, dict[str, Any], Any]:
        envelope = self.cast.ask(claim, **question)
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        answer = self.http.post("/v1/release", content=envelope.asking.model_dump_json(), headers=headers)
        return answer.status_code, answer.json(), envelope

    def leave(self, lease: str | None) -> None:
        """A performer that has a lease ends: nobody has to wait for it."""
        body = Heartbeat(leases=(lease or "",), leaving=True).model_dump_json()
        headers = {"Authorization": f"Bearer {self.performer}"}
        self.http.post("/v1/leases", content=body, headers=headers).raise_for_status()

    def log(self) -> list[dict[str, Any]]:
        return list(lines(Bucket(self.settings.s3, self.settings.bucket)))


@pytest.fixture(scope="module")
def running(farm: Farm, control_plane: Any, object_store: Any, cast: Any) -> Iterator[Running]:
    site = farm.up(["vault"])
    settings = VaultSettings.load(site.home.vault_settings)
    keys = Keys.at(site.home)
    farm_key, secret = token.load_key(keys.farm.read_text()), passcode_key(token.load_key(keys.vault.read_text()))
    ours = replace(cast, farm=farm_key, now=int(time.time()), secret=secret)
    context = ssl.create_default_context(cafile=str(site.authority))
    url = f"https://127.0.0.1:{settings.port}"
    with (
        httpx.Client(base_url=url, verify=context, trust_env=False, timeout=30) as http,
        Cluster(kubeconfig.read(site.kubeconfig)) as cluster,
    ):
        yield Running(site, settings, ours, http, cluster)


@pytest.fixture
def fresh(running: Running) -> Running:
    """The same vault, asked at this second."""
    return replace(running, cast=replace(running.cast, now=int(time.time())))


@pytest.fixture
def trained(fresh: Running) -> Running:
    """A vault that keeps the key of the cast's twin."""
    status, answer, envelope = fresh.ask(fresh.cast.training(), fresh.performer)
    assert status == 200, answer
    assert len(envelope.opened(Released.model_validate(answer))) == 32
    return fresh
