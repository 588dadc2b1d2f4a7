"""Admission: every refusal with its reason, in words that name the cure; secrets of other brands stay secret."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import (
    DAY,
    NOW,
    UID,
    VERSION,
    a_genesis_record,
    a_job,
    a_job_spec,
    a_key,
    a_license_token,
    a_license_view,
    a_log,
    a_twin_view,
    an_account,
    an_identity,
    frozen,
)

from understudy_api.order import S3Credentials
from understudy_api.owner_word import OwnerWord
from understudy_api.permits import NOT_FOUND
from understudy_api.receipt import Totals
from understudy_api.renderjob_status import RenderJobStatus
from understudy_api.token import thumbprint
from understudy_api.verdict import Verdict
from understudy_operator.core.actions import UNSIGNED
from understudy_operator.core.admission import FREEZING, Admission, Permitted, Refused, Waiting, admit
from understudy_operator.core.decide import decide_job
from understudy_operator.core.state import ContentProblem, CredentialsProblem, JobState, SpecProblem


def _reasons(admission: Admission) -> list[str]:
    assert isinstance(admission, Refused), admission
    return [refusal.reason for refusal in admission.verdict.refusals]


def _tampered(token: str, part: int) -> str:
    """The token with one character of its header, payload or signature changed."""
    parts = token.split(".")
    letters = list(parts[part])
    at = len(letters) // 2
    letters[at] = "A" if letters[at] != "A" else "B"
    parts[part] = "".join(letters)
    return ".".join(parts)


def _licensed(**changed: Any) -> JobState:
    return a_job(license=a_license_view(a_license_token(**changed)))


def test_a_job_that_may_be_made_becomes_an_unsigned_order() -> None:
    admission = admit(a_job(), NOW)
    assert isinstance(admission, Permitted)
    order = admission.order
    assert (order.uid, order.generation, order.namespace, order.job, order.pool) == (
        UID,
        1,
        "acme",
        "spring",
        "default",
    )
    assert (order.twin.version, order.grant, order.total_items) == (VERSION, UNSIGNED, 8)
    assert (order.delivery.bucket, order.delivery.prefix) == ("understudy-outputs", "acme/spring/")
    assert order.content.scenes["de-DE"] == ("Hallo {name}! Der Frühling ist da.",)
    assert admission.digest == order.digest
    assert 8 * 2 < admission.seconds < 8 * 30


def test_a_job_stays_on_the_license_that_admitted_it_until_its_brand_changes_it() -> None:
    first, other = a_job(), _licensed(quota={"seconds": 999})
    admitted = decide_job(first, NOW).status
    assert admitted is not None
    found = admit(replace(other, status=admitted), NOW)
    assert _reasons(found) == ["LicenseChanged"]
    assert "set suspend to true and back to false" in found.verdict.message  # type: ignore[union-attr]
    assert isinstance(admit(replace(first, status=admitted), NOW), Permitted)
    changed = replace(other, status=admitted, identity=an_identity(generation=2))
    assert isinstance(admit(changed, NOW), Permitted)


def test_a_changed_job_that_has_to_wait_first_takes_the_new_license_too() -> None:
    admitted = decide_job(a_job(), NOW).status
    waiting = replace(
        _licensed(quota={"seconds": 999}), status=admitted, identity=an_identity(generation=2), content=None
    )
    assert isinstance(admit(waiting, NOW), Waiting)
    status = decide_job(waiting, NOW).status
    assert status is not None
    assert status.license_digest is None
    assert isinstance(admit(replace(waiting, status=status, content=a_job().content), NOW), Permitted)


@pytest.mark.parametrize(
    ("changed", "at", "reason"),
    [
        ({"exp": int(NOW) + 5}, NOW + 5, "LicenseExpired"),
        ({"nbf": int(NOW) + 5}, NOW, "LicenseNotYetValid"),
        ({"aud": thumbprint(a_key("other farm"))}, NOW, "WrongFarm"),
        ({"purposes": ("news",)}, NOW, "PurposeNotCovered"),
        ({"channels": ("web",)}, NOW, "ChannelNotCovered"),
        ({"territories": ("DE",)}, NOW, "TerritoryNotCovered"),
        ({"languages": ("en",)}, NOW, "LanguageNotCovered"),
        ({"quota": {"seconds": 2}}, NOW, "QuotaExceeded"),
        ({"twin": "0" * 64}, NOW, "TwinNotCovered"),
        ({"iss": thumbprint(a_key("somebody"))}, NOW, "WrongIssuer"),
    ],
)
def test_a_license_that_does_not_cover_the_job_refuses_it(changed: dict[str, Any], at: float, reason: str) -> None:
    admission = admit(_licensed(**changed), at)
    assert _reasons(admission) == [reason]
    assert isinstance(admission, Refused)
    assert admission.verdict.message.startswith("license")


@pytest.mark.parametrize(
    "token",
    [
        a_license_token(assignee={"namespace": "rival"}),
        _tampered(a_license_token(assignee={"namespace": "rival"}), 2),
        a_license_token(signer="thief", assignee={"namespace": "rival"}),
        a_license_token(assignee={"namespace": "rival"}, aud=thumbprint(a_key("other farm"))),
        a_license_token(assignee={"namespace": "rival"}, exp=int(NOW) - 10),
    ],
)
def test_another_brands_license_answers_exactly_like_a_missing_one(token: str) -> None:
    missing = admit(a_job(license=None), NOW)
    theirs = admit(a_job(license=a_license_view(token)), NOW)
    assert theirs == missing
    assert isinstance(missing, Refused)
    assert missing.verdict == Verdict(refusals=(NOT_FOUND,)).at("admission")


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (OwnerWord(revoked={"acme-spring-2026": NOW - 5}), "LicenseRevoked"),
        (OwnerWord(stops={"0" * 64: NOW - 5}), "TwinStopped"),
    ],
)
def test_what_the_owner_said_since_is_a_clause_of_the_rule(word: OwnerWord, reason: str) -> None:
    admission = admit(a_job(twin=a_twin_view(word=word)), NOW)
    assert isinstance(admission, Refused)
    (said,) = admission.verdict.refusals
    assert (said.reason, said.gate, said.clause) == (reason, "admission", "revocation")
    assert (said.wanted, said.allowed) == ("to make more", "nothing")
    assert admission.digest is not None, "a running order is known, so that it is stopped"


def test_a_revocation_of_another_license_says_nothing() -> None:
    word = OwnerWord(revoked={"acme-autumn-2026": NOW - 5})
    assert isinstance(admit(a_job(twin=a_twin_view(word=word)), NOW), Permitted)


def test_an_erased_twin_is_refused_whatever_its_licenses_say() -> None:
    assert _reasons(admit(a_job(twin=a_twin_view(word=OwnerWord(erased_at=NOW))), NOW)) == ["TwinErased"]


@pytest.mark.parametrize("part", [1, 2])
def test_a_license_altered_by_one_character_is_refused(part: int) -> None:
    admission = admit(a_job(license=a_license_view(_tampered(a_license_token(), part))), NOW)
    assert _reasons(admission)[0] in {"BadSignature", "MalformedToken"}


def test_a_license_signed_by_somebody_else_is_refused() -> None:
    assert _reasons(admit(a_job(license=a_license_view(a_license_token(signer="thief"))), NOW)) == ["SignerNotAllowed"]


def test_a_twin_of_another_owner_does_not_inherit_licenses() -> None:
    theirs = a_twin_view(genesis=a_genesis_record("other owner"))
    assert _reasons(admit(a_job(twin=theirs), NOW)) == ["SignerNotAllowed"]


def test_a_missing_twin_is_refused_and_an_untrained_one_waited_for() -> None:
    assert _reasons(admit(a_job(twin=None), NOW)) == ["TwinNotFound"]
    training = a_twin_view(ready=False, version=None, message="the twin is being trained")
    waiting = admit(a_job(twin=training), NOW)
    assert isinstance(waiting, Waiting)
    assert waiting.reason == "TwinNotReady"
    assert "the twin is being trained" in waiting.message


def test_a_twin_whose_genesis_is_broken_is_refused() -> None:
    broken = a_twin_view(genesis=_tampered(a_genesis_record(), 2))
    assert _reasons(admit(a_job(twin=broken), NOW)) == ["TwinNotValid"]


@pytest.mark.parametrize(
    ("changed", "reason", "word"),
    [
        ({"script": {"scenes": [{"say": "Hi {name"}]}}, "ScriptUnreadable", "script.scenes[0].say"),
        ({"script": {"scenes": [{"say": "..."}]}}, "ScriptUnreadable", "nothing to say"),
        ({"translations": {"de-DE": {"scenes": [{"say": "{n, plural}"}]}}}, "ScriptUnreadable", "translations.de-DE"),
        ({"translations": {}}, "TranslationMissing", "de-DE"),
        ({"translations": {"de": {"scenes": [{"say": "a"}, {"say": "b"}]}}}, "SceneCountDiffers", "wanted 1 scenes"),
        (
            {"destination": {"s3": "s3://understudy-outputs/rival/x/"}},
            "PlaceNotAllowed",
            "s3://understudy-outputs/acme/",
        ),
        ({"data": {"key": "id", "from": {"s3": "s3://understudy-staging/a.csv"}}}, "PlaceNotAllowed", "farm alone"),
        ({"locales": ["en-GB", "xx-YY"], "translations": {"xx": {"scenes": [{"say": "x"}]}}}, "UnknownLocale", "xx-YY"),
    ],
)
def test_a_spec_that_cannot_be_made_is_refused_by_name(changed: dict[str, Any], reason: str, word: str) -> None:
    spec = a_job_spec(**changed)
    license_ = a_license_view(a_license_token(languages=("en", "de", "fr", "xx")))
    admission = admit(a_job(spec, license=license_, content=None), NOW)
    assert reason in _reasons(admission)
    assert isinstance(admission, Refused)
    assert word in admission.verdict.message


def test_words_that_no_farm_renders_are_refused_whatever_the_license_says() -> None:
    spec = a_job_spec(script={"scenes": [{"say": "Hello {name}, our tea cures cancer."}]})
    admission = admit(a_job(spec), NOW)
    assert _reasons(admission) == ["ContentBlocked"]
    assert isinstance(admission, Refused)
    assert "cures cancer" in admission.verdict.message
    assert admission.verdict.message.endswith("change the words")


def test_every_refusal_is_told_at_once() -> None:
    spec = a_job_spec(
        use={"purpose": "news", "channels": ["email"], "territories": ["JP"]},
        destination={"s3": "s3://elsewhere/x/"},
    )
    assert _reasons(admit(a_job(spec, content=None), NOW)) == [
        "PurposeNotCovered",
        "ChannelNotCovered",
        "TerritoryNotCovered",
        "PlaceNotAllowed",
    ]


def test_a_spec_the_models_refuse_is_a_condition() -> None:
    state = a_job()
    broken = JobState(**{**vars(state), "spec": SpecProblem(message="spec.priority: wanted an integer")})
    assert _reasons(admit(broken, NOW)) == ["SpecInvalid"]


def test_missing_credentials_are_named() -> None:
    spec = a_job_spec(destination={"s3": "s3://brand/x/", "credentialsRef": {"name": "acme-s3"}})
    missing = CredentialsProblem(message="destination.credentialsRef: no Secret acme-s3; create it")
    admission = admit(a_job(spec, credentials=missing), NOW)
    assert _reasons(admission) == ["CredentialsNotFound"]
    there = S3Credentials(endpoint="https://s3.example", access_key="a", secret_key="b")
    permitted = admit(a_job(spec, credentials=there), NOW)
    assert isinstance(permitted, Permitted)
    assert permitted.order.delivery.credentials == there
    assert "secret_key" not in repr(permitted.order.delivery)


def test_rows_are_frozen_only_when_nothing_else_speaks_against_the_job() -> None:
    waiting = admit(a_job(content=None), NOW)
    assert isinstance(waiting, Waiting)
    assert waiting.reason == FREEZING
    assert _reasons(admit(a_job(content=None, license=None), NOW)) == ["LicenseNotFound"]


def test_a_problem_of_the_rows_is_a_refusal() -> None:
    problem = ContentProblem(request="0" * 64, reason="DuplicateKey", message="data: row 2: id '1' twice", at=NOW)
    admission = admit(a_job(content=problem), NOW)
    assert _reasons(admission) == ["DuplicateKey"]


@pytest.mark.parametrize(
    ("used", "claims", "reason"),
    [
        (20, {}, None),
        (20, {UID: 180.0}, None),
        (20, {"other": 177.0}, None),
        (20, {"other": 177.5}, "QuotaExceeded"),
        (20, {"other": 180.0}, "QuotaExceeded"),
        (200, {}, "QuotaExceeded"),
    ],
)
def test_a_job_is_refused_when_not_even_the_shortest_takes_would_fit(
    used: float, claims: dict[str, float], reason: str | None
) -> None:
    """Eight items take at least 8 x 0.32 s; the upper bound of some 66 s does not count against it."""
    token = a_license_token(quota={"seconds": 200})
    admission = admit(a_job(license=a_license_view(token, an_account(token, used, **claims))), NOW)
    assert isinstance(admission, Refused if reason else Permitted)
    assert reason is None or _reasons(admission) == [reason]


def test_a_running_job_goes_on_with_little_or_nothing_left() -> None:
    token = a_license_token(quota={"seconds": 70})
    first = admit(a_job(license=a_license_view(token)), NOW)
    assert isinstance(first, Permitted)
    log = a_log(first.digest, Totals(done=7, metered_seconds=60.0))
    for used in (60.0, 70.0):
        view = a_license_view(token, an_account(token, used))
        assert isinstance(admit(a_job(license=view, log=log), NOW), Permitted), "it may be over, or carry what it needs"


def test_a_twin_trained_anew_does_not_change_what_is_being_made() -> None:
    first = admit(a_job(), NOW)
    assert isinstance(first, Permitted)
    known = RenderJobStatus(twin_version=VERSION, order_digest=first.digest)
    anew = a_twin_view(version="ef" * 32)
    same = admit(a_job(twin=anew, status=known), NOW)
    assert isinstance(same, Permitted)
    assert same.digest == first.digest
    untrained = a_twin_view(ready=False, version=None)
    assert isinstance(admit(a_job(twin=untrained, status=known), NOW), Permitted)
    changed = a_job_spec(script={"scenes": [{"say": "Hello {name}!"}]})
    other = admit(a_job(changed, twin=anew, status=known, identity=an_identity(generation=2)), NOW)
    assert isinstance(other, Permitted)
    assert other.order.twin.version == "ef" * 32


def test_a_refused_job_still_knows_its_order() -> None:
    state = a_job(license=a_license_view(a_license_token(exp=int(NOW) + DAY)))
    admission = admit(state, NOW + 2 * DAY)
    assert isinstance(admission, Refused)
    permitted = admit(state, NOW)
    assert isinstance(permitted, Permitted)
    assert admission.digest == permitted.digest


def test_the_twins_own_rate_shortens_the_bound() -> None:
    slow, fast = (admit(a_job(twin=a_twin_view(rate_words_per_minute=rate)), NOW) for rate in (80, 300))
    assert isinstance(slow, Permitted)
    assert isinstance(fast, Permitted)
    assert fast.seconds < slow.seconds / 2
    assert slow.seconds == frozen(a_job_spec()).spoken_seconds * 2
