"""Keys, twin init and license commands as an owner uses them, on real files."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from understudy_api import token
from understudy_api.keyring import Keyring
from understudy_api.terms import License, read_license
from understudy_cli import keys, license
from understudy_cli.errors import UserError
from understudy_cli.license import genesis_of
from understudy_cli.twin_init import init

FARM = token.thumbprint(token.new_key())
TERMS = """
id: acme-spring-1
assignee: acme
purposes: [advertising]
channels: [social]
territories: [DE, FR]
languages: [de, fr]
valid_from: 2026-01-01
valid_until: 2027-01-01T12:00:00Z
seconds: 3600
"""
runner = CliRunner()
twin_app = typer.Typer()
twin_app.command()(init)


def run(app: typer.Typer, *words: object) -> str:
    result = runner.invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def owner(tmp_path: Path) -> Path:
    """A folder with root.jwk, twin.yaml and terms.yaml."""
    run(keys.app, "new", tmp_path / "root.jwk")
    capture = "s3://understudy-outputs/talent-ada/ada.mp4"
    manifest = run(twin_app, "ada", "--key", tmp_path / "root.jwk", "-n", "talent-ada", "--capture", capture)
    (tmp_path / "twin.yaml").write_text(manifest)
    (tmp_path / "terms.yaml").write_text(TERMS)
    return tmp_path


def signed(owner: Path) -> dict[str, Any]:
    text = run(
        license.app,
        "sign",
        owner / "terms.yaml",
        "--key",
        owner / "root.jwk",
        "--twin",
        owner / "twin.yaml",
        "--farm",
        FARM,
    )
    (owner / "license.yaml").write_text(text)
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def test_a_key_is_private_and_its_secret_is_never_printed(owner: Path) -> None:
    path = owner / "root.jwk"
    assert path.stat().st_mode & 0o777 == 0o600
    secret = json.loads(path.read_text())["d"]
    assert secret not in run(keys.app, "show", path)
    with pytest.raises(UserError, match="exists already"):
        run(keys.app, "new", path)


def test_signed_license_verifies_against_the_twin(owner: Path) -> None:
    manifest = signed(owner)
    assert manifest["metadata"] == {"name": "acme-spring-1", "namespace": "talent-ada"}
    twin = yaml.safe_load((owner / "twin.yaml").read_text())
    checked = read_license(manifest["spec"]["token"], Keyring(genesis_of(twin, "twin.yaml")))
    assert isinstance(checked, License)
    assert checked.terms.aud == FARM
    assert checked.terms.exp - checked.terms.nbf == 365 * 86400 + 43200


def test_show_reads_like_a_summary(owner: Path) -> None:
    signed(owner)
    text = run(license.app, "show", owner / "license.yaml", "--twin", owner / "twin.yaml")
    assert "good, by the owner" in text
    assert "Territories: DE, FR." in text
    assert "not checked" in run(license.app, "show", owner / "license.yaml")


def test_show_refuses_an_altered_license(owner: Path) -> None:
    manifest = signed(owner)
    head, body, signature = manifest["spec"]["token"].split(".")
    manifest["spec"]["token"] = f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    (owner / "license.yaml").write_text(yaml.safe_dump(manifest))
    with pytest.raises(UserError, match="signature does not match"):
        run(license.app, "show", owner / "license.yaml", "--twin", owner / "twin.yaml")


def test_only_the_owners_key_signs(owner: Path) -> None:
    run(keys.app, "new", owner / "other.jwk")
    with pytest.raises(UserError, match="is neither the key that owns"):
        run(
            license.app,
            "sign",
            owner / "terms.yaml",
            "--key",
            owner / "other.jwk",
            "--twin",
            owner / "twin.yaml",
            "--farm",
            FARM,
        )


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("purposes: [advertising]", "purposes: [war]", "purposes"),
        ("seconds: 3600", "seconds: 0", "seconds"),
        ("seconds: 3600", "", "seconds"),
        ("valid_until: 2027-01-01T12:00:00Z", "valid_until: 2025-01-01", "exp must be later"),
        ("territories: [DE, FR]", "territories: [Germany]", "territories"),
        ("id: acme-spring-1", "id: x", "id"),
        ("assignee: acme", "assignee: [", "is not YAML"),
        ("assignee: acme", "assignee: acme\nvip: true", "vip"),
    ],
)
def test_bad_terms_name_the_field(owner: Path, before: str, after: str, words: str) -> None:
    (owner / "terms.yaml").write_text(TERMS.replace(before, after))
    with pytest.raises(UserError, match=words):
        signed(owner)


@pytest.mark.parametrize("farm", ["", "short", "x" * 44])
def test_a_wrong_farm_is_refused(owner: Path, farm: str) -> None:
    with pytest.raises(UserError, match="wanted the thumbprint of the farm's key"):
        run(
            license.app,
            "sign",
            owner / "terms.yaml",
            "--key",
            owner / "root.jwk",
            "--twin",
            owner / "twin.yaml",
            "--farm",
            farm,
        )


def test_a_capture_outside_s3_is_refused(owner: Path) -> None:
    with pytest.raises(UserError, match=r"capture\.s3"):
        run(twin_app, "ada", "--key", owner / "root.jwk", "-n", "talent-ada", "--capture", "/tmp/ada.mp4")


def test_missing_and_foreign_files_are_one_line(owner: Path) -> None:
    with pytest.raises(UserError, match="cannot read"):
        run(keys.app, "show", owner / "nothing.jwk")
    (owner / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not UTF-8"):
        run(keys.app, "show", owner / "binary")
    with pytest.raises(UserError, match="wanted a TwinModel"):
        run(
            license.app,
            "sign",
            owner / "terms.yaml",
            "--key",
            owner / "root.jwk",
            "--twin",
            owner / "terms.yaml",
            "--farm",
            FARM,
        )
