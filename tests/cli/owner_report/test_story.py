"""An owner's story adds up to the chain it is told from, and only the owner's chains are told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from ledger_words import LICENSE, NOVEMBER, SECOND, Writer, licensed, released, reserved, some_chain, uid

from understudy_api.digest import digest
from understudy_api.ledger import entry as written
from understudy_api.ledger.chain import Chain, verify_chain
from understudy_cli.owner_report.story import Story, is_owned, story

OWNER = "o" * 43
MINE = digest({"iss": OWNER, "jti": "acme-spring"})
NAMES = {uid(1): "acme/spring"}


def chain_of(writer: Writer) -> Chain:
    return verify_chain(writer.account.id, writer.objects)


def told(writer: Writer) -> Story:
    return story(chain_of(writer), NAMES)


def test_only_chains_of_the_owner_are_the_owners() -> None:
    mine, other = Writer(MINE), some_chain()
    mine.write(licensed())
    assert is_owned(OWNER, chain_of(mine))
    assert not is_owned("p" * 43, chain_of(mine))
    assert not is_owned(OWNER, chain_of(other))
    assert not is_owned(OWNER, Chain(MINE, {}, {}))


def test_every_use_stands_in_its_month_and_job() -> None:
    found = told(some_chain())
    assert found.jti == "acme-spring"
    assert list(found.months) == ["2026-11"]
    assert set(found.jobs) == {"acme/spring", uid(2)}
    assert found.jobs["acme/spring"].items == 5
    assert found.jobs["acme/spring"].micros == 11 * SECOND
    assert found.total.micros == sum(one.micros for one in found.months.values())


@given(st.lists(st.lists(st.integers(1, 200).map(lambda n: n / 25), max_size=4), max_size=5))
def test_sums_are_those_of_the_account(segments: list[list[float]]) -> None:
    writer = Writer()
    writer.write(licensed(100_000), reserved(1, 50_000))
    for number, seconds in enumerate(segments):
        writer.make(1, number, *seconds)
    found = told(writer)
    for sums in (found.months, found.jobs):
        assert sum(one.micros for one in sums.values()) == writer.account.used_micros
        assert sum(one.royalty_micros for one in sums.values()) == writer.account.royalty_micros
        assert sum(one.items for one in sums.values()) == writer.account.used_items == len(found.pieces)
    assert sum(one.micros for one in found.shares) == writer.account.royalty_micros


def test_questions_stay_open_until_they_are_answered() -> None:
    writer, first, second = Writer(), digest("first"), digest("second")
    writer.write(licensed(), reserved(1, 20))
    writer.write(written.ConsentAsked(uid=uid(1), request=first), written.ConsentAsked(uid=uid(1), request=second))
    assert [one.words for one in told(writer).open_consents] == [
        f"acme/spring, request {first[:16]}",
        f"acme/spring, request {second[:16]}",
    ]
    writer.write(written.ConsentAnswered(request=first, answer="deny", act="a.b.c"))
    found = told(writer)
    assert [one.words for one in found.open_consents] == [f"acme/spring, request {second[:16]}"]
    assert found.happenings[-1].words == f"request {first[:16]} denied"


def test_everything_beside_a_use_is_told_in_words() -> None:
    writer = some_chain()
    writer.write(
        written.Refused(uid=uid(2), generation=1, reason="LanguageNotCovered"),
        written.KeyRecorded(number=1, record="a.b.c"),
        written.Corrected(entry=digest("x"), micros=-SECOND, items=-1, royalty_micros=-12, reason="Goodwill"),
    )
    writer.write(released(2, 2))
    writer.write(
        written.Revoked(act="a.b.c"),
        written.Delivered(uid=uid(1), items=(digest("i"),)),
        written.Quarantined(manifest=digest("m"), files=1234, bytes=9),
        written.Erased(act="a.b.c"),
    )
    found = told(writer)
    assert [(one.what, one.words) for one in found.happenings] == [
        ("Refused", f"{uid(2)}: LanguageNotCovered"),
        ("Keys changed", "key record 1"),
        ("Corrected", "Goodwill"),
        ("Revoked", "you ended this license for good"),
        ("Had been delivered", "acme/spring: 1 videos, not recalled"),
        ("Quarantined", "1,234 files kept under the license were taken out of reach"),
        ("Erased", "you had the twin erased"),
    ]
    assert found.jobs["corrections"].micros == -SECOND
    assert found.happenings[0].at >= NOVEMBER


def test_a_broken_chain_says_so() -> None:
    writer = some_chain()
    del writer.objects[2]
    assert "00000002" in told(writer).broken
    assert told(some_chain()).broken == ""


def test_a_license_without_a_royalty_pays_nobody() -> None:
    writer = Writer()
    writer.write(licensed(royalty=None, license=LICENSE))
    found = told(writer)
    assert (found.currency, found.shares, found.total.royalty_micros) == ("", (), 0)
