"""From the last release to this one, under load: its own chart and images, then those of the working tree.

It takes the place of the farm of the other tests, which tests/kind/test_uninstall.py has ended before.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from built_image import VERSION
from live_farm import QUIET
from pod_farm import CLUSTER, PodFarm, load, understudy, with_images

from understudy_cli.campaign import manifests, watch

pytestmark = [pytest.mark.kind, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]
RELEASE = os.environ.get("LAST_RELEASE", "")
"""The tag of the last release; `make test-kind` sets it, and builds its images."""


@pytest.fixture(scope="module")
def released(farm: PodFarm, owner: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PodFarm]:
    """The last release in pods, with the owner's twin and license."""
    if not RELEASE:
        pytest.skip("no release is tagged: LAST_RELEASE is empty")
    farm.purge()
    load(CLUSTER, f"understudy/operator:{RELEASE}", f"understudy/render:{RELEASE}-cpu")
    sources = _sources_of(RELEASE, tmp_path_factory.mktemp("released"))
    values = sources / "tests" / "kind" / "values.yaml"
    tags = {"operator": RELEASE, "render": f"{RELEASE}-cpu", "minio": os.environ.get("IMAGE_TAG", VERSION)}
    values.write_text(yaml.safe_dump(with_images(yaml.safe_load(values.read_text()), tags)))
    old = replace(farm, chart=sources / "charts" / "understudy", values=values)
    old.give_secrets()
    old.deploy("install")
    _bring_twin(old, owner)
    yield old
    farm.purge()


def _sources_of(release: str, folder: Path) -> Path:
    wanted = ("charts", "tests/kind/values.yaml")
    archive = subprocess.run(["git", "archive", release, *wanted], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "--extract", "--directory", str(folder)], input=archive, check=True)
    return folder


def _bring_twin(farm: PodFarm, owner: Path) -> None:
    for name in (manifests.OWNER_NAMESPACE, manifests.BRAND_NAMESPACE):
        farm.kubectl.apply(manifests.namespace(name))
    where = ("--key", str(owner / "owner.jwk"), "--identity", str(owner / "age.txt"), "--farm-keys", str(farm.keys))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(farm.kubeconfig))
        farm.run("apply", "-f", "-", stdin=understudy("twin", "import", str(owner / "ada.age"), *where))
    terms = manifests.Examples.find().campaign("license.yaml")
    farm.kubectl.apply(manifests.signed_license(owner, terms, farm.thumbprint))
    twin = ("twinmodel", manifests.TWIN, manifests.OWNER_NAMESPACE)
    watch.wait(farm.kubectl, QUIET, "import", twin, watch.twin_look, 120)


@pytest.fixture(scope="module")
def upgraded(farm: PodFarm, tmp_path_factory: pytest.TempPathFactory) -> PodFarm:
    """This release, bound to no node: volumes lie where the values of the last one let them be put."""
    values = yaml.safe_load(farm.values.read_text())
    for part in ("minio", "vault"):
        values[part].pop("nodeSelector")
    path = tmp_path_factory.mktemp("upgraded") / "values.yaml"
    path.write_text(yaml.safe_dump(values))
    return replace(farm, values=path)


def test_jobs_of_the_last_release_go_on_under_this_one(
    released: PodFarm, upgraded: PodFarm, campaign: dict[str, Any]
) -> None:
    before = released.finish_whole(campaign, "before", lambda: None)
    lines = released.index("acme/before/")
    parts = ("operator", "vault", "ray-head", "ray-worker")
    pods = released.uids(*parts)

    def upgrade() -> None:
        upgraded.give_secrets()
        upgraded.deploy("upgrade")

    released.finish_whole(campaign, "meanwhile", upgrade)
    assert not pods & upgraded.uids(*parts), "every part runs the images of this release"
    upgraded.finish_whole(campaign, "after", lambda: None)
    now = upgraded.kubectl.get("renderjob", "before", "acme")["status"]
    assert {key: now[key] for key in ("items", "meteredSeconds")} == {
        key: before["status"][key] for key in ("items", "meteredSeconds")
    }
    assert upgraded.index("acme/before/") == lines, "what was delivered stays as it is"


def test_the_last_release_can_be_gone_back_to(released: PodFarm, campaign: dict[str, Any]) -> None:
    released.helm("rollback", "understudy", "--wait", "--timeout", "5m")
    released.finish_whole(campaign, "back", lambda: None)
