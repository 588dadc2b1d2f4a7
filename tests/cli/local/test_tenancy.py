"""What a namespace may ask of the farm, by real calls: priority and pools as its annotations allow, statuses by the operator."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from operator_site import Admin, resource, until
from people import Answer, Person
from specs import JWS, SPECS

from understudy_api.consentrequest import ConsentRequestStatus
from understudy_api.kinds import KINDS
from understudy_cli.local.cluster import documents
from understudy_cli.local.cluster_setup import manifests_folder
from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.cluster import Cluster
from understudy_operator.shell.errors import DeniedError
from understudy_operator.shell.key import Key

pytestmark = pytest.mark.farm

RBAC = "rbac.authorization.k8s.io"
PRIORITY, POOLS = "understudy.dev/max-priority", "understudy.dev/pools"
OPERATOR = "system:serviceaccount:understudy-system:operator"


def an_object(kind: str, namespace: str, name: str, **changed: Any) -> dict[str, Any]:
    return resource(kind, "" if kind == "RenderPool" else namespace, name, {**SPECS[kind], **changed})


@pytest.fixture(scope="module")
def brand(control_plane: Any) -> Person:
    return Person(control_plane.kubectl, control_plane.kubeconfig, "bea", "brands")


@pytest.fixture(scope="module")
def new_namespace(admin: Admin, brand: Person) -> Callable[..., str]:
    """Makes namespaces of the brand with annotations; the first one waits until the policies hold."""

    def make(**annotations: str) -> str:
        words = {PRIORITY: annotations.get("priority"), POOLS: annotations.get("pools")}
        name = f"tenant-{secrets.token_hex(3)}"
        metadata = {"name": name, "annotations": {key: word for key, word in words.items() if word is not None}}
        admin.server.request("POST", "/api/v1/namespaces", {"metadata": metadata})
        for role in ("understudy-brand", "understudy-owner"):
            binding = {
                "metadata": {"name": role},
                "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
                "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": "brands"}],
            }
            admin.server.request("POST", f"/apis/{RBAC}/v1/namespaces/{name}/rolebindings", binding)
        return name

    plain = make()
    for changed in ({"priority": 1000}, {"poolRef": {"name": "nowhere"}}):
        probe = an_object("RenderJob", plain, "probe", **changed)
        until(lambda probe=probe: tried(brand, probe), lambda answer: "understudy.dev/" in answer.text)
    return make


def tried(person: Person, body: Mapping[str, Any]) -> Answer:
    """What creating it would come to."""
    return person.creates(body, "--dry-run=server")


@pytest.mark.parametrize(
    ("most", "priority", "refusal"),
    [
        (None, 0, None),
        (None, -5, None),
        (None, 1, "spec.priority: wanted at most 0 in namespace {ns}, got 1; lower it, or ask the platform team"),
        ("100", 100, None),
        ("100", 101, "wanted at most 100 in namespace {ns}, got 101"),
        ("-10", -10, None),
        ("-10", 0, "wanted at most -10 in namespace {ns}, got 0"),
        ("high", 0, 'understudy.dev/max-priority: wanted a whole number, got "high"; ask the platform team'),
        ("", 0, 'wanted a whole number, got ""'),
    ],
)
def test_no_job_is_above_its_namespaces_class(
    new_namespace: Callable[..., str], brand: Person, most: str | None, priority: int, refusal: str | None
) -> None:
    namespace = new_namespace(priority=most) if most is not None else new_namespace()
    answer = tried(brand, an_object("RenderJob", namespace, "spring", priority=priority))
    assert answer.ok is (refusal is None), answer.text
    assert refusal is None or refusal.format(ns=namespace) in answer.text


@pytest.mark.parametrize("kind", ["RenderJob", "TwinModel"])
@pytest.mark.parametrize(
    ("given", "pool", "allowed"),
    [
        (None, "default", True),
        (None, "gpu", False),
        ("default, gpu", "gpu", True),
        ("gpu", "default", False),
        ("*", "gpu", True),
        ("", "default", False),
        ("gpu-large", "gpu", False),
    ],
)
def test_no_pool_but_the_namespaces_own(
    new_namespace: Callable[..., str], brand: Person, kind: str, given: str | None, pool: str, allowed: bool
) -> None:
    namespace = new_namespace(pools=given) if given is not None else new_namespace()
    answer = tried(brand, an_object(kind, namespace, "ada", poolRef={"name": pool}))
    assert answer.ok is allowed, answer.text
    wanted = f'spec.poolRef.name: wanted one of "{given if given is not None else "default"}" in namespace {namespace}'
    assert allowed or f"{wanted}, got {pool}; name another pool, or ask the platform team" in answer.text


def test_only_what_is_changed_is_judged(admin: Admin, new_namespace: Callable[..., str], brand: Person) -> None:
    namespace = new_namespace(priority="500", pools="gpu")
    made = admin.create(an_object("RenderJob", namespace, "spring", priority=500, poolRef={"name": "gpu"}))
    lowered = {"metadata": {"annotations": {PRIORITY: "100", POOLS: None}}}
    path = f"/api/v1/namespaces/{namespace}"
    admin.server.request("PATCH", path, lowered, content_type="application/merge-patch+json")
    until(lambda: tried(brand, an_object("RenderJob", namespace, "other", priority=500)), lambda answer: not answer.ok)

    def patched(**spec: Any) -> Answer:
        return brand.patches("renderjob", "spring", {"spec": spec}, "-n", namespace)

    assert patched(suspend=True).ok
    assert "wanted at most 100" in patched(priority=501).text
    assert patched(priority=400).ok, "lower is always allowed, also to where it could not begin"
    assert "wanted at most 100" in patched(priority=500).text
    assert "create another RenderJob" in patched(poolRef={"name": "other"}).text
    cluster = Cluster(admin.server)
    held = cluster.set_finalizers(admin.get(Key.of(made)) or {}, ["understudy.dev/pool"])
    assert held is not None
    cluster.set_finalizers(held, [])


def test_a_brand_gives_itself_nothing(new_namespace: Callable[..., str], brand: Person) -> None:
    namespace = new_namespace()
    answer = brand.says("annotate", "namespace", namespace, f"{PRIORITY}=1000")
    assert not answer.ok
    assert 'cannot get resource "namespaces"' in answer.text
    metadata = {"name": namespace, "annotations": {PRIORITY: "1000"}}
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    answer = brand.says("apply", "--server-side", "-f", "-", document=document)
    assert 'cannot patch resource "namespaces"' in answer.text


RESTORED = {"understudy.dev/restored-uid": "0c8f2b1e-0000-4000", "understudy.dev/restored-generation": "1001"}


@pytest.fixture(scope="module")
def held_to_restored(new_namespace: Callable[..., str], brand: Person) -> str:
    """A namespace of the brand where the policy holds."""
    namespace = new_namespace()
    until(lambda: tried(brand, an_object_with(namespace, RESTORED)), lambda answer: "restored" in answer.text)
    return namespace


def an_object_with(namespace: str, annotations: Mapping[str, str], name: str = "spring") -> dict[str, Any]:
    job = an_object("RenderJob", namespace, name)
    return {**job, "metadata": {**job["metadata"], "annotations": dict(annotations)}}


@pytest.mark.parametrize("annotation", RESTORED)
def test_no_brand_takes_the_receipts_of_another_job(held_to_restored: str, brand: Person, annotation: str) -> None:
    answer = tried(brand, an_object_with(held_to_restored, {annotation: RESTORED[annotation]}))
    assert not answer.ok
    wanted = "understudy.dev/restored-* are written by who may restore renderjobs, got bea; leave them as they are"
    assert wanted in answer.text
    assert tried(brand, an_object_with(held_to_restored, {"team": "spring"})).ok


def test_a_restored_job_is_its_brands_but_for_what_it_was(held_to_restored: str, admin: Admin, brand: Person) -> None:
    job = admin.create(an_object_with(held_to_restored, RESTORED, "was"))
    assert job["metadata"]["annotations"] == RESTORED, "an administrator may"
    where = ("-n", held_to_restored)
    for value in (None, "ffffffff-0000-4000"):
        change = {"metadata": {"annotations": {"understudy.dev/restored-uid": value}}}
        assert "who may restore renderjobs" in brand.patches("renderjob", "was", change, *where).text
    assert brand.patches("renderjob", "was", {"spec": {"suspend": True}}, *where).ok
    platform = Person(brand.kubectl, brand.kubeconfig, "pat", "platform-team")
    binding = {
        "metadata": {"name": f"platform-{held_to_restored}"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "understudy-platform"},
        "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": "platform-team"}],
    }
    admin.server.request("POST", f"/apis/{RBAC}/v1/clusterrolebindings", binding)
    change = {"metadata": {"annotations": {"understudy.dev/restored-uid": None}}}
    said = until(
        lambda: platform.patches("renderjob", "was", change, *where),
        lambda answer: "forbidden: User" not in answer.text,
    )
    assert "who may restore renderjobs" in said.text, "nor does the platform team"


@pytest.mark.parametrize("kind", ["RenderJob", "TwinModel"])
def test_what_was_allowed_when_it_was_new_is_restored(
    held_to_restored: str, admin: Admin, brand: Person, kind: str
) -> None:
    """By who may restore alone: a brand's word is no way around its namespace's pools, and nor is a change."""

    def asks(name: str, annotations: Mapping[str, str], pool: str = "lost") -> dict[str, Any]:
        one = an_object(kind, held_to_restored, name, poolRef={"name": pool})
        return {**one, "metadata": {**one["metadata"], "annotations": dict(annotations)}}

    resources = f"{kind.lower()}s"
    assert f"who may restore {resources}" in tried(brand, asks("taken", RESTORED)).text
    with pytest.raises(DeniedError, match=r"spec\.poolRef\.name: wanted one of"):
        admin.create(asks("new", {}))
    admin.create(asks("old", RESTORED))
    change = {"spec": {"poolRef": {"name": "another"}}}
    assert "poolRef" in brand.patches(kind.lower(), "old", change, "-n", held_to_restored).text


@pytest.fixture(scope="module")
def operator(control_plane: Any) -> Cluster:
    return Cluster(ApiServer.connect(control_plane.operator_kubeconfig))


@pytest.mark.parametrize("kind", [kind.kind for kind in KINDS if kind.kind != "ConsentRequest"])
def test_a_status_is_the_operators_alone(
    admin: Admin, operator: Cluster, new_namespace: Callable[..., str], kind: str
) -> None:
    """Not even who may do everything in the cluster writes one: `admin` is in system:masters."""
    name = f"said-{secrets.token_hex(3)}"
    body = admin.create(an_object(kind, new_namespace(), name))
    said = [a_condition("Ready")]
    with pytest.raises(DeniedError, match=rf"status: wanted the operator \({OPERATOR}\) to write it, got understudy-"):
        Cluster(admin.server).patch_status(body, {"conditions": said})
    after = operator.patch_status(body, {"conditions": said})
    assert after is not None
    assert after["status"]["conditions"] == said
    admin.delete(Key.of(body))


def a_condition(kind: str) -> dict[str, Any]:
    at = "2026-01-01T00:00:00Z"
    return {
        "type": kind,
        "status": "True",
        "reason": "Said",
        "message": "",
        "lastTransitionTime": at,
        "observedGeneration": 1,
    }


def test_nobody_is_born_with_a_status(admin: Admin, new_namespace: Callable[..., str]) -> None:
    body = an_object("License", new_namespace(), "spring")
    made = admin.create({**body, "status": {"conditions": [a_condition("Valid")]}})
    assert made["status"] == {"observedGeneration": -1, "conditions": [], "terms": []}


@pytest.fixture
def rita(admin: Admin, control_plane: Any) -> Person:
    """A reviewer of the farm."""
    name = f"rita-{secrets.token_hex(3)}"
    binding = {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "understudy-reviewer"},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": name}],
    }
    admin.server.request("POST", f"/apis/{RBAC}/v1/clusterrolebindings", binding)
    return Person(control_plane.kubectl, control_plane.kubeconfig, name)


@pytest.mark.parametrize(
    "beside",
    [
        {"conditions": [a_condition("Approved")]},
        {"answer": JWS},
        {"preview": "s3://elsewhere/x"},
        {"observedGeneration": 7},
    ],
    ids=lambda one: next(iter(one)),
)
@pytest.mark.parametrize("with_review", [True, False], ids=["with a review", "alone"])
def test_a_reviewer_writes_reviews_and_nothing_else(
    admin: Admin, new_namespace: Callable[..., str], rita: Person, beside: dict[str, Any], with_review: bool
) -> None:
    namespace = new_namespace()
    admin.create(an_object("ConsentRequest", namespace, "ask"))
    review = {"review": {"answer": "approve", "reviewer": rita.name, "digest": "a" * 64}}
    words = ("-n", namespace, "--subresource=status")
    status = {**(review if with_review else {}), **beside}
    refused = rita.patches("consentrequest", "ask", {"status": status}, *words)
    assert not refused.ok
    assert "a review comes alone, the rest is the operator's to write" in refused.text
    assert rita.patches("consentrequest", "ask", {"status": review}, *words).ok


def test_the_operator_answers_a_request(admin: Admin, operator: Cluster, new_namespace: Callable[..., str]) -> None:
    body = admin.create(an_object("ConsentRequest", new_namespace(), "ask"))
    status = {"conditions": [a_condition("Approved")], "answer": JWS, "preview": "s3://x/y", "observedGeneration": 1}
    after = operator.patch_status(body, status)
    assert after is not None
    assert after["status"] == status


def test_the_review_policy_knows_every_field_of_the_status() -> None:
    """A field that is added to the status is the operator's too: the policy has to name it."""
    (policy,) = (
        one for one in documents([manifests_folder() / "50-review.yaml"]) if one["kind"] == "ValidatingAdmissionPolicy"
    )
    (rule,) = (one["expression"] for one in policy["spec"]["validations"] if "observedGeneration" in one["expression"])
    fields = {field.alias for field in ConsentRequestStatus.model_fields.values()} - {"review"}
    assert {name for name in fields if f"object.?status.?{name} == oldObject.?status.?{name}" in rule} == fields
