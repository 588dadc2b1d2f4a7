"""`understudy owner report` on a ledger in real MinIO: the owner's licenses, and nobody else's."""

from __future__ import annotations

import io
import json
import secrets
import stat
from pathlib import Path
from typing import Any

import pytest
from ledger_words import Writer, licensed, reserved, uid
from owner_site import Desk, opened
from typer.testing import CliRunner

from understudy_api import token
from understudy_api.digest import digest
from understudy_api.ledger.chain import link_key
from understudy_api.settings import BucketNames, DirectorEndpoint, OperatorSettings, RayEndpoint
from understudy_cli import __main__ as cli
from understudy_cli.errors import UserError
from understudy_cli.local.buckets import client

pytestmark = pytest.mark.farm


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return opened(tmp_path / "desk")


@pytest.fixture
def settings(object_store: Any, desk: Desk, tmp_path: Path) -> Path:
    """Operator settings of a ledger with one license of the desk's owner and one of somebody else."""
    bucket, store = f"ledger-{secrets.token_hex(4)}", client(object_store.root)
    store.make_bucket(bucket)
    mine, other = Writer(digest({"iss": desk.ring().owner, "jti": "acme-spring"})), Writer("ee" * 32)
    for writer in (mine, other):
        writer.write(licensed(), reserved(1, 20))
        writer.make(1, 0, 2.5, 2.5)
        for sequence, data in writer.objects.items():
            store.put_object(bucket, link_key(writer.account.id, sequence), io.BytesIO(data), len(data))
    store.put_object(bucket, f"names/{mine.account.id}/{uid(1)}", io.BytesIO(b"acme/spring"), 11)
    (tmp_path / "farm.jwk").write_text(json.dumps(token.new_key().as_dict(private=True)))
    given = OperatorSettings(
        farm="test",
        s3=object_store.root,
        public_s3_url="https://127.0.0.1",
        buckets=BucketNames(ledger=bucket),
        farm_key_file=tmp_path / "farm.jwk",
        ray=RayEndpoint(address="http://127.0.0.1:1", token_file=tmp_path / "none"),
        director=DirectorEndpoint(url="https://127.0.0.1:1", token_file=tmp_path / "none"),
        pool_public_key_file=tmp_path / "farm.jwk",
        metrics_port=1,
        health_port=2,
    )
    path = tmp_path / "operator.json"
    path.write_text(given.model_dump_json())
    return path


def report(desk: Desk, settings: Path, out: Path) -> Any:
    words = ["owner", "report", "--twin", desk / "twin.yaml", "--out", out, "--settings", settings]
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_page_tells_of_the_owners_licenses_alone(desk: Desk, settings: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    result = report(desk, settings, out)
    assert result.output == f"{out}  1 licenses, 2 videos, 2 shown\n"
    html = out.read_text()
    assert "acme/spring" in html
    assert "5.00 of 60.00 s used" in html
    assert html.count("no still") == 2
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_a_page_is_replaced_as_a_whole(desk: Desk, settings: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("old")
    report(desk, settings, out)
    assert out.read_text().startswith("<!doctype html>")
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".report")] == []


def test_where_nothing_can_be_written_is_one_line(desk: Desk, settings: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        report(desk, settings, tmp_path / "file" / "report.html")
