import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.permits import NOT_FOUND, Usage, Use, covers_language, permits
from understudy_api.terms import Terms

FARM = "f" * 43
TERMS = Terms.model_validate(
    {
        "iss": "o" * 43,
        "aud": FARM,
        "jti": "acme-spring-1",
        "iat": 0,
        "nbf": 100,
        "exp": 200,
        "assignee": {"namespace": "acme"},
        "twin": "a" * 64,
        "purposes": ["advertising"],
        "channels": ["social", "web"],
        "territories": ["DE", "FR"],
        "languages": ["de", "fr-FR"],
        "quota": {"seconds": 600},
    }
)


def use(**changes: object) -> Use:
    base: dict[str, object] = {
        "farm": FARM,
        "namespace": "acme",
        "twin": "a" * 64,
        "purpose": "advertising",
        "channels": ["social"],
        "territories": ["DE"],
        "locales": ["de-DE"],
        "seconds": 60,
    }
    return Use.model_validate({**base, **changes})


def test_permitted_within_all_terms() -> None:
    verdict = permits(TERMS, use(), Usage(), 150)
    assert verdict.permitted
    assert verdict.reason == "Permitted"
    assert verdict.message == ""


@pytest.mark.parametrize(
    ("changes", "reason", "words"),
    [
        ({"farm": "g" * 43}, "WrongFarm", "another farm"),
        ({"twin": "b" * 64}, "TwinNotCovered", "another twin"),
        ({"locales": ["de-AT", "ja-JP"]}, "LanguageNotCovered", "ja-JP"),
        ({"locales": ["fr-CA"]}, "LanguageNotCovered", "fr-CA"),
        ({"purpose": "news"}, "PurposeNotCovered", "news"),
        ({"channels": ["social", "cinema"]}, "ChannelNotCovered", "cinema"),
        ({"territories": ["DE", "JP"]}, "TerritoryNotCovered", "JP"),
        ({"seconds": 600.5}, "QuotaExceeded", "600 s"),
    ],
)
def test_each_clause_refuses_alone(changes: dict[str, object], reason: str, words: str) -> None:
    verdict = permits(TERMS, use(**changes), Usage(), 150)
    assert [refusal.reason for refusal in verdict.refusals] == [reason]
    assert words in verdict.message


@pytest.mark.parametrize(
    ("now", "reason"),
    [(99.9, "LicenseNotYetValid"), (100, "Permitted"), (199.9, "Permitted"), (200, "LicenseExpired")],
)
def test_window_is_half_open(now: float, reason: str) -> None:
    assert permits(TERMS, use(), Usage(), now).reason == reason


def test_another_brands_license_looks_missing_whatever_else_is_wrong() -> None:
    verdict = permits(TERMS, use(namespace="rival", territories=["US"], purpose="news"), Usage(), 10_000)
    assert verdict.refusals == (NOT_FOUND,)


@pytest.mark.parametrize(
    ("used", "reserved", "wanted", "permitted"),
    [
        (0, 0, 600, True),
        (540, 0, 60, True),
        (540, 1, 60, False),
        (600, 0, 0, True),
        (601, 0, 0, False),
        (700, 0, 1, False),
    ],
)
def test_quota(used: float, reserved: float, wanted: float, permitted: bool) -> None:
    usage = Usage(used_seconds=used, reserved_seconds=reserved)
    assert permits(TERMS, use(seconds=wanted), usage, 150).permitted is permitted


@pytest.mark.parametrize(
    ("ranges", "locale", "covered"),
    [
        (("de",), "de-AT", True),
        (("de",), "DE", True),
        (("de-AT",), "de", False),
        (("d",), "de", False),
        (("de",), "den", False),
        (("zh-Hant",), "zh-Hant-TW", True),
        ((), "de", False),
    ],
)
def test_language_ranges(ranges: tuple[str, ...], locale: str, covered: bool) -> None:
    assert covers_language(ranges, locale) is covered


@given(
    st.sets(st.sampled_from(["DE", "FR", "JP", "US"]), min_size=1),
    st.sets(st.sampled_from(["social", "web", "cinema"]), min_size=1),
    st.floats(0, 1000),
    st.floats(0, 1000),
    st.floats(0, 400),
)
def test_permitted_only_when_everything_is_covered(
    territories: set[str], channels: set[str], seconds: float, used: float, now: float
) -> None:
    asked = use(territories=sorted(territories), channels=sorted(channels), seconds=seconds)
    verdict = permits(TERMS, asked, Usage(used_seconds=used), now)
    expected = (
        territories <= set(TERMS.territories)
        and channels <= set(TERMS.channels)
        and seconds <= TERMS.quota.seconds - used
        and TERMS.nbf <= now < TERMS.exp
    )
    assert verdict.permitted is expected


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_more_usage_never_permits_more(less: float, more: float) -> None:
    low, high = sorted((less, more))
    if permits(TERMS, use(), Usage(used_seconds=high), 150).permitted:
        assert permits(TERMS, use(), Usage(used_seconds=low), 150).permitted
