"""The pool as reconciles see it: one poll a second for all jobs, and what this process remembers of its own requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from understudy_api.grant import Grant, TrainingGrant
from understudy_api.order import Order, Progress, TrainingOrder, TrainingProgress
from understudy_api.verdict import Verdict
from understudy_operator.core.state import ENDED, DirectorView, PoolAnswer
from understudy_operator.shell.director import Board, Director
from understudy_operator.shell.errors import OutageError

POLL_SECONDS: Final = 1.0
STALE_SECONDS: Final = 8.0
"""A board older than this says nothing: a poll and its time-out together take less."""


@dataclass(frozen=True)
class Hint:
    """What tells that an order's log may have news: the director's last segment and the order's state."""

    sequence: int
    state: str
    generation: int
    performers: tuple[str, ...] = ()
    """Who is ready: when that changes, the order's grant has to name them."""
    spent_out: bool = False
    """Whether its allowance is reached."""


@dataclass(frozen=True)
class Look:
    """The last board and when it came; `problem` says why the last poll brought none."""

    board: Board | None
    problem: str
    at: float
    hints: Mapping[str, Hint] = field(default_factory=dict)
    """What the board says of each order, for those that ask for many."""


class Pool:
    """One director, asked at most once a second; safe for use from many threads."""

    def __init__(
        self,
        director: Director,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._director = director
        self._clock = clock
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._look = Look(None, "director: not asked yet", float("-inf"))
        self._seen = self._look
        self._ours: dict[str, tuple[Progress | None, float]] = {}
        self._grants: dict[str, Grant] = {}
        self._training_grants: dict[str, TrainingGrant] = {}
        self._answers: dict[str, PoolAnswer] = {}

    def poll(self) -> tuple[set[str], bool]:
        """Ask the director; returns the uids whose hint changed and whether the pool itself did."""
        started = self._clock()
        try:
            board = self._director.board()
            look = Look(board, "", started, _hints(board))
        except OutageError as outage:
            # One lost answer is no reason to start a second director: the last board holds until it is stale.
            look = replace(self._look, problem=str(outage))
        with self._lock:
            self._look = look
            if look.at == started:
                # What this process put or deleted after the poll began is newer than the poll's answer.
                self._ours = {uid: ours for uid, ours in self._ours.items() if ours[1] >= started}
        seen, before = self.look(), self._seen
        self._seen = seen
        old, new = before.hints, seen.hints
        changed = {uid for uid in old.keys() | new.keys() if old.get(uid) != new.get(uid)}
        return changed, _face(before) != _face(seen)

    def look(self) -> Look:
        """The last poll; without a board when it is too old to say anything."""
        with self._lock:
            look = self._look
        if look.board is not None and self._clock() - look.at > STALE_SECONDS:
            return Look(None, look.problem or "director: did not answer for some seconds", look.at)
        return look

    def held(self, uid: str) -> Progress | None:
        """The director's hint on an order, as of the last poll or our own last request, whichever is newer."""
        look = self.look()
        with self._lock:
            if uid in self._ours:
                return self._ours[uid][0]
        return look.board.order(uid) if look.board else None

    def held_uids(self) -> frozenset[str] | None:
        """All orders that the director still works on; None when it does not answer."""
        look = self.look()
        if look.board is None:
            return None
        with self._lock:
            ours = {uid: held for uid, (held, _) in self._ours.items()}
        held = {order.uid: order for order in look.board.director.orders} | ours
        return frozenset(uid for uid, order in held.items() if order is not None and order.state not in ENDED)

    def hint(self, uid: str) -> Hint | None:
        """What an order's log may be read again for; also what this process itself just put or stopped changes it."""
        hint = self.look().hints.get(uid)
        with self._lock:
            if uid not in self._ours:
                return hint
            ours = self._ours[uid][0]
        return _hint(ours, hint.sequence if hint else -1, self.performers) if ours else None

    def grant_expires_at(self, uid: str) -> float | None:
        """`exp` of the last grant that was accepted for the order."""
        with self._lock:
            return self._grants[uid].exp if uid in self._grants else None

    def granted_seconds(self, uid: str) -> float | None:
        """`seconds` of that grant."""
        with self._lock:
            return self._grants[uid].seconds if uid in self._grants else None

    def granted_items(self, uid: str) -> int | None:
        """`items` of that grant."""
        with self._lock:
            return self._grants[uid].items if uid in self._grants else None

    def grant_performers(self, uid: str) -> tuple[str, ...]:
        """The performers that it names."""
        with self._lock:
            return self._grants[uid].performers if uid in self._grants else ()

    @property
    def performers(self) -> tuple[str, ...]:
        """Keys of the performers that were ready at the last poll, sorted."""
        board = self.look().board
        return board.director.performers if board else ()

    def answer(self, uid: str) -> PoolAnswer | None:
        """How the pool refused the order, until one of that uid is accepted."""
        with self._lock:
            return self._answers.get(uid)

    def put_order(self, order: Order, grant: Grant) -> None:
        """Hand over an order that carries the grant; acceptance and refusal are remembered, an outage is raised."""
        result = self._director.put_order(order)
        with self._lock:
            if isinstance(result, Verdict):
                self._answers[order.uid] = PoolAnswer(order=order.digest, verdict=result, at=self._wall_clock())
                return
            self._answers.pop(order.uid, None)
            self._grants[order.uid] = grant
            self._ours[order.uid] = (result, self._clock())

    def put_grant(self, sealed: str, grant: Grant) -> None:
        """Renew a grant, `sealed` as it is signed. One that is refused, or comes for an order the director lost, is forgotten: look again."""
        uid = grant.sub
        result = self._director.put_grant(uid, sealed)
        with self._lock:
            if isinstance(result, Progress):
                self._grants[uid] = grant
                self._ours[uid] = (result, self._clock())
                return
            self._grants.pop(uid, None)
            if result is None:
                self._ours[uid] = (None, self._clock())
        if isinstance(result, Verdict):
            raise OutageError("director", f"refused a grant: {result.message}")

    def put_committed(self, uid: str, sequence: int) -> None:
        """Let the director deliver what stands in segments up to `sequence`."""
        result = self._director.put_committed(uid, sequence)
        with self._lock:
            self._ours[uid] = (result, self._clock())

    def stop_order(self, uid: str) -> None:
        """Stop an order; whether it has ended is seen at the next look."""
        ended = self._director.delete_order(uid)
        with self._lock:
            self._grants.pop(uid, None)
            if ended:
                self._ours[uid] = (None, self._clock())

    def put_training(self, order: TrainingOrder, grant: TrainingGrant) -> None:
        """Hand over a training that carries the grant; a refusal is an outage of the farm's own making and raised as one."""
        result = self._director.put_training(order)
        if isinstance(result, Verdict):
            raise OutageError("director", f"refused a training: {result.message}")
        with self._lock:
            self._training_grants[order.uid] = grant

    def training_grant(self, uid: str) -> TrainingGrant | None:
        """The last grant that was accepted for a training."""
        with self._lock:
            return self._training_grants.get(uid)

    def training(self, uid: str) -> TrainingProgress | None:
        """The director's hint on a training; None when it holds none or does not answer."""
        if self.look().board is None:
            return None
        return self._director.training(uid)

    def stop_training(self, uid: str) -> None:
        """Stop a training."""
        self._director.delete_training(uid)

    def forget(self, uid: str) -> None:
        """The object is gone: remember nothing of it."""
        with self._lock:
            for memory in (self._ours, self._grants, self._training_grants, self._answers):
                memory.pop(uid, None)

    @property
    def director(self) -> DirectorView | None:
        """The director as of the last poll."""
        board = self.look().board
        return board.director if board else None


def _hints(board: Board) -> Mapping[str, Hint]:
    return {
        order.uid: _hint(order, board.sequences.get(order.uid, -1), board.director.performers)
        for order in board.director.orders
    }


def _hint(order: Progress, sequence: int, performers: tuple[str, ...]) -> Hint:
    spent_out = order.spending is not None and bool(order.spending.reached)
    return Hint(sequence, order.state, order.generation, performers, spent_out)


def _face(look: Look) -> tuple[object, ...]:
    """What of a pool is worth a reconcile at once; how busy it is can wait."""
    view = look.board.director if look.board else None
    return (view.id, view.release, view.workers) if view else (None, look.problem)
