import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from minio import Minio
from minio.error import S3Error
from pydantic import SecretStr

from understudy_cli.errors import UserError
from understudy_cli.local import buckets
from understudy_cli.local.certificates import Authority
from understudy_cli.local.keys import Account

pytestmark = pytest.mark.farm

VAULT = "understudy-vault"
LEDGER = "understudy-ledger"
OUTPUTS, TWINS, STAGING, RECEIPTS = (
    "understudy-outputs",
    "understudy-twins",
    "understudy-staging",
    "understudy-receipts",
)


@pytest.fixture(scope="module")
def stores(object_store) -> dict[str, Minio]:
    return {name: buckets.client(getattr(object_store, name)) for name in ("root", "operator", "pool")}


def attempt(store: Minio, verb: str, bucket: str, key: str) -> str:
    """`ok`, or the store's error code."""
    try:
        match verb:
            case "put":
                store.put_object(bucket, key, io.BytesIO(b"x"), 1)
            case "get":
                store.get_object(bucket, key).close()
            case "delete":
                store.remove_object(bucket, key)
            case "list":
                list(store.list_objects(bucket, recursive=True))
            case "make":
                store.make_bucket(bucket)
            case "remove":
                store.remove_bucket(bucket)
    except S3Error as error:
        return str(error.code)
    return "ok"


DENIED = "AccessDenied"


@pytest.mark.parametrize(
    ("account", "verb", "bucket", "key", "answer"),
    [
        ("operator", "list", OUTPUTS, "", "ok"),
        ("operator", "get", OUTPUTS, "acme/a.mp4", "ok"),
        ("operator", "put", OUTPUTS, "acme/b.mp4", DENIED),
        ("operator", "delete", OUTPUTS, "acme/gone.mp4", "ok"),
        ("operator", "get", RECEIPTS, "order/0", "ok"),
        ("operator", "list", RECEIPTS, "", "ok"),
        ("operator", "put", RECEIPTS, "order/1", DENIED),
        ("operator", "delete", RECEIPTS, "order/0", DENIED),
        ("operator", "get", TWINS, "ada/manifest.json", "ok"),
        ("operator", "put", TWINS, "ada/face.onnx", DENIED),
        ("operator", "put", STAGING, "orders/uid.json", "ok"),
        ("operator", "get", STAGING, "orders/uid.json", "ok"),
        ("operator", "get", STAGING, "items/video.mp4", DENIED),
        ("operator", "get", STAGING, "takes/a/1", "ok"),
        ("operator", "put", STAGING, "takes/a/2", DENIED),
        ("operator", "delete", STAGING, "clips/a/gone", "ok"),
        ("operator", "put", STAGING, "quarantine/a/files/takes/a/1", "ok"),
        ("operator", "get", STAGING, "quarantine/a/files/takes/a/0", DENIED),
        ("operator", "get", STAGING, "quarantine/a/manifest/0", "ok"),
        ("operator", "delete", STAGING, "quarantine/a/files/takes/a/0", DENIED),
        ("pool", "get", STAGING, "quarantine/a/files/takes/a/0", DENIED),
        ("pool", "put", STAGING, "quarantine/a/files/takes/a/2", DENIED),
        ("pool", "delete", STAGING, "quarantine/a/files/takes/a/0", DENIED),
        ("pool", "get", STAGING, "quarantine/a/manifest/0", DENIED),
        ("pool", "get", STAGING, "takes/a/1", "ok"),
        ("operator", "put", LEDGER, "facts/a/b/0", "ok"),
        ("operator", "delete", LEDGER, "facts/a/b/0", DENIED),
        ("operator", "put", STAGING, "items/video.mp4", DENIED),
        ("operator", "make", "another-bucket", "", DENIED),
        ("pool", "put", RECEIPTS, "order/2", "ok"),
        ("pool", "put", TWINS, "ada/face.onnx", "ok"),
        ("pool", "put", STAGING, "items/new.mp4", "ok"),
        ("pool", "get", STAGING, "items/video.mp4", "ok"),
        ("pool", "delete", STAGING, "items/gone.mp4", DENIED),
        ("pool", "delete", RECEIPTS, "order/0", DENIED),
        ("pool", "delete", RECEIPTS, "probe/1", "ok"),
        ("pool", "put", RECEIPTS, "hours/default/2026-01-01T00/d.json", "ok"),
        ("pool", "delete", RECEIPTS, "hours/default/2026-01-01T00/d.json", DENIED),
        ("operator", "put", RECEIPTS, "hours/default/2026-01-01T00/d.json", DENIED),
        ("pool", "delete", RECEIPTS, "logs/order/1", "ok"),
        ("operator", "delete", RECEIPTS, "logs/order/1", DENIED),
        ("pool", "delete", TWINS, "ada/manifest.json", DENIED),
        ("pool", "delete", OUTPUTS, "acme/a.mp4", DENIED),
        ("pool", "put", OUTPUTS, "acme/c.mp4", "ok"),
        ("operator", "list", VAULT, "", DENIED),
        ("operator", "get", VAULT, "log/0", DENIED),
        ("pool", "get", VAULT, "log/0", DENIED),
        ("pool", "put", VAULT, "log/1", DENIED),
        ("operator", "list", LEDGER, "", "ok"),
        ("operator", "get", LEDGER, "licenses/a/0", "ok"),
        ("operator", "put", LEDGER, "licenses/a/1", "ok"),
        ("operator", "put", LEDGER, "checkpoints/1", "ok"),
        ("operator", "put", LEDGER, "heard/twin/act.json", "ok"),
        ("operator", "delete", LEDGER, "heard/twin/act.json", DENIED),
        ("operator", "put", LEDGER, "elsewhere", DENIED),
        ("operator", "delete", LEDGER, "licenses/a/0", DENIED),
        ("operator", "delete", LEDGER, "checkpoints/1", DENIED),
        ("operator", "delete", LEDGER, "names/a/uid", "ok"),
        ("operator", "put", LEDGER, "status/twin/farm/000000000001.json", "ok"),
        ("operator", "delete", LEDGER, "status/twin/farm/000000000001.json", DENIED),
        ("pool", "put", LEDGER, "status/twin/farm/000000000002.json", DENIED),
        ("pool", "get", LEDGER, "licenses/a/0", DENIED),
        ("pool", "put", LEDGER, "licenses/a/2", DENIED),
        ("pool", "delete", LEDGER, "licenses/a/0", DENIED),
        ("pool", "make", "another-bucket", "", DENIED),
        ("pool", "remove", RECEIPTS, "", DENIED),
    ],
)
def test_each_account_has_its_own_reach(stores, account, verb, bucket, key, answer):
    for where, name in (
        (OUTPUTS, "acme/a.mp4"),
        (RECEIPTS, "order/0"),
        (TWINS, "ada/manifest.json"),
        (STAGING, "orders/uid.json"),
        (STAGING, "items/video.mp4"),
        (STAGING, "takes/a/1"),
        (STAGING, "quarantine/a/files/takes/a/0"),
        (STAGING, "quarantine/a/manifest/0"),
        (LEDGER, "licenses/a/0"),
    ):
        assert attempt(stores["root"], "put", where, name) == "ok"
    assert attempt(stores[account], verb, bucket, key) == answer


def test_buckets_are_made_once(object_store):
    buckets.make_buckets(object_store.root)
    store = buckets.client(object_store.root)
    assert {OUTPUTS, TWINS, STAGING, RECEIPTS} <= {bucket.name for bucket in store.list_buckets()}


def test_an_account_made_again_has_exactly_the_new_policy(object_store):
    account = Account("turncoat", "turncoat-secret")
    settings = object_store.root.model_copy(
        update={"access_key": account.access_key, "secret_key": SecretStr(account.secret_key)}
    )
    buckets.make_account(object_store.root, account, "turncoat", buckets.pool_policy())
    assert attempt(buckets.client(settings), "put", RECEIPTS, "turncoat") == "ok"
    buckets.make_account(object_store.root, account, "turncoat", buckets.operator_policy())
    assert attempt(buckets.client(settings), "put", RECEIPTS, "turncoat") == DENIED


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"secret_key": SecretStr("wrong")}, "Access denied; check its URL and credentials"),
        ({"access_key": "nobody"}, "Access denied"),
        ({"endpoint": "127.0.0.1:1"}, "refused"),
    ],
)
def test_a_store_that_refuses_is_one_line(object_store, change, complaint):
    with pytest.raises(UserError, match=complaint) as refusal:
        buckets.make_buckets(object_store.root.model_copy(update=change))
    assert str(refusal.value).startswith("S3 at 127.0.0.1:")
    assert "\n" not in str(refusal.value)


def test_a_store_of_another_authority_is_refused(object_store, tmp_path):
    other = Authority.open(tmp_path, "Stranger").certificate_file
    with pytest.raises(UserError, match=r"certificate|CERTIFICATE"):
        buckets.make_buckets(object_store.root.model_copy(update={"ca_file": other}))


def test_only_root_makes_accounts(object_store):
    with pytest.raises(UserError, match="the account of the intruder was refused"):
        buckets.make_account(object_store.pool, Account("intruder", "intruder-secret"), "intruder", {})


class Waking(BaseHTTPRequestHandler):
    """A MinIO that knows no accounts yet: it answers 503 twice, then takes everything."""

    asked: ClassVar[list[str]] = []

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(self.path)
        self.send_response(503 if len(self.asked) < 3 else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def test_a_store_that_is_still_waking_is_asked_again(object_store):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Waking)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        waking = object_store.root.model_copy(
            update={"endpoint": f"127.0.0.1:{server.server_address[1]}", "secure": False}
        )
        buckets.make_account(waking, Account("early", "early-secret"), "early", buckets.pool_policy())
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert len(Waking.asked) == 5
    assert len(set(Waking.asked)) == 3
