"""The director's HTTP: orders, grants and trainings, as JSON over TLS with a bearer token."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
from pydantic import ValidationError

from understudy_api.order import Draining, NodeLoad, Order, Progress, TrainingOrder, TrainingProgress
from understudy_api.settings import DirectorEndpoint
from understudy_api.verdict import Verdict
from understudy_operator.core.state import DirectorView
from understudy_operator.shell.errors import ConflictError, OutageError

TIMEOUT_SECONDS: Final = 5.0

M = TypeVar("M", Progress, TrainingProgress)


@dataclass(frozen=True)
class Board:
    """The director's answer to `GET /v1/orders`: who it is, what it holds, how far each order's log is."""

    director: DirectorView
    sequences: Mapping[str, int]

    def order(self, uid: str) -> Progress | None:
        """The hint on one order."""
        return next((held for held in self.director.orders if held.uid == uid), None)


class Director:
    """A client of one director; safe for use from many threads. The token is read anew for each request."""

    def __init__(self, endpoint: DirectorEndpoint) -> None:
        self._token_file = endpoint.token_file
        self._http = httpx.Client(
            base_url=endpoint.url,
            verify=_trusting(endpoint.ca_file),
            timeout=TIMEOUT_SECONDS,
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=8),
            trust_env=False,
        )

    def board(self) -> Board:
        """What the director holds."""
        data = self._json(self._send("GET", "/v1/orders"))
        try:
            view = DirectorView(
                id=str(data["director"]),
                release=str(data["release"]),
                workers=int(data["workers"]),
                busy=int(data["busy"]),
                orders=tuple(Progress.model_validate(entry) for entry in data["orders"]),
                performers=tuple(sorted(str(one) for one in data.get("performers", ()))),
                trainings=int(data.get("trainings", 0)),
                nodes=tuple(NodeLoad.model_validate(entry) for entry in data.get("nodes", ())),
            )
            return Board(view, {str(uid): int(last) for uid, last in data["sequences"].items()})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _nonsense("GET /v1/orders", error) from error

    def put_order(self, order: Order) -> Progress | Verdict:
        """Hand over an order; its Progress, or the Verdict it was refused with. ConflictError when a newer one is held."""
        answer = self._send("PUT", f"/v1/orders/{order.uid}", order.model_dump_json())
        if answer.status_code in (403, 422):
            return _verdict(answer)
        return self._read(Progress, answer)

    def put_grant(self, uid: str, grant: str) -> Progress | Verdict | None:
        """Renew an order's grant; None when the director does not hold the order."""
        answer = self._send("PUT", f"/v1/orders/{uid}/grant", json.dumps({"grant": grant}))
        if answer.status_code == 404:
            return None
        return _verdict(answer) if answer.status_code == 403 else self._read(Progress, answer)

    def put_committed(self, uid: str, sequence: int) -> Progress | None:
        """Say how far an order's log stands in the ledger; None when the director does not hold the order."""
        answer = self._send("PUT", f"/v1/orders/{uid}/committed", json.dumps({"sequence": sequence}))
        return None if answer.status_code == 404 else self._read(Progress, answer)

    def delete_order(self, uid: str) -> bool:
        """Stop an order; True once no performer works on it any more."""
        return self._delete(f"/v1/orders/{uid}")

    def put_draining(self, addresses: tuple[str, ...]) -> None:
        """Say which nodes get nothing more."""
        self._json(self._send("PUT", "/v1/nodes/draining", Draining(addresses=addresses).model_dump_json()))

    def put_training(self, order: TrainingOrder) -> TrainingProgress | Verdict:
        """Hand over a training; its progress, or the Verdict it was refused with."""
        answer = self._send("PUT", f"/v1/trainings/{order.uid}", order.model_dump_json())
        if answer.status_code in (403, 422):
            return _verdict(answer)
        return self._read(TrainingProgress, answer)

    def training(self, uid: str) -> TrainingProgress | None:
        """The hint on one training; None when the director does not hold it."""
        answer = self._send("GET", f"/v1/trainings/{uid}")
        return None if answer.status_code == 404 else self._read(TrainingProgress, answer)

    def delete_training(self, uid: str) -> bool:
        """Stop a training; True once nobody works on it any more."""
        return self._delete(f"/v1/trainings/{uid}")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _delete(self, path: str) -> bool:
        answer = self._send("DELETE", path)
        if answer.status_code not in (200, 202, 404):
            raise _unexpected(answer)
        return answer.status_code != 202

    def _send(self, method: str, path: str, content: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
        try:
            return self._http.request(method, path, content=content, headers=headers)
        except httpx.HTTPError as error:
            text = str(error) or type(error).__name__
            raise OutageError("director", f"{self._http.base_url} does not answer: {text}") from error

    def _token(self) -> str:
        try:
            return self._token_file.read_text().strip()
        except OSError as error:
            raise OutageError("director", f"{self._token_file}: cannot be read ({error.strerror})") from error

    def _json(self, answer: httpx.Response) -> dict[str, Any]:
        if answer.status_code == 409:
            raise ConflictError(f"director: {answer.request.url.path}: a newer generation is held")
        if answer.status_code != 200:
            raise _unexpected(answer)
        try:
            data = answer.json()
        except ValueError as error:
            raise _nonsense(answer.request.url.path, error) from error
        if not isinstance(data, dict):
            raise _nonsense(answer.request.url.path, TypeError("no JSON object"))
        return data

    def _read(self, model: type[M], answer: httpx.Response) -> M:
        try:
            return model.model_validate(self._json(answer))
        except ValidationError as error:
            raise _nonsense(answer.request.url.path, error) from error


def _verdict(answer: httpx.Response) -> Verdict:
    """The body of a refusal; a 403 without refusals is about our token: the farm's fault and no verdict."""
    try:
        verdict = Verdict.model_validate_json(answer.content)
    except ValidationError as error:
        raise _unexpected(answer) from error
    if verdict.permitted:
        raise _unexpected(answer)
    return verdict


def _unexpected(answer: httpx.Response) -> OutageError:
    request = answer.request
    cure = "; check that operator and director share a token" if answer.status_code in (401, 403) else ""
    return OutageError("director", f"{request.method} {request.url.path}: HTTP {answer.status_code}{cure}")


def _nonsense(where: str, error: Exception) -> OutageError:
    return OutageError("director", f"{where}: unreadable answer ({str(error).splitlines()[0]})")


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
