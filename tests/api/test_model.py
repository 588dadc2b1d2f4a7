import pytest
from pydantic import ValidationError

from understudy_api.model import Model, fault_of, path_of


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        (("a", 0, "b"), "a.0.b"),
        ((), ""),
        (("a\nb",), "'a\\nb'"),
        (("preis", "größe"), "preis.größe"),
        (("x" * 300,), "x" * 120),
    ],
)
def test_where_a_mistake_is_is_one_plain_line(location: tuple[str | int, ...], shown: str) -> None:
    assert path_of(location) == shown


class Inner(Model):
    size: int


class Outer(Model):
    inner: Inner


@pytest.mark.parametrize(
    ("given", "within", "said"),
    [
        ({"inner": {"size": "x"}}, (), "inner.size: Input should be a valid integer"),
        ({"inner": {"size": "x"}}, ("spec",), "spec.inner.size: Input should be a valid integer"),
        ([], (), "the object: Input should be a valid dictionary"),
        ({"inner": {"size": 1}, "\n": 1}, (), "'\\n': Extra inputs are not permitted"),
    ],
)
def test_the_first_fault_is_told_with_its_place(given: object, within: tuple[str, ...], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(given)
    assert fault_of(caught.value, "the object", within).startswith(said)
