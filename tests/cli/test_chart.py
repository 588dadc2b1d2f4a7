import base64
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from cryptography import x509
from cuttable import Relay
from minio.error import S3Error
from pydantic import SecretStr
from typer.testing import CliRunner

from understudy_api.settings import BucketNames, S3Settings
from understudy_cli.__main__ import main
from understudy_cli.chart import app
from understudy_cli.local import buckets, certificates
from understudy_cli.local.certificates import Authority


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})


def made(runner: CliRunner, *arguments: str) -> dict[str, dict[str, bytes]]:
    shown = runner.invoke(app, ["secrets", *arguments])
    assert shown.exit_code == 0, shown.output
    found = list(yaml.safe_load_all(shown.stdout))
    assert {each["kind"] for each in found} == {"Secret"}
    return {
        each["metadata"]["name"]: {key: base64.b64decode(value) for key, value in each["data"].items()}
        for each in found
    }


def refusal(capsys, *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["chart", *arguments])
    assert ended.value.code == 1
    return capsys.readouterr().err


def test_the_same_folder_gives_the_same_secrets(runner, tmp_path):
    before = made(runner, str(tmp_path / "keys"))
    assert made(runner, str(tmp_path / "keys")) == before
    assert made(runner, str(tmp_path / "others"))["understudy-operator"] != before["understudy-operator"]


def test_certificates_name_the_services_of_the_namespace(runner, tmp_path):
    found = made(runner, str(tmp_path / "keys"), "--namespace", "farm-two")
    for secret, service in (("vault", "vault"), ("pool", "ray-head"), ("minio", "minio"), ("operator", "status")):
        certificate = x509.load_pem_x509_certificate(found[f"understudy-{secret}"]["tls.crt"])
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert f"understudy-{service}.farm-two.svc" in names.get_values_for_type(x509.DNSName)
        authority = x509.load_pem_x509_certificate(found["understudy-authority"]["ca.crt"])
        certificate.verify_directly_issued_by(authority)


def test_a_certificate_near_its_end_is_renewed_and_nothing_else_is(runner, tmp_path, monkeypatch):
    before = made(runner, str(tmp_path / "keys"))["understudy-operator"]
    monkeypatch.setattr(certificates, "RENEW_BEFORE", certificates.LEAF_LIFE)
    after = made(runner, str(tmp_path / "keys"))["understudy-operator"]
    assert {key for key in before if before[key] != after[key]} == {"tls.crt", "tls.key"}


def test_no_authoritys_key_leaves_the_folder(runner, tmp_path):
    found = made(runner, str(tmp_path / "keys"))
    key = (tmp_path / "keys" / "pki" / "ca.key").read_bytes()
    assert all(key not in value for data in found.values() for value in data.values())


def test_the_thumbprint_is_told_and_no_key(runner, tmp_path):
    shown = runner.invoke(app, ["secrets", str(tmp_path / "keys")])
    assert shown.stderr.startswith("farm ")
    assert '"d"' not in shown.output


def test_an_own_s3_has_one_account_and_brings_no_store(runner, tmp_path, monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_S3_ACCESS_KEY", "mine")
    monkeypatch.setenv("UNDERSTUDY_S3_SECRET_KEY", "hush")
    found = made(runner, str(tmp_path / "keys"), "--own-s3")
    assert "understudy-minio" not in found
    assert {found[f"understudy-s3-{name}"]["secretKey"] for name in ("operator", "pool", "vault")} == {b"hush"}


def test_an_own_s3_without_its_account_is_one_line(capsys, tmp_path, monkeypatch):
    monkeypatch.delenv("UNDERSTUDY_S3_ACCESS_KEY", raising=False)
    error = refusal(capsys, "secrets", str(tmp_path), "--own-s3")
    assert error == (
        "understudy: --own-s3 needs its account in UNDERSTUDY_S3_ACCESS_KEY and UNDERSTUDY_S3_SECRET_KEY\n"
    )


def test_policies_are_those_of_the_accounts(runner):
    shown = json.loads(runner.invoke(app, ["policies", "--bucket", "outputs=videos"]).stdout)
    names = BucketNames(outputs="videos")
    assert shown == {
        "operator": buckets.operator_policy(names),
        "pool": buckets.pool_policy(names),
        "vault": buckets.vault_policy(names),
    }


@pytest.mark.parametrize("given", ["outputs", "stills=x", "outputs="])
def test_a_bucket_that_is_none_is_one_line(capsys, given):
    assert "wanted ROLE=NAME with one of outputs, twins" in refusal(capsys, "policies", "--bucket", given)


@pytest.fixture
def accounts(tmp_path, object_store):
    """The accounts as the chart's Job has them mounted."""
    known = {"root": (object_store.root.access_key, object_store.root.secret_key.get_secret_value())}
    known |= {name: (f"chart-{name}", f"{name}-0123456789") for name in ("operator", "pool", "vault")}
    for name, account in known.items():
        (tmp_path / name).mkdir()
        for file, value in zip(("accessKey", "secretKey"), account, strict=True):
            (tmp_path / name / file).write_text(value)
    return tmp_path


@pytest.mark.farm
def test_buckets_and_accounts_are_made_and_made_again(runner, accounts, object_store):
    url, authority = f"https://{object_store.root.endpoint}", str(object_store.root.ca_file)
    command = ["buckets", url, "--accounts", str(accounts), "--authority", authority]
    command += [f"--bucket={role}=chart-{role}" for role in BucketNames.model_fields]
    for _ in range(2):
        shown = runner.invoke(app, command)
        assert shown.exit_code == 0, shown.output
        assert "6 buckets, 3 accounts" in shown.output
    vault = S3Settings(
        endpoint=object_store.root.endpoint,
        access_key="chart-vault",
        secret_key=SecretStr("vault-0123456789"),
        ca_file=object_store.root.ca_file,
    )
    assert list(buckets.client(vault).list_objects("chart-vault")) == []
    with pytest.raises(S3Error, match="Access Denied"):
        list(buckets.client(vault).list_objects("chart-twins"))


@pytest.mark.farm
def test_a_store_that_is_not_there_yet_is_waited_for(runner, accounts, object_store):
    host, _, port = object_store.root.endpoint.partition(":")
    relay = Relay(host, int(port))
    relay.cut()
    mender = threading.Timer(0.3, relay.mend)
    mender.start()
    command = ["buckets", f"https://127.0.0.1:{relay.port}", "--accounts", str(accounts), "--timeout=60"]
    command += ["--authority", str(object_store.root.ca_file), "--bucket=outputs=chart-outputs"]
    try:
        shown = runner.invoke(app, command)
    finally:
        mender.join()
        relay.close()
    assert shown.exit_code == 0, shown.output
    assert "6 buckets, 3 accounts" in shown.output
    assert f"waiting for 127.0.0.1:{relay.port}: " in shown.output


@pytest.mark.farm
def test_one_that_does_not_come_is_told_when_the_time_is_over(capsys, accounts):
    error = refusal(capsys, "buckets", "https://127.0.0.1:1", "--accounts", str(accounts), "--timeout", "0.1")
    waiting, said = error.splitlines()
    assert waiting.startswith("waiting for 127.0.0.1:1: ")
    assert said.endswith("check its URL and credentials")


def test_an_account_that_is_not_mounted_is_one_line(capsys, tmp_path):
    error = refusal(capsys, "buckets", "https://127.0.0.1:1", "--accounts", str(tmp_path))
    assert "root/accessKey: cannot be read (No such file or directory); mount the account's Secret there" in error
    assert error.count("\n") == 1


def test_a_url_that_is_none_is_one_line(capsys, tmp_path):
    assert "wanted http(s)://host:port" in refusal(capsys, "buckets", "minio:9000", "--accounts", str(tmp_path))


class _Well(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path):
    """A farm's server with TLS, and the authority that vouches for it."""
    issuer = Authority.open(tmp_path, "test")
    pair = issuer.server(tmp_path, "server")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Well)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", str(issuer.certificate_file)
    server.shutdown()
    server.server_close()
    thread.join()


def test_who_answers_is_said(runner, server):
    url, authority = server
    shown = runner.invoke(app, ["reach", f"vault={url}/healthz", "--authority", authority])
    assert (shown.exit_code, shown.output) == (0, "vault      answers\n")


def test_who_does_not_answer_fails_the_test(capsys, server, tmp_path):
    url, authority = server
    other = Authority.open(tmp_path / "other", "other").certificate_file
    error = refusal(capsys, "reach", f"vault={url}/healthz", f"ray={url}/nobody", "--authority", authority)
    assert error.startswith("understudy: ray: no good answer")
    assert "vault: no good answer" in refusal(capsys, "reach", f"vault={url}/healthz", "--authority", str(other))


def test_a_missing_authority_is_one_line(capsys, tmp_path):
    error = refusal(capsys, "reach", "vault=https://127.0.0.1:1", "--authority", str(tmp_path / "none"))
    assert "none: no such file; name the PEM bundle" in error
