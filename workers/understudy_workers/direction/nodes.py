"""The nodes of a pool: since when each is there, until when, and how many workers' places it has. Pure: no clock, no Ray.

A place counts while its node is there, ready or not, busy or idle: that is what is paid for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from understudy_api.kuberay import is_group_name
from understudy_api.timesheet import HOUR_SECONDS, NOBODY

KEPT_SECONDS: Final = 50.0 * HOUR_SECONDS
"""How long a node that is gone is remembered: timesheets of that many hours may still have to be written."""
MAX_START_SECONDS: Final = 120.0
"""A node's process began at most so long before Ray's table had it; what says otherwise is a clock that was set."""


@dataclass(frozen=True)
class Node:
    """A node as Ray's table has it. Times in Unix seconds; `ended_at` None: it is there."""

    id: str
    address: str
    """Host and port at which it answers Ray: no two nodes have the same at the same time."""
    places: int
    began_at: float
    ended_at: float | None = None
    group: str = NOBODY
    """Worker group; empty: none, or one that nobody has told yet."""


class Nodes:
    """What successive looks at Ray's table, and the performers, told of all nodes. `looked_at`: the newest look."""

    def __init__(self) -> None:
        self.looked_at = 0.0
        self._table: dict[str, Node] = {}
        self._told: dict[str, tuple[str, float]] = {}
        self._silent: dict[str, float] = {}

    def told(self, node: str, group: str, began_at: float) -> None:
        """A performer says of which group its node is, as the node was told, and when the node's process began."""
        self._told[node] = group, began_at

    def look(self, now: float, table: Iterable[Node], silent: Collection[str], answering: Collection[str]) -> None:
        """Takes in Ray's table as it is `now`; at the addresses of `silent` nobody was, at those of `answering` somebody.

        Ray itself takes up to 15 s to notice that a node's process is gone. Whoever is found silent went at some moment since
        the look before: in the middle, where errors of many cancel out.
        """
        seen = {node.id: node for node in table}
        for id in answering:
            self._silent.pop(id, None)
        for id in silent:
            self._silent.setdefault(id, (self.looked_at + now) / 2 if self.looked_at else now)
        for id, known in self._table.items():
            # Ray keeps nodes that ended, the newest thousand; one that it lost was there at the last look.
            lost = replace(known, ended_at=self.looked_at) if known.ended_at is None else known
            seen.setdefault(id, lost)
        self._table = {
            id: node for id, node in seen.items() if node.ended_at is None or node.ended_at > now - KEPT_SECONDS
        }
        self._told = {id: told for id, told in self._told.items() if id in self._table}
        self._silent = {id: at for id, at in self._silent.items() if id in self._table}
        self.looked_at = now

    def all(self) -> tuple[Node, ...]:
        """Every node, the first to begin first, with what is known best of its group, its beginning and its end."""
        nodes = sorted(map(self._known, self._table.values()), key=lambda node: (node.began_at, node.id))
        latest: dict[str, float] = {}
        found = []
        for node in reversed(nodes):
            # Where another one answers now, this one is gone, whether Ray has noticed or not.
            found.append(_ended(node, latest.get(node.address)))
            latest[node.address] = node.began_at
        return tuple(reversed(found))

    def _known(self, node: Node) -> Node:
        group, began_at = self._told.get(node.id, (node.group, node.began_at))
        if not 0 <= node.began_at - began_at <= MAX_START_SECONDS:
            began_at = node.began_at
        known = replace(node, group=group if is_group_name(group) else NOBODY, began_at=began_at)
        return _ended(known, self._silent.get(node.id))


def _ended(node: Node, at: float | None) -> Node:
    """The node, ended by `at` at the latest."""
    if at is None or (node.ended_at is not None and node.ended_at <= at):
        return node
    return replace(node, ended_at=max(at, node.began_at))


def presence(nodes: Iterable[Node], since: float, until: float) -> Counter[str]:
    """Seconds that the places of each group were there within a time, added up."""
    found: Counter[str] = Counter()
    for node in nodes:
        end = until if node.ended_at is None else min(node.ended_at, until)
        seconds = end - max(node.began_at, since)
        if seconds > 0 and node.places:
            found[node.group] += seconds * node.places  # type: ignore[assignment]
    return found
