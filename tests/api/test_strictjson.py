import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.strictjson import MAX_DEPTH, parse_object
from understudy_api.verdict import Refusal


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a":1,"a":2}', "DuplicateKey"),
        (b'{"b":{"a":1,"a":1}}', "DuplicateKey"),
        (b'{"a":1,"\\u0061":2}', "DuplicateKey"),
        (b'{"a":NaN}', "NotANumber"),
        (b'{"a":[-Infinity]}', "NotANumber"),
        (b"[1]", "MalformedToken"),
        (b"1", "MalformedToken"),
        (b"", "MalformedToken"),
        (b"not json", "MalformedToken"),
        (b'{"a":1} ', None),
        (b'{"a":1}x', "MalformedToken"),
        (b'{"a":"\xff"}', "MalformedToken"),
        ('{"a":1}'.encode("utf-16"), "MalformedToken"),
        ('\ufeff{"a":1}'.encode(), "MalformedToken"),
        (b'{"a":' + b"9" * 5000 + b"}", "MalformedToken"),
        (b'{"a":' + b"[" * 100_000, "TooDeep"),
        (nested(MAX_DEPTH + 1), "TooDeep"),
        (nested(MAX_DEPTH), None),
    ],
)
def test_each_fault_has_its_own_reason(data: bytes, reason: str | None) -> None:
    found = parse_object(data, "token: the payload")
    assert (found.reason if isinstance(found, Refusal) else None) == reason


def test_the_message_begins_with_what_and_names_the_key() -> None:
    found = parse_object(b'{"exp":1,"exp":2}', "token: the payload")
    assert isinstance(found, Refusal)
    assert found.message.startswith("token: the payload has the key 'exp' twice")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), JSON, max_size=4))
def test_objects_are_read_as_they_are(value: dict[str, object]) -> None:
    assert parse_object(json.dumps(value).encode(), "x") == value


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert isinstance(parse_object(data, "x"), dict | Refusal)
