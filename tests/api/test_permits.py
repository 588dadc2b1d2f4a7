"""The rule: every clause refuses alone, with its reason, what was wanted, what is allowed and the cure."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.permits import CLAUSES, NOT_FOUND, Usage, Use, covers_language, findings, permits, stands
from understudy_api.terms import Terms

GOLDEN = Path(__file__).parent / "golden" / "refusals.txt"
FARM = "f" * 43
DAY = 86_400
PREVIEW: dict[str, Any] = {"preview": True, "preview_recipient": "age1" + "q" * 58}
BASE: dict[str, Any] = {
    "iss": "o" * 43,
    "aud": FARM,
    "jti": "acme-spring-1",
    "iat": 0,
    "nbf": 100,
    "exp": 200,
    "assignee": {"namespace": "acme"},
    "twin": "a" * 64,
    "purposes": ["advertising", "education"],
    "channels": ["social", "web"],
    "territories": ["DE", "FR"],
    "languages": ["de", "fr-FR"],
    "quota": {"seconds": 600},
}
TERMS = Terms.model_validate(BASE)


def terms(**changes: Any) -> Terms:
    return Terms.model_validate({**BASE, **changes})


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


def usage(**changes: Any) -> Usage:
    return Usage.model_validate(changes)


def test_permitted_within_all_terms() -> None:
    verdict = permits(TERMS, use(), Usage(), 150)
    assert verdict.permitted
    assert verdict.reason == "Permitted"
    assert verdict.message == ""


WIDE = {"width": 1280, "height": 720}
TALL = {"width": 720, "height": 1280}
LANDSCAPE = [{"aspect": "landscape", "max_height": 720}]
STATUS = {"status": {"index": 3, "ttl_seconds": 30}}

# terms, use, usage, then: reason, clause, wanted, allowed
REFUSED: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], tuple[str, str, str, str]]] = [
    (
        {}, {"farm": "g" * 43}, {},
        ("WrongFarm", "aud", f"farm {'g' * 12} (the license is for another farm)", f"farm {'f' * 12}"),
    ),
    ({}, {"twin": "b" * 64}, {}, ("TwinNotCovered", "twin", f"{'b' * 12} (another twin)", "a" * 12)),
    ({"versions": ["c" * 64]}, {"version": "d" * 64}, {}, ("VersionNotCovered", "versions", "d" * 12, "c" * 12)),
    ({"versions": ["c" * 64]}, {}, {}, ("VersionNotCovered", "versions", "no version yet", "c" * 12)),
    ({}, {}, {"revoked": True}, ("LicenseRevoked", "revocation", "to make more", "nothing")),
    ({}, {}, {"stopped": True}, ("TwinStopped", "revocation", "to make more", "nothing")),
    ({}, {}, {"revoked": True, "stopped": True}, ("TwinStopped", "revocation", "to make more", "nothing")),
    (STATUS, {}, {}, ("StatusUnknown", "status", "to go on without a status list", "a list younger than 30 s")),
    (
        STATUS, {}, {"status": "valid"},
        ("StatusUnknown", "status", "to go on without a status list", "a list younger than 30 s"),
    ),
    (
        STATUS, {}, {"status": "valid", "status_iat": 120},
        ("StatusStale", "status", "to go on by a list 30 s old", "a list younger than 30 s"),
    ),
    (
        STATUS, {}, {"status": "valid", "status_iat": 140, "status_until": 150},
        ("StatusStale", "status", "to go on by a list 10 s old", "a list younger than 30 s"),
    ),
    (
        STATUS, {}, {"status": "suspended", "status_iat": 149},
        ("LicenseSuspended", "status", "to make more", "nothing"),
    ),
    (
        STATUS, {}, {"status": "revoked", "status_iat": 0},
        ("LicenseRevoked", "status", "to make more", "nothing"),
    ),
    ({}, {}, {"status": "revoked"}, ("LicenseRevoked", "status", "to make more", "nothing")),
    (
        {}, {}, {"outranked": True},
        ("ExclusivityConflict", "exclusive", "an overlapping license", "the earlier, exclusive license alone"),
    ),
    (
        {"iat": 211}, {}, {},
        ("FromTheFuture", "iat", "a license signed 1970-01-01 00:03 UTC", "until 1970-01-01 00:02 UTC"),
    ),
    (
        {"publish_until": 190}, {}, {},
        ("PublicationNotDeclared", "publish_until", "no date", "until 1970-01-01 00:03 UTC"),
    ),
    (
        {"publish_until": DAY}, {"publish_until": DAY + 1}, {},
        ("PublicationTooLate", "publish_until", "1970-01-02 00:00 UTC", "until 1970-01-02 00:00 UTC"),
    ),
    (
        {"publish_until": 150}, {"publish_until": 120}, {},
        ("PublicationOver", "publish_until", "to show it later still", "until 1970-01-01 00:02 UTC"),
    ),
    ({}, {"purpose": "news"}, {}, ("PurposeNotCovered", "purposes", "news", "advertising, education")),
    ({}, {"channels": ["social", "cinema"]}, {}, ("ChannelNotCovered", "channels", "cinema", "social, web")),
    ({}, {"territories": ["DE", "JP", "CN"]}, {}, ("TerritoryNotCovered", "territories", "CN, JP", "DE, FR")),
    ({}, {"territories": ["EU"]}, {}, ("TerritoryNotCovered", "territories", "AT, BE, BG", "DE, FR")),
    (
        {"territories": ["EU", "CH"]}, {"territories": ["DE", "CH", "NO"]}, {},
        ("TerritoryNotCovered", "territories", "NO", "CH, EU"),
    ),
    ({}, {"territories": ["DE-BE", "JP-13"]}, {}, ("TerritoryNotCovered", "territories", "JP-13", "DE, FR")),
    (
        {"territories": ["JP-13"]}, {"territories": ["JP"]}, {},
        ("TerritoryNotCovered", "territories", "JP", "JP-13"),
    ),
    ({}, {"locales": ["de-AT", "ja-JP"]}, {}, ("LanguageNotCovered", "languages", "ja-JP", "de, fr-FR")),
    ({}, {"locales": ["fr-CA"]}, {}, ("LanguageNotCovered", "languages", "fr-CA", "de, fr-FR")),
    (
        {"formats": LANDSCAPE}, {"formats": [WIDE, TALL]}, {},
        ("FormatNotCovered", "formats", "720x1280", "landscape up to 720 px high"),
    ),
    (
        {"formats": [{"aspect": "square"}]}, {"formats": [WIDE, {"width": 9, "height": 9}]}, {},
        ("FormatNotCovered", "formats", "1280x720", "square"),
    ),
    (
        {"formats": LANDSCAPE}, {"formats": [{"width": 1922, "height": 721}]}, {},
        ("FormatNotCovered", "formats", "1922x721", "landscape up to 720 px high"),
    ),
    *(
        ({"allows": others}, {manner: True}, {}, ("MannerNotAllowed", "allows", manner, allowed))
        for manner, others, allowed in (
            ("puppeteering", {"singing": True}, "singing"),
            ("singing", {}, "none"),
            ("edits", {"puppeteering": True}, "puppeteering"),
            ("training_on_outputs", {"edits": True}, "edits"),
        )
    ),
    ({}, {"apparent_age": 17}, {}, ("AgeNotCovered", "age", "17 years", "18 years or older")),
    (
        {"age": {"minimum": 25, "maximum": 35}}, {"apparent_age": 24}, {},
        ("AgeNotCovered", "age", "24 years", "25 to 35 years"),
    ),
    (
        {"age": {"minimum": 25, "maximum": 35}}, {"apparent_age": 36}, {},
        ("AgeNotCovered", "age", "36 years", "25 to 35 years"),
    ),
    (
        {"disclosures": ["Paid partnership", "visible-label"]}, {"disclosures": ["paid partnership"]}, {},
        (
            "DisclosureMissing", "disclosures", "a use without 'Paid partnership'",
            "with 'Paid partnership', 'visible-label'",
        ),
    ),
    (
        {"excluded_categories": ["Politics"]}, {}, {},
        ("CategoryNotDeclared", "excluded_categories", "no category", "all but Politics"),
    ),
    (
        {"excluded_categories": ["386"], "sensitive_categories": []}, {"categories": ["Elections", "Shopping"]}, {},
        ("CategoryExcluded", "excluded_categories", "Elections", "all but Politics"),
    ),
    (
        {}, {"categories": ["Elections", "Shopping"]}, {},
        ("ConsentRequired", "sensitive_categories", "Elections", "with the owner's consent to each use"),
    ),
    (
        {}, {"categories": ["Politics"], "preview": True}, {},
        ("ConsentRequired", "sensitive_categories", "Politics", "with the owner's consent to each use"),
    ),
    (
        PREVIEW, {"categories": ["Politics"]}, {},
        (
            "ConsentRequired", "sensitive_categories", "Politics",
            "with the owner's consent to each use, or a preview sealed to the owner",
        ),
    ),
    ({}, {"seconds": 600.5}, {}, ("QuotaExceeded", "quota.seconds", "600.5 s", "600 s left of 600 s")),
    (
        {}, {}, {"used_seconds": 500, "reserved_seconds": 50.5},
        ("QuotaExceeded", "quota.seconds", "60 s", "49.5 s left of 600 s"),
    ),
    ({}, {}, {"used_seconds": 700}, ("QuotaExceeded", "quota.seconds", "60 s", "0 s left of 600 s")),
    (
        {"quota": {"seconds": 600, "items": 10}}, {"items": 2}, {"used_items": 5, "reserved_items": 4},
        ("ItemsExceeded", "quota.items", "2 items", "1 left of 10"),
    ),
    (
        {"quota": {"seconds": 600, "items": 10}}, {"items": 1}, {"used_items": 10},
        ("ItemsExceeded", "quota.items", "1 items", "0 left of 10"),
    ),
    (
        {"quota": {"seconds": 600, "items": 10}}, {}, {"used_items": 11},
        ("ItemsExceeded", "quota.items", "0 items", "0 left of 10"),
    ),
    (
        {"quota": {"seconds": 600, "concurrent": 2}}, {}, {"running": 2},
        ("TooManyJobs", "quota.concurrent", "job 3 at once", "at most 2 at once"),
    ),
    (
        {"max_item_seconds": 30}, {"item_seconds": 30.04}, {},
        ("ItemTooLong", "max_item_seconds", "30.04 s", "at most 30 s"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given", "asked", "known", "said"), REFUSED, ids=lambda one: str(one)[:60])
def test_each_clause_refuses_alone(given: Any, asked: Any, known: Any, said: tuple[str, str, str, str]) -> None:
    verdict = permits(terms(**given), use(**asked), usage(**known), 150)
    assert len(verdict.refusals) == 1, verdict.message
    (refusal,) = verdict.refusals
    reason, clause, wanted, allowed = said
    assert (refusal.reason, refusal.clause, refusal.allowed, refusal.gate) == (reason, clause, allowed, None)
    assert refusal.wanted is not None
    assert refusal.wanted.startswith(wanted)
    start = f"license: {clause}: wanted {refusal.wanted}, allowed {allowed}; "
    assert refusal.message.startswith(start)
    assert len(refusal.message) > len(start) + 10, "the cure"
    assert "\n" not in refusal.message


def test_every_message_reads_as_it_was_approved(request: pytest.FixtureRequest) -> None:
    """The whole messages, cures included; `pytest tests/api/test_permits.py --update-golden` after a change of words."""
    lines = [
        f"{refusal.reason}: {refusal.message}"
        for given, asked, known, _ in REFUSED
        for refusal in permits(terms(**given), use(**asked), usage(**known), 150).refusals
    ]
    lines += [permits(TERMS, use(), Usage(), now).message for now in (99, 200)]
    lines.append(f"{NOT_FOUND.reason}: {NOT_FOUND.message}")
    text = "\n".join(lines) + "\n"
    if request.config.getoption("--update-golden", default=False):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_every_clause_is_in_the_table() -> None:
    assert {said[1] for *_, said in REFUSED} | {"window"} == {clause.name for clause in CLAUSES}


# One step back from each refusal: covered, to the last unit.
PERMITTED: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"versions": ["c" * 64, "d" * 64]}, {"version": "d" * 64}, {}),
    ({}, {"version": "d" * 64}, {}),
    (STATUS, {}, {"status": "valid", "status_iat": 121}),
    (STATUS, {}, {"status": "valid", "status_iat": 121, "status_until": 151}),
    ({}, {}, {"status": "valid", "status_iat": 0, "status_until": 1}),
    ({}, {}, {"status": "valid"}),
    ({"iat": 210}, {}, {}),
    ({"publish_until": 151}, {"publish_until": 151}, {}),
    ({}, {"publish_until": 10**10}, {}),
    ({}, {"channels": ["social", "web"], "purpose": "education"}, {}),
    ({"territories": ["EU", "CH"]}, {"territories": ["DE", "CH", "EU"]}, {}),
    ({"territories": ["WORLD"]}, {"territories": ["JP", "EU"]}, {}),
    ({}, {"locales": ["de", "de-AT", "fr-FR", "FR-fr"]}, {}),
    ({"formats": LANDSCAPE}, {"formats": [WIDE]}, {}),
    ({"formats": [{"aspect": "portrait"}, *LANDSCAPE]}, {"formats": [WIDE, TALL]}, {}),
    ({"formats": LANDSCAPE}, {}, {}),
    ({"allows": {"puppeteering": True, "edits": True}}, {"puppeteering": True, "edits": True}, {}),
    ({"allows": {"singing": True, "training_on_outputs": True}}, {"singing": True, "training_on_outputs": True}, {}),
    ({}, {"apparent_age": 18}, {}),
    ({"age": {"minimum": 25, "maximum": 35}}, {"apparent_age": 25}, {}),
    ({"age": {"minimum": 25, "maximum": 35}}, {"apparent_age": 35}, {}),
    ({"age": {"minimum": 25, "maximum": 35}}, {}, {}),
    ({"disclosures": ["visible-label", "content-credentials"]}, {}, {}),
    ({"disclosures": ["Paid partnership"]}, {"disclosures": ["Paid partnership", "and more"]}, {}),
    ({"excluded_categories": ["Politics"]}, {"categories": ["Shopping"]}, {}),
    ({}, {"categories": ["Shopping", "Travel"]}, {}),
    ({}, {"categories": ["Elections"], "consented": True}, {}),
    (PREVIEW, {"categories": ["Elections"], "preview": True}, {}),
    ({"sensitive_categories": []}, {"categories": ["Elections"]}, {}),
    ({}, {"seconds": 600}, {}),
    ({}, {}, {"used_seconds": 500, "reserved_seconds": 40}),
    ({"quota": {"seconds": 600, "items": 10}}, {"items": 1}, {"used_items": 5, "reserved_items": 4}),
    ({}, {"items": 10**6}, {"used_items": 10**6}),
    ({"quota": {"seconds": 600, "concurrent": 2}}, {}, {"running": 1}),
    ({}, {}, {"running": 10**6}),
    ({"max_item_seconds": 30}, {"item_seconds": 30}, {}),
    ({}, {"item_seconds": 10**6}, {}),
    ({}, {"namespace_uid": "u-1"}, {}),
    ({}, {"namespace_uid": "u-1"}, {"namespace_uid": "u-1"}),
]


@pytest.mark.parametrize(("given", "asked", "known"), PERMITTED, ids=lambda one: str(one)[:60])
def test_each_clause_covers_to_the_last_unit(given: Any, asked: Any, known: Any) -> None:
    assert permits(terms(**given), use(**asked), usage(**known), 150).message == ""


@pytest.mark.parametrize(
    ("known", "reasons"),
    [
        ({}, []),
        ({"revoked": True}, ["LicenseRevoked"]),
        ({"stopped": True}, ["TwinStopped"]),
        ({"outranked": True}, ["ExclusivityConflict"]),
        ({"status": "suspended"}, ["LicenseSuspended"]),
        ({"revoked": True, "outranked": True}, ["LicenseRevoked", "ExclusivityConflict"]),
        ({"used_seconds": 10_000, "running": 99, "namespace_uid": "u-1"}, []),
    ],
)
def test_a_license_that_is_shown_answers_the_clauses_that_ask_for_itself(known: Any, reasons: list[str]) -> None:
    shown = stands(TERMS, usage(**known), 10_000)
    assert [one.reason for one in shown.refusals] == reasons
    asked = permits(TERMS, use(namespace_uid="u-1"), usage(**known), 10_000)
    assert set(shown.refusals) <= set(asked.refusals)
    waiting = stands(terms(**STATUS, purposes=["advertising"]), usage(**known), 150)
    unknown = [] if "status" in known else ["StatusUnknown"]
    assert sorted(one.reason for one in waiting.refusals) == sorted([*reasons, *unknown])


@pytest.mark.parametrize(
    ("now", "reason"),
    [(99.9, "LicenseNotYetValid"), (100, "Permitted"), (199.9, "Permitted"), (200, "LicenseExpired")],
)
def test_window_is_half_open(now: float, reason: str) -> None:
    verdict = permits(TERMS, use(), Usage(), now)
    assert verdict.reason == reason
    for refusal in verdict.refusals:
        assert refusal.clause == "window"
        assert refusal.allowed == "1970-01-01 00:01 UTC to 1970-01-01 00:03 UTC"


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ({"namespace": "rival"}, {}),
        ({"namespace_uid": "u-2"}, {"namespace_uid": "u-1"}),
        ({}, {"namespace_uid": "u-1"}),
        ({"namespace": "rival", "namespace_uid": "u-1"}, {"namespace_uid": "u-1"}),
    ],
)
def test_another_brands_license_looks_missing_whatever_else_is_wrong(asked: Any, known: Any) -> None:
    verdict = permits(TERMS, use(**asked, territories=["US"], purpose="news"), usage(**known), 10_000)
    assert verdict.refusals == (NOT_FOUND,)
    assert findings(TERMS, use(**asked), usage(**known), 150)[0].refusal == NOT_FOUND


def test_all_clauses_speak_at_once_and_the_gate_is_named() -> None:
    verdict = permits(TERMS, use(territories=["US"], purpose="news", seconds=700), Usage(), 300).at("vault")
    assert [one.reason for one in verdict.refusals] == [
        "LicenseExpired",
        "PurposeNotCovered",
        "TerritoryNotCovered",
        "QuotaExceeded",
    ]
    assert {one.gate for one in verdict.refusals} == {"vault"}


@pytest.mark.parametrize(("given", "asked", "known", "said"), REFUSED, ids=lambda one: str(one)[:60])
def test_findings_agree_with_the_verdict(given: Any, asked: Any, known: Any, said: Any) -> None:
    rows = findings(terms(**given), use(**asked), usage(**known), 150)
    verdict = permits(terms(**given), use(**asked), usage(**known), 150)
    assert tuple(row.refusal for row in rows if row.refusal) == verdict.refusals
    assert [row.clause for row in rows] == ["assignee", *(clause.name for clause in CLAUSES)]
    assert all(row.wanted and row.allowed for row in rows)


def test_findings_read_like_a_table() -> None:
    asked = use(
        formats=[WIDE],
        categories=["Shopping", "Politics"],
        consented=True,
        disclosures=["Ad"],
        apparent_age=30,
        publish_until=DAY,
        version="d" * 64,
        item_seconds=12.5,
        items=3,
        edits=True,
        territories=["DE", "FR"],
    )
    known = usage(used_seconds=100, running=1)
    given = terms(allows={"edits": True}, quota={"seconds": 600, "items": 9, "concurrent": 3}, publish_until=2 * DAY)
    assert {row.clause: (row.wanted, row.allowed) for row in findings(given, asked, known, 150)} == {
        "assignee": ("acme", "acme"),
        "aud": (f"farm {'f' * 12}", f"farm {'f' * 12}"),
        "twin": ("a" * 12, "a" * 12),
        "versions": ("d" * 12, "all versions"),
        "revocation": ("to make more", "to make more"),
        "status": ("a license that stands", "no list asked for"),
        "exclusive": ("to use it beside others", "no conflict"),
        "iat": ("signed 1970-01-01 00:00 UTC", "until 1970-01-01 00:02 UTC"),
        "window": ("1970-01-01 00:02 UTC", "1970-01-01 00:01 UTC to 1970-01-01 00:03 UTC"),
        "publish_until": ("until 1970-01-02 00:00 UTC", "until 1970-01-03 00:00 UTC"),
        "purposes": ("advertising", "advertising, education"),
        "channels": ("social", "social, web"),
        "territories": ("DE, FR", "DE, FR"),
        "languages": ("de-DE", "de, fr-FR"),
        "formats": ("1280x720", "any"),
        "allows": ("edits", "edits"),
        "age": ("30 years", "18 years or older"),
        "disclosures": ("Ad", "any"),
        "excluded_categories": ("Politics, Shopping", "any"),
        "sensitive_categories": ("Politics", "with the owner's consent to each use"),
        "quota.seconds": ("60 s", "500 s left of 600 s"),
        "quota.items": ("3 items", "9 left of 9"),
        "quota.concurrent": ("job 2 at once", "at most 3 at once"),
        "max_item_seconds": ("12.5 s", "any"),
    }


def test_findings_of_a_bare_use() -> None:
    rows = {
        row.clause: (row.wanted, row.allowed) for row in findings(terms(sensitive_categories=[]), use(), Usage(), 150)
    }
    assert rows["publish_until"] == ("no date", "any time")
    assert rows["formats"] == ("none", "any")
    assert rows["allows"] == ("none", "none")
    assert rows["age"] == ("as captured", "18 years or older")
    assert rows["disclosures"] == ("what the farm discloses by itself", "any")
    assert rows["excluded_categories"] == ("no category", "any")
    assert rows["sensitive_categories"] == ("nothing sensitive", "any")
    assert rows["quota.items"] == ("0 items", "any")
    assert rows["quota.concurrent"] == ("job 1 at once", "any")
    assert rows["max_item_seconds"] == ("not known before speech", "any")
    assert rows["versions"] == ("no version yet", "all versions")


@pytest.mark.parametrize(
    ("ranges", "locale", "covered"),
    [
        (("de",), "de-AT", True),
        (("de",), "DE", True),
        (("DE",), "de-at", True),
        (("de-AT",), "de", False),
        (("d",), "de", False),
        (("de",), "den", False),
        (("zh-Hant",), "zh-Hant-TW", True),
        (("en", "de"), "de", True),
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
