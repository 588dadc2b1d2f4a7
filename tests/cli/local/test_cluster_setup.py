import json
import subprocess

import pytest

from understudy_cli.local import kubeconfig
from understudy_cli.local.cluster import Cluster, documents
from understudy_cli.local.cluster_setup import crds_folder, set_up

pytestmark = pytest.mark.farm

READS = ("get", "list", "watch")
KINDS = ("twinmodels", "licenses", "owneracts", "consentrequests", "renderjobs", "renderpools")
ALLOWED = {
    *((verb, f"{kind}.understudy.dev") for kind in KINDS for verb in (*READS, "patch", "update")),
    *((verb, f"{kind}.understudy.dev/status") for kind in KINDS for verb in ("get", "patch", "update")),
    ("delete", "renderjobs.understudy.dev"),
    ("create", "consentrequests.understudy.dev"),
    ("delete", "consentrequests.understudy.dev"),
    ("create", "events"),
    ("patch", "events"),
    ("create", "events.events.k8s.io"),
    ("patch", "events.events.k8s.io"),
    ("get", "secrets"),
    *((verb, "namespaces") for verb in READS),
    *((verb, "customresourcedefinitions.apiextensions.k8s.io") for verb in READS),
}
FORBIDDEN = {
    ("list", "secrets"),
    ("watch", "secrets"),
    ("create", "secrets"),
    ("delete", "twinmodels.understudy.dev"),
    ("delete", "licenses.understudy.dev"),
    ("create", "licenses.understudy.dev"),
    ("create", "renderjobs.understudy.dev"),
    ("get", "events"),
    ("create", "namespaces"),
    ("delete", "namespaces"),
    ("get", "configmaps"),
    ("create", "pods"),
    ("patch", "customresourcedefinitions.apiextensions.k8s.io"),
    ("get", "clusterroles.rbac.authorization.k8s.io"),
    ("get", "leases.coordination.k8s.io"),
    ("impersonate", "users"),
}


def kubectl(control_plane, *arguments: str, config=None) -> str:
    command = [control_plane.kubectl, "--kubeconfig", config or control_plane.kubeconfig, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.strip()


def review(control_plane, account: str, verb: str, resource: str, namespace: str = "default") -> bool:
    """Ask the API server itself whether the account may."""
    name, _, group_and_sub = resource.partition(".")
    group, _, sub = group_and_sub.partition("/")
    attributes = {
        "verb": verb,
        "group": group,
        "resource": name,
        "subresource": sub,
        "namespace": namespace,
    }
    document = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": account, "groups": ["system:authenticated"], "resourceAttributes": attributes},
    }
    with Cluster(kubeconfig.read(control_plane.kubeconfig)) as cluster:
        answer = cluster._request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", json=document)
    return bool(answer.json()["status"]["allowed"])


OPERATOR = "system:serviceaccount:understudy-system:operator"


@pytest.mark.parametrize(("verb", "resource"), sorted(ALLOWED))
def test_the_operator_may_do_its_work(control_plane, verb, resource):
    assert review(control_plane, OPERATOR, verb, resource)


@pytest.mark.parametrize(("verb", "resource"), sorted(FORBIDDEN))
def test_the_operator_may_do_nothing_else(control_plane, verb, resource):
    assert not review(control_plane, OPERATOR, verb, resource)


def test_the_operators_lease_is_in_its_own_namespace(control_plane):
    for verb in ("get", "create", "update", "patch"):
        assert review(control_plane, OPERATOR, verb, "leases.coordination.k8s.io", "understudy-system")


def test_the_operators_kubeconfig_is_its_service_account(control_plane):
    who = kubectl(control_plane, "auth", "whoami", "-o", "json", config=control_plane.operator_kubeconfig)
    assert json.loads(who)["status"]["userInfo"]["username"] == OPERATOR
    access = kubeconfig.read(control_plane.operator_kubeconfig)
    assert access.certificate_pem is None


def bind(role: str, namespace: str, user: str) -> list[dict[str, object]]:
    group = "rbac.authorization.k8s.io"
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": role, "namespace": namespace},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
        },
    ]


@pytest.mark.parametrize(
    ("role", "resource", "verb", "own", "others"),
    [
        ("understudy-brand", "renderjobs.understudy.dev", "create", True, False),
        ("understudy-brand", "secrets", "create", True, False),
        ("understudy-brand", "secrets", "get", False, False),
        ("understudy-brand", "licenses.understudy.dev", "get", False, False),
        ("understudy-brand", "renderjobs.understudy.dev/status", "patch", False, False),
        ("understudy-owner", "licenses.understudy.dev", "delete", True, False),
        ("understudy-owner", "twinmodels.understudy.dev", "create", True, False),
        ("understudy-owner", "renderjobs.understudy.dev", "get", False, False),
        ("understudy-owner", "licenses.understudy.dev/status", "patch", False, False),
    ],
)
def test_people_rule_their_own_namespace_only(control_plane, role, resource, verb, own, others):
    with Cluster(kubeconfig.read(control_plane.kubeconfig)) as cluster:
        for document in bind(role, f"of-{role}", f"person-{role}"):
            cluster.apply(document)
    assert review(control_plane, f"person-{role}", verb, resource, f"of-{role}") is own
    assert review(control_plane, f"person-{role}", verb, resource, "default") is others


def test_setting_up_again_keeps_what_the_user_changed_in_the_pool(farm, control_plane):
    price = "{.spec.pricePerWorkerHour.amount}"
    assert kubectl(control_plane, "get", "renderpool", "default", "-o", f"jsonpath={price}") == "0.60"
    patch = '{"spec": {"pricePerWorkerHour": {"amount": "1.25", "currency": "EUR"}}}'
    kubectl(control_plane, "patch", "renderpool", "default", "--type=merge", "-p", patch)
    try:
        set_up(farm.site())
        assert kubectl(control_plane, "get", "renderpool", "default", "-o", f"jsonpath={price}") == "1.25"
    finally:
        kubectl(control_plane, "patch", "renderpool", "default", "--type=merge", "-p", patch.replace("1.25", "0.60"))


def test_every_kind_of_the_checkout_is_served(control_plane):
    served = kubectl(control_plane, "get", "crd", "-o", "name").split()
    names = [document["metadata"]["name"] for document in documents(sorted(crds_folder().glob("*.yaml")))]
    assert len(names) == 6
    assert set(names) <= {name.rpartition("/")[2] for name in served}
