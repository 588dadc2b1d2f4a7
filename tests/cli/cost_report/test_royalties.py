"""Royalties as a chain has them, by job and locale."""

from __future__ import annotations

from decimal import Decimal

from ledger_words import NOVEMBER, Writer, licensed, reserved, some_chain, uid

from understudy_api.digest import digest
from understudy_api.ledger import entry as written
from understudy_api.ledger.chain import Chain
from understudy_cli.cost_report.charge import Charge, Whose
from understudy_cli.cost_report.royalties import royalty_charges

HOUR = int(NOVEMBER) // 3600 * 3600


def charges(writer: Writer, begin: int = HOUR, end: int = HOUR + 3600) -> list[Charge]:
    chain = Chain(writer.account.id, {link.sequence: link for link in writer.links}, {})

    def find(job: str, item: str) -> tuple[Whose, str]:
        locale = "de-DE" if int(item, 16) % 2 else "fr-FR"
        return Whose("Job", job, "acme", "spring", "", locale), "default"

    return list(royalty_charges([chain], find, begin, end))


def test_they_add_up_to_what_the_license_earned_to_the_millionth() -> None:
    writer = some_chain()
    found = charges(writer)
    assert sum((one.amount or Decimal(0) for one in found), Decimal(0)) * 1_000_000 == writer.account.royalty_micros
    assert sum(one.micros for one in found) == writer.account.used_micros
    assert {one.whose.uid for one in found} == {uid(1), uid(2)}
    assert {(one.whose.license, one.pool, one.currency) for one in found} == {("acme-spring", "default", "EUR")}
    assert {one.whose.locale for one in found} == {"de-DE", "fr-FR"}


def test_a_license_without_a_royalty_costs_none() -> None:
    writer = Writer()
    writer.write(licensed(royalty=None), reserved(1, 10))
    writer.make(1, 0, 5.0)
    assert charges(writer) == []


def test_only_what_was_written_in_the_period_counts() -> None:
    assert charges(some_chain(), HOUR + 3600, HOUR + 7200) == []
    assert charges(some_chain(), HOUR - 3600, HOUR) == []


def test_a_correction_is_a_line_of_its_own_and_may_be_negative() -> None:
    writer = some_chain()
    writer.write(written.Corrected(entry=digest("x"), micros=-1, royalty_micros=-12, reason="Miscounted"))
    last = charges(writer)[-1]
    assert (last.what, last.amount, last.whose) == ("correction", Decimal("-0.000012"), Whose(license="acme-spring"))
