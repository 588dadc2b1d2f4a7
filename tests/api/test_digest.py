import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.digest import canonical, digest, digest_bytes, keyed_digest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def test_known_values() -> None:
    assert canonical({"b": 1, "a": [True, None, "é"]}) == '{"a":[true,null,"é"],"b":1}'.encode()
    assert digest_bytes(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest("abc") == digest_bytes(b'"abc"')


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=6))
def test_key_order_does_not_matter(value: dict[str, object]) -> None:
    assert digest(dict(reversed(value.items()))) == digest(value)


@given(JSON, st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_keyed_digest_depends_on_the_key(value: object, one: bytes, other: bytes) -> None:
    assert (keyed_digest(one, value) == keyed_digest(other, value)) is (one == other)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60])
def test_what_json_cannot_hold_is_refused(value: float) -> None:
    with pytest.raises(ValueError):
        canonical(value)
