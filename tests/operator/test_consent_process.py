"""Consent per use with the operator as a process: real API server, real MinIO, answers as files and as reviews."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest
from operator_site import Admin, OperatorProcess, Site, Tenant, condition_of, resource, until

from understudy_api.acts import ConsentAnswer, sign_act
from understudy_api.consent import ConsentSubject
from understudy_api.digest import digest_bytes
from understudy_api.preview import preview_uid
from understudy_operator.shell.errors import ConflictError, DeniedError
from understudy_operator.shell.key import Key

pytestmark = pytest.mark.farm

CASINO = {"script": {"scenes": [{"say": "Hello {name}, our casino is open."}]}}


@pytest.fixture(scope="module")
def brand(admin: Admin, operator_process: OperatorProcess, new_tenant: Callable[[], Tenant]) -> Tenant:
    """A tenant whose twin is ready and licensed."""
    tenant = new_tenant()
    admin.create(tenant.twin())
    admin.create(tenant.license())
    admin.wait(Key("TwinModel", tenant.owner, "ada"), "Ready")
    admin.wait(Key("License", tenant.owner, "spring"), "Valid")
    return tenant


@pytest.fixture
def peer(operator_site: Site) -> Any:
    return operator_site.peer


def asked(admin: Admin, brand: Tenant, job: str) -> tuple[Key, dict[str, Any]]:
    """The ConsentRequest that a job waits for."""
    waiting = admin.wait(brand.key(job), "ConsentPending")
    namespace, _, name = waiting["status"]["consentRequest"].partition("/")
    key = Key("ConsentRequest", namespace, name)
    return key, until(lambda: admin.get(key))


def an_act(brand: Tenant, request: dict[str, Any], answer: str) -> dict[str, Any]:
    subject = ConsentSubject.model_validate_json(request["spec"]["subject"])
    now = int(time.time())
    claims = ConsentAnswer(
        twin=subject.twin, request=subject.digest, license=subject.license, answer=answer, iat=now, exp=now + 3600
    )
    spec = {"twinRef": {"name": "ada"}, "act": sign_act(brand.root, claims)}
    return resource("OwnerAct", brand.owner, f"{answer}-{subject.digest[:12]}", spec)


def test_a_sensitive_job_waits_for_the_owners_signature(admin: Admin, brand: Tenant, peer: Any) -> None:
    body = admin.create(brand.job("casino", **CASINO))
    key, request = asked(admin, brand, "casino")
    assert peer.held(body["metadata"]["uid"]) is None
    listed = request["spec"]["sentences"]
    data = peer.objects.get("understudy-outputs", listed["s3"].removeprefix("s3://understudy-outputs/"))
    assert digest_bytes(data) == listed["sha256"]
    sentences = {json.loads(line).get("sentence") for line in data.splitlines()[1:]}
    assert "Hello Ada, our casino is open." in sentences
    assert (
        condition_of(until(lambda: admin.get(key), lambda b: condition_of(b, "Pending")), "Pending")["reason"]
        == "AwaitsOwner"
    )
    act = admin.create(an_act(brand, request, "approve"))
    order = until(lambda: peer.held(body["metadata"]["uid"])).order
    assert order.clearance.subject.digest == request["spec"]["digest"]
    admin.wait(key, "Approved")
    admin.delete(Key.of(act))
    released = admin.wait(brand.key("casino"), "ConsentPending", "False")
    assert condition_of(released, "ConsentPending")["reason"] == "Released"
    peer.make_items(order.uid)
    admin.wait(brand.key("casino"), "Complete")


def test_an_approval_outlives_its_object_and_a_restart_and_a_later_no_counts(
    admin: Admin, brand: Tenant, peer: Any, operator_process: OperatorProcess
) -> None:
    body = admin.create(brand.job("dice", **CASINO))
    key, request = asked(admin, brand, "dice")
    act = admin.create(an_act(brand, request, "approve"))
    uid = until(lambda: peer.held(body["metadata"]["uid"])).order.uid
    admin.delete(Key.of(act))
    until(lambda: admin.get(Key.of(act)), lambda found: found is None)
    operator_process.end()
    peer.stop()  # it forgets its orders: only what is recorded can bring the order back
    peer.start()
    operator_process.start()
    until(lambda: peer.held(uid))
    assert condition_of(admin.wait(key, "Approved"), "Approved")["reason"] == "OwnerApproved"
    admin.create(an_act(brand, request, "deny"))
    refused = admin.wait(brand.key("dice"), "Admitted", "False")
    assert condition_of(refused, "Admitted")["reason"] == "ConsentDenied"
    until(lambda: peer.held(uid), lambda held: held is None)
    admin.wait(key, "Denied")


def test_a_no_refuses_and_a_changed_word_asks_anew(admin: Admin, brand: Tenant, peer: Any) -> None:
    body = admin.create(brand.job("poker", **CASINO))
    _, request = asked(admin, brand, "poker")
    admin.create(an_act(brand, request, "deny"))
    refused = admin.wait(brand.key("poker"), "Admitted", "False")
    assert condition_of(refused, "Admitted")["reason"] == "ConsentDenied"
    admin.patch(brand.key("poker"), {"script": {"scenes": [{"say": "Hello {name}, our casino is closed."}]}})
    again = until(
        lambda: admin.get(brand.key("poker")),
        lambda b: b["status"].get("consentRequest") != refused["status"]["consentRequest"],
    )
    assert condition_of(again, "ConsentPending")["status"] == "True"
    assert peer.held(body["metadata"]["uid"]) is None


def test_a_preview_precedes_the_answer_where_the_license_allows_it(admin: Admin, brand: Tenant, peer: Any) -> None:
    recipient = "age1" + "q" * 58
    admin.create(brand.license("seen", preview=True, preview_recipient=recipient))
    body = admin.create(brand.job("slots", "seen", **CASINO))
    key, request = asked(admin, brand, "slots")
    uid = preview_uid(body["metadata"]["uid"], request["spec"]["digest"])
    order = until(lambda: peer.held(uid)).order
    assert (order.preview, order.total_items, order.clearance) == (recipient, 1, None)
    peer.make_items(uid, 1)
    where = f"s3://understudy-outputs/{brand.owner}/previews/{request['spec']['digest']}/"
    shown = until(lambda: admin.get(key), lambda b: b["status"].get("preview"), seconds=60)
    assert shown["status"]["preview"] == where
    assert condition_of(shown, "Pending")["status"] == "True", "a look is no answer"
    until(lambda: peer.held(uid), lambda held: held is None)
    assert peer.held(body["metadata"]["uid"]) is None, "the job itself still waits"
    admin.create(an_act(brand, request, "approve"))
    released = until(lambda: peer.held(body["metadata"]["uid"])).order
    assert released.preview is None
    peer.make_items(released.uid)
    done = admin.wait(brand.key("slots"), "Complete")
    assert float(done["status"]["meteredSeconds"]) == 2 * 2.5, "the preview is not metered"


Write = Callable[..., None]


@pytest.fixture
def review(admin: Admin, control_plane: Any) -> Write:
    """Writes a review as rita, whom the API server knows as a reviewer."""
    group = "rbac.authorization.k8s.io"
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "rita-reviews"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "understudy-reviewer"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": "rita"}],
    }
    with contextlib.suppress(ConflictError):
        admin.server.request("POST", f"/apis/{group}/v1/clusterrolebindings", binding)

    def write(key: Key, **review: Any) -> None:
        words = ["patch", "consentrequest", key.name, "-n", key.namespace, "--subresource=status", "--type=merge"]
        command = [control_plane.kubectl, "--kubeconfig", control_plane.kubeconfig, "--as=rita", *words]
        patch = json.dumps({"status": {"review": review}})
        done = subprocess.run([*command, "-p", patch], capture_output=True, text=True, check=False)
        if done.returncode:
            raise DeniedError(done.stderr)

    return write


def test_a_reviewer_releases_in_the_own_name_alone(admin: Admin, brand: Tenant, peer: Any, review: Write) -> None:
    admin.create(brand.license("spanish", languages=("es",)))
    spanish = {"locales": ["es-ES"], "script": {"locale": "es-ES", "scenes": [{"say": "Hola {name}."}]}}
    body = admin.create(brand.job("hola", "spanish", **spanish))
    key, request = asked(admin, brand, "hola")
    assert request["spec"]["awaits"] == "reviewer"
    digest = request["spec"]["digest"]
    with pytest.raises(DeniedError, match="wanted the name of whoever writes it"):
        review(key, answer="approve", reviewer="boss", digest=digest)
    with pytest.raises(DeniedError, match="the very words that were read"):
        review(key, answer="approve", reviewer="rita", digest="0" * 64)
    assert peer.held(body["metadata"]["uid"]) is None
    review(key, answer="approve", reviewer="rita", digest=digest, reason="a greeting")
    order = until(lambda: peer.held(body["metadata"]["uid"])).order
    assert order.clearance.reviewer == "rita"
    with pytest.raises(DeniedError, match="is never changed"):
        review(key, answer="deny", reviewer="rita", digest=digest)
    assert condition_of(admin.wait(key, "Approved"), "Approved")["message"] == "released by rita"


def test_what_the_owner_has_to_answer_no_reviewer_can(admin: Admin, brand: Tenant, peer: Any, review: Write) -> None:
    body = admin.create(brand.job("roulette", **CASINO))
    key, request = asked(admin, brand, "roulette")
    with pytest.raises(DeniedError, match="for the owner of the twin"):
        review(key, answer="approve", reviewer="rita", digest=request["spec"]["digest"])
    assert peer.held(body["metadata"]["uid"]) is None
