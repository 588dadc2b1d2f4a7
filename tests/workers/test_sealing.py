import io
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_workers.sealing import Seal, SealError

TWIN, OTHER = "ab" * 32, "cd" * 32
VERSION, NAME = "11" * 32, "22" * 32
KEY = bytes(range(32))
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def seal() -> Seal:
    return Seal(TWIN, KEY)


@given(data=st.binary(max_size=300))
def test_what_was_sealed_opens(seal: Seal, data: bytes) -> None:
    sealed = seal.close(data, VERSION, NAME)
    assert seal.open(sealed, VERSION, NAME) == data
    assert len(data) < 16 or data not in sealed


@pytest.mark.parametrize("size", [0, 1, MEGABYTE - 57, MEGABYTE - 56, MEGABYTE, 3 * MEGABYTE + 7])
def test_sizes_around_a_segment(seal: Seal, size: int) -> None:
    data = secrets.token_bytes(size)
    assert seal.open(seal.close(data, VERSION, NAME), VERSION, NAME) == data


def test_the_same_bytes_never_look_the_same(seal: Seal) -> None:
    assert seal.close(b"x" * 100, VERSION, NAME) != seal.close(b"x" * 100, VERSION, NAME)


@pytest.mark.parametrize(
    ("twin", "key", "version", "name"),
    [
        (OTHER, KEY, VERSION, NAME),
        (TWIN, bytes(32), VERSION, NAME),
        (TWIN, KEY, "12" * 32, NAME),
        (TWIN, KEY, VERSION, "23" * 32),
    ],
    ids=["another twin", "another key", "another version", "another name"],
)
def test_it_opens_in_its_own_place_alone(seal: Seal, twin: str, key: bytes, version: str, name: str) -> None:
    sealed = seal.close(b"likeness", VERSION, NAME)
    with pytest.raises(SealError, match=name[:16]):
        Seal(twin, key).open(sealed, version, name)


@given(place=st.integers(min_value=0), flip=st.integers(1, 255))
def test_no_altered_byte_opens(seal: Seal, place: int, flip: int) -> None:
    sealed = bytearray(seal.close(b"likeness" * 10, VERSION, NAME))
    sealed[place % len(sealed)] ^= flip
    with pytest.raises(SealError):
        seal.open(bytes(sealed), VERSION, NAME)


@pytest.mark.parametrize("size", [100, 2 * MEGABYTE + 100])
def test_nothing_cut_off_or_added_opens(seal: Seal, size: int) -> None:
    sealed = seal.close(bytes(size), VERSION, NAME)
    for wrong in (b"", sealed[:-1], sealed[:MEGABYTE], sealed[:40], sealed + b"x"):
        if wrong != sealed:
            with pytest.raises(SealError):
                seal.open(wrong, VERSION, NAME)


def test_swapped_segments_do_not_open(seal: Seal) -> None:
    sealed = seal.close(secrets.token_bytes(4 * MEGABYTE), VERSION, NAME)
    swapped = (
        sealed[:MEGABYTE]
        + sealed[2 * MEGABYTE : 3 * MEGABYTE]
        + sealed[MEGABYTE : 2 * MEGABYTE]
        + sealed[3 * MEGABYTE :]
    )
    with pytest.raises(SealError):
        seal.open(swapped, VERSION, NAME)


def test_streams_and_bytes_are_one_format(seal: Seal) -> None:
    data = secrets.token_bytes(2 * MEGABYTE + 5)
    opened = io.BytesIO()
    seal.open_stream(io.BytesIO(seal.close(data, VERSION, NAME)), opened, VERSION, NAME)
    assert opened.getvalue() == data
    with pytest.raises(SealError):
        seal.open_stream(io.BytesIO(seal.close(data, VERSION, NAME)[:-9]), io.BytesIO(), VERSION, NAME)


def test_a_stream_is_sealed_piece_by_piece(seal: Seal) -> None:
    class Target(io.BytesIO):
        def close(self) -> None:
            pass

    data, target = secrets.token_bytes(5 * MEGABYTE), Target()
    seal.close_stream(io.BytesIO(data), target, VERSION, NAME)
    assert seal.open(target.getvalue(), VERSION, NAME) == data


def test_a_key_of_another_length_is_none() -> None:
    with pytest.raises(ValueError, match="wanted 32 bytes, got 16"):
        Seal(TWIN, bytes(16))


def test_nothing_prints_a_key(seal: Seal) -> None:
    assert repr(seal) == "Seal(abababababab)"
    assert KEY.hex() not in str(vars(seal))
