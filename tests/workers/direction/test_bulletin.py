"""Who asks for stops hears each of them once, in order, whenever it asks."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from understudy_workers.direction import bulletin
from understudy_workers.direction.bulletin import Bulletin


def test_who_reads_for_the_first_time_is_told_at_once() -> None:
    async def read() -> None:
        board = Bulletin()
        edition, number, stops = await board.after("", 0)
        assert (number, stops) == (0, ())
        board.post("an-order", 7.0)
        assert await board.after("", 0) == (edition, 1, (("an-order", 7.0),))

    asyncio.run(read())


def test_who_has_heard_everything_waits_for_the_next_stop() -> None:
    async def read() -> None:
        board = Bulletin()
        edition, number, _ = await board.after("", 0)
        readers = [asyncio.ensure_future(board.after(edition, number)) for _ in range(3)]
        await asyncio.sleep(0)
        assert not any(reader.done() for reader in readers)
        board.post("an-order", 7.0)
        assert await asyncio.gather(*readers) == [(edition, 1, (("an-order", 7.0),))] * 3

    asyncio.run(read())


def test_the_next_directors_bulletin_starts_anew() -> None:
    async def read() -> None:
        first, second = Bulletin(), Bulletin()
        first.post("an-order", 7.0)
        edition, number, _ = await first.after("", 0)
        second.post("another-order", 8.0)
        told = await second.after(edition, number)
        assert told[0] != edition
        assert told[1:] == (1, (("another-order", 8.0),))

    asyncio.run(read())


@given(st.lists(st.integers(0, 5), max_size=30))
def test_a_reader_hears_each_stop_once_and_in_order(bursts: list[int]) -> None:
    async def read() -> tuple[list[float], int]:
        board, heard, posted = Bulletin(), [], 0
        edition, number, _ = await board.after("", 0)
        for burst in bursts:
            for _ in range(burst):
                board.post("an-order", float(posted))
                posted += 1
            if burst:
                edition, number, stops = await board.after(edition, number)
                heard += [until for _, until in stops]
        return heard, posted

    heard, posted = asyncio.run(read())
    assert heard == [float(number) for number in range(posted)]


def test_a_reader_that_is_very_late_hears_the_latest(monkeypatch) -> None:
    async def read() -> None:
        monkeypatch.setattr(bulletin, "MAX_STOPS", 3)
        board = Bulletin()
        for number in range(5):
            board.post("an-order", float(number))
        assert [until for _, until in (await board.after("", 0))[2]] == [2.0, 3.0, 4.0]

    asyncio.run(read())
