"""RFC 6962 trees: the known answers of Certificate Transparency, and properties of proofs."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.ledger import merkle

LEAVES = tuple(
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
)
"""The leaves and roots that the Certificate Transparency projects test against."""
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
PATHS = {
    (0, 1): (),
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_no_leaves_hash_to_nothing() -> None:
    assert merkle.root(()) == hashlib.sha256(b"").digest()


@pytest.mark.parametrize(("place", "size"), PATHS)
def test_paths_are_those_of_certificate_transparency(place: int, size: int) -> None:
    assert [one.hex() for one in merkle.inclusion_proof(LEAVES[:size], place)] == list(PATHS[place, size])


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=70), st.data())
def test_every_leaf_is_proven_and_nothing_else(leaves: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(leaves) - 1))
    root, proof = merkle.root(leaves), merkle.inclusion_proof(leaves, place)
    size = len(leaves)
    assert merkle.included(leaves[place], place, size, proof, root)
    assert not merkle.included(leaves[place] + b"x", place, size, proof, root)
    assert not merkle.included(leaves[place], place, size, (*proof, root), root)
    if proof:
        assert not merkle.included(leaves[place], place, size, proof[:-1], root)
        assert not merkle.included(leaves[place], place, size, (bytes(32), *proof[1:]), root)
    for other in range(size):
        if other != place and leaves[other] != leaves[place]:
            assert not merkle.included(leaves[other], place, size, proof, root)


@pytest.mark.parametrize(("place", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_place_outside_the_tree_proves_nothing(place: int, size: int) -> None:
    assert not merkle.included(b"", place, size, (), merkle.root((b"",)))
    with pytest.raises(IndexError):
        merkle.inclusion_proof(LEAVES[:size], place)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=20), st.integers(0, 30), st.binary(max_size=4))
def test_any_other_leaf_at_any_place_changes_the_root(leaves: list[bytes], place: int, other: bytes) -> None:
    changed = list(leaves)
    changed[place % len(leaves)] = other
    assert (merkle.root(changed) == merkle.root(leaves)) is (changed == leaves)
