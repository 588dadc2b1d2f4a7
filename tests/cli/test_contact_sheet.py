"""`understudy open`: a link that works for whoever has it, on a real bucket."""

from __future__ import annotations

import webbrowser
from typing import Any

import httpx
import pytest
from kubectl_site import Jobs

from understudy_cli.errors import UserError
from understudy_cli.local.probe import trusting
from understudy_operator.shell.objects import Objects

pytestmark = pytest.mark.farm
BUCKET = "understudy-outputs"


@pytest.fixture
def sheet(jobs: Jobs, object_store: Any, farm: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A finished job with its sheet, and the farm's home at hand."""
    key = f"{jobs.namespace}/spring/contact-sheet.html"
    Objects(object_store.root).put(BUCKET, key, b"<h1>spring</h1>", "text/html")
    jobs.make("spring", phase="Complete", contactSheet=f"s3://{BUCKET}/{key}")
    monkeypatch.setenv("UNDERSTUDY_HOME", str(farm.home.root))
    return key


def test_the_link_opens_the_sheet_without_keys_and_shows_none(jobs: Jobs, sheet: str, object_store: Any) -> None:
    link = jobs.run("open", "spring", "--minutes", "5").stdout.strip()
    answer = httpx.get(link, verify=trusting(object_store.root.ca_file), trust_env=False)
    assert answer.text == "<h1>spring</h1>"
    assert "X-Amz-Expires=300" in link
    assert object_store.operator.secret_key.get_secret_value() not in link


def test_the_browser_is_opened_only_when_asked(jobs: Jobs, sheet: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)  # type: ignore[func-returns-value]
    jobs.run("open", "spring")
    assert opened == []
    link = jobs.run("open", "spring", "--browser").stdout.strip()
    assert len(opened) == 1
    assert opened[0] == link


def test_other_keys_come_from_the_environment(
    jobs: Jobs, sheet: str, object_store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNDERSTUDY_HOME")
    monkeypatch.setenv("UNDERSTUDY_S3_ACCESS_KEY", object_store.pool.access_key)
    monkeypatch.setenv("UNDERSTUDY_S3_SECRET_KEY", object_store.pool.secret_key.get_secret_value())
    monkeypatch.setenv("UNDERSTUDY_S3_CA_FILE", str(object_store.pool.ca_file))
    shown = jobs.run("open", "spring", "--s3", f"https://{object_store.pool.endpoint}")
    assert object_store.pool.access_key in shown.stdout


@pytest.mark.parametrize(
    ("status", "complaint"),
    [
        ({}, "no contact sheet yet"),
        ({"contactSheet": "s3://understudy-outputs/nothing/here.html"}, "NoSuchKey"),
    ],
)
def test_a_sheet_that_is_not_there_is_one_line(jobs: Jobs, sheet: str, status: Any, complaint: str) -> None:
    jobs.make("autumn", **status)
    failed = jobs.run("open", "autumn").exception
    assert isinstance(failed, UserError)
    assert complaint in str(failed)


def test_without_keys_it_says_how_to_give_them(jobs: Jobs) -> None:
    jobs.make("spring", contactSheet="s3://somewhere/sheet.html")
    failed = jobs.run("open", "spring").exception
    assert isinstance(failed, UserError)
    assert "give --s3 and its keys" in str(failed)
