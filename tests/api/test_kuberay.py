"""Worker groups: what they may be called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from understudy_api.kuberay import WorkerGroup, is_group_name


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("spot", True),
        ("a", True),
        ("l4-2x", True),
        ("x" * 63, True),
        ("x" * 64, False),
        ("", False),
        ("Spot", False),
        ("-a", False),
        ("a-", False),
        ("a b", False),
        ("a.b", False),
        ("a\n", False),
        ("\u0661", False),
    ],
)
def test_a_group_is_called_as_kubernetes_calls_things(name: str, may: bool) -> None:
    assert is_group_name(name) is may


@given(st.one_of(st.text(max_size=70), st.text("ab-9", max_size=70)))
def test_a_name_is_a_groups_name_where_a_group_can_have_it(name: str) -> None:
    try:
        WorkerGroup(name=name)
    except ValidationError:
        accepted = False
    else:
        accepted = True
    assert is_group_name(name) is accepted
