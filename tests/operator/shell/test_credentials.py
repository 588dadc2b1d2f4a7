"""S3 accounts from Secrets: complete, plausible, and never repeated in a message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from operator_site import Admin
from pydantic import SecretStr

from understudy_api.order import S3Credentials
from understudy_api.settings import S3Settings
from understudy_operator.core.state import CredentialsProblem
from understudy_operator.shell.cluster import Cluster
from understudy_operator.shell.credentials import account_settings, read_credentials

GOOD = {"endpoint": "https://s3.example:9000/", "accessKey": "ada", "secretKey": "hunter2hunter2"}
FARM = S3Settings(
    endpoint="127.0.0.1:9000", access_key="farm", secret_key=SecretStr("farm"), ca_file=Path("/farm/ca.pem")
)


@pytest.fixture(scope="module")
def namespace(admin: Admin) -> str:
    return admin.namespace("credentials")


CASES = [
    ({}, None),
    ({"secretKey": ""}, "lacks secretKey"),
    ({"endpoint": "  "}, "lacks endpoint"),
    ({"endpoint": "s3.example"}, "wanted https://host[:port]"),
    ({"endpoint": "file:///etc/passwd"}, "wanted https://host[:port]"),
    ({"endpoint": "https://user@s3.example"}, "wanted https://host[:port]"),
    ({"endpoint": "https://s3.example/path"}, "wanted https://host[:port]"),
    ({"secretKey": "x" * 257}, "at most 256 characters"),
]


@pytest.mark.parametrize(("change", "message"), CASES, ids=lambda one: str(one)[:30])
def test_a_secret_is_an_account_or_a_problem(
    admin: Admin, namespace: str, change: dict[str, Any], message: str | None
) -> None:
    name = f"case-{CASES.index((change, message))}"
    body = {"metadata": {"name": name}, "stringData": {**GOOD, **change}}
    admin.server.request("POST", f"/api/v1/namespaces/{namespace}/secrets", body)
    found = read_credentials(Cluster(admin.server), namespace, name)
    if message is None:
        expected = S3Credentials(endpoint="https://s3.example:9000", access_key="ada", secret_key="hunter2hunter2")
        assert found == expected
    else:
        assert isinstance(found, CredentialsProblem)
        assert message in found.message
        assert "hunter2" not in found.message


def test_a_missing_secret_names_what_to_create(admin: Admin, namespace: str) -> None:
    found = read_credentials(Cluster(admin.server), namespace, "nothing")
    assert isinstance(found, CredentialsProblem)
    assert "no Secret 'nothing'" in found.message


@pytest.mark.parametrize(
    ("endpoint", "secure", "ca_file"),
    [
        ("https://127.0.0.1:9000", True, FARM.ca_file),
        ("https://s3.example", True, None),
        ("http://s3.example:80", False, None),
    ],
)
def test_the_farms_authority_vouches_for_the_farm_alone(endpoint: str, secure: bool, ca_file: Path | None) -> None:
    given = S3Credentials(endpoint=endpoint, access_key="ada", secret_key="s")
    settings = account_settings(given, FARM)
    assert (settings.secure, settings.ca_file, settings.access_key) == (secure, ca_file, "ada")
    assert settings.endpoint == endpoint.partition("://")[2]
