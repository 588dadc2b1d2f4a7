"""Which farm an owner's command reaches, and what it says when it cannot tell."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from understudy_cli import chart_secrets
from understudy_cli.errors import UserError
from understudy_cli.farm_reach import local_site, reach
from understudy_cli.local import toolchain

VAULT, S3 = "https://127.0.0.1:18443", "https://127.0.0.1:19000"


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "no-farm"))
    for name in ("ACCESS_KEY", "SECRET_KEY", "CA_FILE"):
        monkeypatch.delenv(f"UNDERSTUDY_S3_{name}", raising=False)


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": "there"}))
    monkeypatch.setenv("KUBECONFIG", str(path))
    monkeypatch.setattr(toolchain, "require", lambda name: Path(f"/{name}"))
    return path


@pytest.fixture
def farm_keys(tmp_path: Path) -> Path:
    folder = tmp_path / "farm-keys"
    from understudy_cli.local.home import Home

    chart_secrets.secrets(folder, "understudy-system", chart_secrets.open_accounts(Home(folder)))
    return folder


def test_a_farm_on_a_cluster_is_reached_through_its_folder(farm_keys: Path, kubeconfig: Path) -> None:
    farm = reach(farm_keys, f"{VAULT}/", S3)
    assert farm.vault.url == VAULT
    assert farm.vault.authority == farm_keys / "pki" / "ca.crt"
    assert (farm.store.endpoint, farm.store.secure) == ("127.0.0.1:19000", True)
    assert farm.store.access_key.startswith("root-")
    assert farm.store.ca_file == farm_keys / "pki" / "ca.crt"
    assert farm.keys.pool.is_file()
    assert farm.kubectl.kubeconfig == kubeconfig


def test_an_s3_of_ones_own_is_reached_with_the_environments_keys(
    farm_keys: Path, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNDERSTUDY_S3_ACCESS_KEY", "mine")
    monkeypatch.setenv("UNDERSTUDY_S3_SECRET_KEY", "secret")
    store = reach(farm_keys, VAULT, "https://s3.example").store
    assert (store.access_key, store.ca_file) == ("mine", None)


@pytest.mark.parametrize(
    ("vault", "s3", "said"),
    [
        (None, S3, "needs --vault and --s3"),
        (VAULT, None, "port-forward svc/understudy-vault"),
        (VAULT, "127.0.0.1:9000", "wanted http"),
    ],
)
def test_a_missing_address_is_named(
    farm_keys: Path, kubeconfig: Path, vault: str | None, s3: str | None, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        reach(farm_keys, vault, s3)


def test_a_folder_without_keys_is_no_farm(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no farm's keys; `understudy chart secrets"):
        reach(tmp_path, VAULT, S3)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("vault", "s3"), [(VAULT, None), (None, S3)])
def test_an_address_without_the_farms_keys_is_refused(vault: str | None, s3: str | None) -> None:
    with pytest.raises(UserError, match="give its --farm-keys too"):
        reach(None, vault, s3)


def test_without_any_farm_both_ways_to_one_are_named() -> None:
    with pytest.raises(UserError, match=r"`understudy up` starts one, --farm-keys names one"):
        local_site()
