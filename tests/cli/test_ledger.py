"""`understudy ledger` and `understudy statement` on a ledger in real MinIO."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from ledger_site import ONE, TWO, Ledger
from ledger_words import LICENSE, NOVEMBER, released, uid

from understudy_api import token
from understudy_api.acts import Revocation, sign_act
from understudy_api.digest import digest_bytes
from understudy_api.ledger import entry as written
from understudy_api.ledger.chain import link_key
from understudy_api.ledger.checkpoint import ChainHead, checkpoint_key, seal
from understudy_cli.errors import UserError


@pytest.fixture
def ledger(object_store: Any, tmp_path: Path) -> Ledger:
    return Ledger(object_store.root, tmp_path)


def test_a_whole_ledger_is_said_to_be_whole_and_what_cannot_be_known_too(ledger: Ledger) -> None:
    result = ledger.run("ledger", "verify")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[0].endswith("nothing was deleted, altered or moved")
    assert result.output.startswith("2 licenses, 8 links, ")
    assert "rollback of the whole bucket cannot be excluded" in result.output


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda ledger: ledger.remove(link_key(ONE, 2)), f"deleted: {link_key(ONE, 2)}"),
        (
            lambda ledger: ledger.put(link_key(ONE, 1), ledger.writers[ONE].objects[1].replace(b"2500000", b"2500001")),
            f"altered: {link_key(ONE, 1)}",
        ),
        (lambda ledger: ledger.put(link_key(ONE, 1), ledger.writers[ONE].objects[2]), f"reordered: {link_key(ONE, 1)}"),
        (lambda ledger: ledger.remove(link_key(ONE, 6)), f"truncated: {link_key(ONE, 6)}"),
        (lambda ledger: ledger.put(checkpoint_key(1), b"{}"), f"unreadable: {checkpoint_key(1)}"),
    ],
)
def test_what_was_done_to_it_is_found_and_where(ledger: Ledger, spoil: Any, said: str) -> None:
    spoil(ledger)
    result = ledger.run("ledger", "verify")
    assert result.exit_code == 2
    assert said in result.output


def _kept(ledger: Ledger, folder: Path, *words: str) -> Path:
    path = folder / "kept.json"
    path.write_text(ledger.run(*words).output)
    return path


@pytest.mark.parametrize(
    ("words", "licenses"),
    [(("ledger", "checkpoint"), 2), (("statement", "--license", "acme-spring", "--month", "2026-11", "--json"), 1)],
)
def test_what_was_kept_shows_a_rollback_of_everything(
    ledger: Ledger, tmp_path: Path, words: tuple[str, ...], licenses: int
) -> None:
    kept = _kept(ledger, tmp_path, *words)
    fine = ledger.run("ledger", "verify", "--checkpoint", kept)
    assert fine.exit_code == 0, fine.output
    assert f"{licenses} licenses go on from where they stood then" in fine.output
    ledger.remove(link_key(ONE, 6), checkpoint_key(0))
    assert ledger.run("ledger", "verify").exit_code == 0, "by itself it looks whole"
    cut = ledger.run("ledger", "verify", "--checkpoint", kept)
    assert cut.exit_code == 2
    assert f"truncated: {link_key(ONE, 6)}" in cut.output
    assert "does not go on from it" in cut.output
    other = ledger.writers[ONE].objects[6].replace(b'"written_at":1794000006.0', b'"written_at":1794000007.0')
    ledger.put(link_key(ONE, 6), other)
    assert digest_bytes(other) != digest_bytes(ledger.writers[ONE].objects[6])
    forked = ledger.run("ledger", "verify", "--checkpoint", kept)
    assert forked.exit_code == 2
    assert f"forked: {link_key(ONE, 6)}" in forked.output


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"checkpoint": {}}', "not json"])
def test_what_is_no_checkpoint_is_refused_in_one_line(ledger: Ledger, tmp_path: Path, text: str) -> None:
    path = tmp_path / "kept.json"
    path.write_text(text)
    with pytest.raises(UserError, match="neither a checkpoint nor a statement"):
        raise ledger.run("ledger", "verify", "--checkpoint", path).exception or AssertionError


def test_another_farms_checkpoint_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    made = seal([ChainHead(account=ONE, sequence=0, digest=LICENSE)], token.new_key(), NOVEMBER)
    path = tmp_path / "kept.json"
    path.write_text(made.model_dump_json())
    with pytest.raises(UserError, match="no signature"):
        raise ledger.run("ledger", "verify", "--checkpoint", path).exception or AssertionError


STATEMENT = ("statement", "--license", "acme-spring", "--month", "2026-11")


def test_a_statement_adds_up_in_every_form(ledger: Ledger) -> None:
    account = ledger.writers[ONE].account
    document = json.loads(ledger.run(*STATEMENT, "--json").output)
    rows = list(csv.DictReader(io.StringIO(ledger.run(*STATEMENT, "--csv").output)))
    uses = [row for row in rows if row["kind"] == "use"]
    paid = [row for row in rows if row["kind"] == "payment"]
    assert sum(int(row["metered_micros"]) for row in uses) == document["micros"] == account.used_micros
    assert sum(int(row["amount_micros"]) for row in paid) == document["royalty_micros"] == account.royalty_micros
    assert [row["name"] for row in paid] == ["owner", "driver", "studio"]
    assert document["checkpoint"]["head"]["sequence"] == 6
    text = ledger.run(*STATEMENT).output
    assert "acme/spring" in text
    assert f"{account.royalty_micros / 1e6:.6f}" in text
    assert "sealed up to link 6" in text


def test_a_license_is_found_by_its_account_too_and_an_unknown_one_is_not(ledger: Ledger) -> None:
    found = json.loads(ledger.run("statement", "--license", TWO, "--month", "2026-11", "--json").output)
    assert (found["jti"], found["royalty_micros"]) == ("beta-autumn", 0)
    for words, message in (
        (("statement", "--license", "nobody", "--month", "2026-11"), "0 licenses of that id"),
        (("statement", "--license", "acme-spring", "--month", "2026-13"), "wanted a month like 2026-11"),
    ):
        with pytest.raises(UserError, match=message):
            raise ledger.run(*words).exception or AssertionError


def test_no_statement_is_made_of_a_broken_chain(ledger: Ledger) -> None:
    ledger.remove(link_key(ONE, 3))
    with pytest.raises(UserError, match="deleted"):
        raise ledger.run(*STATEMENT).exception or AssertionError


def an_ended_license(ledger: Ledger, reason: str = "it is over") -> None:
    """Account TWO was revoked, its one job stopped, its files put away."""
    act = sign_act(token.new_key(), Revocation(twin=ONE, jti="beta-autumn", iat=int(NOVEMBER), reason=reason))
    writer = ledger.writers[TWO]
    writer.write(
        written.ConsentAsked(uid=uid(7), request=ONE), written.ConsentAnswered(request=ONE, answer="deny", act="a.b.c")
    )
    writer.write(written.Revoked(act=act), written.KeyRecorded(number=1, record="a.b.c"))
    writer.write(released(7, 0))
    writer.write(written.Delivered(uid=uid(7), items=(LICENSE,)))
    writer.write(written.Quarantined(manifest=LICENSE, files=3, bytes=9))
    for sequence, data in writer.objects.items():
        ledger.put(link_key(TWO, sequence), data)
    ledger.put(f"names/{TWO}/{uid(7)}", b"beta/autumn")


def test_what_an_owner_did_is_told_in_words(ledger: Ledger) -> None:
    an_ended_license(ledger)
    lines = ledger.run("statement", "--license", "beta-autumn", "--month", "2026-11").output.splitlines()
    told = [line.split("  ", 1)[1] for line in lines if "Z  " in line]
    assert told == [
        f"job beta/autumn asked for consent (request {ONE[:16]})",
        f"the owner denied request {ONE[:16]}",
        "the owner revoked the license for good (it is over)",
        "key record 1 of the owner was accepted",
        "1 videos of job beta/autumn had been delivered: nobody can call them back",
        f"3 files kept under the license were taken out of reach (list {LICENSE[:16]})",
    ]
    document = json.loads(ledger.run("statement", "--license", "beta-autumn", "--month", "2026-11", "--json").output)
    assert [one["words"] for one in document["events"]] == told
    december = ledger.run("statement", "--license", "beta-autumn", "--month", "2026-12").output
    assert "revoked" not in december


def test_whoever_checks_the_ledger_learns_which_licenses_ended(ledger: Ledger) -> None:
    assert "quarantine" not in ledger.run("ledger", "verify").output
    an_ended_license(ledger)
    result = ledger.run("ledger", "verify")
    assert result.exit_code == 0, result.output
    assert f"account {TWO[:12]}: revoked; 3 files are in quarantine, 1 videos had been delivered" in result.output
