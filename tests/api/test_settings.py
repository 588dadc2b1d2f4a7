from pathlib import Path

import pytest
from pydantic import SecretStr

from understudy_api.settings import (
    OPERATOR_SETTINGS_VARIABLE,
    POOL_SETTINGS_VARIABLE,
    ApiServerEndpoint,
    BucketNames,
    ContentCredentials,
    DirectorEndpoint,
    DirectorListener,
    OperatorSettings,
    PoolSettings,
    RayEndpoint,
    S3Settings,
    SettingsError,
    TransitSettings,
    VaultEndpoint,
    VaultSettings,
)

S3 = S3Settings(endpoint="127.0.0.1:9000", access_key="me", secret_key=SecretStr("hush"), ca_file=Path("/ca"))
OPERATOR = OperatorSettings(
    kubeconfig=Path("/k"),
    farm="thumb",
    s3=S3,
    public_s3_url="https://127.0.0.1:9000",
    farm_key_file=Path("/farm.jwk"),
    ray=RayEndpoint(address="http://127.0.0.1:8265", token_file=Path("/t")),
    director=DirectorEndpoint(url="https://127.0.0.1:1", token_file=Path("/t"), ca_file=Path("/ca")),
    pool_public_key_file=Path("/pool.pub.jwk"),
    metrics_port=2,
    health_port=3,
)
POOL = PoolSettings(
    farm="thumb",
    s3=S3,
    director=DirectorListener(port=1, token_file=Path("/t"), tls_cert=Path("/c"), tls_key=Path("/k")),
    bundle_key_file=Path("/pool.jwk"),
    bundle_public_key_file=Path("/pool.pub.jwk"),
    farm_public_key_file=Path("/farm.pub.jwk"),
    vault=VaultEndpoint(url="https://127.0.0.1:2", token_file=Path("/t"), ca_file=Path("/ca")),
    c2pa=ContentCredentials(chain_file=Path("/chain"), key_file=Path("/key"), root_file=Path("/root")),
    cache_key_file=Path("/cache.key"),
    metrics_port=4,
    work_dir=Path("/work"),
)
VAULT = VaultSettings(
    apiserver=ApiServerEndpoint(url="https://127.0.0.1:3", token_file=Path("/t"), ca_file=Path("/ca")),
    farm_public_key_file=Path("/farm.pub.jwk"),
    signing_key_file=Path("/vault.jwk"),
    callers={"default": "system:serviceaccount:understudy-system:understudy-performer"},
    s3=S3,
    keys_folder=Path("/keys"),
    port=5,
    tls_cert=Path("/c"),
    tls_key=Path("/k"),
)


@pytest.mark.parametrize("keys_folder", [None, Path("/keys")])
def test_a_vault_keeps_its_keys_in_one_place(keys_folder):
    transit = None if keys_folder is None else TransitSettings(url="https://127.0.0.1:8200", token_file=Path("/t"))
    told = {**VAULT.model_dump(), "keys_folder": keys_folder, "transit": transit}
    with pytest.raises(ValueError, match="wanted either keys_folder or transit"):
        VaultSettings.model_validate(told)


@pytest.mark.parametrize("settings", [OPERATOR, POOL, VAULT], ids=["operator", "pool", "vault"])
def test_what_is_written_is_read_again_with_its_secrets(tmp_path, settings):
    path = tmp_path / "settings.json"
    path.write_text(settings.model_dump_json())
    again = type(settings).load(path)
    assert again == settings
    assert again.s3.secret_key.get_secret_value() == "hush"
    assert getattr(again, "buckets", BucketNames()) == BucketNames()


def test_secrets_do_not_show_outside_the_file():
    assert "hush" not in repr(OPERATOR)
    assert "hush" not in str(OPERATOR.model_dump())
    assert "hush" in OPERATOR.model_dump_json()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "Invalid JSON"),
        ("{}", "farm: Field required"),
        (
            OPERATOR.model_dump_json().replace('"metrics_port":2', '"metrics_port":70000'),
            "metrics_port: Input should be",
        ),
        (OPERATOR.model_dump_json().replace('"metrics_port"', '"metricsport"'), "metrics_port: Field required"),
    ],
)
def test_a_wrong_file_is_one_line_that_names_it(tmp_path, text, complaint):
    path = tmp_path / "operator.json"
    path.write_text(text)
    with pytest.raises(SettingsError) as refusal:
        OperatorSettings.load(path)
    message = str(refusal.value)
    assert message.startswith(f"{path}: ")
    assert complaint in message
    assert "understudy up" in message
    assert "\n" not in message


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(SettingsError, match=r"cannot be read \(No such file or directory\); `understudy up` writes it"):
        PoolSettings.load(tmp_path / "none.json")


def test_the_environment_names_the_file(tmp_path):
    operator, pool = tmp_path / "operator.json", tmp_path / "pool.json"
    operator.write_text(OPERATOR.model_dump_json())
    pool.write_text(POOL.model_dump_json())
    environment = {OPERATOR_SETTINGS_VARIABLE: str(operator), POOL_SETTINGS_VARIABLE: str(pool)}
    assert OperatorSettings.from_environment(environment) == OPERATOR
    assert PoolSettings.from_environment(environment) == POOL
    with pytest.raises(SettingsError, match=POOL_SETTINGS_VARIABLE):
        PoolSettings.from_environment({})
