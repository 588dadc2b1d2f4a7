"""Settings and Secrets as a pod finds them: every file that a setting names is mounted, and the real models read it."""

from __future__ import annotations

import base64
import json
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from chart_site import NAMESPACE, Manifest, objects, one, pods, rendered
from cryptography import x509

from understudy_api.release import AUDIENCE
from understudy_api.settings import OperatorSettings, PoolSettings, RayPods, VaultSettings
from understudy_cli.chart_secrets import open_accounts, secrets, thumbprint
from understudy_cli.local.home import Home
from understudy_operator.settings import load_settings

ROOT = Path(__file__).parents[2]
TRIAL = Path(__file__).parent / "values" / "trial.yaml"
PROCESSES = {
    "understudy-operator": ("operator", OperatorSettings),
    "understudy-ray-head": ("pool", PoolSettings),
    "understudy-ray-worker": ("pool", PoolSettings),
    "understudy-vault": ("vault", VaultSettings),
}
MADE_BY_KUBERNETES = ("/var/run/", "/var/lib/")
by_workload = pytest.mark.parametrize("workload", PROCESSES)


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("farm") / "keys"


@pytest.fixture(scope="module")
def cluster(keys) -> list[Manifest]:
    """What the chart renders, and the Secrets that the command makes."""
    made = secrets(keys, NAMESPACE, open_accounts(Home(keys)))
    return [*objects(rendered(TRIAL)), *made]


def mounted(cluster: list[Manifest], workload: str, root: Path) -> Path:
    """The pod's ConfigMaps and Secrets as files below `root`; every name and key has to exist."""
    spec = pods(cluster)[workload]["spec"]
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    (container,) = spec["containers"]
    for mount in container["volumeMounts"]:
        if files := contents(cluster, volumes.get(mount["name"], {})):
            folder = root / mount["mountPath"].lstrip("/")
            folder.mkdir(parents=True)
            for name, data in files.items():
                (folder / name).write_bytes(data)
    return root


def contents(cluster: list[Manifest], volume: Manifest) -> dict[str, bytes]:
    if named := volume.get("configMap"):
        return {key: text.encode() for key, text in one(cluster, "ConfigMap", named["name"])["data"].items()}
    if named := volume.get("secret"):
        data = one(cluster, "Secret", named["secretName"])["data"]
        chosen = {item["path"]: item["key"] for item in named.get("items", ())} or {key: key for key in data}
        return {path: base64.b64decode(data[key]) for path, key in chosen.items()}
    return {}


def loaded(cluster: list[Manifest], workload: str, root: Path):
    """The settings as the process reads them, with the pod's root at `root`."""
    path = mounted(cluster, workload, root) / "etc/understudy/settings/settings.json"
    path.write_text(path.read_text().replace('"/etc/understudy', f'"{root}/etc/understudy'))
    return PROCESSES[workload][1].load(path), path


@by_workload
def test_every_file_that_a_setting_names_is_there(cluster, tmp_path, workload):
    settings, _ = loaded(cluster, workload, tmp_path)
    named = [
        text for text in strings(json.loads(settings.model_dump_json(exclude={"ray_pods"}))) if text.startswith("/")
    ]
    files = [text for text in named if not text.startswith(MADE_BY_KUBERNETES)]
    assert len(files) >= 5
    assert [text for text in files if not Path(text).is_file()] == []


@by_workload
def test_each_process_has_its_own_account_and_nobody_elses_keys(cluster, keys, tmp_path, workload):
    process, _ = PROCESSES[workload]
    settings, _ = loaded(cluster, workload, tmp_path)
    accounts = open_accounts(Home(keys))
    assert settings.s3.access_key == accounts[process].access_key
    private = {"operator": {"farm.jwk"}, "pool": {"pool.jwk"}, "vault": {"vault.jwk"}}
    there = {path.name for path in (tmp_path / "etc/understudy/keys").iterdir() if path.suffix == ".jwk"}
    assert {name for name in there if ".pub." not in name} == private[process]


def test_operator_and_pool_are_of_the_same_farm(cluster, keys, tmp_path):
    told = [loaded(cluster, name, tmp_path / name)[0].farm for name in ("understudy-operator", "understudy-ray-head")]
    assert told == [thumbprint(keys)] * 2


def test_the_operator_starts_with_them(cluster, tmp_path):
    _, path = loaded(cluster, "understudy-operator", tmp_path)
    settings = load_settings({"UNDERSTUDY_OPERATOR_SETTINGS": str(path)})
    assert settings.kubeconfig is None
    assert settings.namespace == NAMESPACE
    assert settings.metrics_host == "0.0.0.0"


def test_performers_show_the_vault_a_token_made_for_it_alone(cluster, tmp_path):
    settings, _ = loaded(cluster, "understudy-ray-worker", tmp_path / "pool")
    spec = pods(cluster)["understudy-ray-worker"]["spec"]
    (volume,) = [each for each in spec["volumes"] if each["name"] == "vault-token"]
    (source,) = volume["projected"]["sources"]
    assert source["serviceAccountToken"]["audience"] == AUDIENCE
    assert str(settings.vault.token_file) == "/var/run/understudy/vault/token"
    vault, _ = loaded(cluster, "understudy-vault", tmp_path / "vault")
    assert vault.callers == {"*": f"system:serviceaccount:{NAMESPACE}:{spec['serviceAccountName']}"}


def ray_pods(cluster: list[Manifest]) -> RayPods:
    """The templates that the operator is told, as they stand in its settings."""
    text = one(cluster, "ConfigMap", "understudy-operator-settings")["data"]["settings.json"]
    return RayPods.model_validate(json.loads(text)["ray_pods"])


def test_kuberay_gets_the_pods_of_the_charts_own_ray(cluster):
    """But for the label by which Services and policies find them."""
    told = ray_pods(cluster)
    for role, template in (("head", told.head), ("worker", told.worker)):
        assert template["spec"] == pods(cluster)[f"understudy-ray-{role}"]["spec"]
        assert template["metadata"]["labels"]["app.kubernetes.io/component"] == f"kuberay-{role}"
        assert template["spec"]["automountServiceAccountToken"] is False
    names = {each["name"] for each in told.worker["spec"]["containers"][0]["env"]}
    assert {"RAY_HEAD", "RAY_CPUS", "RAY_GPUS"} <= names


def test_the_version_of_ray_is_that_of_the_lock_file(cluster):
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    (ray,) = [each["version"] for each in lock["package"] if each["name"] == "ray"]
    assert ray_pods(cluster).ray_version == ray


@pytest.mark.parametrize(
    ("name", "workload"),
    [
        ("understudy-vault", "understudy-vault"),
        ("understudy-ray-head", "understudy-ray-head"),
        ("understudy-minio", "understudy-minio"),
        ("understudy-status", "understudy-operator"),
    ],
)
def test_what_is_reached_by_name_has_a_service_of_that_name(cluster, name, workload):
    selector = one(cluster, "Service", name)["spec"]["selector"]
    assert selector.items() <= pods(cluster)[workload]["metadata"]["labels"].items()


def test_a_director_asks_for_status_lists_where_the_operator_serves_them(cluster, tmp_path):
    """The very address: of the Service, its port, the operator's own, and the certificate's name."""
    operator, _ = loaded(cluster, "understudy-operator", tmp_path / "operator")
    pool, _ = loaded(cluster, "understudy-ray-head", tmp_path / "pool")
    asked, serves = urlsplit(pool.status_lists.farm_url), operator.status_lists
    assert (asked.scheme, asked.hostname) == ("https", f"understudy-status.{NAMESPACE}.svc")
    (port,) = one(cluster, "Service", "understudy-status")["spec"]["ports"]
    (container,) = pods(cluster)["understudy-operator"]["spec"]["containers"]
    (listens,) = [each["containerPort"] for each in container["ports"] if each["name"] == port["targetPort"]]
    assert asked.port == port["port"]
    assert (str(serves.host), serves.port) == ("0.0.0.0", listens)
    certificate = x509.load_pem_x509_certificate(serves.tls_cert.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert asked.hostname in names.get_values_for_type(x509.DNSName)
    authority = x509.load_pem_x509_certificate(pool.status_lists.farm_ca_file.read_bytes())
    certificate.verify_directly_issued_by(authority)
    assert pool.status_lists.ca_file is None, "it vouches for no host that an owner names"


def strings(value: object) -> list[str]:
    """Every string in a JSON value."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in strings(one)]
