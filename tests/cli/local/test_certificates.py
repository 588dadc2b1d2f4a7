import datetime as dt
import socket
import ssl
import stat
import threading

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from understudy_cli.local import certificates
from understudy_cli.local.certificates import Authority, Pair


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority.open(tmp_path, "Test farm")


def handshake(server: Pair, client: Pair | None, authority: Authority, host: str) -> str | None:
    """Greet over TLS; the error's name when either side refuses. The server asks for a client certificate."""
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(server.certificate, server.key)
    inside.load_verify_locations(authority.certificate_file)
    inside.verify_mode = ssl.CERT_REQUIRED
    outside = ssl.create_default_context(cafile=str(authority.certificate_file))
    if client is not None:
        outside.load_cert_chain(client.certificate, client.key)
    near, far = socket.socketpair()

    def serve() -> None:
        try:
            with inside.wrap_socket(far, server_side=True) as end:
                end.sendall(b"hello")
        except OSError:
            far.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with outside.wrap_socket(near, server_hostname=host) as end:
            return None if end.recv(5) == b"hello" else "closed"
    except OSError as error:
        return type(error).__name__
    finally:
        near.close()
        thread.join(10)


@pytest.mark.parametrize(
    ("host", "refused"), [("127.0.0.1", None), ("localhost", None), ("pool.example", None), ("evil.example", True)]
)
def test_a_server_proves_its_names_and_no_other(tmp_path, authority, host, refused):
    server = authority.server(tmp_path, "director", ["pool.example"])
    client = authority.client(tmp_path, "someone")
    assert bool(handshake(server, client, authority, host)) == bool(refused)


def test_a_client_of_another_authority_is_refused(tmp_path, authority):
    server = authority.server(tmp_path, "etcd")
    stranger = Authority.open(tmp_path / "other", "Test farm").client(tmp_path / "other", "someone")
    assert handshake(server, stranger, authority, "localhost") is not None
    assert handshake(server, None, authority, "localhost") is not None


def test_a_servers_certificate_makes_no_client_but_a_peers_does(tmp_path, authority):
    server, peer = authority.server(tmp_path, "minio"), authority.server(tmp_path, "etcd", is_peer=True)
    assert handshake(server, server, authority, "localhost") is not None
    assert handshake(peer, peer, authority, "localhost") is None


def test_files_are_private_and_made_once(tmp_path, authority):
    pair = authority.client(tmp_path, "system:kube-controller-manager", "a group")
    again = Authority.open(tmp_path, "Test farm").client(tmp_path, "system:kube-controller-manager", "a group")
    assert pair == again
    for path in (pair.certificate, pair.key, tmp_path / "ca.key", tmp_path / "ca.crt"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = pair.certificate.read_bytes()
    authority.client(tmp_path, "system:kube-controller-manager", "a group")
    assert pair.certificate.read_bytes() == text
    subject = x509.load_pem_x509_certificate(text).subject
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "system:kube-controller-manager"
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "a group"


def serial(pair: Pair) -> int:
    return x509.load_pem_x509_certificate(pair.certificate.read_bytes()).serial_number


def test_a_certificate_is_renewed_before_it_ends(tmp_path, authority, monkeypatch):
    monkeypatch.setattr(certificates, "LEAF_LIFE", certificates.RENEW_BEFORE - dt.timedelta(days=1))
    old = serial(authority.server(tmp_path, "minio"))
    monkeypatch.undo()
    assert serial(authority.server(tmp_path, "minio")) != old


def test_a_certificate_is_renewed_for_other_hosts_and_another_authority(tmp_path, authority):
    old = serial(authority.server(tmp_path, "director"))
    moved = serial(authority.server(tmp_path, "director", ["pool.example"]))
    assert moved != old
    assert serial(authority.server(tmp_path, "director", ["pool.example"])) == moved
    (tmp_path / "ca.key").unlink()
    stranger = Authority.open(tmp_path, "Test farm")
    assert serial(stranger.server(tmp_path, "director", ["pool.example"])) != moved


def test_the_authority_signs_end_entities_only(authority):
    constraints = authority.certificate.extensions.get_extension_for_oid(ExtensionOID.BASIC_CONSTRAINTS).value
    assert constraints.ca
    assert constraints.path_length == 0
