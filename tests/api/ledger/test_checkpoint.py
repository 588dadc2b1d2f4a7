"""Checkpoints: every head sealed at once; what was cut or grown anew since shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_words import ACCOUNT, reserved, some_chain

from understudy_api import token
from understudy_api.digest import digest
from understudy_api.ledger.chain import link_key, verify_chain
from understudy_api.ledger.checkpoint import (
    ChainHead,
    Checkpoint,
    Evidence,
    Sealed,
    checkpoint_key,
    compare,
    evidence,
    origin,
    proven_heads,
    read_note,
    seal,
)
from understudy_api.verdict import Refusal

FARM, OTHER = token.new_key(), token.new_key()
NOW = 1_794_000_000.0


def head(number: int) -> ChainHead:
    return ChainHead(account=digest(["account", number]), sequence=number, digest=digest(["link", number]))


def test_a_checkpoint_is_a_note_over_all_heads() -> None:
    made = seal([head(2), head(1)], FARM, NOW)
    sealed = read_note(made.note, FARM)
    assert isinstance(sealed, Sealed)
    assert (sealed.size, sealed.sealed_at) == (2, int(NOW))
    assert made.note.startswith(f"{origin(FARM)}\n2\n{sealed.root}\ntime {int(NOW)}\n\n\u2014 {origin(FARM)} ")
    assert proven_heads(made, FARM) == tuple(sorted((head(1), head(2)), key=lambda one: one.account))
    assert checkpoint_key(9) < checkpoint_key(10)


@given(st.integers(1, 40), st.data())
def test_each_license_has_its_proof(count: int, data: st.DataObject) -> None:
    made = seal([head(number) for number in range(count)], FARM, NOW)
    chosen = head(data.draw(st.integers(0, count - 1)))
    shown = evidence(made, chosen.account)
    assert isinstance(shown, Evidence)
    assert proven_heads(shown, FARM) == (chosen,)
    lied = shown.model_copy(update={"head": chosen.model_copy(update={"sequence": chosen.sequence + 1})})
    assert isinstance(proven_heads(lied, FARM), Refusal)


def test_an_unknown_license_has_none() -> None:
    assert evidence(seal([head(1)], FARM, NOW), "0" * 64) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made.model_copy(update={"heads": made.heads[:-1]}),
        lambda made: made.model_copy(update={"heads": (*made.heads, head(9))}),
        lambda made: made.model_copy(update={"heads": made.heads[::-1]}),
        lambda made: made.model_copy(update={"note": seal(made.heads, OTHER, NOW).note}),
        lambda made: made.model_copy(update={"note": made.note.replace("\n3\n", "\n2\n")}),
        lambda made: made.model_copy(update={"note": ""}),
    ],
)
def test_a_checkpoint_that_was_changed_proves_nothing(change: object) -> None:
    made = seal([head(1), head(2), head(3)], FARM, NOW)
    changed: Checkpoint = change(made)  # type: ignore[operator]
    assert changed != made
    assert isinstance(proven_heads(changed, FARM), Refusal)


@pytest.mark.parametrize("proof", [("!",), ("",), ("AAAA",) * 3])
def test_a_proof_that_is_none_proves_nothing(proof: tuple[str, ...]) -> None:
    made = seal([head(1), head(2)], FARM, NOW)
    shown = evidence(made, head(1).account)
    assert shown is not None
    assert isinstance(proven_heads(shown.model_copy(update={"proof": proof}), FARM), Refusal)


def _seen_at(sequence: int) -> tuple[ChainHead, ...]:
    chain = verify_chain(ACCOUNT, some_chain().objects)
    return (ChainHead(account=ACCOUNT, sequence=sequence, digest=chain.digests[sequence]),)


def test_a_chain_that_went_on_is_fine() -> None:
    chain = verify_chain(ACCOUNT, some_chain().objects)
    for sequence in range(7):
        assert compare(_seen_at(sequence), {ACCOUNT: chain}) == ()


@pytest.mark.parametrize("left", range(7))
def test_a_chain_that_was_cut_is_found(left: int) -> None:
    objects = {sequence: data for sequence, data in some_chain().objects.items() if sequence < left}
    chain = verify_chain(ACCOUNT, objects)
    assert chain.findings == (), "by itself it looks whole"
    (finding,) = compare(_seen_at(6), {ACCOUNT: chain} if objects else {})
    assert (finding.fault, finding.where) == ("truncated", link_key(ACCOUNT, 6))


def test_a_chain_that_was_grown_anew_is_found() -> None:
    writer = some_chain()
    another = some_chain()
    another.now = writer.now = NOW + 500
    writer.write(reserved(2, 31))
    another.write(reserved(2, 30.5))
    seen = verify_chain(ACCOUNT, writer.objects)
    kept = (ChainHead(account=ACCOUNT, sequence=7, digest=seen.digests[7]),)
    (finding,) = compare(kept, {ACCOUNT: verify_chain(ACCOUNT, another.objects)})
    assert (finding.fault, finding.where) == ("forked", link_key(ACCOUNT, 7))
