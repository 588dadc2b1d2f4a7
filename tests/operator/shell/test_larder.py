"""Freezing rows: from the job, from CSV and JSON Lines in real MinIO, with every bad line named."""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from operator_site import Admin, Site

from understudy_api.digest import digest_bytes
from understudy_api.moderation.listing import copy_key
from understudy_api.moderation.report import Moderator
from understudy_api.order import Content
from understudy_api.preview import preview_uid
from understudy_api.renderjob import S3Source
from understudy_operator.core.actions import FreezeContent, ListSentences
from understudy_operator.core.consent_spec import list_key
from understudy_operator.core.request import ContentRequest
from understudy_operator.core.state import ContentProblem, FrozenContent
from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.cluster import Cluster
from understudy_operator.shell.larder import MAX_LINE_BYTES, Larder, lines
from understudy_operator.shell.objects import Objects

OUTPUTS, STAGING = "understudy-outputs", "understudy-staging"


@pytest.fixture(scope="module")
def namespace(admin: Admin) -> str:
    return admin.namespace("larder")


@pytest.fixture(scope="module")
def new_larder(operator_site: Site, control_plane: Any) -> Callable[[], Larder]:
    cluster = Cluster(ApiServer.connect(control_plane.operator_kubeconfig))
    return lambda: Larder(operator_site.settings, Objects(operator_site.settings.s3), cluster)


@pytest.fixture(scope="module")
def larder(new_larder: Callable[[], Larder]) -> Larder:
    return new_larder()


def action(namespace: str, **request: Any) -> FreezeContent:
    given = {"key": "id", "rows": None, "source": None, "scenes": {"en-GB": ("Hello {name}.",)}}
    uid = f"uid-{secrets.token_hex(8)}"
    return FreezeContent(uid=uid, namespace=namespace, request=ContentRequest(**{**given, **request}))


def frozen(larder: Larder, what: FreezeContent) -> FrozenContent:
    larder.freeze(what, 1.0)
    found = larder.content(what.uid, what.request.digest)
    assert isinstance(found, FrozenContent), found
    return found


def problem(larder: Larder, what: FreezeContent) -> ContentProblem:
    larder.freeze(what, 1.0)
    found = larder.content(what.uid, what.request.digest)
    assert isinstance(found, ContentProblem), found
    return found


@pytest.fixture
def source(namespace: str, operator_site: Site) -> Callable[..., dict[str, Any]]:
    def put(data: bytes, suffix: str = "csv") -> dict[str, Any]:
        key = f"{namespace}/{secrets.token_hex(6)}.{suffix}"
        operator_site.peer.objects.put(OUTPUTS, key, data)
        return {"source": S3Source(s3=f"s3://{OUTPUTS}/{key}")}

    return put


def test_inline_rows_are_frozen_as_canonical_lines(larder: Larder, namespace: str, operator_site: Site) -> None:
    what = action(namespace, rows=({"name": "Ada", "id": 1, "unused": "x"}, {"id": 2, "name": "Bo"}))
    found = frozen(larder, what)
    data = operator_site.peer.objects.get(STAGING, found.rows_s3_key)
    assert data == b'{"id":1,"name":"Ada"}\n{"id":2,"name":"Bo"}\n'
    assert found.rows_digest == digest_bytes(data)
    assert found.rows_s3_key == f"orders/{what.uid}/{found.rows_digest}.jsonl"
    assert found.rows_count == 2


def test_what_an_earlier_process_froze_is_found(new_larder: Callable[[], Larder], namespace: str) -> None:
    what = action(namespace, rows=({"id": 1, "name": "Ada"},))
    found = frozen(new_larder(), what)
    assert new_larder().content(what.uid, what.request.digest) == found
    assert new_larder().content(what.uid, "0" * 64) is None


def test_a_problem_is_remembered_for_its_request_only(larder: Larder, namespace: str) -> None:
    what = action(namespace, rows=({"id": 1},))
    assert "name" in problem(larder, what).message
    assert larder.content(what.uid, "0" * 64) is None
    larder.forget(what.uid)
    assert larder.content(what.uid, what.request.digest) is None


def test_a_list_is_written_for_the_owner_and_copied_for_performers(
    larder: Larder, namespace: str, operator_site: Site
) -> None:
    what = action(namespace, rows=({"id": 1, "name": "Ada"},))
    found = frozen(larder, what)
    content = Content(
        script_locale="en-GB",
        scenes=what.request.scenes,
        key="id",
        rows_s3_key=found.rows_s3_key,
        rows_digest=found.rows_digest,
        rows_count=1,
    )
    larder.list_sentences(ListSentences(uid=what.uid, owner_namespace=namespace, content=content))
    made = larder.listing(what.uid, content.digest)
    assert made is not None
    data = operator_site.peer.objects.get(OUTPUTS, list_key(namespace, made.digest))
    assert data is not None
    assert digest_bytes(data) == made.digest
    assert operator_site.peer.objects.get(STAGING, copy_key(what.uid, made.digest)) == data
    larder.clear(what.uid)
    assert operator_site.peer.objects.get(STAGING, copy_key(what.uid, made.digest)) is None


def test_nothing_of_a_script_is_left_behind_by_whoever_is_killed(
    larder: Larder, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the moment of writing there is a file with the rows in it, and no name to find it by later."""
    there = []
    put_file = Objects.put_file

    def put(self: Objects, bucket: str, key: str, file: Any, content_type: str) -> None:
        put_file(self, bucket, key, file, content_type)
        there.append((file.tell(), list(tmp_path.iterdir())))

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Objects, "put_file", put)
    what = action(namespace, rows=({"id": 1, "name": "Ada"},))
    assert frozen(larder, what).rows_count == 1
    assert [(size > 0, names) for size, names in there] == [(True, [])]


def test_clearing_removes_what_was_staged(larder: Larder, namespace: str, operator_site: Site) -> None:
    what = action(namespace, rows=({"id": 1, "name": "Ada"},))
    frozen(larder, what)
    objects, other = operator_site.peer.objects, f"orders/{what.uid}x/rows.jsonl"
    for key in (f"orders/{preview_uid(what.uid, 'a' * 64)}/items/1/item.mp4", other):
        objects.put(STAGING, key, b"staged")
    larder.clear(what.uid)
    assert objects.keys(STAGING, f"orders/{what.uid}") == [other]


def test_csv_and_json_lines_give_the_same_rows(larder: Larder, namespace: str, source: Any) -> None:
    csv = frozen(larder, action(namespace, **source(b'\xef\xbb\xbfid,name\r\n1,"Ada, Lady"\r\n2,Bo\r\n')))
    jsonl = frozen(
        larder, action(namespace, **source(b'{"id":"1","name":"Ada, Lady"}\n\n{"name":"Bo","id":"2"}', "jsonl"))
    )
    assert csv.rows_digest == jsonl.rows_digest
    assert csv.rows_count == 2


BAD = [
    (b"id,name\n1,Ada\n2\n", "csv", "RowInvalid", "line 3: wanted 2 fields"),
    (b"id,name\n1,Ada\n1,Bo\n", "csv", "DuplicateKey", "line 3: id '1' stands twice"),
    (b"id,name\n1,\n", "csv", "RowInvalid", "line 2 (id 1): {name} is missing"),
    (b"id,name\n", "csv", "NoRows", "at least one row"),
    (b"", "jsonl", "NoRows", "at least one row"),
    (b'{"id":1,"name":"Ada"}\n[1]\n', "jsonl", "RowInvalid", "line 2: wanted one JSON object"),
    (b'{"id":1,"name":"Ada"}\n{"id":2,"name":"\xff"}\n', "jsonl", "RowInvalid", "line 2: not UTF-8"),
    (b"id,name\n1,Ada\n2," + b"x" * (MAX_LINE_BYTES + 1) + b"\n", "csv", "RowInvalid", "line 3: wanted at most 64 KiB"),
    (b"id,name\n1," + b"x" * (4 * MAX_LINE_BYTES), "csv", "RowInvalid", "line 2: wanted at most 64 KiB"),
]


@pytest.mark.parametrize(("data", "suffix", "reason", "message"), BAD, ids=lambda one: str(one)[:24])
def test_a_bad_line_is_named(
    larder: Larder, namespace: str, source: Any, data: bytes, suffix: str, reason: str, message: str
) -> None:
    found = problem(larder, action(namespace, **source(data, suffix)))
    assert found.reason == reason
    assert message in found.message


def test_a_missing_file_and_a_foreign_one_are_told(larder: Larder, namespace: str) -> None:
    missing = S3Source(s3=f"s3://{OUTPUTS}/{namespace}/none.csv")
    found = problem(larder, action(namespace, source=missing))
    assert (found.reason, "no such object" in found.message) == ("SourceUnreadable", True)
    for place in (f"s3://{OUTPUTS}/other/rows.csv", f"s3://{STAGING}/orders/x.csv", "s3://acme/rows.csv"):
        assert problem(larder, action(namespace, source=S3Source(s3=place))).reason == "PlaceNotAllowed"


def test_rows_behind_a_secret_of_the_namespace(
    larder: Larder, namespace: str, source: Any, admin: Admin, object_store: Any, operator_site: Site
) -> None:
    secret = {"endpoint": f"https://{operator_site.settings.s3.endpoint}", "accessKey": object_store.pool.access_key}
    path = f"/api/v1/namespaces/{namespace}/secrets"
    admin.server.request("POST", path, {"metadata": {"name": "partial"}, "stringData": secret})
    secret["secretKey"] = object_store.pool.secret_key.get_secret_value()
    admin.server.request("POST", path, {"metadata": {"name": "whole"}, "stringData": secret})
    away = {**secret, "endpoint": "https://127.0.0.1:1"}
    admin.server.request("POST", path, {"metadata": {"name": "away"}, "stringData": away})
    where = source(b"id,name\n1,Ada\n")["source"].s3

    def read(name: str) -> FreezeContent:
        return action(namespace, source=S3Source.model_validate({"s3": where, "credentialsRef": {"name": name}}))

    assert frozen(larder, read("whole")).rows_count == 1
    assert "lacks secretKey" in problem(larder, read("partial")).message
    assert "no Secret 'none'" in problem(larder, read("none")).message
    unreachable = problem(larder, read("away"))
    assert unreachable.reason == "SourceUnreadable"
    assert secret["secretKey"] not in unreachable.message


@given(st.lists(st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=30), max_size=20), st.data())
def test_lines_are_whole_however_the_bytes_arrive(texts: list[str], data: Any) -> None:
    whole = "".join(text + "\n" for text in texts).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=10)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert list(lines(pieces)) == [text + "\n" for text in texts]


def test_frozen_content_survives_its_json() -> None:
    given = FrozenContent(
        request="a" * 64,
        rows_s3_key="k",
        rows_digest="b" * 64,
        rows_count=1,
        spoken_seconds=1.5,
        moderation=Moderator({"en-GB": ("Visit our casino.",)}).report(),
    )
    assert given.moderation.findings
    assert FrozenContent.model_validate(json.loads(given.model_dump_json())) == given
