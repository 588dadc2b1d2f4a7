"""Knocking at nodes. Ray's table itself is read in test_presence.py, from a real Ray."""

from __future__ import annotations

import asyncio
import socket

import pytest

from understudy_workers.direction.nodes import Node
from understudy_workers.ray_nodes import MAX_PROBES, RayNodes, answers


def test_where_a_process_listens_somebody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert asyncio.run(answers(f"127.0.0.1:{port}")) is True
    assert asyncio.run(answers(f"127.0.0.1:{port}")) is False


def test_of_a_machine_that_is_not_there_nobody_can_say() -> None:
    assert asyncio.run(answers("no-such-host.invalid:1")) is None


@pytest.mark.parametrize("count", [0, 1, MAX_PROBES, MAX_PROBES + 1, 5 * MAX_PROBES])
def test_every_node_has_its_turn(count: int) -> None:
    nodes, table = RayNodes(), [Node(f"{n:04}", f"h{n}:1", 1, 0.0) for n in range(count)]
    looks = -(-count // MAX_PROBES)
    asked = [nodes.in_turn(table) for _ in range(looks)]
    assert sorted(node.id for part in asked for node in part) == [node.id for node in table]
    assert all(len(part) <= MAX_PROBES for part in asked)
    assert nodes.in_turn(table) == table[:MAX_PROBES]
