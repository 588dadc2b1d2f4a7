"""What the caller may do, against what the role's own manifest says: the API server is asked, nothing is tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from understudy_api.kinds import KINDS
from understudy_api.model import GROUP
from understudy_cli.checks.check import Check, failed, passed
from understudy_cli.errors import UserError
from understudy_cli.kubectl import Kubectl
from understudy_cli.local.cluster_setup import manifests_folder

PLATFORM: Final = "platform"
ROLES: Final = (PLATFORM, "brand", "owner", "reviewer", "operator")
_SHOWN: Final = 3


@dataclass(frozen=True)
class Right:
    """One verb on one resource; `namespace` is empty where the whole cluster is meant."""

    verb: str
    group: str
    resource: str
    subresource: str = ""
    namespace: str = ""

    def __str__(self) -> str:
        path = "/".join(part for part in (self.resource, self.subresource) if part)
        return f"{self.verb} {path}{'.' + self.group if self.group else ''}"

    def review(self) -> dict[str, Any]:
        """The question as Kubernetes puts it."""
        attributes = {name: value for name, value in vars(self).items() if value}
        spec = {"resourceAttributes": attributes}
        return {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}


def role(kubectl: Kubectl, name: str, namespace: str, system: str) -> list[Check]:
    """Whether the caller may do all that the role `name` is for, in `namespace` or, for the platform team, everywhere."""
    wanted = list(platform(system) if name == PLATFORM else of_manifest(name, namespace, system))
    try:
        answers = kubectl.ask([right.review() for right in wanted])
    except UserError as error:
        return [failed(f"rights of {name}", str(error), "look at the API server")]
    pairs = zip(wanted, answers, strict=True)
    return [judged(name, namespace, [right for right, told in pairs if not told["status"]["allowed"]], len(wanted))]


def judged(name: str, namespace: str, missing: list[Right], asked: int) -> Check:
    """The check, from the rights that are missing."""
    title = f"rights of {name}"
    if not missing:
        return passed(title, f"all {asked} are there")
    first = ", ".join(map(str, missing[:_SHOWN]))
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    return failed(title, f"you may not: {first}{more}", _cure(name, namespace))


def platform(system: str) -> Iterator[Right]:
    """What installing the farm and looking after it takes."""
    for verb in ("get", "list", "create", "patch"):
        yield Right(verb, "apiextensions.k8s.io", "customresourcedefinitions")
        yield Right(verb, GROUP, "renderpools")
    for kind in KINDS:
        yield Right("list", GROUP, kind.plural)
    yield Right("get", "coordination.k8s.io", "leases", namespace=system)
    for verb in ("create", "patch"):
        yield Right(verb, "rbac.authorization.k8s.io", "rolebindings", namespace=system)
        yield Right(verb, "", "secrets", namespace=system)


def of_manifest(name: str, namespace: str, system: str) -> Iterator[Right]:
    """The rights of the role that ships under this name: a brand's and an owner's in their namespace."""
    own = namespace if name in {"brand", "owner"} else ""
    for document in _manifests():
        if document["kind"] == "ClusterRole" and document["metadata"]["name"] == f"understudy-{name}":
            yield from _rights(document, own)
        elif document["kind"] == "Role" and document["metadata"]["name"] == f"understudy-{name}":
            yield from _rights(document, system)


def _rights(document: dict[str, Any], namespace: str) -> Iterator[Right]:
    for rule in document["rules"]:
        for group in rule["apiGroups"]:
            for path in rule["resources"]:
                resource, _, subresource = path.partition("/")
                for verb in rule["verbs"]:
                    yield Right(verb, group, resource, subresource, namespace)


def _manifests() -> Iterator[dict[str, Any]]:
    for path in sorted(manifests_folder().glob("*.yaml")):
        yield from (one for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one)


def _cure(name: str, namespace: str) -> str:
    if name == PLATFORM:
        return "ask for a role that may install the farm, or name yours with --role"
    if name == "operator":
        return "apply the operator's role anew: upgrade the chart, or `understudy up`"
    if name == "reviewer":
        return "have the platform team bind ClusterRole understudy-reviewer to you by a ClusterRoleBinding"
    return f"have the platform team bind ClusterRole understudy-{name} to you by a RoleBinding in namespace {namespace}"
