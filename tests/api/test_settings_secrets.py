import json

import pytest
from pydantic import SecretStr

from understudy_api import token
from understudy_api.settings import OperatorSettings, S3Settings, SettingsError, VaultSettings

KEY = token.new_key()
S3 = {"endpoint": "minio:9000", "secure": True}


@pytest.fixture
def folder(tmp_path):
    """What pods see: a mounted Secret with an S3 account, and the farm's key."""
    (tmp_path / "s3").mkdir()
    (tmp_path / "s3" / "accessKey").write_text("me\n")
    (tmp_path / "s3" / "secretKey").write_text("hush\n")
    (tmp_path / "farm.jwk").write_text(json.dumps(KEY.as_dict(private=True)))
    return tmp_path


def operator(folder, **changes) -> dict[str, object]:
    return {
        "s3": {**S3, "credentials_folder": str(folder / "s3")},
        "public_s3_url": "https://minio:9000",
        "farm_key_file": str(folder / "farm.jwk"),
        "ray": {"address": "http://ray:8265", "token_file": "/t"},
        "director": {"url": "https://director:8443", "token_file": "/t"},
        "pool_public_key_file": "/p",
        "metrics_port": 9090,
        "health_port": 9091,
        **changes,
    }


def load(folder, told, kind=OperatorSettings):
    path = folder / "settings.json"
    path.write_text(json.dumps(told))
    return kind.load(path)


def test_the_account_and_the_farm_come_from_mounted_files(folder):
    told = operator(folder)
    settings = load(folder, told)
    assert settings.s3 == S3Settings(endpoint="minio:9000", access_key="me", secret_key=SecretStr("hush"))
    assert settings.farm == token.thumbprint(KEY)
    assert "hush" not in json.dumps(told)


def test_a_farm_that_is_named_stays(folder):
    assert load(folder, operator(folder, farm="other")).farm == "other"


def test_a_vault_names_no_farm(folder):
    told = {
        "apiserver": {"url": "https://kubernetes.default.svc", "token_file": "/t"},
        "farm_public_key_file": str(folder / "farm.jwk"),
        "signing_key_file": "/v",
        "callers": {},
        "s3": {**S3, "credentials_folder": str(folder / "s3")},
        "keys_folder": "/keys",
        "port": 8443,
        "tls_cert": "/c",
        "tls_key": "/k",
    }
    assert load(folder, told, VaultSettings).s3.access_key == "me"


@pytest.mark.parametrize("missing", ["s3/secretKey", "farm.jwk"])
def test_a_file_that_is_not_mounted_is_named_in_one_line(folder, missing):
    (folder / missing).unlink()
    with pytest.raises(SettingsError, match=rf"{missing}: cannot be read \(No such file or directory\)") as failure:
        load(folder, operator(folder))
    assert "\n" not in str(failure.value)


def test_a_key_that_is_none_is_one_line(folder):
    (folder / "farm.jwk").write_text("{}")
    with pytest.raises(SettingsError, match=r"settings\.json: not an Ed25519 key in JWK form"):
        load(folder, operator(folder))


@pytest.mark.parametrize("text", ["{", "[]", '"s3"'])
def test_what_is_no_settings_file_is_one_line(folder, text):
    path = folder / "settings.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"settings\.json: the file: "):
        OperatorSettings.load(path)
