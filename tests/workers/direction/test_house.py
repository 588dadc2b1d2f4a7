"""Whole orders through a director without Ray: real HTTP-less desk, real receipts, real delivery."""

from __future__ import annotations

import asyncio
import json

from conftest import LANDSCAPE  # noqa: F401


def test_an_order_becomes_delivered_items_and_receipts(stage, orders) -> None:
    order = orders.write(["Ada", "Bob", "Cleo"], ("Hello {name}.", "Spring is here."))

    async def play() -> None:
        async with stage() as at:
            at.house.desk.put(order)
            progress = await at.until(order, "Finished", "Failed")
            assert (progress.state, progress.message, progress.items_done) == ("Finished", "", 3)

    asyncio.run(play())
    receipts = orders.receipts(order)
    assert sorted(receipt.ordinal for receipt in receipts) == [0, 1, 2]
    assert {receipt.outcome for receipt in receipts} == {"done"}
    finished = orders.finished(order)
    assert (finished.state, finished.totals.done, finished.totals.metered_seconds) == ("Complete", 3, 6.0)
    assert (finished.totals.clips_rendered, finished.totals.clips_reused) == (4, 2)
    files = orders.delivered(order)
    assert files["r1/en-GB/landscape.mp4"] == b"Hello Bob.\nSpring is here."
    lines = [json.loads(line) for line in files["index.jsonl"].splitlines()]
    assert [line["row"] for line in lines] == ["r0", "r1", "r2"]
    assert lines[0]["video"] in files
