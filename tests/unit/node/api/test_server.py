"""Limits on strangers: slow headers, slow bodies, too many connections, unread answers."""

import asyncio
import time
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from node.api import ApiServer, make_app
from node.config import LimitsConfig
from tests.unit.node.api.fake_node import FakeNode, until

QUICK = LimitsConfig(header_seconds_max=1, body_seconds_max=1)


def _refused(node: FakeNode, reason: str) -> float:
    return (
        node.metrics.registry.get_sample_value("veritwin_http_refused_total", {"reason": reason})
        or 0.0
    )


async def _open(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", int(address.rsplit(":", 1)[1]))


@pytest.mark.parametrize("start", [b"", b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: 1"])
async def test_connection_without_complete_headers_is_closed(start: bytes) -> None:
    node = FakeNode(limits=QUICK)
    async with node.serve() as address:
        reader, writer = await _open(address)
        writer.write(start)
        began = time.monotonic()
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        assert 0.9 < time.monotonic() - began < 3
        writer.close()
        assert _refused(node, "header") == 1


async def test_dripping_headers_do_not_extend_the_deadline() -> None:
    node = FakeNode(limits=QUICK)
    async with node.serve() as address, asyncio.timeout(5):
        reader, writer = await _open(address)
        writer.write(b"GET /livez HTTP/1.1\r\n")

        async def drip() -> None:
            for number in range(100):
                writer.write(b"X-%d: 1\r\n" % number)
                await asyncio.sleep(0.1)

        async with asyncio.TaskGroup() as tasks:
            dripping = tasks.create_task(drip())
            assert await reader.read() == b""
            dripping.cancel()
        writer.close()


async def test_second_request_of_a_connection_has_its_own_deadline() -> None:
    node = FakeNode(limits=QUICK)
    async with node.serve() as address, asyncio.timeout(6):
        reader, writer = await _open(address)
        for _ in range(2):
            writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await reader.readuntil(b'{"live":true}')).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(1.2)
        writer.write(b"GET /livez HTT")
        assert await reader.read() == b""
        writer.close()
        assert _refused(node, "header") == 1


async def test_body_that_does_not_arrive_is_answered_with_408() -> None:
    node = FakeNode(limits=QUICK)
    async with node.serve() as address, asyncio.timeout(5):
        reader, writer = await _open(address)
        writer.write(
            b"POST /v1/transactions HTTP/1.1\r\nHost: x\r\nContent-Type: application/msgpack\r\n"
            b"Content-Length: 1000\r\n\r\nabc"
        )
        answer = await reader.readuntil(b"}")
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"Its body did not arrive within 1 seconds." in answer
        writer.close()


async def test_body_over_the_limit_is_answered_with_413() -> None:
    node = FakeNode(limits=LimitsConfig(request_size_bytes_max=1 << 16))
    async with (
        node.session() as session,
        session.post(
            "/v1/transactions",
            data=b"x" * (1 << 17),
            headers={"Content-Type": "application/msgpack"},
        ) as answer,
    ):
        assert answer.status == 413
        assert (await answer.json(content_type=None))["code"] == "VT-7006"


async def test_connections_from_one_address_are_bounded() -> None:
    node = FakeNode(limits=LimitsConfig(connections_per_address_max=2))
    async with node.serve() as address:
        kept = [await _open(address) for _ in range(2)]
        await until(
            lambda: node.metrics.registry.get_sample_value("veritwin_http_connections") == 2
        )
        reader, writer = await _open(address)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
        assert _refused(node, "connections") == 1
        for _, one in kept:
            one.close()
        await until(
            lambda: node.metrics.registry.get_sample_value("veritwin_http_connections") == 0
        )
        async with ClientSession() as session, session.get(f"{address}/livez") as answer:
            assert answer.status == 200


async def test_client_that_does_not_read_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("node.api.server.WRITE_SECONDS_MAX", 1)
    node = FakeNode()

    async def big(request: web.Request) -> web.Response:
        return web.Response(body=bytes(64 << 20))

    app = make_app(node)
    app.router.add_get("/big", big)
    async with ApiServer(app, "127.0.0.1", 0, node.limits, node.metrics) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: _refused(node, "write") == 1)
        writer.close()


async def test_files_can_be_served_through_the_guard(tmp_path: Path) -> None:
    node = FakeNode()
    (tmp_path / "index.html").write_bytes(b"x" * 300_000)
    app = make_app(node)
    app.router.add_static("/explorer", tmp_path)
    async with (
        ApiServer(app, "127.0.0.1", 0, node.limits, node.metrics) as server,
        ClientSession(f"http://127.0.0.1:{server.port}") as session,
        session.get("/explorer/index.html") as answer,
    ):
        assert len(await answer.read()) == 300_000
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_rate_of_one_address_is_bounded_and_told() -> None:
    node = FakeNode(limits=LimitsConfig(requests_per_second=2))
    async with node.session() as session:
        statuses = []
        for _ in range(6):
            async with session.get("/livez") as answer:
                statuses.append(answer.status)
                assert answer.headers["RateLimit-Policy"] == '"address";q=2;w=1'
        async with session.get("/livez") as answer:
            problem = await answer.json(content_type=None)
            assert answer.headers["Retry-After"] == "1"
            assert answer.headers["RateLimit"] == '"address";r=0;t=1'
    assert statuses[:4] == [200] * 4
    assert statuses[-1] == 429
    assert (problem["code"], problem["retryable"]) == ("VT-7007", True)


async def test_port_in_use_is_an_error_at_start() -> None:
    node = FakeNode()
    async with ApiServer(make_app(node), "127.0.0.1", 0, node.limits, node.metrics) as server:
        second = ApiServer(make_app(node), "127.0.0.1", server.port, node.limits, node.metrics)
        with pytest.raises(OSError, match="address already in use"):
            await second.__aenter__()


async def test_shutdown_does_not_wait_for_long_polls() -> None:
    node = FakeNode(is_committing=False)
    transaction = node.chain.power("1", first_ms=node.chain.head.time_ms)
    async with ClientSession() as session:
        async with node.serve() as address:
            await session.post(
                f"{address}/v1/transactions",
                data=transaction.raw,
                headers={"Content-Type": "application/msgpack"},
            )
            async with asyncio.TaskGroup() as tasks:
                polling = tasks.create_task(
                    session.get(f"{address}/v1/transactions/{transaction.id.hex()}?wait=final")
                )
                await until(lambda: bool(node.finality._waiting))
                polling.cancel()
            began = time.monotonic()
        assert time.monotonic() - began < 3
