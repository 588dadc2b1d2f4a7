import subprocess

import pytest

from understudy_cli.errors import UserError
from understudy_cli.local import kubeconfig
from understudy_cli.local.cluster import Cluster, documents
from understudy_cli.local.kubeconfig import Access

pytestmark = pytest.mark.farm


def namespace(name: str, **labels: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def account(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "default"}}


@pytest.fixture
def cluster(control_plane):
    with Cluster(kubeconfig.read(control_plane.kubeconfig)) as cluster:
        yield cluster


def test_a_running_server_is_ready(cluster):
    assert cluster.not_ready() is None


def test_what_is_applied_twice_stays_as_it_is(cluster):
    first = cluster.apply(namespace("apply-twice", colour="red"))
    second = cluster.apply(namespace("apply-twice", colour="red"))
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    changed = cluster.apply(namespace("apply-twice", colour="blue"))
    assert changed["metadata"]["labels"]["colour"] == "blue"


def test_what_is_there_is_not_created_again(cluster):
    assert cluster.create(namespace("create-once", colour="red"))
    assert not cluster.create(namespace("create-once", colour="blue"))


def test_our_kinds_are_established(cluster):
    assert cluster.is_established("renderjobs.understudy.dev")


def test_a_token_is_its_accounts_and_nothing_more(control_plane, cluster):
    cluster.apply(account("clerk"))
    token = cluster.token("default", "clerk", 3600)
    admin = kubeconfig.read(control_plane.kubeconfig)
    refused = pytest.raises(UserError, match='"system:serviceaccount:default:clerk" cannot patch')
    with Cluster(Access(admin.server, admin.authority_pem, token=token)) as clerk, refused as refusal:
        clerk.apply(namespace("not-allowed"))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("access", [{"token": "wrong"}, {}], ids=["a wrong token", "no credentials"])
def test_a_stranger_is_turned_away(control_plane, access):
    admin = kubeconfig.read(control_plane.kubeconfig)
    with Cluster(Access(admin.server, admin.authority_pem, **access)) as stranger:
        assert stranger.not_ready() == "HTTP 401: " + '{"kind":"Status","apiVersion":"v1","metadata":{},' + (
            '"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}'
        )
        with pytest.raises(UserError, match="Unauthorized"):
            stranger.apply(namespace("not-allowed"))


def test_another_authority_is_not_believed(control_plane, tmp_path):
    from understudy_cli.local.certificates import Authority

    other = Authority.open(tmp_path, "Stranger").certificate_file.read_text()
    admin = kubeconfig.read(control_plane.kubeconfig)
    with Cluster(Access(admin.server, other, admin.certificate_pem, admin.key_pem)) as cluster:
        assert "certificate verify failed" in (cluster.not_ready() or "")


def test_nobody_at_the_address_is_one_line(control_plane):
    admin = kubeconfig.read(control_plane.kubeconfig)
    with Cluster(Access("https://127.0.0.1:1", admin.authority_pem, token="t")) as nobody:
        assert "refused" in (nobody.not_ready() or "")
        with pytest.raises(UserError, match=r"https://127.0.0.1:1: .*refused"):
            nobody.create(namespace("x"))


def test_an_object_the_schema_refuses_says_why(cluster):
    with pytest.raises(UserError, match="Invalid value"):
        cluster.apply(namespace("Not_A_Name"))


def test_every_document_of_every_file_is_read(tmp_path):
    (tmp_path / "a.yaml").write_text("a: 1\n---\nb: 2\n---\n")
    (tmp_path / "b.yaml").write_text("---\nc: 3\n")
    assert documents([tmp_path / "a.yaml", tmp_path / "b.yaml"]) == [{"a": 1}, {"b": 2}, {"c": 3}]


def test_kubectl_takes_the_kubeconfig(control_plane):
    shown = subprocess.run(
        [control_plane.kubectl, "--kubeconfig", control_plane.kubeconfig, "auth", "whoami", "-o", "name"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout
