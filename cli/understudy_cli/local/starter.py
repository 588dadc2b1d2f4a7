"""Brings parts up side by side, each as soon as what it needs is ready; one failure ends the others' waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Final, Literal

from understudy_cli.errors import UserError
from understudy_cli.local import process
from understudy_cli.local.part import Part, Site
from understudy_cli.local.plan import require_free
from understudy_cli.local.probe import listens
from understudy_cli.local.process import Command, Identity

_POLL_SECONDS: Final = 0.1

State = Literal["starting", "ready", "running"]
Report = Callable[[str, State], None]


class _AbortedError(Exception):
    """Another part failed, or the user gave up."""


class Starter:
    """One attempt to bring parts up; `started` names what it started itself, in order, to undo it."""

    def __init__(self, site: Site, report: Report) -> None:
        self.started: list[str] = []
        self._site = site
        self._report = report
        self._abort = threading.Event()

    def bring_up(self, parts: Sequence[Part], adopted: Sequence[Part]) -> None:
        """Start `parts` (those that run already are left alone) and set up what is `adopted` from elsewhere.

        Raises UserError naming the first part that failed; what was started stays for the caller to stop.
        """
        # Certificates are made here, one after the other, before anybody starts in parallel.
        commands = {part.name: part.command(self._site) for part in parts}
        futures: dict[str, Future[None]] = {}
        with ThreadPoolExecutor(max_workers=max(1, len(parts) + len(adopted))) as pool:
            for part in (*adopted, *parts):
                needs = [futures[name] for name in part.needs if name in futures]
                futures[part.name] = pool.submit(self._one, part, commands.get(part.name), needs)
            try:
                self._wait(futures)
            except BaseException:
                self._abort.set()
                raise

    def _wait(self, futures: Mapping[str, Future[None]]) -> None:
        failures = []
        for future in as_completed(futures.values()):
            if (error := future.exception()) is not None:
                self._abort.set()
                failures.append(error)
        for error in sorted(failures, key=lambda error: isinstance(error, _AbortedError)):
            raise error

    def _one(self, part: Part, command: Command | None, needs: Sequence[Future[None]]) -> None:
        for need in needs:
            if need.exception() is not None:
                raise _AbortedError
        state = self._adopt(part) if command is None else self._start(part, command)
        part.finish(self._site)
        self._report(part.name, state)

    def _adopt(self, part: Part) -> State:
        if (reason := part.not_ready(self._site)) is not None:
            raise UserError(
                f"{part.name} elsewhere does not answer: {reason}; check its URL, credentials and authority"
            )
        return "running"

    def _start(self, part: Part, command: Command) -> State:
        home = self._site.home
        known = process.recall(home.record(part.name))
        if known is not None and process.is_alive(known.identity) and known.fingerprint == command.fingerprint():
            self._wait_ready(part, known.identity)
            return "running"
        if known is not None:  # told something else, or dead with children left behind
            process.stop(known.identity, part.grace_seconds)
        ports = {name: getattr(self._site.plan.ports, name) for name in part.ports}
        require_free(home, part.name, ports)
        part.prepare(self._site)
        self._report(part.name, "starting")
        if self._abort.is_set():
            raise _AbortedError
        self.started.append(part.name)
        identity = process.start(command, home.log(part.name), home.record(part.name))
        self._wait_ready(part, identity)
        return "ready"

    def _wait_ready(self, part: Part, identity: Identity) -> None:
        log, port = self._site.home.log(part.name), int(getattr(self._site.plan.ports, part.ports[0]))
        deadline = time.monotonic() + part.ready_seconds
        reason = None
        while time.monotonic() < deadline:
            reason = part.not_ready(self._site) if listens(port) else f"nobody listens on port {port}"
            if reason is None:
                return
            if not process.is_alive(identity):
                code = process.exit_code(identity)
                raise UserError(f"{part.name} ended with code {code}: {process.last_line(log)}; its log: {log}")
            if self._abort.wait(_POLL_SECONDS):
                raise _AbortedError
        raise UserError(f"{part.name} is not ready after {part.ready_seconds:.0f} s: {reason}; its log: {log}")
