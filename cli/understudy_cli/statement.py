"""`understudy statement`: what a license earned in a month, and who gets how much of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from understudy_api.ledger.chain import Finding, read_link
from understudy_api.ledger.checkpoint import evidence, proven_heads
from understudy_api.ledger.entry import Licensed
from understudy_api.ledger.statement import Statement, to_csv
from understudy_api.ledger.statement import statement as statement_of
from understudy_api.verdict import Refusal
from understudy_cli.errors import UserError
from understudy_cli.ledger import Settings
from understudy_cli.ledger_bucket import LedgerBucket, open_ledger

MAX_EVENTS: Final = 40
"""Lines about what is no amount; exports have all of them."""


def statement(
    license_: Annotated[str, typer.Option("--license", help="The license's id (`jti`), or its account's id.")],
    month: Annotated[str, typer.Option(help="Month in UTC, e.g. 2026-11.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with the checkpoint it rests on.")] = False,
    settings: Settings = None,
) -> None:
    """Print a license's month: a line for each job, the royalties, and what owner, driver and studio get."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise UserError(f"--month: wanted a month like 2026-11, got {month!r}")
    found = read_statement(open_ledger(settings), license_, month)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        typer.echo(to_csv(found) if as_csv else in_words(found), nl=not as_csv)


def read_statement(ledger: LedgerBucket, license_: str, month: str) -> Statement:
    """The statement, from a chain that holds; UserError when it does not, or there is no such license."""
    account = _account(ledger, license_)
    chain = ledger.chains([account])[account]
    if chain.findings:
        first = chain.findings[0]
        raise UserError(f"{first.where}: {first.fault}: {first.message}; run `understudy ledger verify`")
    newest = ledger.newest_checkpoint()
    if newest is not None and isinstance(refusal := proven_heads(newest, ledger.farm), Refusal):
        raise UserError(f"s3://{ledger.name}: the newest {refusal.message}; run `understudy ledger verify`")
    shown = evidence(newest, account) if newest is not None else None
    return statement_of(account, chain.links.values(), month, ledger.names(account), shown)


def in_words(found: Statement) -> str:
    """The statement for people."""
    currency = found.currency or "no royalty agreed"
    lines = [f"license {found.jti} {found.month} (account {found.account[:12]}), {currency}", ""]
    for line in found.lines:
        who = line.name or line.uid
        seconds = f"{line.items:>6} items {_millionths(line.micros):>16} s" if line.kind != "minimum" else " " * 31
        lines.append(f"{line.kind:<11} {who:<44.44} {seconds} {_millionths(line.royalty_micros):>18}")
    total = f"{found.items:>6} items {_millionths(found.micros):>16} s {_millionths(found.royalty_micros):>18}"
    lines += [f"{'total':<56} {total}", ""]
    for one in found.payments:
        share = f"{one.share_millionths / 10_000:g} %"
        lines.append(f"{one.role:<11} {one.payee:<44.44} {share:>31} {_millionths(one.micros):>18}")
    lines += [f"{_when(one.at)}  {one.words}" for one in found.events[:MAX_EVENTS]]
    if len(found.events) > MAX_EVENTS:
        lines.append(f"and {len(found.events) - MAX_EVENTS} more; --json has them all")
    lines.append(_sealed(found))
    return "\n".join(lines)


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _sealed(found: Statement) -> str:
    if found.checkpoint is None:
        return f"link {found.last_link}; no checkpoint covers it yet, ask again in a minute"
    head = found.checkpoint.head
    later = "" if head.sequence >= found.last_link else f"; links after {head.sequence} are not sealed yet"
    return f"link {found.last_link}; sealed up to link {head.sequence} ({head.digest[:16]}){later}; --json carries the proof"


def _millionths(amount: int) -> str:
    """Whole millionths as an exact decimal."""
    sign, rest = ("-", -amount) if amount < 0 else ("", amount)
    return f"{sign}{rest // 1_000_000}.{rest % 1_000_000:06d}"


def _account(ledger: LedgerBucket, license_: str) -> str:
    """The account that a `jti` or an account id names."""
    if re.fullmatch(r"[0-9a-f]{64}", license_):
        return license_
    found = []
    for account, data in ledger.first_links().items():
        link = read_link(data, account, 0)
        entries = () if isinstance(link, Finding) else link.entries
        if any(isinstance(one, Licensed) and one.jti == license_ for one in entries):
            found.append(account)
    if len(found) != 1:
        cure = "name one by its account's id" if found else "nothing was made under it yet, or its id is another one"
        raise UserError(f"--license {license_}: {len(found)} licenses of that id in the ledger; {cure}")
    return found[0]
