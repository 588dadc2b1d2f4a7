"""The demo as a test: a real farm, a twin trained from the ready capture, a small campaign, and things killed on the way."""

import copy
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import psutil
import pyrage
import pytest
from live_farm import BRAND, BUCKET, Live, small_campaign, with_twin
from typer.testing import CliRunner

from understudy_api import token
from understudy_api.release import ERASURE_TYPE, Erasure
from understudy_cli.campaign import manifests, storage, watch
from understudy_cli.consent import app as consent
from understudy_cli.files import read_key
from understudy_cli.local import buckets, process
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_cli.owner_vault import OwnerVault
from understudy_workers.media.credentials import verify

pytestmark = [pytest.mark.farm, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = Home(tmp_path_factory.mktemp("demo") / "home")
    farm = Farm(home)
    try:
        yield with_twin(farm, tmp_path_factory.mktemp("demo-keys"))
    finally:
        farm.purge()


@pytest.fixture(scope="module")
def campaign() -> dict[str, Any]:
    """The demo's job cut down to two rows, two locales and two small formats."""
    return small_campaign()


@pytest.fixture(scope="module")
def finished(live: Live, campaign: dict[str, Any]) -> dict[str, Any]:
    """The campaign, rendered while the operator and a performer were killed."""

    def kill() -> None:
        operator = process.recall(live.farm.home.record("operator"))
        assert operator is not None
        os.kill(operator.identity.pid, signal.SIGKILL)
        performers = [p for p in psutil.process_iter(["cmdline"]) if _is_performer(p, live)]
        performers[0].kill()
        live.farm.up()

    return live.finish(campaign, during=kill)


def _is_performer(candidate: psutil.Process, live: Live) -> bool:
    try:
        return "ray::Performer" in " ".join(candidate.cmdline()) and _belongs(candidate, live)
    except psutil.Error:
        return False


def _belongs(candidate: psutil.Process, live: Live) -> bool:
    return candidate.environ().get("UNDERSTUDY_POOL_SETTINGS") == str(live.farm.home.pool_settings)


def test_the_twin_beat_its_baselines(live: Live) -> None:
    status = live.kubectl.get("twinmodel", manifests.TWIN, manifests.OWNER_NAMESPACE)["status"]
    rows = {row["name"]: float(row["psnr"]) for row in status["scores"]}
    assert rows["network"] > max(rows["frozen"], rows["mean"], rows["nearest"])
    assert status["stage"] == "Deploy"


def test_nothing_is_lost_or_charged_twice_when_things_are_killed(live: Live, finished: dict[str, Any]) -> None:
    status = finished["status"]
    assert status["items"] == {"total": 8, "done": 8, "failed": 0, "rejected": 0}
    index = live.index("acme/spring/")
    assert len({line["item"] for line in index}) == 8
    assert sum(line["seconds"] for line in index) == pytest.approx(float(status["meteredSeconds"]), abs=0.01)


def test_every_item_is_a_real_signed_video(live: Live, finished: dict[str, Any], tmp_path: Path) -> None:
    storage.download(live.store, BUCKET, "acme/spring/", tmp_path / "out", lambda name: None)
    root = (live.farm.home.c2pa / "root.pem").read_bytes()
    for line in live.index("acme/spring/"):
        video = tmp_path / "out" / line["video"]
        with av.open(str(video)) as container:
            pictures = sum(1 for _ in container.decode(video=0))
            assert container.streams.audio
        assert pictures == pytest.approx(line["seconds"] * 25, abs=0.01)
        assert "-->" in (tmp_path / "out" / line["captions"]).read_text()
        verdict = verify(video, root)
        assert verdict.is_ours
        assert verdict.provenance is not None
        assert (verdict.provenance.job, verdict.provenance.twin_version) == (
            "spring",
            finished["status"]["twinVersion"],
        )
    assert "Mira" in (tmp_path / "out" / "contact-sheet.html").read_text()


def test_a_job_outside_its_license_renders_nothing(live: Live, campaign: dict[str, Any]) -> None:
    job = manifests.refused(campaign)
    live.kubectl.apply(job)
    where = ("renderjob", job["metadata"]["name"], BRAND)
    refusal = watch.wait_refused(live.kubectl, where, 60)
    assert refusal["reason"] in {"LanguageNotCovered", "TerritoryNotCovered"}
    assert "ja-JP" in refusal["message"]
    assert live.keys(f"acme/{job['metadata']['name']}/") == []


def test_a_changed_sentence_renders_alone(live: Live, campaign: dict[str, Any], finished: dict[str, Any]) -> None:
    again = live.finish(manifests.changed(campaign))
    takes, before = again["status"]["takes"], finished["status"]["takes"]
    assert takes["rendered"] == 2, "one English sentence in two formats"
    assert takes["rendered"] + takes["reused"] == before["rendered"] + before["reused"]
    assert float(again["status"]["workerSeconds"]) < float(finished["status"]["workerSeconds"])


def test_both_planes_export_metrics(live: Live, finished: dict[str, Any]) -> None:
    for port in (live.site.plan.ports.operator_metrics, live.site.plan.ports.director_metrics):
        text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert "understudy_" in text
        assert "c-1001" not in text, "labels stay bounded: no items, no rows"


def test_asking_for_keys_costs_performers_next_to_nothing(live: Live, finished: dict[str, Any]) -> None:
    text = httpx.get(f"http://127.0.0.1:{live.site.plan.ports.director_metrics}/metrics").text
    found = re.findall(r'^understudy_stage_seconds_total{stage="(\w+)"} (\S+)$', text, re.MULTILINE)
    stages = {name: float(seconds) for name, seconds in found}
    assert 0 < stages["key"] <= 0.05 * sum(stages.values()), "asked once by each performer, for a small campaign"


def test_strangers_are_turned_away(live: Live) -> None:
    ports = live.site.plan.ports
    assert httpx.get(f"https://127.0.0.1:{ports.director}/v1/orders", verify=False).status_code == 401
    assert httpx.get(f"http://127.0.0.1:{ports.ray_dashboard}/api/jobs/").status_code in {401, 403}


def test_nothing_of_the_likeness_lies_anywhere_in_the_clear(live: Live, finished: dict[str, Any]) -> None:
    capture = manifests.Examples.find().capture.read_bytes()
    assert live.store.get_object(BUCKET, manifests.CAPTURE_KEY).read().startswith(b"understudy-sealed/1")
    names = buckets.BUCKETS
    kept = [
        (str(entry.object_name), live.store.get_object(bucket, str(entry.object_name)).read())
        for bucket, prefix in ((names.twins, ""), (names.staging, "takes/"), (names.staging, "clips/"))
        for entry in live.store.list_objects(bucket, prefix=prefix, recursive=True)
    ]
    assert {name.split("/")[0] for name, _ in kept} >= {"takes", "clips"}
    for name, data in kept:
        if not name.endswith(("manifest.json", "manifest.jws")):
            assert b"understudy-clip" not in data
            assert b"understudy-take" not in data
            assert b"ftyp" not in data[:64]
            assert not data.startswith(b"\x08"), f"{name} is an ONNX model in the clear"
    for path in live.farm.home.work.rglob("*"):
        if path.is_file() and path.stat().st_size > 4096:
            assert capture[4096:4160] not in path.read_bytes()


@pytest.fixture
def sensitive(live: Live, campaign: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """A job that needs its owner's consent, under a license that allows a preview; and who may open it."""
    identity = pyrage.x25519.Identity.generate()
    terms = manifests.Examples.find().campaign("license.yaml")
    terms |= {"id": "acme-casino", "preview": True, "preview_recipient": str(identity.to_public())}
    live.kubectl.apply(manifests.signed_license(live.folder, terms, live.thumbprint))
    job = copy.deepcopy(campaign)
    job["metadata"]["name"] = "casino"
    job["spec"] |= {"locales": ["en-GB"], "use": {**job["spec"]["use"], "territories": ["GB"]}, "translations": {}}
    job["spec"]["licenseRef"]["name"] = "acme-casino"
    job["spec"]["script"]["scenes"] = [{"say": "Hello {name}, our casino is open."}]
    return job, identity


def test_its_owner_alone_sees_a_preview_and_nothing_else_is_made_before_consent(
    live: Live, sensitive: tuple[dict[str, Any], Any], finished: dict[str, Any], tmp_path: Path, monkeypatch: Any
) -> None:
    job, identity = sensitive
    live.kubectl.apply(job)
    asked = live.until(
        ("renderjob", "casino", BRAND), lambda one: one.get("status", {}).get("consentRequest"), "consent is asked for"
    )
    namespace, _, name = asked["status"]["consentRequest"].partition("/")
    request = ("consentrequest", name, namespace)
    where = live.until(request, lambda one: one.get("status", {}).get("preview"), "a preview")["status"]["preview"]
    sealed = [key for key in live.keys(where.removeprefix(f"s3://{BUCKET}/")) if key.endswith(".mp4")]
    assert len(sealed) == 1
    assert live.store.get_object(BUCKET, sealed[0]).read().startswith(b"age-encryption.org/v1")
    assert live.keys("acme/casino/") == []
    monkeypatch.setenv("UNDERSTUDY_HOME", str(live.farm.home.root))
    monkeypatch.setenv("KUBECONFIG", str(live.site.kubeconfig))
    (tmp_path / "age.txt").write_text(f"{identity}\n")
    out, words = tmp_path / "look", ("-n", namespace, "--identity", str(tmp_path / "age.txt"))
    seen = CliRunner().invoke(consent, ["preview", name, *words, "--out", str(out)])
    assert seen.exit_code == 0, seen.exception
    with av.open(str(next(out.rglob("*.mp4")))) as container:
        pictures = sum(1 for _ in container.decode(video=0))
    said = CliRunner().invoke(consent, ["approve", name, "-n", namespace, "--key", str(live.folder / "owner.jwk")])
    assert said.exit_code == 0, said.exception
    live.until(
        ("renderjob", "casino", BRAND), lambda one: watch.condition(one, "Admitted")["status"] == "True", "a yes"
    )
    done = live.finish(job)
    index = live.index("acme/casino/")
    assert len(index) == 4
    assert float(done["status"]["meteredSeconds"]) == pytest.approx(sum(line["seconds"] for line in index), abs=0.01)
    assert pictures == pytest.approx(index[0]["seconds"] * 25, abs=0.01), "the owner saw the first item whole"


def test_an_erased_twin_renders_nothing_more_and_its_performers_end(
    live: Live, campaign: dict[str, Any], finished: dict[str, Any]
) -> None:
    before = {p.pid for p in psutil.process_iter(["cmdline"]) if _is_performer(p, live)}
    model = live.kubectl.get("twinmodel", manifests.TWIN, manifests.OWNER_NAMESPACE)
    root = read_key(live.folder / "owner.jwk")
    receipt = token.unverified(OwnerVault.of(live.site).erase(root, model["spec"]["genesis"]), ERASURE_TYPE)
    assert isinstance(receipt, dict)
    told = Erasure.model_validate(receipt)
    assert any("said that it ends" in line for line in told.performers), "one was killed before and could not say so"
    deadline = time.monotonic() + 30
    while before & {p.pid for p in psutil.process_iter(["cmdline"]) if _is_performer(p, live)}:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    job = manifests.changed(campaign)
    job["metadata"]["name"] = "after-erasure"
    live.kubectl.apply(job)
    found = live.kubectl.get("renderjob", "after-erasure", BRAND)
    deadline = time.monotonic() + 120
    while "TwinErased" not in json.dumps(found) and found.get("status", {}).get("phase") != "Failed":
        assert time.monotonic() < deadline, json.dumps(found.get("status"), indent=1)
        time.sleep(0.5)
        found = live.kubectl.get("renderjob", "after-erasure", BRAND)
    assert found["status"].get("items", {}).get("done", 0) == 0
    assert not [key for key in live.keys("acme/after-erasure/") if key.endswith(".mp4")]
