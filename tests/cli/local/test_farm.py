import json
import os
import signal
import socket
import stat
import time
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest

from understudy_api.settings import OperatorSettings, PoolSettings, VaultSettings
from understudy_cli.errors import UserError
from understudy_cli.local import farm as farm_module
from understudy_cli.local import object_store as store
from understudy_cli.local import pool, process
from understudy_cli.local.farm import PARTS, Farm
from understudy_cli.local.home import Home, write_private
from understudy_cli.local.keys import Keys
from understudy_cli.local.part import HOME_MARK, External
from understudy_cli.local.plan import LOOPBACK, choose_plan

pytestmark = pytest.mark.farm

DEADLINE_SECONDS = 20.0


@pytest.fixture
def own(tmp_path):
    """A farm of this test alone, gone afterwards."""
    farm = Farm(Home(tmp_path / "farm"))
    yield farm
    farm.purge()


def processes_of(farm: Farm) -> list[psutil.Process]:
    """Every live process that bears the farm's mark."""
    found = []
    for candidate in psutil.process_iter():
        try:
            if candidate.status() != psutil.STATUS_ZOMBIE and candidate.environ().get(HOME_MARK) == str(farm.home.root):
                found.append(candidate)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def health(farm: Farm) -> dict[str, str]:
    return {part.name: part.health for part in farm.status()}


def kill(farm: Farm, name: str) -> int:
    identity = process.recall(farm.home.record(name)).identity
    os.kill(identity.pid, signal.SIGKILL)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while process.is_alive(identity):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return identity.pid


def test_a_home_without_a_farm_has_no_status_and_nothing_to_stop(own):
    assert own.status() == []
    assert own.down() == []
    assert not own.home.root.exists()


def test_up_twice_a_killed_child_and_down(own):
    own.up(["minio"])
    before = process.recall(own.home.record("minio"))
    own.up(["minio"])
    assert process.recall(own.home.record("minio")) == before
    shown = next(part for part in own.status() if part.name == "minio")
    assert (shown.health, shown.pid) == ("running", before.identity.pid)
    assert shown.memory_bytes > 10_000_000

    kill(own, "minio")
    assert health(own) == {part.name: "dead" if part.name == "minio" else "stopped" for part in PARTS}
    own.up(["minio"])
    assert health(own)["minio"] == "running"

    assert own.down() == ["minio"]
    assert set(health(own).values()) == {"stopped"}
    assert processes_of(own) == []


def test_a_restart_keeps_ports_keys_and_data(own):
    site = own.up(["minio"])
    root = store.settings(site, "root")
    store.buckets.client(root).make_bucket("kept")
    own.down()
    again = own.up(["minio"])
    assert again.plan == site.plan
    assert store.settings(again, "root") == root
    assert store.buckets.client(root).bucket_exists("kept")


def test_a_port_somebody_took_while_the_farm_was_down(own):
    plan = choose_plan(own.home)
    taken = rf"minio: port {plan.ports.minio} is taken by .*\(pid {os.getpid()}\)"
    # As servers listen: connections that an earlier server of that port has ended do not hold it.
    with socket.create_server((LOOPBACK, plan.ports.minio)), pytest.raises(UserError, match=taken):
        own.up(["minio"])
    assert processes_of(own) == []
    own.up(["minio"])


def test_a_full_disk_is_said_before_anything_starts(own, monkeypatch):
    monkeypatch.setattr(farm_module, "SPACE_BYTES", 1024**5)
    with pytest.raises(UserError, match=r"GiB free, 1048576.0 GiB needed"):
        own.up(["minio"])
    assert processes_of(own) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, UserError("no")], ids=["Ctrl-C", "a failure"])
def test_what_an_unfinished_up_started_is_stopped_and_what_ran_before_stays(own, monkeypatch, error):
    own.up(["minio"])
    before = process.recall(own.home.record("minio"))

    def give_up(name: str, state: str) -> None:
        if (name, state) == ("etcd", "ready"):
            raise error

    with pytest.raises(error if isinstance(error, type) else type(error)):
        own.up(["etcd", "minio"], give_up)
    assert health(own)["etcd"] == "stopped"
    assert process.recall(own.home.record("minio")) == before
    assert process.is_alive(before.identity)


@pytest.mark.parametrize(
    ("external", "needed"),
    [
        (External(), {"etcd", "kube-apiserver", "kube-controller-manager", "minio", "kubectl"}),
        (External(s3_url="https://x"), {"etcd", "kube-apiserver", "kube-controller-manager", "kubectl"}),
        (External(kubeconfig=Path("config"), s3_url="https://x"), {"kubectl"}),
    ],
)
def test_only_the_programs_of_our_own_parts_are_needed(tmp_path, external, needed):
    assert set(Farm(Home(tmp_path), external).programs()) == needed


def test_an_unknown_part_is_one_line(own):
    with pytest.raises(UserError, match="no such part: scheduler; there are etcd, apiserver"):
        own.up(["scheduler"])


def test_secrets_are_in_no_argument_vector_and_no_readable_file(own):
    site = own.up(["minio"])
    secrets = [store.settings(site, name).secret_key.get_secret_value() for name in ("root", "operator", "pool")]
    keys = Keys.at(own.home)
    secrets += [keys.ray_token.read_text(), keys.director_token.read_text()]
    for part in PARTS:
        argv = " ".join(part.command(site).argv)
        assert not any(secret in argv for secret in secrets)
    for path in own.home.root.rglob("*"):
        private = path.relative_to(own.home.root).parts[0] != "data"
        if private and path.is_file() and path.name != "lock":
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or path.suffix == ".log", path
    assert stat.S_IMODE(own.home.root.stat().st_mode) == 0o700


def test_the_planes_are_told_what_they_need(farm, object_store):
    site = farm.site()
    operator = OperatorSettings.load(farm.home.operator_settings)
    workers = PoolSettings.load(farm.home.pool_settings)
    assert operator.s3 == object_store.operator
    assert workers.s3 == object_store.pool
    assert operator.farm == workers.farm == Keys.at(farm.home).farm_thumbprint()
    assert operator.director.url == f"https://{LOOPBACK}:{workers.director.port}"
    assert workers.director.host == LOOPBACK
    assert workers.status_lists.farm_url == f"http://{LOOPBACK}:{operator.status_lists.port}"
    assert operator.kubeconfig == farm.home.operator_kubeconfig
    assert operator.vault is not None
    assert operator.vault.url == workers.vault.url
    assert operator.demand_capture_consent
    assert VaultSettings.load(farm.home.vault_settings).demand_capture_consent
    for path in (
        operator.farm_key_file,
        operator.pool_public_key_file,
        operator.ray.token_file,
        operator.director.token_file,
        workers.bundle_key_file,
        workers.farm_public_key_file,
        workers.cache_key_file,
        workers.c2pa.chain_file,
        workers.director.tls_key,
    ):
        assert path.exists()
    assert site.plan.ports.director_metrics == workers.metrics_port


def test_purge_deletes_farms_only(tmp_path):
    (tmp_path / "thesis.txt").write_text("my only copy")
    with pytest.raises(UserError, match=r"holds no farm.json, so it is left alone"):
        Farm(Home(tmp_path)).purge()
    assert (tmp_path / "thesis.txt").exists()


def test_a_cluster_and_a_store_elsewhere_are_used(own, farm, control_plane, object_store):
    external = External(
        kubeconfig=control_plane.kubeconfig,
        s3_url=f"https://{object_store.root.endpoint}",
        s3_access_key=object_store.root.access_key,
        s3_secret_key=object_store.root.secret_key.get_secret_value(),
    )
    other = Farm(own.home, External(kubeconfig=control_plane.kubeconfig))
    site = other.up(["apiserver"])
    assert site.kubeconfig == control_plane.kubeconfig
    assert own.home.operator_kubeconfig.exists()
    assert processes_of(own) == []
    # A store whose authority the system does not know is refused, not trusted blindly.
    with pytest.raises(UserError, match=r"minio elsewhere does not answer: .*CERTIFICATE_VERIFY_FAILED"):
        Farm(own.home, external).up(["minio"])
    told = replace(external, s3_authority=object_store.root.ca_file)
    Farm(own.home, told).up(["minio"])
    for settings in (OperatorSettings.load(own.home.operator_settings), PoolSettings.load(own.home.pool_settings)):
        assert (settings.s3.endpoint, settings.s3.ca_file) == (object_store.root.endpoint, object_store.root.ca_file)


@pytest.mark.parametrize(
    ("external", "complaint"),
    [
        (External(s3_url="ftp://x", s3_access_key="a", s3_secret_key="b"), r"wanted http\(s\)://host:port"),
        (External(s3_url="https://x/bucket", s3_access_key="a", s3_secret_key="b"), "without a path"),
        (External(s3_url="https://x"), "UNDERSTUDY_S3_ACCESS_KEY"),
        (
            External(s3_url="https://x", s3_access_key="a", s3_secret_key="b", s3_authority=Path("/no/ca.pem")),
            "UNDERSTUDY_S3_CA_FILE=/no/ca.pem: no such file",
        ),
    ],
)
def test_a_store_elsewhere_has_to_be_named_well(own, external, complaint):
    with pytest.raises(UserError, match=complaint):
        Farm(own.home, external).up(["minio"])


def test_a_pool_elsewhere_is_what_the_operator_is_told_of(own):
    elsewhere = External(pool_url="http://ray.example:8265", ray_token="t0ken")
    with pytest.raises(UserError, match="ray elsewhere does not answer"):
        Farm(own.home, elsewhere).up(["ray"])
    operator = OperatorSettings.load(own.home.operator_settings)
    assert operator.ray.address == "http://ray.example:8265"
    assert operator.ray.token_file.read_text() == "t0ken"
    assert operator.director.url.startswith("https://ray.example:")
    workers = PoolSettings.load(own.home.pool_settings)
    assert (workers.director.host, workers.status_lists.farm_url) == ("0.0.0.0", None)


def test_ray_is_on_loopback_behind_a_token_and_goes_completely(own):
    site = own.up(["ray"])
    url, token = pool.dashboard_url(site), Keys.at(own.home).ray_token.read_text()
    for headers, code in (
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 403),
        ({"Authorization": f"Bearer {token}"}, 200),
    ):
        assert httpx.get(f"{url}/api/jobs/", headers=headers, trust_env=False).status_code == code
    family = process.family(process.recall(own.home.record("ray")).identity)
    assert len(family) > 3
    listening = {
        connection.laddr.ip
        for member in family
        for connection in member.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
    pid = kill(own, "ray")
    assert health(own)["ray"] == "dead"
    own.down()
    assert processes_of(own) == []
    assert process.identify(pid) is None
    assert not any(process.identify(member.pid) for member in family if member.is_running())


def test_a_damaged_plan_is_one_line(own):
    write_private(own.home.plan, json.dumps({"name": "x"}))
    with pytest.raises(UserError, match=r"farm.json is damaged|understudy up"):
        own.up(["minio"])
    own.home.plan.write_text(json.dumps({"name": "x", "ports": {}}))
    with pytest.raises(UserError, match="writes it anew"):
        own.status()
