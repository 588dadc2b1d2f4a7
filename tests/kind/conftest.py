"""A kind cluster of `make kind-up`, the chart installed on it, and a twin that was trained outside of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
import yaml
from built_image import VERSION
from live_farm import small_campaign, with_twin
from pod_farm import CLUSTER, VALUES, Desk, PodFarm, cluster_of, understudy, with_images

from understudy_cli.campaign import manifests
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def bare_cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kubeconfig of the cluster; skipped where there is none."""
    if shutil.which("kind") is None:
        pytest.skip("kind is not on the PATH")
    kubeconfig = cluster_of(CLUSTER, tmp_path_factory.mktemp("kind"))
    if kubeconfig is None:
        pytest.skip(f"there is no kind cluster {CLUSTER}: make kind-up")
    return kubeconfig


@pytest.fixture(scope="session")
def desk(bare_cluster: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Where people sit who follow the documents: the sources, and values for a small cluster."""
    folder = tmp_path_factory.mktemp("desk")
    for name in ("examples", "charts"):
        (folder / name).symlink_to(ROOT / name)
    tag = os.environ.get("IMAGE_TAG", VERSION)
    tags = {"operator": tag, "render": f"{tag}-cpu", "minio": tag}
    values = with_images(yaml.safe_load(VALUES.read_text()), tags)
    (folder / "values.yaml").write_text(yaml.safe_dump(values))
    return Desk(folder, bare_cluster)


@pytest.fixture(scope="session")
def farm(desk: Desk) -> Iterator[PodFarm]:
    """The chart, installed as docs/install.md has it, with the images that `make kind-up` loaded."""
    farm = PodFarm(desk.kubeconfig, desk.folder / "farm-keys", desk.folder / "values.yaml")
    farm.purge()  # what a run that was ended left
    desk.follow("install.md")
    yield farm
    farm.purge()


@pytest.fixture(scope="session")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An owner's folder: root key, twin.yaml, and the twin as `understudy twin export` took it out of a farm without pods."""
    folder, home = tmp_path_factory.mktemp("owner"), Home(tmp_path_factory.mktemp("elsewhere") / "home")
    identity = pyrage.x25519.Identity.generate()
    (folder / "age.txt").write_text(f"{identity}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSTUDY_HOME", str(home.root))
        try:
            with_twin(Farm(home), folder)
            where = ("ada", "-n", manifests.OWNER_NAMESPACE, "--key", str(folder / "owner.jwk"))
            recipient = str(identity.to_public())
            understudy("twin", "export", *where, "--to", recipient, "--out", str(folder / "ada.age"))
        finally:
            Farm(home).purge()
    for kept in folder.glob("license-*.yaml"):  # they name that farm
        kept.unlink()
    return folder


@pytest.fixture(scope="session")
def licensed(farm: PodFarm, owner: Path, desk: Desk) -> PodFarm:
    """The farm with the owner's twin and licenses, as docs/first-campaign.md brings them there."""
    (desk.folder / "owner").symlink_to(owner)
    desk.follow("first-campaign.md")
    examples = manifests.Examples.find().campaign("license-europe.yaml")
    farm.kubectl.apply(manifests.signed_license(owner, examples, farm.thumbprint))
    return farm


@pytest.fixture(scope="session")
def campaign() -> dict[str, Any]:
    """The demo's job cut down to two rows, two locales and two small formats."""
    return small_campaign()
