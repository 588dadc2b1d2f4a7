from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy_api import token
from understudy_api.order import Order, OrderedUse, TwinPin, VideoOutput
from understudy_api.terms import Assignee
from understudy_api.verdict import Verdict
from understudy_workers.gate import check
from understudy_workers.work import PAUSING_REASONS, Permit, permit_of

WriteOrder = Callable[..., Order]
SIGNED = ("genesis", "license", "grant")


def ask(signers: Any, permit: Permit, **changes: Any) -> Verdict:
    asked: dict[str, Any] = {
        "pool": "default",
        "locale": "en-GB",
        "seconds": 10.0,
        "committed_seconds": 0.0,
        "now": signers.now + 1.0,
        "farm_public_key": signers.farm,
    }
    return check(permit, **{**asked, **changes})


def test_permits_what_owner_and_farm_signed(signers: Any, write_order: WriteOrder) -> None:
    assert ask(signers, permit_of(write_order())).permitted


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_refuses_any_altered_character(signers: Any, write_order: WriteOrder, data: st.DataObject) -> None:
    permit = permit_of(write_order())
    name = data.draw(st.sampled_from(SIGNED))
    text = getattr(permit, name)
    place = data.draw(st.integers(0, len(text) - 1))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= +/\n\u00e9"
    letter = data.draw(st.sampled_from(alphabet).filter(lambda letter: letter != text[place]))
    altered = replace(permit, **{name: text[:place] + letter + text[place + 1 :]})
    assert not ask(signers, altered).permitted


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize(
    "change", [lambda t: "", lambda t: t[:-1], lambda t: t + "A", lambda t: t + "=", lambda t: t * 20]
)
def test_refuses_mangled_tokens(signers: Any, write_order: WriteOrder, name: str, change: Callable[[str], str]) -> None:
    permit = permit_of(write_order())
    assert not ask(signers, replace(permit, **{name: change(getattr(permit, name))})).permitted


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"order_uid": "11111111-2222"}, "GrantMismatch"),
        ({"order_digest": "0" * 64}, "GrantMismatch"),
        ({"namespace": "globex"}, "LicenseNotFound"),
        ({"use": OrderedUse(purpose="news", channels=("social",), territories=("DE",))}, "PurposeNotCovered"),
        ({"use": OrderedUse(purpose="advertising", channels=("web",), territories=("DE",))}, "ChannelNotCovered"),
        ({"use": OrderedUse(purpose="advertising", channels=("social",), territories=("JP",))}, "TerritoryNotCovered"),
    ],
)
def test_refuses_work_that_is_not_what_was_granted(
    signers: Any, write_order: WriteOrder, change: dict[str, Any], reason: str
) -> None:
    verdict = ask(signers, replace(permit_of(write_order()), **change))
    assert verdict.reason == reason
    assert verdict.reason not in PAUSING_REASONS


@pytest.mark.parametrize(
    "change",
    [
        {"job": "summer"},
        {"use": OrderedUse(purpose="advertising", channels=("social",), territories=("GB",))},
        {"making": None},
    ],
)
def test_what_the_work_says_of_itself_is_what_the_grant_covers(
    signers: Any, write_order: WriteOrder, change: dict[str, Any]
) -> None:
    """All of it would be permitted by itself: what was declared cannot be declared anew on the way."""
    order = write_order()
    assert ask(signers, replace(permit_of(order), **change)).reason == "GrantMismatch"
    other = order.making.model_copy(update={"content": "0" * 64, **{k: v for k, v in change.items() if k != "making"}})
    assert ask(signers, replace(permit_of(order), **{**change, "making": other})).reason == "GrantMismatch"


def test_refuses_another_twin_and_another_version(signers: Any, write_order: WriteOrder) -> None:
    permit = permit_of(write_order())
    twin = permit.twin
    assert ask(signers, replace(permit, twin=TwinPin(id="0" * 64, version=twin.version))).reason == "TwinMismatch"
    assert ask(signers, replace(permit, twin=TwinPin(id=twin.id, version="0" * 64))).reason == "GrantMismatch"


@pytest.mark.parametrize(
    ("terms", "asked", "reason"),
    [
        ({}, {"locale": "ja-JP"}, "LanguageNotCovered"),
        ({}, {"pool": "other"}, "GrantMismatch"),
        ({"aud": "A" * 43}, {}, "WrongFarm"),
        ({"assignee": Assignee(namespace="globex")}, {}, "LicenseNotFound"),
        ({"twin": "0" * 64}, {}, "TwinNotCovered"),
    ],
)
def test_asks_the_license_rule(
    signers: Any, write_order: WriteOrder, terms: dict[str, Any], asked: dict[str, Any], reason: str
) -> None:
    order = write_order(license=signers.license(**terms))
    assert ask(signers, permit_of(order), **asked).reason == reason


def test_refuses_a_license_of_another_owner(signers: Any, write_order: WriteOrder) -> None:
    stranger = type(signers)(farm=signers.farm)
    order = write_order(license=stranger.license())
    assert ask(signers, permit_of(order)).reason == "SignerNotAllowed"


def test_refuses_a_grant_of_another_farm(signers: Any, write_order: WriteOrder) -> None:
    assert ask(signers, permit_of(write_order()), farm_public_key=token.new_key()).reason == "BadGrant"


@given(late=st.floats(0, 1e9), seconds=st.floats(0, 600))
def test_an_expired_grant_pauses_even_when_it_was_good_before(
    signers: Any, write_order: WriteOrder, late: float, seconds: float
) -> None:
    permit = permit_of(write_order(license=signers.license(exp=signers.now + 10**10)))
    assert ask(signers, permit).permitted
    verdict = ask(signers, permit, now=signers.now + 900 + late, seconds=seconds)
    assert verdict.reason == "GrantExpired"
    assert verdict.reason in PAUSING_REASONS
    assert ask(signers, permit).permitted


def test_a_license_that_ends_before_its_grant_refuses(signers: Any, write_order: WriteOrder) -> None:
    permit = permit_of(write_order(license=signers.license(exp=signers.now + 5)))
    assert ask(signers, permit, now=signers.now + 4.9).permitted
    assert ask(signers, permit, now=signers.now + 5.0).reason == "LicenseExpired"


@pytest.mark.parametrize(
    ("seconds", "committed", "permitted"),
    [(600, 0, True), (600.04, 0, False), (0.04, 599.96, True), (0.04, 600, False), (0, 600, False), (0, 599.96, True)],
)
def test_the_slice_ends_where_it_ends(
    signers: Any, write_order: WriteOrder, seconds: float, committed: float, permitted: bool
) -> None:
    verdict = ask(signers, permit_of(write_order()), seconds=seconds, committed_seconds=committed)
    assert verdict.permitted is permitted
    assert permitted or verdict.reason in PAUSING_REASONS


@pytest.mark.parametrize(
    ("granted", "items", "committed", "permitted"),
    [(3, 1, 2, True), (3, 1, 3, False), (0, 1, 0, False), (0, 0, 0, True), (3, 0, 3, True), (None, 1, 99, True)],
)
def test_the_items_end_where_they_end(
    signers: Any, write_order: WriteOrder, granted: int | None, items: int, committed: int, permitted: bool
) -> None:
    permit = permit_of(write_order(grant={"items": granted}))
    verdict = ask(signers, permit, items=items, committed_items=committed)
    assert verdict.permitted is permitted
    assert permitted or verdict.reason == "GrantExhausted"
    assert permitted or f"of {granted} left" in verdict.message


def test_sums_of_frames_do_not_fail_by_rounding(signers: Any, write_order: WriteOrder) -> None:
    committed = sum([1 / 25] * 14_999)
    assert ask(signers, permit_of(write_order()), seconds=1 / 25, committed_seconds=committed).permitted
    assert not ask(signers, permit_of(write_order()), seconds=2 / 25, committed_seconds=committed).permitted


STATUS = {"index": 3, "ttl_seconds": 60}


@pytest.mark.parametrize(
    ("grant", "after", "reason"),
    [
        ({"status_iat": 0}, 59, ""),
        ({"status_iat": 0}, 60, "StatusStale"),
        ({"status_iat": 0, "exp": 60}, 60, "GrantExpired"),
        ({}, 0, "StatusUnknown"),
    ],
)
def test_a_performer_cut_off_from_everything_stops_with_the_list(
    signers: Any, write_order: WriteOrder, grant: dict[str, int], after: int, reason: str
) -> None:
    """Times from the signing of the grant. A grant of the operator ends with its list; one that does not is no way around."""
    changes = {name: signers.now + seconds for name, seconds in grant.items()}
    permit = permit_of(write_order(license=signers.license(status=STATUS), grant=changes))
    verdict = ask(signers, permit, now=signers.now + after)
    assert verdict.reason == (reason or "Permitted")
    assert verdict.permitted or (verdict.reason in PAUSING_REASONS) is (reason != "StatusUnknown")


RECIPIENT = "age1" + "q" * 58
SMALL = (VideoOutput(name="preview", width=568, height=320),)


def test_a_preview_of_what_nobody_consented_to_is_for_the_licenses_recipient_alone(
    signers: Any, write_order: WriteOrder
) -> None:
    use = OrderedUse(purpose="advertising", channels=("social",), territories=("DE",), categories=("386",))
    license_ = signers.license(preview=True, preview_recipient=RECIPIENT, formats=({"aspect": "square"},))
    order = write_order(license=license_, use=use, outputs=SMALL, preview=RECIPIENT)
    permit = permit_of(order)
    assert ask(signers, permit, outputs=SMALL).permitted, "whatever its shape"
    for change, reason in (
        ({"preview": None}, "ConsentRequired"),
        ({"preview": "age1" + "z" * 58}, "PreviewNotCovered"),
        ({"license": signers.license()}, "PreviewNotCovered"),
        ({"locales": ("en-GB",) * 4}, "PreviewTooLarge"),
    ):
        known = {"license": license_, "use": use, "outputs": SMALL, "preview": RECIPIENT}
        assert ask(signers, permit_of(write_order(**{**known, **change}))).reason == reason
    plain = permit_of(write_order(license=license_, use=use, outputs=SMALL))
    claimed = replace(plain, making=plain.making.model_copy(update={"preview": RECIPIENT}))
    assert ask(signers, claimed).reason == "GrantMismatch", "a grant for a delivery is none for a preview"
