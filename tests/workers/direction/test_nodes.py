"""The nodes of a pool: since when, until when, of which group, by every word there is of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from understudy_workers.direction.nodes import KEPT_SECONDS, MAX_START_SECONDS, Node, Nodes, presence

HEAD = Node("head", "10.0.0.1:1", places=2, began_at=100.0)
SPOT = Node("spot", "10.0.0.2:1", places=4, began_at=200.0, group="spot")


def looked(*looks: tuple) -> Nodes:
    """After looks at a table: when, the table, whose addresses were silent, whose answered."""
    nodes = Nodes()
    for now, table, *heard in looks:
        silent, answering = (*heard, (), ())[:2]
        nodes.look(now, table, silent, answering)
    return nodes


def test_a_table_is_told_as_it_is() -> None:
    gone = replace(SPOT, ended_at=260.0)
    assert looked((300.0, [gone, HEAD])).all() == (HEAD, gone)


def test_a_node_that_came_and_went_between_two_looks_is_known_whole() -> None:
    gone = replace(SPOT, began_at=301.0, ended_at=301.5)
    assert looked((300.0, [HEAD]), (302.0, [HEAD, gone])).all() == (HEAD, gone)


def test_a_node_that_ray_lost_was_there_at_the_last_look() -> None:
    nodes = looked((300.0, [HEAD, SPOT]), (302.0, [HEAD]), (304.0, [HEAD]))
    assert nodes.all() == (HEAD, replace(SPOT, ended_at=300.0))


@pytest.mark.parametrize(
    ("looks", "ended_at"),
    [
        ([(302.0, [SPOT], ["spot"])], 302.0),
        ([(302.0, [SPOT], ["spot"]), (304.0, [SPOT], ["spot"])], 302.0),
        ([(302.0, [SPOT], ["spot"]), (304.0, [SPOT])], 302.0),
        ([(302.0, [SPOT], ["spot"]), (304.0, [SPOT], [], ["spot"])], None),
        ([(302.0, [SPOT], ["spot"]), (304.0, [SPOT], [], ["spot"]), (306.0, [SPOT], ["spot"])], 305.0),
        ([(302.0, [SPOT], ["spot"]), (316.0, [replace(SPOT, ended_at=314.0)])], 302.0),
        ([(302.0, [SPOT], ["spot"]), (304.0, [replace(SPOT, ended_at=301.0)])], 301.0),
        ([(302.0, [SPOT]), (304.0, [SPOT], ["spot"]), (316.0, [replace(SPOT, ended_at=314.0)])], 303.0),
        ([(302.0, [SPOT]), (316.0, [replace(SPOT, ended_at=314.0)])], 314.0),
    ],
)
def test_a_node_that_is_found_silent_went_since_the_look_before(looks: list[tuple], ended_at: float | None) -> None:
    (node,) = looked(*looks).all()
    assert node.ended_at == ended_at


def test_where_another_node_answers_the_one_before_it_is_gone() -> None:
    again = replace(SPOT, id="again", began_at=250.0)
    other = replace(SPOT, id="other", address="10.0.0.3:1", began_at=260.0)
    nodes = looked((300.0, [again, SPOT, other])).all()
    assert nodes == (replace(SPOT, ended_at=250.0), again, other)
    noticed_late = replace(SPOT, ended_at=265.0)
    assert looked((300.0, [noticed_late, again])).all()[0].ended_at == 250.0


def test_performers_know_the_group_and_the_beginning_better_than_the_table() -> None:
    nodes = looked((300.0, [HEAD, SPOT]))
    nodes.told("head", "gpu", 95.5)
    nodes.told("never-seen", "gpu", 95.5)
    assert nodes.all() == (replace(HEAD, group="gpu", began_at=95.5), SPOT)
    nodes.look(302.0, [replace(HEAD, ended_at=301.0), SPOT], (), ())
    assert nodes.all()[0] == replace(HEAD, group="gpu", began_at=95.5, ended_at=301.0)


@pytest.mark.parametrize("began_at", [100.1, 100.0 - MAX_START_SECONDS - 1])
def test_a_clock_that_was_set_moves_no_beginning(began_at: float) -> None:
    nodes = looked((300.0, [HEAD]))
    nodes.told("head", "", began_at)
    assert nodes.all() == (HEAD,)


@pytest.mark.parametrize("group", ["", "Not a name", "x" * 64])
def test_what_is_no_group_is_none(group: str) -> None:
    assert looked((300.0, [replace(SPOT, group=group)])).all()[0].group == ""


def test_what_is_long_gone_is_forgotten() -> None:
    gone = replace(SPOT, ended_at=260.0)
    nodes = looked((300.0, [HEAD, gone]), (260.0 + KEPT_SECONDS, [HEAD, gone]))
    assert nodes.all() == (HEAD,)


@pytest.mark.parametrize(
    ("since", "until", "wanted"),
    [
        (0.0, 50.0, {}),
        (0.0, 150.0, {"": 100.0}),
        (120.0, 220.0, {"": 200.0, "spot": 80.0}),
        (0.0, 1000.0, {"": 1800.0, "spot": 240.0}),
        (260.0, 300.0, {"": 80.0}),
        (300.0, 300.0, {}),
        (300.0, 200.0, {}),
    ],
)
def test_presence_is_what_lies_within(since: float, until: float, wanted: dict[str, float]) -> None:
    assert presence([HEAD, replace(SPOT, ended_at=260.0)], since, until) == wanted


TIMES = some.floats(0, 10_000)
NODES = some.lists(
    some.builds(
        Node,
        id=some.uuids().map(str),
        address=some.sampled_from("abc"),
        places=some.integers(0, 8),
        began_at=TIMES,
        ended_at=some.none() | TIMES,
        group=some.sampled_from(["", "gpu", "spot"]),
    )
)


@given(NODES, some.lists(TIMES, min_size=2))
def test_presence_adds_up_whatever_the_edges(nodes: list[Node], edges: list[float]) -> None:
    edges = sorted(edges)
    whole = presence(nodes, edges[0], edges[-1])
    parts = [presence(nodes, *pair) for pair in pairwise(edges)]
    for group in ("", "gpu", "spot"):
        assert sum(part[group] for part in parts) == pytest.approx(whole[group], abs=1e-6)


@given(NODES, TIMES)
def test_at_no_address_two_nodes_are_there_at_once(table: list[Node], now: float) -> None:
    table = [node for node in table if node.ended_at is None or node.ended_at >= node.began_at]
    found = looked((now, table)).all()
    for address in "abc":
        here = [node for node in found if node.address == address]
        for one, two in pairwise(here):
            assert one.ended_at is not None
            assert one.began_at <= one.ended_at <= max(two.began_at, one.began_at)
