"""Ray's own table of nodes: the one memory of who was there that outlives performers, directors and nodes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any, Final

import ray
import structlog
from ray._raylet import GcsClient  # type: ignore[attr-defined]
from ray.exceptions import RayError

from understudy_api.kuberay import GROUP_LABEL
from understudy_workers.direction.nodes import Node, Nodes

TABLE_SECONDS: Final = 5.0
PROBE_SECONDS: Final = 1.0
MAX_PROBES: Final = 64
"""Nodes that are knocked at in one look; with more of them, each has its turn."""

log = structlog.get_logger("nodes")


class RayNodes:
    """Looks at Ray's table, and remembers. `ray.nodes()` tells no times: this asks Ray's head as its dashboard does."""

    def __init__(self) -> None:
        self._nodes = Nodes()
        self._client: Any = None
        self._looking = asyncio.Lock()
        self._turn = 0

    def told(self, node: str, group: str, began_at: float) -> None:
        """What a performer says of its node; see `Nodes.told`."""
        self._nodes.told(node, group, began_at)

    async def look(self) -> tuple[float, tuple[Node, ...]]:
        """When it looked, Unix seconds, and all nodes until then; while Ray's head does not answer, the last look."""
        async with self._looking:
            now = time.time()
            try:
                table = await asyncio.to_thread(self._table)
            except RayError as error:
                log.warning("the table of nodes does not come", error=str(error).strip().splitlines()[-1][:200])
                return self._nodes.looked_at, self._nodes.all()
            asked = self.in_turn([node for node in table if node.ended_at is None])
            heard = await asyncio.gather(*(answers(node.address) for node in asked))
            by_answer = {
                word: [one.id for one, its in zip(asked, heard, strict=True) if its is word] for word in (True, False)
            }
            self._nodes.look(now, table, silent=by_answer[False], answering=by_answer[True])
            return now, self._nodes.all()

    def in_turn(self, alive: Iterable[Node]) -> list[Node]:
        """Those to knock at now: MAX_PROBES at most, and all of them before one of them again."""
        nodes = sorted(alive, key=lambda node: node.id)
        first = self._turn if self._turn < len(nodes) else 0
        self._turn = first + MAX_PROBES
        return nodes[first : self._turn]

    def _table(self) -> list[Node]:
        if self._client is None:
            self._client = GcsClient(address=ray.get_runtime_context().gcs_address)
        infos: Iterable[Any] = self._client.get_all_node_info(timeout=TABLE_SECONDS).values()
        return [
            Node(
                id=info.node_id.hex(),
                address=f"{info.node_manager_address}:{info.node_manager_port}",
                places=int(info.resources_total.get("CPU", 0)),
                began_at=info.start_time_ms / 1000,
                ended_at=info.end_time_ms / 1000 or None,
                group=info.labels.get(GROUP_LABEL, ""),
            )
            for info in infos
        ]


async def answers(address: str) -> bool | None:
    """Whether a process listens there; None when nobody can say: a machine that is gone is silent in another way."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            _, writer = await asyncio.open_connection(host, int(port))
    except ConnectionRefusedError:
        return False
    except (OSError, TimeoutError):
        return None
    writer.close()
    return True
