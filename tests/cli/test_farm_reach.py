"""Which farm an owner's command reaches, and what it says when it cannot tell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from understudy_cli import chart_secrets, port_forward
from understudy_cli.errors import UserError
from understudy_cli.farm_reach import local_site, reach
from understudy_cli.local import toolchain
from understudy_cli.local.home import Home

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
    chart_secrets.secrets(folder, "understudy-system", chart_secrets.open_accounts(Home(folder)))
    return folder


@pytest.fixture
def forwarding(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Services to which a port is forwarded at the moment."""
    open_: list[str] = []

    @contextmanager
    def forward(kubectl: object, namespace: str, service: str, port: int) -> Iterator[int]:
        open_.append(service)
        yield 10_000 + port
        open_.remove(service)

    monkeypatch.setattr(port_forward, "forwarded", forward)
    return open_


def test_a_farm_on_a_cluster_is_reached_through_its_folder(
    farm_keys: Path, kubeconfig: Path, forwarding: list[str]
) -> None:
    with reach(farm_keys, None, None) as farm:
        assert sorted(forwarding) == ["understudy-minio", "understudy-vault"]
    assert forwarding == []
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
    with reach(farm_keys, f"{VAULT}/", "https://s3.example") as farm:
        store = farm.store
    assert farm.vault.url == VAULT
    assert (store.access_key, store.ca_file) == ("mine", None)


def test_an_s3_of_ones_own_needs_its_keys(farm_keys: Path, kubeconfig: Path) -> None:
    with pytest.raises(UserError, match="UNDERSTUDY_S3_ACCESS_KEY"), reach(farm_keys, VAULT, "https://s3.example"):
        pass


def test_without_a_minio_of_the_chart_the_farms_s3_has_to_be_named(
    farm_keys: Path, kubeconfig: Path, forwarding: list[str]
) -> None:
    (farm_keys / "keys" / "s3-root.json").unlink()
    with pytest.raises(UserError, match="name the farm's own S3 with --s3"), reach(farm_keys, VAULT, None):
        pass


def test_a_folder_without_keys_is_no_farm(tmp_path: Path, kubeconfig: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    with pytest.raises(UserError, match="holds no farm's keys; `understudy chart secrets"), reach(folder, None, None):
        pass
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("vault", "s3"), [(VAULT, None), (None, S3)])
def test_an_address_without_the_farms_keys_is_refused(vault: str | None, s3: str | None) -> None:
    with pytest.raises(UserError, match="give its --farm-keys too"), reach(None, vault, s3):
        pass


def test_without_any_farm_both_ways_to_one_are_named() -> None:
    with pytest.raises(UserError, match=r"`understudy up` starts one, --farm-keys names one"):
        local_site()
