"""Labels stay few, whoever names them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from understudy_operator.shell.metric_labels import OTHER, Labels


def test_the_first_are_known_and_all_after_them_are_others() -> None:
    labels = Labels(most=2)
    assert [labels.bounded(name)[0] for name in ("a", "b", "c", "a", "d")] == ["a", "b", OTHER, "a", OTHER]


def test_combinations_are_counted_whole() -> None:
    labels = Labels(most=2)
    assert labels.bounded("acme", "default") == ("acme", "default")
    assert labels.bounded("acme", "gpu") == ("acme", "gpu")
    assert labels.bounded("zenith", "default") == (OTHER, OTHER)


@given(st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3)), max_size=60), st.integers(0, 8))
def test_there_are_never_more_than_allowed_and_one_word_for_the_rest(names: list[tuple[str, str]], most: int) -> None:
    labels = Labels(most)
    told = [labels.bounded(*name) for name in names]
    assert len(set(told) - {(OTHER, OTHER)}) <= most
    for name, said in zip(names, told, strict=True):
        assert said in {name, (OTHER, OTHER)}
