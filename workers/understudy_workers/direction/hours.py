"""The hours of a pool: stints and nodes come in, timesheets come out. Pure: no clock, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from understudy_api.timesheet import HOUR_SECONDS, MAX_PRESENCES, MAX_WORKS, NOBODY, Presence, Timesheet, Work
from understudy_workers.direction.nodes import Node, presence
from understudy_workers.direction.stints import Client, Stint, hours_of

MAX_NAMESPACES: Final = 900
"""Kinds x namespaces x groups that are told of what comes after MAX_WORKS; of what comes after them, the group alone."""

Key = tuple[Client, str, str]
"""For whom, in which locale, by workers of which group."""


class Hours:
    """Sums of what was worked, by hour."""

    def __init__(self) -> None:
        self._hours: dict[int, Counter[Key]] = {}
        self._groups = {NOBODY}

    def add(self, stint: Stint) -> None:
        """Takes in a stint: split where it crosses an hour's edge, shared by its locales."""
        group = self._group(stint.group)
        for hour, seconds in hours_of(stint.ended_at - stint.busy_seconds, stint.ended_at):
            works = self._hours.setdefault(hour, Counter())
            for locale, share in stint.locales:
                works[_bounded(works, (stint.client, locale, group))] += seconds * share  # type: ignore[assignment]

    def sheet(
        self, pool: str, director: str, release: str, hour: int, since: float, until: float, nodes: Iterable[Node]
    ) -> Timesheet:
        """What a director saw of an hour from `since` to `until`, as far as they lie in it and a node was there.

        Workers of a group are never busier than they were there. They may seem so: trainers run beside performers on the same
        cores, and a lost batch counts to the moment its loss was noticed. All works of the group then give way alike.
        """
        nodes, until = tuple(nodes), min(until, hour + HOUR_SECONDS)
        first = min((node.began_at for node in nodes if node.ended_at is None or node.ended_at > since), default=0.0)
        since = min(max(since, hour, first), until)
        there: Counter[str] = Counter()
        for group, seconds in presence(nodes, since, until).items():
            there[self._group(group)] += seconds
        works = self._hours.get(hour, Counter())
        busy: Counter[str] = Counter()
        for (_, _, group), seconds in works.items():
            busy[group] += seconds
        scale = {group: min(1.0, there[group] / seconds) for group, seconds in busy.items() if seconds > 0}
        return Timesheet(
            pool=pool,
            director=director,
            release=release,
            hour=hour,
            since=since,
            until=until,
            presences=tuple(Presence(group=group, worker_seconds=there[group]) for group in sorted(there)),
            works=tuple(
                _work(key, seconds * scale[key[2]])
                for key, seconds in works.items()
                if seconds * scale.get(key[2], 0) > 0
            ),
        )

    def forget(self, before: int) -> None:
        """Drops all hours that began before `before`."""
        self._hours = {hour: works for hour, works in self._hours.items() if hour >= before}

    def _group(self, name: str) -> str:
        """The group as timesheets tell it: the first ones by name, others as none."""
        if name not in self._groups and len(self._groups) < MAX_PRESENCES:
            self._groups.add(name)
        return name if name in self._groups else NOBODY


def _bounded(works: Counter[Key], key: Key) -> Key:
    """The key itself while there is room, else its namespace's, else its group's."""
    if key in works or len(works) < MAX_WORKS:
        return key
    client, _, group = key
    wider = (Client(client.kind, NOBODY, client.namespace, NOBODY), NOBODY, group)
    if wider in works or len(works) < MAX_WORKS + MAX_NAMESPACES:
        return wider
    return Client(client.kind, NOBODY, NOBODY, NOBODY), NOBODY, group


def _work(key: Key, seconds: float) -> Work:
    client, locale, group = key
    return Work(
        kind=client.kind,
        uid=client.uid,
        namespace=client.namespace,
        name=client.name,
        license=client.license,
        locale=locale,
        group=group,
        busy_seconds=seconds,
    )
