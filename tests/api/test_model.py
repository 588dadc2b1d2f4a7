import pytest

from understudy_api.model import path_of


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
