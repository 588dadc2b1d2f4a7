"""What the chart makes of values: golden renderings, and what holds for every one of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from chart_site import CHART, MONITORING, helm, objects, one, pods, rendered

from understudy_cli.local import cluster_setup, pool
from understudy_cli.local.cluster import documents
from understudy_cli.local.cluster_setup import crds_folder

HERE = Path(__file__).parent
VALUES = sorted((HERE / "values").glob("*.yaml"))
TRIAL = HERE / "values" / "trial.yaml"
DASHBOARDS = HERE.parents[1] / "dashboards"
by_values = pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)


def test_there_are_five_value_sets():
    assert len(VALUES) == 5


@by_values
def test_lint_finds_nothing(values):
    done = helm("lint", "--strict", "--values", str(values), str(CHART))
    assert done.returncode == 0, done.stdout + done.stderr


def test_lint_takes_the_chart_as_it_comes():
    assert helm("lint", "--strict", str(CHART)).returncode == 0


@by_values
def test_golden_rendering(values, request):
    """What is generated has tests of its own and is left out; the monitoring kinds are in."""
    text = rendered(values, *MONITORING)
    parts = [
        part
        for part in text.split("---\n")
        if not re.search(r"templates/(crds/|shared/|rules.yaml|dashboards.yaml)", part)
    ]
    found = "---\n".join(parts)
    path = HERE / "golden" / values.name
    if request.config.getoption("--update-golden", default=False):
        path.write_text(found)
    assert found == path.read_text()


@by_values
def test_no_secret_is_rendered_and_none_stands_in_a_setting(values):
    found = objects(rendered(values))
    assert "Secret" not in {document["kind"] for document in found}
    for document in found:
        if document["kind"] == "ConfigMap":
            assert "secret_key" not in document["data"].get("settings.json", "")


@by_values
def test_every_container_is_locked_down(values):
    for name, pod in pods(objects(rendered(values))).items():
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True, name
        assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in pod["spec"]["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert container["resources"]["limits"]["memory"], name


@by_values
def test_only_who_asks_the_api_server_has_a_token_for_it(values):
    found = pods(objects(rendered(values)))
    with_token = {name for name, pod in found.items() if pod["spec"].get("automountServiceAccountToken", True)}
    assert with_token == {"understudy-operator", "understudy-vault"}
    accounts = {name: found[name]["spec"]["serviceAccountName"] for name in with_token}
    assert accounts == {"understudy-operator": "operator", "understudy-vault": "understudy-vault"}


def test_every_pod_is_denied_by_default_and_allowed_by_a_policy_of_its_own():
    found = objects(rendered(TRIAL))
    policies = {each["metadata"]["name"]: each["spec"] for each in found if each["kind"] == "NetworkPolicy"}
    everybody = policies.pop("understudy-default-deny")
    assert everybody["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in everybody
    assert "egress" not in everybody
    for name, pod in pods(found).items():
        labels = pod["metadata"]["labels"]
        assert everybody["podSelector"]["matchLabels"].items() <= labels.items(), name
        component = labels["app.kubernetes.io/component"]
        assert policies[f"understudy-{component}"]["podSelector"]["matchLabels"].items() <= labels.items(), name


def test_nobody_but_the_operator_reaches_the_director():
    policy = one(objects(rendered(TRIAL)), "NetworkPolicy", "understudy-ray-head")["spec"]
    asking = [rule for rule in policy["ingress"] if {"port": 8443, "protocol": "TCP"} in rule.get("ports", [])]
    (peer,) = asking[0]["from"]
    assert len(asking) == 1
    assert peer["podSelector"]["matchExpressions"][0]["values"] == ["operator", "test"]


@pytest.mark.parametrize(
    ("values", "readers"),
    [
        ("trial.yaml", {"ray-head", "kuberay-head", "test"}),
        ("external.yaml", {"ray-head", "kuberay-head", "test", "198.51.100.0/24"}),
    ],
)
def test_status_lists_are_for_heads_and_for_a_pool_elsewhere(values, readers):
    """Allowed at both ends: into the operator, and out of each head."""
    found = objects(rendered(HERE / "values" / values))
    port = {"port": 8444, "protocol": "TCP"}
    policies = {each["metadata"]["name"]: each["spec"] for each in found if each["kind"] == "NetworkPolicy"}
    into = [rule for rule in policies["understudy-operator"]["ingress"] if port in rule["ports"]]
    assert {name for rule in into for peer in rule["from"] for name in _peers(peer)} == readers
    leave = {
        name.removeprefix("understudy-")
        for name, policy in policies.items()
        for rule in policy.get("egress", ())
        if port in rule.get("ports", ())
    }
    assert leave == {reader for reader in readers if f"understudy-{reader}" in policies}


def test_spans_leave_from_operator_and_heads_alone_and_only_where_there_is_a_collector(tmp_path):
    values = tmp_path / "values.yaml"
    port = {"port": 4318, "protocol": "TCP"}

    def senders(text):
        found = objects(rendered(values.write_text(TRIAL.read_text() + text) and values))
        policies = [each for each in found if each["kind"] == "NetworkPolicy"]
        leave = {
            p["metadata"]["name"]
            for p in policies
            for rule in p["spec"].get("egress", ())
            if port in rule.get("ports", ())
        }
        holders = {name for name, pod in pods(found).items() if "understudy-spans" in str(pod["spec"]["volumes"])}
        return leave, holders

    assert senders("") == (set(), set())
    traced = 'tracing: {endpoint: "http://collector.observability:4318", headersSecret: understudy-spans}'
    leave, holders = senders(traced)
    assert leave == {"understudy-operator", "understudy-ray-head", "understudy-kuberay-head"}
    assert holders == {"understudy-operator", "understudy-ray-head"}


def test_monitoring_comes_where_the_cluster_knows_it():
    kinds = {"PodMonitor", "PrometheusRule"}
    assert not kinds & {each["kind"] for each in objects(rendered(TRIAL))}
    assert kinds <= {each["kind"] for each in objects(rendered(TRIAL, *MONITORING))}


def test_rules_are_those_of_the_project_for_the_namespace_and_the_runbooks_of_the_farm():
    chosen = ("--set", "monitoring.runbooks=https://wiki.example/runbooks")
    found = objects(rendered(TRIAL, *MONITORING, *chosen, namespace="farm-two"))
    (rules,) = [each for each in found if each["kind"] == "PrometheusRule"]
    text = (DASHBOARDS / "rules.yaml").read_text()
    theirs = text.replace("docs/runbooks", "https://wiki.example/runbooks").replace("understudy-system", "farm-two")
    assert rules["spec"] == yaml.safe_load(theirs)
    annotations = [
        rule["annotations"] for group in rules["spec"]["groups"] for rule in group["rules"] if "alert" in rule
    ]
    assert all(one["runbook_url"].startswith("https://wiki.example/runbooks/Understudy") for one in annotations)


def test_dashboards_are_those_of_the_project_and_can_be_left_out():
    boards = {path.stem: path.read_text() for path in DASHBOARDS.glob("*.json")}
    assert len(boards) == 5
    found = objects(rendered(TRIAL))
    for slug, text in boards.items():
        shown = one(found, "ConfigMap", f"understudy-dashboard-{slug}")
        assert shown["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert json.loads(shown["data"][f"understudy-{slug}.json"]) == json.loads(text)
    for without in ("monitoring.enabled", "monitoring.dashboards.enabled"):
        names = [each["metadata"]["name"] for each in objects(rendered(TRIAL, "--set", f"{without}=false"))]
        assert not [name for name in names if name.startswith("understudy-dashboard")]


def test_definitions_are_those_of_the_release_and_are_kept():
    found = [each for each in objects(rendered(TRIAL)) if each["kind"] == "CustomResourceDefinition"]
    for document in found:
        assert document["metadata"].pop("annotations") == {"helm.sh/resource-policy": "keep"}
    wanted = documents(sorted(crds_folder().glob("*.yaml")))
    assert sorted(found, key=_name) == sorted(wanted, key=_name)


def test_rights_are_those_that_up_gives():
    shared = {"ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
    shared |= {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
    folder = Path(cluster_setup.__file__).parent / "manifests"
    there = "\n---\n".join(path.read_text() for path in sorted(folder.glob("*.yaml")))
    wanted = objects(there.replace("namespace: understudy-system", "namespace: elsewhere"))
    found = [each for each in objects(rendered(TRIAL, namespace="elsewhere")) if each["kind"] in shared]
    assert sorted(found, key=_name) == sorted((each for each in wanted if each["kind"] in shared), key=_name)


def test_the_default_pool_is_the_one_that_up_makes():
    pool_there = one(
        documents([Path(cluster_setup.__file__).parent / "manifests" / "40-default-pool.yaml"]), "RenderPool", "default"
    )
    assert one(objects(rendered(TRIAL)), "RenderPool", "default")["spec"] == pool_there["spec"]


def test_ray_is_tuned_as_up_tunes_it():
    container = pods(objects(rendered(TRIAL)))["understudy-ray-worker"]["spec"]["containers"][0]
    environment = {each["name"]: each.get("value") for each in container["env"]}
    assert (pool._ONE_THREAD | pool._FEW_CORES).items() <= environment.items()
    assert f"--object-store-memory={pool.OBJECT_STORE_BYTES}" in container["command"]


def test_a_changed_setting_rolls_its_pods_and_no_others():
    before, after = (
        {name: pod["metadata"].get("annotations") for name, pod in pods(objects(rendered(TRIAL, *more))).items()}
        for more in ((), ("--set", "vault.leaseSeconds=60"))
    )
    assert {name for name in before if before[name] != after[name]} == {"understudy-vault"}


def test_the_chart_is_of_the_release():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = (CHART.parents[1] / "pyproject.toml").read_text()
    assert f'version = "{chart["appVersion"]}"' in project


def _peers(peer: dict[str, dict[str, Any]]) -> list[str]:
    """Components or addresses that a NetworkPolicyPeer names."""
    if "ipBlock" in peer:
        return [str(peer["ipBlock"]["cidr"])]
    return list(peer["podSelector"]["matchExpressions"][0]["values"])


def _name(document: dict[str, dict[str, str]]) -> tuple[str, str]:
    return str(document["kind"]), document["metadata"]["name"]
