"""`understudy doctor` as a platform team types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from understudy_cli.__main__ import app
from understudy_cli.errors import UserError


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cluster, no farm, no keys but what a test gives."""
    for name in ("UNDERSTUDY_S3_ACCESS_KEY", "UNDERSTUDY_S3_SECRET_KEY", "UNDERSTUDY_S3_CA_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none.kubeconfig"))
    monkeypatch.setenv("COLUMNS", "200")


def doctor(*words: str) -> Any:
    return CliRunner().invoke(app, ["doctor", *words])


def results(*words: str) -> dict[str, str]:
    return {one["name"]: one["result"] for one in json.loads(doctor(*words, "-o", "json").stdout)}


def test_without_anything_it_says_what_it_would_need() -> None:
    shown = doctor("-o", "wide")
    assert shown.exit_code == 1
    assert "no cluster to speak to" in shown.stdout
    assert "-> name a readable kubeconfig in KUBECONFIG" in shown.stdout
    assert "-> give --settings, or --s3" in shown.stdout


def test_cures_of_what_was_skipped_are_for_wide_alone() -> None:
    shown = doctor().stdout
    assert "no credentials here" in shown
    assert "give --settings, or --s3" not in shown


def test_half_given_keys_are_one_line() -> None:
    failed = doctor("--s3", "https://s3.example:9000").exception
    assert isinstance(failed, UserError)
    assert "UNDERSTUDY_S3_ACCESS_KEY" in str(failed)


@pytest.mark.farm
def test_a_cluster_is_looked_at_as_whole(control_plane: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    found = results("--role", "owner", "-n", "talent-ada", "--system", "nobody-here")
    assert found["crd renderjobs"] == found["version"] == found["clock"] == found["rights of owner"] == "pass"
    assert found["operator"] == "fail"
    assert found["s3"] == found["ray and director"] == "skip"


@pytest.mark.farm
def test_the_home_of_a_farm_brings_its_keys(control_plane: Any, object_store: Any, farm: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    monkeypatch.setenv("UNDERSTUDY_HOME", str(farm.home.root))
    found = results()
    assert found["s3 conditional create"] == "pass"
    assert found["ray"] == found["director"] == "fail"  # nobody started them here


@pytest.mark.farm
def test_given_keys_are_tried_and_never_printed(object_store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = object_store.operator.secret_key.get_secret_value()
    monkeypatch.setenv("UNDERSTUDY_S3_ACCESS_KEY", object_store.operator.access_key)
    monkeypatch.setenv("UNDERSTUDY_S3_SECRET_KEY", secret)
    monkeypatch.setenv("UNDERSTUDY_S3_CA_FILE", str(object_store.operator.ca_file))
    url = f"https://{object_store.operator.endpoint}"
    assert results("--s3", url)["s3 conditional create"] == "pass"
    assert secret not in doctor("--s3", url, "-o", "wide").stdout
