"""The demo's objects: read from examples/, signed with an owner key that is made once and kept in the farm's home."""

from __future__ import annotations

import copy
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from understudy_api import token
from understudy_api.keyring import Keyring
from understudy_api.terms import sign_license
from understudy_cli import capture_consent
from understudy_cli.errors import UserError
from understudy_cli.files import read_key, read_mapping, write_new
from understudy_cli.license import genesis_of, license_manifest
from understudy_cli.license_terms import claims_from
from understudy_cli.owner_vault import OwnerVault
from understudy_cli.twin_init import twin_manifest

OWNER_NAMESPACE: Final = "talent-ada"
BRAND_NAMESPACE: Final = "acme"
TWIN: Final = "ada"
CAPTURE_KEY: Final = f"{OWNER_NAMESPACE}/captures/ada.mp4"
WITNESS: Final = "the demo itself"
CHANGED_SENTENCE: Final = ("Every piece is made to last.", "Every piece is made from recycled cotton.")


@dataclass(frozen=True)
class Examples:
    """The folder of ready examples."""

    root: Path

    @classmethod
    def find(cls) -> Examples:
        """`examples/` of the checkout this command runs from; UserError elsewhere."""
        root = Path(__file__).resolve().parents[3] / "examples"
        if not (root / "campaign" / "renderjob.yaml").is_file():
            raise UserError(f"{root}: no examples there; run `make demo` in a clone of the project")
        return cls(root)

    @property
    def capture(self) -> Path:
        """The synthetic presenter's footage."""
        return self.root / "captures" / "ada.mp4"

    def campaign(self, name: str) -> dict[str, Any]:
        """One document of the demo campaign."""
        return read_mapping(self.root / "campaign" / name, name)


def namespace(name: str) -> dict[str, Any]:
    """A Namespace object."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def twin(folder: Path, outputs_bucket: str, effort: str) -> dict[str, Any]:
    """The demo's TwinModel; made and signed on the first call, the very same ever after."""
    key, kept = folder / "owner.jwk", folder / "twin.yaml"
    if not key.exists():
        write_new(key, json.dumps(token.new_key().as_dict(private=True)) + "\n", private=True)
    if not kept.exists():
        manifest = twin_manifest(TWIN, key, OWNER_NAMESPACE, f"s3://{outputs_bucket}/{CAPTURE_KEY}", effort, "f2")
        write_new(kept, yaml.safe_dump(manifest, sort_keys=False))
    return read_mapping(kept, "the demo's TwinModel")


def consented(folder: Path, model: dict[str, Any], capture: Path, vault: OwnerVault) -> dict[str, Any]:
    """The demo's TwinModel with its owner's consent to the capture; asked for and signed on the first call.

    The owner asks the vault for a passcode and signs at once. Nobody says it in the film, which was drawn before: consent is
    what owner and witness sign, and here both are the demo.
    """
    kept = folder / "twin-consented.yaml"
    if not kept.exists():
        ring, owner = Keyring(genesis_of(model, "twin.yaml")), read_key(folder / "owner.jwk")
        given = vault.passcode(owner, ring)
        manifest = capture_consent.consented(model, ring, owner, capture, given.text, WITNESS)
        write_new(kept, yaml.safe_dump(manifest, sort_keys=False))
    return read_mapping(kept, "the demo's TwinModel with consent")


def signed_license(folder: Path, terms: dict[str, Any], farm: str) -> dict[str, Any]:
    """A License for the demo's twin; signed on the first call, the very same ever after."""
    kept = folder / f"license-{terms['id']}.yaml"
    if not kept.exists():
        owner, model = read_key(folder / "owner.jwk"), read_mapping(folder / "twin.yaml", "the demo's TwinModel")
        claims = claims_from(
            terms,
            f"license {terms['id']}",
            owner=token.thumbprint(owner),
            farm=farm,
            twin_id=genesis_of(model, "twin.yaml").twin_id,
            now=int(time.time()),
        )
        manifest = license_manifest(claims, sign_license(owner, claims), model["metadata"])
        write_new(kept, yaml.safe_dump(manifest, sort_keys=False))
    return read_mapping(kept, "a license of the demo")


def refused(job: dict[str, Any]) -> dict[str, Any]:
    """The same campaign under a license that does not cover Japan."""
    other = copy.deepcopy(job)
    other["metadata"]["name"] = "spring-unlicensed"
    other["spec"]["licenseRef"]["name"] = "acme-europe"
    return other


def changed(job: dict[str, Any]) -> dict[str, Any]:
    """The same campaign with one variable-free English sentence changed."""
    before, after = CHANGED_SENTENCE
    other = copy.deepcopy(job)
    other["metadata"]["name"] = "spring-reworded"
    found = [scene for scene in other["spec"]["script"]["scenes"] if before in scene["say"]]
    if len(found) != 1:
        raise UserError(f"examples/campaign/renderjob.yaml: wanted one scene with {before!r}, got {len(found)}")
    found[0]["say"] = found[0]["say"].replace(before, after)
    return other
