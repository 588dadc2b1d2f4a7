"""The director's HTTP: JSON over TLS, a bearer token on everything but the health check."""

from __future__ import annotations

import hmac
import ssl
from dataclasses import dataclass
from typing import Final, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import ValidationError

from understudy_api.model import Model, fault_of
from understudy_api.order import Commitment, Draining, Order, TrainingOrder
from understudy_api.settings import DirectorListener
from understudy_api.verdict import Refusal, Verdict
from understudy_workers.direction.desk import Conflict, Desk
from understudy_workers.direction.floor import Floor
from understudy_workers.direction.trainings import TrainingDesk

MAX_BODY_BYTES: Final = 8 * 1024 * 1024
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Front:
    """What HTTP speaks for."""

    director: str
    release: str
    desk: Desk
    floor: Floor
    trainings: TrainingDesk


def application(front: Front, token: str) -> web.Application:
    """The routes of a director. `token` is what callers have to bear."""
    app = web.Application(middlewares=[_bearer(token)], client_max_size=MAX_BODY_BYTES)
    routes = _Routes(front)
    app.add_routes(
        [
            web.get("/healthz", routes.health),
            web.get("/v1/orders", routes.board),
            web.put("/v1/orders/{uid}", routes.put_order),
            web.get("/v1/orders/{uid}", routes.get_order),
            web.delete("/v1/orders/{uid}", routes.delete_order),
            web.put("/v1/orders/{uid}/grant", routes.put_grant),
            web.put("/v1/orders/{uid}/committed", routes.put_committed),
            web.put("/v1/nodes/draining", routes.put_draining),
            web.put("/v1/trainings/{uid}", routes.put_training),
            web.get("/v1/trainings/{uid}", routes.get_training),
            web.delete("/v1/trainings/{uid}", routes.delete_training),
        ]
    )
    return app


def tls(listener: DirectorListener) -> ssl.SSLContext:
    """What the director proves itself with."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(listener.tls_cert, listener.tls_key)
    return context


def _bearer(token: str) -> Middleware:
    """401 for callers without a token, 403 for those with another one; compared in constant time."""
    expected = token.encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == "/healthz":
            return await handler(request)
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not given:
            raise web.HTTPUnauthorized(text="wanted a bearer token\n", headers={"WWW-Authenticate": "Bearer"})
        if not hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), expected):
            raise web.HTTPForbidden(text="this is not the director's token\n")
        return await handler(request)

    return check


class _Routes:
    """One method a route."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def health(self, _: web.Request) -> web.Response:
        return web.json_response({"director": self._front.director, "release": self._front.release})

    async def board(self, _: web.Request) -> web.Response:
        orders, sequences = self._front.desk.board()
        return web.json_response(
            {
                "director": self._front.director,
                "release": self._front.release,
                "orders": [order.model_dump(mode="json") for order in orders],
                "workers": self._front.floor.performers,
                "busy": self._front.floor.busy,
                "performers": self._front.floor.thumbprints,
                "trainings": self._front.trainings.under_way,
                "nodes": [node.model_dump(mode="json") for node in self._front.floor.nodes],
                "sequences": sequences,
            }
        )

    async def put_order(self, request: web.Request) -> web.Response:
        if self._front.desk.retiring:
            return web.json_response({"error": "this director retires; ask the next one"}, status=503)
        order = await _body(request, Order)
        if isinstance(order, Verdict):
            return _answer(order, 422)
        answer = self._front.desk.put(order)
        if isinstance(answer, Conflict):
            held = answer.held_generation
            return web.json_response({"error": f"generation {held} is held, got {order.generation}"}, status=409)
        return _answer(answer, 403 if isinstance(answer, Verdict) else 200)

    async def get_order(self, request: web.Request) -> web.Response:
        return _found(self._front.desk.get(request.match_info["uid"]))

    async def delete_order(self, request: web.Request) -> web.Response:
        gone = self._front.desk.delete(request.match_info["uid"])
        return web.json_response({"stopped": gone}, status=200 if gone else 202)

    async def put_grant(self, request: web.Request) -> web.Response:
        grant = await _body(request, _Renewal, uid=False)
        if isinstance(grant, Verdict):
            return _answer(grant, 422)
        answer = self._front.desk.renew(request.match_info["uid"], grant.grant)
        return _answer(answer, 403) if isinstance(answer, Verdict) else _found(answer)

    async def put_committed(self, request: web.Request) -> web.Response:
        said = await _body(request, Commitment, uid=False)
        if isinstance(said, Verdict):
            return _answer(said, 422)
        return _found(self._front.desk.commit(request.match_info["uid"], said.sequence))

    async def put_draining(self, request: web.Request) -> web.Response:
        said = await _body(request, Draining, uid=False)
        if isinstance(said, Verdict):
            return _answer(said, 422)
        self._front.floor.drain(said.addresses)
        return _answer(said, 200)

    async def put_training(self, request: web.Request) -> web.Response:
        order = await _body(request, TrainingOrder)
        if isinstance(order, Verdict):
            return _answer(order, 422)
        answer = await self._front.trainings.put(order)
        return _answer(answer, 403 if isinstance(answer, Verdict) else 200)

    async def get_training(self, request: web.Request) -> web.Response:
        return _found(self._front.trainings.get(request.match_info["uid"]))

    async def delete_training(self, request: web.Request) -> web.Response:
        await self._front.trainings.delete(request.match_info["uid"])
        return web.json_response({"stopped": True})


class _Renewal(Model):
    """Body of `PUT /v1/orders/{uid}/grant`."""

    grant: str


async def _body(request: web.Request, model: type[M], *, uid: bool = True) -> M | Verdict:
    """The request's body as a model about the very object its path names, or what is wrong with it."""
    try:
        body = model.model_validate_json(await request.read())
    except ValidationError as error:
        return _malformed(fault_of(error, "body"))
    if uid and getattr(body, "uid", None) != request.match_info["uid"]:
        return _malformed("uid: wanted the one in the path")
    return body


def _malformed(message: str) -> Verdict:
    return Verdict(refusals=(Refusal(reason="MalformedOrder", message=f"order: {message}"),))


def _answer(body: Model, status: int) -> web.Response:
    return web.Response(text=body.model_dump_json(), status=status, content_type="application/json")


def _found(body: Model | None) -> web.Response:
    return _answer(body, 200) if body is not None else web.json_response({"error": "not held here"}, status=404)
