"""The director's HTTP over TLS, as the operator and strangers meet it."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from theatre import Stage, eventually

from understudy_api.order import Progress
from understudy_api.verdict import Verdict


def play(stage: Callable[..., Any], scene: Callable[[Stage, httpx.AsyncClient], Any]) -> None:
    """Runs a scene with a client that bears the token."""

    async def played() -> None:
        async with stage() as at:
            listener = at.settings.director
            token = listener.token_file.read_text().strip()
            trust = ssl.create_default_context(cafile=str(at.settings.s3.ca_file))
            async with httpx.AsyncClient(
                base_url=f"https://127.0.0.1:{listener.port}",
                verify=trust,
                headers={"Authorization": f"Bearer {token}"},
                trust_env=False,
            ) as http:
                await scene(at, http)

    asyncio.run(played())


def test_an_order_is_handed_in_asked_about_and_deleted(stage, orders) -> None:
    order = orders.write(["Ada"])

    async def scene(at: Stage, http: httpx.AsyncClient) -> None:
        url = f"/v1/orders/{order.uid}"
        answer = await http.put(url, content=order.model_dump_json())
        assert (answer.status_code, Progress.model_validate(answer.json()).state) == (200, "Running")
        await at.until(order, "Finished")
        assert Progress.model_validate((await http.get(url)).json()).items_done == 1
        board = (await http.get("/v1/orders")).json()
        assert (board["director"], board["release"], board["workers"], board["busy"]) == (at.house.id, "test", 2, 0)
        assert [one["uid"] for one in board["orders"]] == [order.uid]
        assert board["sequences"] == {order.uid: 0}
        assert board["trainings"] == 0
        assert (await http.delete(url)).status_code == 200
        assert (await http.get(url)).status_code == 404
        assert (await http.delete(url)).status_code == 200

    play(stage, scene)


def test_deleting_answers_202_until_nobody_works_on_it(stage, orders) -> None:
    order = orders.write([f"n{n}" for n in range(9)], ("[slow] {name}.",))

    async def scene(at: Stage, http: httpx.AsyncClient) -> None:
        url = f"/v1/orders/{order.uid}"
        await http.put(url, content=order.model_dump_json())
        await eventually(lambda: at.crew.seen)
        assert (await http.delete(url)).status_code == 202
        while (await http.delete(url)).status_code != 200:
            await asyncio.sleep(0.01)
        assert at.house.floor.busy == 0

    play(stage, scene)


def test_a_lower_generation_is_a_conflict(stage, orders) -> None:
    order = orders.write(["Ada"], generation=2)

    async def scene(_: Stage, http: httpx.AsyncClient) -> None:
        url = f"/v1/orders/{order.uid}"
        await http.put(url, content=order.model_dump_json())
        older = order.model_copy(update={"generation": 1})
        answer = await http.put(url, content=older.model_dump_json())
        assert (answer.status_code, answer.json()) == (409, {"error": "generation 2 is held, got 1"})

    play(stage, scene)


def test_refusals_are_verdicts(stage, orders) -> None:
    order = orders.write(["Ada"], scenes={"ja-JP": ("{name}",)})

    async def scene(_: Stage, http: httpx.AsyncClient) -> None:
        answer = await http.put(f"/v1/orders/{order.uid}", content=order.model_dump_json())
        assert answer.status_code == 403
        assert Verdict.model_validate(answer.json()).reason == "LanguageNotCovered"

    play(stage, scene)


def test_grants_are_renewed_or_refused(stage, orders) -> None:
    order = orders.write(["Ada"])

    async def scene(at: Stage, http: httpx.AsyncClient) -> None:
        url = f"/v1/orders/{order.uid}"
        late = orders.signers.grant(order, iat=int(time.time()) - 60, exp=int(time.time()) - 1)
        assert (await http.put(f"{url}/grant", json={"grant": order.grant})).status_code == 404
        await http.put(url, content=order.model_dump_json())
        assert (await http.put(f"{url}/grant", json={"grant": order.grant})).status_code == 200
        refused = await http.put(f"{url}/grant", json={"grant": late})
        assert (refused.status_code, Verdict.model_validate(refused.json()).reason) == (403, "GrantExpired")
        assert (await http.put(f"{url}/grant", json={"token": late})).status_code == 422
        await at.until(order, "Finished")

    play(stage, scene)


@pytest.mark.parametrize(
    ("mend", "message"),
    [
        (lambda body: "{", "order: body: Invalid JSON"),
        (lambda body: "[]", "order: body: Input should be an object"),
        (lambda body: json.dumps({**body, "surprise": 1}), "order: surprise: Extra inputs are not permitted"),
        (lambda body: json.dumps({**body, "generation": 0}), "order: generation: Input should be greater"),
        (lambda body: json.dumps({**body, "uid": "another-uid"}), "order: uid: wanted the one in the path"),
    ],
)
def test_a_malformed_order_is_named_in_one_line(stage, orders, mend, message) -> None:
    order = orders.write(["Ada"])

    async def scene(_: Stage, http: httpx.AsyncClient) -> None:
        answer = await http.put(f"/v1/orders/{order.uid}", content=mend(order.model_dump(mode="json")))
        verdict = Verdict.model_validate(answer.json())
        assert (answer.status_code, verdict.reason) == (422, "MalformedOrder")
        assert verdict.message.startswith(message)
        assert "\n" not in verdict.message

    play(stage, scene)


def test_nodes_are_drained_all_at_once_and_told_with_the_board(stage) -> None:
    async def scene(at: Stage, http: httpx.AsyncClient) -> None:
        (node,) = (await http.get("/v1/orders")).json()["nodes"]
        assert (node["performers"], node["busy"], node["draining"]) == (2, 0, False)
        for addresses, draining in (([node["address"], "10.9.9.9"], True), ([], False)):
            answer = await http.put("/v1/nodes/draining", json={"addresses": addresses})
            assert answer.status_code == 200
            assert (await http.get("/v1/orders")).json()["nodes"] == [{**node, "draining": draining}]
        assert (await http.put("/v1/nodes/draining", json={"addresses": "all"})).status_code == 422

    play(stage, scene)


PATHS = ["/v1/nodes/draining", "/v1/orders", "/v1/orders/abcdefgh", "/v1/trainings/abcdefgh", "/nowhere"]


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Basic dXNlcjpwYXNz", 401),
        ("Bearer wrong", 403),
        ("Bearer \xff\xfe", 403),
    ],
)
def test_callers_without_the_token_learn_nothing(stage, header, status) -> None:
    async def scene(_: Stage, http: httpx.AsyncClient) -> None:
        del http.headers["Authorization"]
        headers = {} if header is None else {"Authorization": header.encode("latin-1")}
        for path in PATHS:
            for method in ("GET", "PUT", "DELETE"):
                answer = await http.request(method, path, headers=headers)
                assert answer.status_code == status
                assert len(answer.text.splitlines()) == 1
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)
        assert (await http.get("/healthz")).json()["release"] == "test"

    play(stage, scene)


def test_plain_http_is_no_way_in(stage) -> None:
    async def scene(at: Stage, _: httpx.AsyncClient) -> None:
        async with httpx.AsyncClient(trust_env=False) as plain:
            with pytest.raises(httpx.HTTPError):
                await plain.get(f"http://127.0.0.1:{at.settings.director.port}/healthz")

    play(stage, scene)


def test_metrics_tell_what_happened_and_keep_their_labels_few(stage, orders) -> None:
    order = orders.write(["Ada", "[fail]", "Cleo"], ("Hello {name}.", "Same."), max_failed_items=1)

    async def scene(at: Stage, http: httpx.AsyncClient) -> None:
        await http.put(f"/v1/orders/{order.uid}", content=order.model_dump_json())
        await at.until(order, "Finished")
        async with httpx.AsyncClient(trust_env=False) as plain:
            text = (await plain.get(f"http://127.0.0.1:{at.settings.metrics_port}/metrics")).text
        found = dict(re.findall(r"^(understudy_\S+) (\S+)$", text, re.MULTILINE))
        assert float(found['understudy_pool_items_total{brand="acme",outcome="done"}']) == 2
        assert float(found['understudy_pool_items_total{brand="acme",outcome="failed"}']) == 1
        assert float(found['understudy_takes_total{outcome="rendered"}']) == 3
        assert float(found["understudy_attempts_failed_total"]) == 3
        assert float(found['understudy_clips_total{origin="reused"}']) == 1
        assert float(found['understudy_pool_metered_seconds_total{brand="acme"}']) == 4.0
        assert float(found["understudy_frames_total"]) == 75
        assert float(found["understudy_performers"]) == 2
        assert float(found["understudy_queue_wait_seconds_count"]) > 0
        assert float(found['understudy_worker_seconds_total{state="busy"}']) > 0
        assert float(found['understudy_worker_seconds_total{state="idle"}']) > 0
        assert "r1" not in text
        assert order.uid not in text

    play(stage, scene)
