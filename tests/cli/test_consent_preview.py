"""A preview as its owner fetches it: from a real request and a real bucket, opened with the age identity alone."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pyrage
import pytest
from typer.testing import CliRunner

from understudy_cli.consent import app
from understudy_cli.errors import UserError
from understudy_cli.kubectl import Kubectl
from understudy_cli.local import object_store as store
from understudy_cli.local import toolchain
from understudy_workers.objects import Objects
from understudy_workers.preview import sealed_to

pytestmark = pytest.mark.farm
NAMESPACE, BUCKET = "talent-preview", "understudy-outputs"


@pytest.fixture
def owner(tmp_path: Path) -> Any:
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "age.txt").write_text(f"# created: today\n{identity}\n")
    return identity


@pytest.fixture
def asked(farm: Any, control_plane: Any, object_store: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Kubectl, str]:
    """A cluster with a request that has no preview yet."""
    monkeypatch.setenv("UNDERSTUDY_HOME", str(farm.home.root))
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    kubectl, name = Kubectl(toolchain.require("kubectl"), control_plane.kubeconfig), f"ask-{secrets.token_hex(3)}"
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    spec = {
        "twinRef": {"name": "ada"},
        "licenseRef": {"name": "spring"},
        "jobRef": {"namespace": "acme", "name": "spring"},
        "awaits": "owner",
        "digest": "a" * 64,
        "subject": "{}",
        "sentences": {"s3": f"s3://{BUCKET}/x", "sha256": "b" * 64, "form": "sentences", "entries": 1},
    }
    kind = {"apiVersion": "understudy.dev/v1alpha1", "kind": "ConsentRequest"}
    kubectl.apply({**kind, "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec})
    return kubectl, name


def fetch(name: str, folder: Path, out: str = "out") -> Any:
    words = ("preview", name, "-n", NAMESPACE, "--identity", str(folder / "age.txt"), "--out", str(folder / out))
    return CliRunner().invoke(app, words)


def shown(farm: Any, asked: tuple[Kubectl, str], files: dict[str, bytes]) -> None:
    kubectl, name = asked
    prefix = f"{NAMESPACE}/previews/{name}/"
    objects = Objects(store.settings(farm.site(), "root"))
    for key, data in files.items():
        objects.put(BUCKET, prefix + key, data)
    objects.close()
    operator = Kubectl(kubectl.binary, farm.home.operator_kubeconfig)
    operator.patch_status("consentrequest", name, NAMESPACE, {"preview": f"s3://{BUCKET}/{prefix}"})


def test_the_owner_opens_it_and_files_are_private(farm: Any, asked: Any, owner: Any, tmp_path: Path) -> None:
    (film,) = sealed_to(str(owner.to_public()), b"a small film")
    shown(farm, asked, {"c1/en-GB/preview.mp4": film})
    done = fetch(asked[1], tmp_path)
    assert done.exit_code == 0, done.exception
    assert "not delivered, not metered" in done.stdout
    path = tmp_path / "out" / "c1" / "en-GB" / "preview.mp4"
    assert path.read_bytes() == b"a small film"
    assert path.stat().st_mode & 0o077 == 0
    assert "exists already" in str(fetch(asked[1], tmp_path).exception)


def test_nobody_elses_identity_opens_it(farm: Any, asked: Any, owner: Any, tmp_path: Path) -> None:
    (film,) = sealed_to(str(pyrage.x25519.Identity.generate().to_public()), b"a small film")
    shown(farm, asked, {"c1/en-GB/preview.mp4": film})
    done = fetch(asked[1], tmp_path)
    assert isinstance(done.exception, UserError)
    assert "does not open with this identity" in str(done.exception)
    assert not (tmp_path / "out").exists(), "nothing half-written"


def test_a_request_without_one_says_so(asked: Any, owner: Any, tmp_path: Path) -> None:
    assert "has no preview" in str(fetch(asked[1], tmp_path).exception)
