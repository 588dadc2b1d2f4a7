from pathlib import Path

import pytest

from understudy_api import message, token
from understudy_api.keyring import Keyring
from understudy_api.languages import speaks
from understudy_api.renderjob import RenderJobSpec
from understudy_api.terms import License, read_license
from understudy_api.twinmodel import TwinModelSpec
from understudy_cli.campaign import manifests
from understudy_cli.errors import UserError
from understudy_cli.license import genesis_of

FARM = token.thumbprint(token.new_key())
EXAMPLES = manifests.Examples.find()
JOB = EXAMPLES.campaign("renderjob.yaml")


def sentences(spec: RenderJobSpec) -> list[tuple[str, str]]:
    found = [(str(spec.script.locale), scene.say) for scene in spec.script.scenes]
    for locale, translation in spec.translations.items():
        found += [(locale, scene.say) for scene in translation.scenes]
    return found


def test_the_campaign_is_what_the_readme_promises() -> None:
    spec = RenderJobSpec.model_validate(JOB["spec"])
    assert spec.data is not None
    assert spec.data.rows is not None
    assert len(spec.data.rows) * len(spec.locales) * len(spec.outputs) == 36
    assert {len(t.scenes) for t in spec.translations.values()} == {len(spec.script.scenes)}
    assert all(speaks(locale) for locale in spec.locales)


def test_every_scene_parses_and_every_row_fills_it() -> None:
    spec = RenderJobSpec.model_validate(JOB["spec"])
    assert spec.data is not None
    for locale, text in sentences(spec):
        parsed = message.parse(text)
        assert isinstance(parsed, message.Message), (locale, parsed)
        for row in spec.data.rows or ():
            assert message.check_row(parsed, row) == ()


def test_the_owner_and_the_licenses_are_made_once(tmp_path: Path) -> None:
    first = manifests.twin(tmp_path, "understudy-outputs", "Quick")
    assert manifests.twin(tmp_path, "understudy-outputs", "Quick") == first
    TwinModelSpec.model_validate(first["spec"])
    terms = EXAMPLES.campaign("license.yaml")
    signed = manifests.signed_license(tmp_path, terms, FARM)
    assert manifests.signed_license(tmp_path, terms, FARM) == signed
    checked = read_license(signed["spec"]["token"], Keyring(genesis_of(first, "twin.yaml")))
    assert isinstance(checked, License)
    assert checked.terms.assignee.namespace == manifests.BRAND_NAMESPACE
    assert (tmp_path / "owner.jwk").stat().st_mode & 0o777 == 0o600


def test_the_european_license_does_not_cover_japan() -> None:
    terms = EXAMPLES.campaign("license-europe.yaml")
    assert "JP" not in terms["territories"]
    assert manifests.refused(JOB)["spec"]["licenseRef"]["name"] == terms["id"]


def test_the_changed_job_differs_in_one_sentence_alone() -> None:
    other = manifests.changed(JOB)
    before, after = RenderJobSpec.model_validate(JOB["spec"]), RenderJobSpec.model_validate(other["spec"])
    differing = [new for old, new in zip(sentences(before), sentences(after), strict=True) if old != new]
    assert len(differing) == 1
    assert manifests.CHANGED_SENTENCE[1] in differing[0][1]
    assert after.model_copy(update={"script": before.script}) == before
    assert JOB["metadata"]["name"] == "spring"


def test_a_script_without_the_sentence_is_named() -> None:
    other = manifests.changed(JOB)
    with pytest.raises(UserError, match="wanted one scene"):
        manifests.changed(other)
