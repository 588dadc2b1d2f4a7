"""A list that its owner delivers to a farm in pods: the director reads it there, work goes on under it, and ends with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from chart_site import NAMESPACE
from live_farm import BRAND
from operator_site import until
from pod_farm import PodFarm, understudy

from understudy_cli.campaign import manifests, watch
from understudy_cli.files import read_mapping
from understudy_cli.license import genesis_of

pytestmark = [pytest.mark.kind, pytest.mark.timeout(900)]
LICENSE = "acme-listed"
INDEX = 7
TTL_SECONDS = 600
ASK_AS_THE_DIRECTOR = """
import asyncio, sys
from understudy_api.settings import PoolSettings
from understudy_workers.direction.status_fetch import Fetcher

async def ask():
    told = PoolSettings.from_environment().status_lists
    print(await Fetcher(told).fetch_farms(f"{told.farm_url}/v1/status/{sys.argv[1]}"))

asyncio.run(ask())
"""
"""The director's own way, with its own settings: names, Service, TLS and the farm's authority are those of the cluster."""
ASK_THIS_POD = """
import ssl, sys
import httpx

trust = ssl.create_default_context(cafile="/etc/understudy/authority/ca.crt")
print(httpx.get(f"https://127.0.0.1:8444/v1/status/{sys.argv[1]}", verify=trust, trust_env=False).text)
"""


def answer(farm: PodFarm, pod: str, program: str, twin: str) -> str:
    """What a program in a pod prints of a twin's list."""
    return farm.run("exec", pod, "-n", NAMESPACE, "--", "python", "-c", program, twin).strip()


def deliver(farm: PodFarm, owner: Path, folder: Path, **marks: list[int]) -> str:
    """Signs a list that follows the one in `folder`, applies it as `understudy license status` prints it, and waits."""
    said, kept = folder / "list.yaml", folder / "act.yaml"
    said.write_text(yaml.safe_dump({"ttl_seconds": TTL_SECONDS, **marks}))
    before = ("--previous", str(kept)) if kept.exists() else ()
    who = ("--key", str(owner / "owner.jwk"), "--twin", str(owner / "twin.yaml"))
    kept.write_text(understudy("license", "status", str(said), *who, *before))
    act = read_mapping(kept, "the owner's list")
    farm.kubectl.apply(act)
    where = (f"owneract/{act['metadata']['name']}", "-n", manifests.OWNER_NAMESPACE)
    farm.run("wait", *where, "--for=condition=Accepted", "--timeout=60s")
    return str(act["spec"]["act"])


def valid(farm: PodFarm, status: str) -> None:
    """Waits until the license says so of itself."""
    where = (f"license/{LICENSE}", "-n", manifests.OWNER_NAMESPACE)
    farm.run("wait", *where, f"--for=condition=Valid={status}", "--timeout=60s")


def test_work_goes_on_under_a_delivered_list_and_ends_with_it(
    licensed: PodFarm, owner: Path, campaign: dict[str, Any], tmp_path: Path
) -> None:
    terms = manifests.Examples.find().campaign("license.yaml")
    terms |= {"id": LICENSE, "status": {"index": INDEX, "ttl_seconds": TTL_SECONDS}}
    licensed.kubectl.apply(manifests.signed_license(owner, terms, licensed.thumbprint))
    valid(licensed, "False")  # nothing is made before a list was seen
    job = {**campaign, "spec": {**campaign["spec"], "licenseRef": {**campaign["spec"]["licenseRef"], "name": LICENSE}}}
    twin = genesis_of(read_mapping(owner / "twin.yaml", "the twin"), "twin.yaml").twin_id

    act = deliver(licensed, owner, tmp_path)
    valid(licensed, "True")
    (head,) = licensed.pods("ray-head")
    assert answer(licensed, head, ASK_AS_THE_DIRECTOR, twin) == act
    replicas = licensed.pods("operator")
    assert len(replicas) == 2
    for one in replicas:  # the leader, and the one that waits for its Lease
        assert answer(licensed, one, ASK_THIS_POD, twin) == act

    licensed.finish_whole(job, "listed", during=lambda: None)
    log = licensed.run("logs", head, "-n", NAMESPACE).splitlines()
    noted = [line for line in log if twin[:12] in line and "status list" in line]
    assert any("status list came" in line for line in noted), "the director never had it"
    assert not any("no newer status list" in line for line in noted)

    revoked = deliver(licensed, owner, tmp_path, revoked=[INDEX])
    valid(licensed, "False")
    again = {**job, "metadata": {"name": "listed-again", "namespace": BRAND}}
    licensed.kubectl.apply(again)
    refusal = watch.wait_refused(licensed.kubectl, ("renderjob", "listed-again", BRAND), 60)
    assert refusal["reason"] == "LicenseRevoked"
    assert not licensed.kubectl.get("renderjob", "listed-again", BRAND)["status"].get("startedAt")
    for one in replicas:  # the one that did not record it knows it within 5 s
        until(lambda one=one: answer(licensed, one, ASK_THIS_POD, twin), lambda text: text == revoked)
