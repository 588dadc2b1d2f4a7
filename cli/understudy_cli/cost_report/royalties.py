"""Royalties as the ledger has them, by hour, job and locale. Pure. What is owed of a minimum stands in statements alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from understudy_api.ledger.chain import Chain
from understudy_api.ledger.entry import Committed, Corrected, Licensed
from understudy_api.model import Money
from understudy_api.timesheet import HOUR_SECONDS, hour_of
from understudy_cli.cost_report.charge import MICROS_PER_SECOND, Charge, What, Whose

Finder = Callable[[str, str], tuple[Whose, str]]
"""Whose an item is and which pool made it, by the job's uid and the item; empty where that is not known any more."""


def royalty_charges(chains: Iterable[Chain], find: Finder, begin: int, end: int) -> Iterator[Charge]:
    """What licenses earned between the two; nothing for licenses without a royalty."""
    for chain in chains:
        yield from _of_chain(chain, find, begin, end)


def _of_chain(chain: Chain, find: Finder, begin: int, end: int) -> Iterator[Charge]:
    licensed: Licensed | None = None
    sums: defaultdict[tuple[What, int, str, str, Whose], list[int]] = defaultdict(lambda: [0, 0])
    for sequence in sorted(chain.links):
        link = chain.links[sequence]
        hour = hour_of(link.written_at)
        for one in link.entries:
            if isinstance(one, Licensed):
                licensed = one
            if licensed is None or licensed.royalty is None or not begin <= link.written_at < end:
                continue
            currency = licensed.royalty.currency
            if isinstance(one, Committed):
                whose, pool = find(one.uid, one.item)
                spent = sums["royalty", hour, currency, pool, replace(whose, license=licensed.jti)]
            elif isinstance(one, Corrected):
                spent = sums["correction", hour, currency, "", Whose(license=licensed.jti)]
            else:
                continue
            spent[0] += one.royalty_micros
            spent[1] += one.micros
    for (what, hour, currency, pool, whose), (royalty_micros, micros) in sums.items():
        yield Charge(
            what=what,
            begin=hour,
            end=hour + HOUR_SECONDS,
            pool=pool,
            group="",
            whose=whose,
            quantity=Decimal(royalty_micros) / MICROS_PER_SECOND,
            price=Money(amount="1", currency=currency),
            micros=micros,
        )
