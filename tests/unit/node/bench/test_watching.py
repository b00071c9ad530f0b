"""Slopes and quarters of a long run."""

import asyncio

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chain.scalars import TwinId
from node.bench.watching import (
    LONG_SECONDS,
    READS,
    Readers,
    Watch,
    fit_slope,
    gaps_by_quarter,
)
from tests.unit.node.api.fake_node import until


def test_a_slope_is_that_of_the_nearest_line() -> None:
    assert fit_slope([0.0, 1.0, 2.0], [5.0, 8.0, 11.0]) == pytest.approx(3.0)
    assert fit_slope([0.0, 1.0, 2.0, 3.0], [1.0, -1.0, -1.0, 1.0]) == pytest.approx(0.0)


async def test_memory_is_that_of_the_node_that_grew_most_after_the_warm_up() -> None:
    async with aiohttp.ClientSession() as session:
        watch = Watch(session, ["a", "b"])
    for second in range(0, 3_601, 10):
        warming = 50e6 * max(0, 1_700 - second) / 1_700
        buffers = 1e6 * (second * 7 % 40)
        watch.looks.append(
            (
                1_000.0 + second,
                [80e6 - warming + buffers, 90e6 - warming + buffers + second * 1_000],
            )
        )
    assert watch.slope_mb_per_h(1_000.0, 4_600.0) == pytest.approx(3.6, abs=0.1)
    assert watch.slope_mb_per_h(1_000.0, 1_000.0 + LONG_SECONDS - 1) is None


async def test_memory_that_was_not_looked_at_all_the_time_tells_nothing() -> None:
    async with aiohttp.ClientSession() as session:
        watch = Watch(session, ["a"])
    watch.looks += [(1_000.0 + second, [80e6]) for second in range(0, 2_800, 10)]
    assert watch.slope_mb_per_h(1_000.0, 4_600.0) is None


def test_each_quarter_has_its_median_gap() -> None:
    moments = [0.1, 0.2, 0.3, 1.0, 1.5, 2.0, 2.1, 2.3, 2.6, 3.5]
    assert gaps_by_quarter(moments, 0.0, 4.0) == [100.0, 500.0, 200.0, None]


async def test_reads_ask_for_proofs_of_all_nodes_in_turn() -> None:
    asked: list[str] = []

    async def show(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=404 if "gone" in request.path else 200)

    app = web.Application()
    app.router.add_get("/v1/twins/{twin}/proof", show)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        address = str(server.make_url("")).rstrip("/")
        twins = [TwinId(f"twin-{number}") for number in range(1_000)]
        readers = Readers(session, [address, address], twins)
        await readers.read(READS)
        assert len(readers.latencies_ms) == len(asked) == READS
        assert len(set(asked)) > READS / 2
        first, last = readers.latencies_ms[0][0], readers.latencies_ms[-1][0]
        assert len(readers.took_ms(first, last)) == READS
        assert readers.took_ms(last + 1, last + 2) == []
        gone = Readers(session, [address], [TwinId("gone")])
        with pytest.raises(aiohttp.ClientResponseError):
            await gone.read(1)
        reading = asyncio.create_task(gone.read_beside(0.001))
        await until(lambda: gone.failed.get("read 404", 0) > 3)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading


async def test_looking_goes_on_until_it_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.bench.watching.LOOK_SECONDS", 0.001)

    async def show(_: web.Request) -> web.Response:
        return web.Response(text="process_resident_memory_bytes 5.0e+07\n")

    app = web.Application()
    app.router.add_get("/metrics", show)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        watch = Watch(session, [str(server.make_url("")).rstrip("/")])
        looking = asyncio.create_task(watch.run())
        await until(lambda: len(watch.looks) >= 3)
        looking.cancel()
    assert {tuple(rss) for _, rss in watch.looks} == {(5e7,)}
