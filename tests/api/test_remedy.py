"""The smallest change: concrete, about the job's own fields, and legal afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from understudy_api.permits import Size, Usage, Use, permits
from understudy_api.remedy import remedies
from understudy_api.renderjob import RenderJobSpec
from understudy_api.terms import Terms
from understudy_api.verdict import Refusal

NOW = 1_780_000_000


def a_spec(**changed: Any) -> RenderJobSpec:
    spec: dict[str, Any] = {
        "twinRef": {"namespace": "talent-ada", "name": "ada"},
        "licenseRef": {"namespace": "talent-ada", "name": "spring"},
        "use": {"purpose": "news", "channels": ["social", "cinema"], "territories": ["DE", "JP"], "singing": True},
        "script": {"scenes": [{"say": "Hi {name}!"}]},
        "locales": ["en-GB", "ja-JP"],
        "data": {"key": "id", "rows": [{"id": str(n), "name": "x"} for n in range(10)]},
        "outputs": [{"name": "wide", "width": 640, "height": 360}, {"name": "tall", "width": 360, "height": 640}],
    }
    return RenderJobSpec.model_validate({**spec, **changed})


def refused(spec: RenderJobSpec, seconds: float = 10.0, **terms: Any) -> tuple[Refusal, ...]:
    known: dict[str, Any] = {
        "iss": "A" * 43,
        "aud": "B" * 43,
        "jti": "spring-2026",
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 1000,
        "assignee": {"namespace": "acme"},
        "twin": "c" * 64,
        "purposes": ("advertising",),
        "channels": ("social",),
        "territories": ("DE",),
        "languages": ("en",),
        "quota": {"seconds": 1000},
    }
    use = Use(
        purpose=spec.use.purpose,
        channels=spec.use.channels,
        territories=spec.use.territories,
        singing=spec.use.singing,
        farm="B" * 43,
        namespace="acme",
        twin="c" * 64,
        locales=spec.locales,
        formats=tuple(Size(width=one.width, height=one.height) for one in spec.outputs),
        seconds=seconds,
    )
    return permits(Terms.model_validate({**known, **terms}), use, Usage(), NOW + 1).refusals


def told(**terms: Any) -> tuple[str, ...]:
    spec = a_spec()
    return remedies(spec, refused(spec, **terms))


@pytest.mark.parametrize(
    "wanted",
    [
        "take ja-JP out of spec.locales; en-GB may stay",
        "take cinema out of spec.use.channels; social may stay",
        "take JP out of spec.use.territories; DE may stay",
        "set spec.use.purpose to advertising, if that is what it is for",
        "set spec.use.singing to false",
    ],
)
def test_each_clause_has_its_change(wanted: str) -> None:
    assert wanted in told()


def test_outputs_are_named_as_the_job_names_them() -> None:
    assert "take tall out of spec.outputs; wide may stay" in told(formats=({"aspect": "landscape"},))


def test_too_many_seconds_keep_as_many_rows_as_fit() -> None:
    spec = a_spec()
    found = remedies(spec, refused(spec, seconds=4000.0))
    assert any(
        one.startswith("keep 1 of 2 in spec.") or one.startswith("keep 2 of 10 in spec.data.rows") for one in found
    )
    one = remedies(spec, refused(spec, seconds=1250.0))
    assert "keep 8 of 10 in spec.data.rows: about 1000 s are left and 1250 s are wanted" in one


def test_when_nothing_of_a_field_is_covered_only_the_owner_helps() -> None:
    assert "nothing of spec.locales is covered: ask the owner to extend the license" in told(languages=("fr",))


def test_what_has_no_rule_of_its_own_keeps_its_cure() -> None:
    one = Refusal(
        reason="ContentBlocked", message="script (en): 'x' is hate speech that no farm renders; change the words"
    )
    assert remedies(a_spec(), [one, one]) == ("change the words",)
    assert remedies(a_spec(), [Refusal(reason="X", message="whole")]) == ("whole",)


def test_doing_what_it_says_makes_it_legal() -> None:
    use = {"purpose": "advertising", "channels": ["social"], "territories": ["DE"], "singing": False}
    assert refused(a_spec(use=use, locales=["en-GB"])) == ()
