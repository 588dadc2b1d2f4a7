"""Who may do what, by real calls of the people that examples/tenancy binds; and the quotas of a namespace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from operator_site import resource, until
from people import Answer, Person
from specs import SPECS

pytestmark = pytest.mark.farm

EXAMPLES = Path(__file__).parents[3] / "examples" / "tenancy"
DRY = "--dry-run=server"
GROUPS = {
    "brand": "acme-brand",
    "owner": "ada-management",
    "platform": "farm-platform",
    "sre": "farm-sre",
    "stranger": "other-brand",
}


@pytest.fixture(scope="module")
def people(control_plane: Any) -> dict[str, Person]:
    """One of each role, bound as in the examples; and somebody whom nobody let in."""
    kubectl, config = control_plane.kubectl, control_plane.kubeconfig
    admin = Person(kubectl, config, "root", "system:masters")
    applied = admin.says("apply", "-f", str(EXAMPLES / "staff.yaml"))
    assert applied.ok, applied.text
    found = {role: Person(kubectl, config, f"a-{role}", group) for role, group in GROUPS.items()}
    for name in ("brand.yaml", "owner.yaml"):
        apply = ("apply", "-f", str(EXAMPLES / name))
        until(lambda apply=apply: found["platform"].says(*apply), lambda answer: answer.ok)
    for kind, namespace in (("RenderJob", "acme"), ("License", "talent-ada"), ("TwinModel", "talent-ada")):
        admin.says("apply", "-f", "-", document=resource(kind, namespace, "standing", SPECS[kind]))
    admin.says("create", "secret", "generic", "standing", "-n", "acme", "--from-literal=key=x")
    return {**found, "admin": admin}


def creates(kind: str, namespace: str, **changed: Any) -> Callable[[Person], Answer]:
    body = resource(kind, namespace, "tried", {**SPECS[kind], **changed})
    return lambda person: person.creates(body, DRY)


def says(text: str) -> Callable[[Person], Answer]:
    return lambda person: person.says(*text.split())


def patches(kind: str, name: str, change: dict[str, Any], *words: str) -> Callable[[Person], Answer]:
    return lambda person: person.patches(kind, name, change, DRY, *words)


JOB = ("renderjob", "standing")
SPEC, STATUS = {"spec": {"suspend": True}}, {"status": {"phase": "Complete"}}
ANNOTATED = {"metadata": {"annotations": {"understudy.dev/max-priority": "1000"}}}
ROLE = "create rolebinding tried -n acme --user=eve --dry-run=server --clusterrole="
EVERY = "twinmodels,licenses,owneracts,consentrequests,renderjobs,renderpools,events,resourcequotas"

MAY: list[tuple[str, str, Callable[[Person], Answer]]] = [
    ("brand", "create a job", creates("RenderJob", "acme")),
    ("brand", "create a job of its class", creates("RenderJob", "acme", priority=100)),
    ("brand", "list its jobs", says("get renderjobs -n acme")),
    ("brand", "suspend a job", patches(*JOB, SPEC, "-n", "acme")),
    ("brand", "delete a job", says("delete renderjob standing -n acme --dry-run=server")),
    ("brand", "read its events", says("get events -n acme")),
    ("brand", "store credentials", says("create secret generic s3 -n acme --from-literal=key=x --dry-run=server")),
    ("owner", "create a twin", creates("TwinModel", "talent-ada")),
    ("owner", "create a license", creates("License", "talent-ada")),
    ("owner", "deliver an act", creates("OwnerAct", "talent-ada")),
    ("owner", "delete a license", says("delete license standing -n talent-ada --dry-run=server")),
    ("owner", "read what is asked", says("get consentrequests -n talent-ada")),
    ("platform", "see everything", says(f"get {EVERY} -A")),
    ("platform", "create a pool", creates("RenderPool", "")),
    ("platform", "set a namespace's class", patches("namespace", "acme", ANNOTATED)),
    ("platform", "set a quota", says("create quota tried -n acme --hard=count/secrets=1 --dry-run=server")),
    ("platform", "let a brand in", says(f"{ROLE}understudy-brand")),
    ("platform", "suspend a job", patches(*JOB, SPEC, "-n", "acme")),
    ("platform", "delete a job", says("delete renderjob standing -n acme --dry-run=server")),
    ("sre", "see everything", says(f"get {EVERY} -A")),
    ("sre", "see namespaces", says("get namespaces")),
    ("sre", "read a status", says("get renderjob standing -n acme --subresource=status")),
]
MAY_NOT: list[tuple[str, str, Callable[[Person], Answer], str]] = [
    ("brand", "read credentials back", says("get secret standing -n acme"), "cannot get resource"),
    ("brand", "see licenses", says("get licenses -n talent-ada"), "cannot list resource"),
    ("brand", "see pools", says("get renderpools"), "cannot list resource"),
    (
        "brand",
        "rise above its class",
        creates("RenderJob", "acme", priority=101),
        "wanted at most 100 in namespace acme",
    ),
    ("brand", "leave its pools", creates("RenderJob", "acme", poolRef={"name": "gpu"}), 'wanted one of "default"'),
    ("brand", "work elsewhere", creates("RenderJob", "talent-ada"), "cannot create resource"),
    ("brand", "raise its class", patches("namespace", "acme", ANNOTATED), "cannot get resource"),
    ("brand", "lift its quota", says("delete quota understudy -n acme --dry-run=server"), "cannot delete resource"),
    ("brand", "write a status", patches(*JOB, STATUS, "-n", "acme", "--subresource=status"), "cannot patch resource"),
    ("owner", "see jobs", says("get renderjobs -n acme"), "cannot list resource"),
    ("owner", "see secrets", says("get secrets -n talent-ada"), "cannot list resource"),
    (
        "owner",
        "leave its pools",
        creates("TwinModel", "talent-ada", poolRef={"name": "gpu"}),
        'wanted one of "default"',
    ),
    ("owner", "ask itself", creates("ConsentRequest", "talent-ada"), "cannot create resource"),
    (
        "owner",
        "write a status",
        patches("license", "standing", {"status": {"usedSeconds": "0"}}, "-n", "talent-ada", "--subresource=status"),
        "cannot patch resource",
    ),
    ("platform", "read secrets", says("get secrets -A"), "cannot list resource"),
    ("platform", "sign for an owner", creates("License", "talent-ada"), "cannot create resource"),
    (
        "platform",
        "end a license",
        says("delete license standing -n talent-ada --dry-run=server"),
        "cannot delete resource",
    ),
    (
        "platform",
        "write a status",
        patches(*JOB, STATUS, "-n", "acme", "--subresource=status"),
        "cannot patch resource",
    ),
    ("platform", "give away the cluster", says(f"{ROLE}cluster-admin"), "attempting to grant RBAC permissions"),
    ("platform", "make itself a reviewer", says(f"{ROLE}understudy-reviewer"), "attempting to grant RBAC permissions"),
    ("sre", "read secrets", says("get secrets -A"), "cannot list resource"),
    ("sre", "change a spec", patches(*JOB, SPEC, "-n", "acme"), "cannot patch resource"),
    ("sre", "write a status", patches(*JOB, STATUS, "-n", "acme", "--subresource=status"), "cannot patch resource"),
    ("sre", "delete a job", says("delete renderjob standing -n acme --dry-run=server"), "cannot delete resource"),
    ("sre", "change a pool", says("delete renderpool default --dry-run=server"), "cannot delete resource"),
    ("sre", "set a namespace's class", patches("namespace", "acme", ANNOTATED), "cannot patch resource"),
    (
        "admin",
        "write a status",
        patches(*JOB, STATUS, "-n", "acme", "--subresource=status"),
        "status: wanted the operator",
    ),
    ("stranger", "see the brand's jobs", says("get renderjobs -n acme"), "cannot list resource"),
    ("stranger", "see pools", says("get renderpools"), "cannot list resource"),
]


@pytest.mark.parametrize(("who", "what", "call"), MAY, ids=[f"{who}: {what}" for who, what, _ in MAY])
def test_may(people: dict[str, Person], who: str, what: str, call: Callable[[Person], Answer]) -> None:
    answer = call(people[who])
    assert answer.ok, f"{who} should {what}: {answer.text}"


@pytest.mark.parametrize(
    ("who", "what", "call", "refusal"), MAY_NOT, ids=[f"{who}: {what}" for who, what, *_ in MAY_NOT]
)
def test_may_not(
    people: dict[str, Person], who: str, what: str, call: Callable[[Person], Answer], refusal: str
) -> None:
    answer = call(people[who])
    assert not answer.ok, f"{who} could {what}"
    assert refusal in answer.text


def test_a_quota_counts_jobs(controllers: Any, people: dict[str, Person]) -> None:
    """The example's quota, made small: the second job is one too many, and the error names the quota."""
    platform, brand = people["platform"], people["brand"]
    hard = {"spec": {"hard": {"count/renderjobs.understudy.dev": "2"}}}
    assert platform.patches("quota", "understudy", hard, "-n", "acme").ok

    def counted() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(platform.says("get", "quota", "understudy", "-n", "acme", "-o", "json").text)
        return dict(found.get("status", {}))

    name = "count/renderjobs.understudy.dev"
    until(
        counted,
        lambda status: (status.get("hard", {}).get(name), status.get("used", {}).get(name)) == ("2", "1"),
        seconds=60,
    )
    body = resource("RenderJob", "acme", "second", SPECS["RenderJob"])
    assert brand.creates(body).ok
    refused = brand.creates({**body, "metadata": {**body["metadata"], "name": "third"}})
    assert "exceeded quota: understudy, requested: count/renderjobs.understudy.dev=1" in refused.text
