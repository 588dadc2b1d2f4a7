"""`license check` says offline what the farm will say, clause by clause; and whatever is signed is read again."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from owner_site import FARM, Desk, opened

from understudy_api.acts import Revocation, read_act
from understudy_api.permits import CLAUSES
from understudy_api.terms import License, read_license
from understudy_cli.errors import UserError

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk where the three example licenses are signed, and a job that the demo's license covers."""
    desk = opened(tmp_path_factory.mktemp("owner"))
    for name in ("campaign/license", "licenses/tokyo-spot", "licenses/exclusive-36-months"):
        terms = EXAMPLES / f"{name}.yaml"
        (desk / terms.name).write_text(terms.read_text())
        desk.save(
            f"license sign {terms.name} --key root.jwk", f"signed-{terms.name}", twin=desk / "twin.yaml", farm=FARM
        )
    (desk / "job.yaml").write_text((EXAMPLES / "campaign" / "renderjob.yaml").read_text())
    return desk


SPOT: dict[str, Any] = {
    "apiVersion": "understudy.dev/v1alpha1",
    "kind": "RenderJob",
    "metadata": {"name": "spot", "namespace": "sakura"},
    "spec": {
        "twinRef": {"namespace": "talent-ada", "name": "ada"},
        "licenseRef": {"namespace": "talent-ada", "name": "sakura-tokyo-spot"},
        "use": {
            "purpose": "advertising",
            "channels": ["out-of-home"],
            "territories": ["JP-13"],
            "categories": ["Food & Drink"],
            "publishUntil": "2027-06-01T00:00:00Z",
        },
        "script": {"scenes": [{"say": "新しいお茶です。"}]},
        "locales": ["ja-JP"],
        "outputs": [{"name": "screen", "width": 1920, "height": 1080}],
    },
}


def check(desk: Desk, job: dict[str, Any] | str, license: str, fails: bool = False, **options: object) -> str:
    if not isinstance(job, str):
        (desk / "asked.yaml").write_text(yaml.safe_dump(job))
        job = "asked.yaml"
    return " ".join(desk.run(f"license check {license} --job {job}", fails=fails, **options).split())


@pytest.mark.parametrize("name", ["tokyo-spot", "exclusive-36-months"])
def test_the_examples_are_signed_and_read(desk: Desk, name: str) -> None:
    manifest = yaml.safe_load((desk / f"signed-{name}.yaml").read_text())
    found = read_license(manifest["spec"]["token"], desk.ring())
    assert isinstance(found, License)
    shown = desk.run(f"license show signed-{name}.yaml", twin=desk / "twin.yaml")
    assert "good, by the owner" in shown
    assert ("Territories: JP-13." in shown) is (name == "tokyo-spot")
    assert ("Exclusive" in shown) is (name != "tokyo-spot")


def test_the_demo_is_allowed(desk: Desk) -> None:
    said = check(desk, "job.yaml", "signed-license.yaml", twin=desk / "twin.yaml", at="2028-06-01")
    assert f"allowed: all {len(CLAUSES) + 1} clauses" in said
    assert "signature: good, by the owner" in said
    assert "refused" not in said


def test_the_spot_is_allowed_in_april_alone(desk: Desk) -> None:
    assert "allowed: all" in check(desk, SPOT, "signed-tokyo-spot.yaml", at="2027-04-10")
    said = check(desk, SPOT, "signed-tokyo-spot.yaml", fails=True, at="2027-06-01")
    assert "LicenseExpired: license: window" in said
    assert "PublicationOver" in said
    assert "refused: 2 of" in said


@pytest.mark.parametrize(
    ("use", "reason"),
    [
        ({"territories": ["JP"]}, "TerritoryNotCovered"),
        ({"channels": ["social"]}, "ChannelNotCovered"),
        ({"categories": ["Politics"]}, "CategoryExcluded"),
        ({"categories": []}, "CategoryNotDeclared"),
        ({"publishUntil": "2027-06-02T00:00:00Z"}, "PublicationTooLate"),
        ({"edits": True}, "MannerNotAllowed"),
        ({"categories": ["Casinos & Gambling"]}, "ConsentRequired"),
    ],
)
def test_each_declaration_is_asked(desk: Desk, use: dict[str, Any], reason: str) -> None:
    job = {**SPOT, "spec": {**SPOT["spec"], "use": {**SPOT["spec"]["use"], **use}}}
    assert f"{reason}: license: " in check(desk, job, "signed-tokyo-spot.yaml", fails=True, at="2027-04-10")


def test_each_amount_is_asked(desk: Desk) -> None:
    twice = {**SPOT, "spec": {**SPOT["spec"], "locales": ["ja-JP", "ja"]}}
    said = check(desk, twice, "signed-tokyo-spot.yaml", fails=True, at="2027-04-10")
    assert "ItemsExceeded: license: quota.items: wanted 2 items, allowed 1 left of 1" in said
    used = check(desk, SPOT, "signed-tokyo-spot.yaml", fails=True, at="2027-04-10", used_items=1, used_seconds=89.5)
    assert "0 left of 1" in used
    assert "0.5 s left of 90 s" in used


def test_another_brands_job_and_another_license(desk: Desk) -> None:
    rival = {**SPOT, "metadata": {"name": "spot", "namespace": "rival"}}
    assert "LicenseNotFound" in check(desk, rival, "signed-tokyo-spot.yaml", fails=True, at="2027-04-10")
    said = check(desk, SPOT, "signed-exclusive-36-months.yaml", fails=True, at="2027-04-10")
    assert "the job's licenseRef is talent-ada/sakura-tokyo-spot, this one is talent-ada/aurora-exclusive-2027" in said


def test_another_farm_and_rows_elsewhere(desk: Desk) -> None:
    assert "WrongFarm" in check(desk, SPOT, "signed-tokyo-spot.yaml", fails=True, at="2027-04-10", farm="x" * 43)
    far = {**SPOT["spec"], "data": {"key": "id", "from": {"s3": "s3://understudy-outputs/sakura/rows.csv"}}}
    assert "not read offline" in check(desk, {**SPOT, "spec": far}, "signed-tokyo-spot.yaml", at="2027-04-10")


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ({"kind": "License"}, "wanted a RenderJob"),
        ({**SPOT, "spec": {**SPOT["spec"], "locales": []}}, r"spec\.locales"),
        ({**SPOT, "spec": {**SPOT["spec"], "use": {**SPOT["spec"]["use"], "categories": ["Tee"]}}}, "no category"),
        (
            {
                **SPOT,
                "spec": {
                    **SPOT["spec"],
                    "script": {"scenes": [{"say": "{name}"}]},
                    "data": {"key": "id", "rows": [{"id": 1}]},
                },
            },
            "RenderJob: ",
        ),
    ],
)
def test_a_job_that_is_none_is_one_line(desk: Desk, job: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        check(desk, job, "signed-tokyo-spot.yaml", at="2027-04-10")
    assert "\n" not in str(caught.value)


def test_revocation_is_an_act_for_this_license(desk: Desk) -> None:
    twin = desk / "twin.yaml"
    (manifest,) = desk.save(
        "license revoke signed-tokyo-spot.yaml --key root.jwk --reason over", "revoke.yaml", twin=twin
    )
    found = read_act(manifest["spec"]["act"], desk.ring(), 2e9)
    assert isinstance(found, Revocation)
    assert (found.jti, found.reason) == ("sakura-tokyo-spot", "over")
    assert manifest["metadata"]["name"].startswith("ada-revoke-")


def test_revoking_for_another_twin_is_refused(desk: Desk) -> None:
    desk.save(
        "twin init bob --key root.jwk -n talent-ada", "bob.yaml", capture="s3://understudy-outputs/talent-ada/b.mp4"
    )
    with pytest.raises(UserError, match="licenses another twin"):
        desk.run("license revoke signed-tokyo-spot.yaml --key root.jwk", twin=desk / "bob.yaml")


def test_a_delegated_key_signs_licenses(desk: Desk) -> None:
    twin = desk / "twin.yaml"
    desk.save("keys delegate --key root.jwk --role license --to root-license.jwk", "r1.yaml", twin=twin)
    options = {"twin": twin, "farm": FARM}
    with pytest.raises(UserError, match="is neither the key that owns"):
        desk.run("license sign tokyo-spot.yaml --key root-license.jwk", **options)
    (manifest,) = desk.save(
        "license sign tokyo-spot.yaml --key root-license.jwk --records r1.yaml", "by-agent.yaml", **options
    )
    assert isinstance(read_license(manifest["spec"]["token"], desk.ring("r1.yaml")), License)
    assert "good" in desk.run("license show by-agent.yaml --records r1.yaml", twin=twin)


def test_new_terms_are_written_once(desk: Desk) -> None:
    desk.run("license new fresh.yaml")
    assert desk.run("license new") == (desk / "fresh.yaml").read_text()
    with pytest.raises(UserError, match="exists already"):
        desk.run("license new fresh.yaml")
    desk.save("license sign fresh.yaml --key root.jwk", "signed-fresh.yaml", twin=desk / "twin.yaml", farm=FARM)
