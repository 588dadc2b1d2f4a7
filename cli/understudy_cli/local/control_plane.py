"""etcd, kube-apiserver and kube-controller-manager: a real control plane on loopback, every link TLS."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from understudy_cli.local import kubeconfig, toolchain
from understudy_cli.local.certificates import Authority, Pair
from understudy_cli.local.cluster import Cluster
from understudy_cli.local.cluster_setup import set_up
from understudy_cli.local.home import write_private
from understudy_cli.local.kubeconfig import Access
from understudy_cli.local.part import Part, Site
from understudy_cli.local.plan import LOOPBACK
from understudy_cli.local.probe import answers, trusting
from understudy_cli.local.process import Command

CONTROLLERS: Final = (
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "namespace-controller",
    "garbage-collector-controller",
    "root-ca-certificate-publisher-controller",
    "clusterrole-aggregation-controller",
    "resourcequota-controller",
)
"""What a farm without pods needs: accounts, namespaces that really go, owner references that really cascade, quotas."""

_ADMISSION_OFF: Final = ("DefaultIngressClass", "DefaultStorageClass", "StorageObjectInUseProtection", "Priority")


def server_url(site: Site) -> str:
    """Where the farm's own API server answers."""
    return f"https://{LOOPBACK}:{site.plan.ports.apiserver}"


def _etcd_authority(site: Site) -> Authority:
    """etcd has an authority of its own: whoever it trusts reads and writes every object past RBAC."""
    return Authority.open(site.home.pki / "etcd", "Understudy etcd")


def _etcd_client(site: Site) -> Pair:
    return _etcd_authority(site).client(site.home.pki / "etcd", "kube-apiserver")


def _etcd_command(site: Site) -> Command:
    issuer, folder, ports = _etcd_authority(site), site.home.pki / "etcd", site.plan.ports
    pair = issuer.server(folder, "etcd", is_peer=True)
    client, peer = f"https://{LOOPBACK}:{ports.etcd}", f"https://{LOOPBACK}:{ports.etcd_peer}"
    argv = (
        str(toolchain.require("etcd")),
        "--name=understudy",
        f"--data-dir={site.home.data('etcd')}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=understudy={peer}",
        f"--cert-file={pair.certificate}",
        f"--key-file={pair.key}",
        f"--trusted-ca-file={issuer.certificate_file}",
        "--client-cert-auth",
        f"--peer-cert-file={pair.certificate}",
        f"--peer-key-file={pair.key}",
        f"--peer-trusted-ca-file={issuer.certificate_file}",
        "--peer-client-cert-auth",
        "--log-level=warn",
    )
    return Command(argv, site.environment(), site.home.data("etcd"))


def _etcd_not_ready(site: Site) -> str | None:
    pair = _etcd_client(site)
    context = trusting(_etcd_authority(site).certificate_file)
    context.load_cert_chain(pair.certificate, pair.key)
    return answers(f"https://{LOOPBACK}:{site.plan.ports.etcd}/health", context)


def _apiserver_command(site: Site) -> Command:
    issuer, pki = site.issuer(), site.home.pki
    server, etcd, accounts = issuer.server(pki, "kube-apiserver"), _etcd_client(site), _account_key(site)
    argv = (
        str(toolchain.require("kube-apiserver")),
        f"--bind-address={LOOPBACK}",
        f"--secure-port={site.plan.ports.apiserver}",
        f"--tls-cert-file={server.certificate}",
        f"--tls-private-key-file={server.key}",
        f"--client-ca-file={issuer.certificate_file}",
        f"--etcd-servers=https://{LOOPBACK}:{site.plan.ports.etcd}",
        f"--etcd-cafile={_etcd_authority(site).certificate_file}",
        f"--etcd-certfile={etcd.certificate}",
        f"--etcd-keyfile={etcd.key}",
        "--authorization-mode=RBAC",
        "--anonymous-auth=false",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-signing-key-file={accounts}",
        f"--service-account-key-file={accounts}",
        "--service-cluster-ip-range=10.96.0.0/16",
        # No pod ever asks for the `kubernetes` Service, and its endpoint may not be a loopback address.
        "--endpoint-reconciler-type=none",
        f"--disable-admission-plugins={','.join(_ADMISSION_OFF)}",
        "--profiling=false",
        f"--cert-dir={pki}",
    )
    return Command(argv, site.environment(), site.home.data("apiserver"))


def _account_key(site: Site) -> Path:
    """The key that signs service account tokens; never renewed, so that tokens outlive certificates."""
    path = site.home.pki / "service-accounts.key"
    if path.exists():
        return path
    # SEC 1: the one form that the API server reads both as a private and as a public key.
    form = serialization.PrivateFormat.TraditionalOpenSSL
    key = ec.generate_private_key(ec.SECP256R1())
    return write_private(path, key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))


def write_kubeconfigs(site: Site) -> None:
    """One for the user, one for the controllers; each with a certificate that is theirs alone."""
    issuer, pki = site.issuer(), site.home.pki
    admin = issuer.client(pki, "understudy-admin", organization="system:masters")
    controllers = issuer.client(pki, "system:kube-controller-manager")
    for path, pair, user in (
        (site.home.admin_kubeconfig, admin, "admin"),
        (_controllers_kubeconfig(site), controllers, "controllers"),
    ):
        kubeconfig.write(path, Access.with_certificate(server_url(site), issuer.certificate_file, pair), user)


def _controllers_kubeconfig(site: Site) -> Path:
    return site.home.root / "controllers.kubeconfig"


def _apiserver_not_ready(site: Site) -> str | None:
    with Cluster(kubeconfig.read(site.kubeconfig)) as cluster:
        return cluster.not_ready()


def _controllers_command(site: Site) -> Command:
    issuer, config = site.issuer(), _controllers_kubeconfig(site)
    server = issuer.server(site.home.pki, "kube-controller-manager")
    argv = (
        str(toolchain.require("kube-controller-manager")),
        f"--bind-address={LOOPBACK}",
        f"--secure-port={site.plan.ports.controllers}",
        f"--tls-cert-file={server.certificate}",
        f"--tls-private-key-file={server.key}",
        f"--kubeconfig={config}",
        f"--authentication-kubeconfig={config}",
        # There is no front proxy here, so there is nothing to look up.
        "--authentication-skip-lookup=true",
        f"--client-ca-file={issuer.certificate_file}",
        f"--authorization-kubeconfig={config}",
        f"--controllers={','.join(CONTROLLERS)}",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={_account_key(site)}",
        f"--root-ca-file={issuer.certificate_file}",
        "--leader-elect=false",
        "--profiling=false",
    )
    return Command(argv, site.environment(), site.home.data("controllers"))


def _controllers_not_ready(site: Site) -> str | None:
    return answers(f"https://{LOOPBACK}:{site.plan.ports.controllers}/healthz", trusting(site.authority))


ETCD: Final = Part(
    name="etcd",
    ports=("etcd", "etcd_peer"),
    tools=("etcd",),
    command=_etcd_command,
    not_ready=_etcd_not_ready,
)
APISERVER: Final = Part(
    name="apiserver",
    ports=("apiserver",),
    needs=("etcd",),
    tools=("kube-apiserver",),
    command=_apiserver_command,
    not_ready=_apiserver_not_ready,
    finish=set_up,
    grace_seconds=20.0,
)
CONTROLLER_MANAGER: Final = Part(
    name="controllers",
    ports=("controllers",),
    needs=("apiserver",),
    tools=("kube-controller-manager",),
    command=_controllers_command,
    not_ready=_controllers_not_ready,
)
