"""One greeted connection against a peer that is driven byte by byte."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from node.p2p.frames import FrameKind, encode_frame
from node.p2p.settings import NetworkLimits
from tests.unit.node.p2p.conftest import Run
from tests.unit.node.p2p.support import (
    TIMEOUTS,
    Consortium,
    Member,
    RawPeer,
    data_wire,
    hello_wire,
    raw_peer,
    running,
    until,
)


@asynccontextmanager
async def met(consortium: Consortium, member: Member) -> Any:
    """Run `member` with a hand-driven peer a that has said hello and has been greeted."""
    async with (
        running(member),
        raw_peer(member.network.listen(), consortium.client_context("a")) as peer,
    ):
        peer.writer.write(hello_wire("a"))
        assert (await peer.next_frame()).kind is FrameKind.HELLO
        await until(lambda: member.connected)
        yield peer


async def _next_data(peer: RawPeer) -> bytes:
    while (frame := await peer.next_frame()).kind is not FrameKind.DATA:
        pass
    return frame.payload


def test_a_ping_is_answered_with_its_own_bytes(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        async with met(consortium, consortium.member("b")) as peer:
            peer.writer.write(encode_frame(FrameKind.PING, b"8 bytes!"))
            while (frame := await peer.next_frame()).kind is not FrameKind.PONG:
                pass
            assert frame.payload == b"8 bytes!"

    run(story())


def test_a_round_trip_counts_only_for_the_ping_that_was_sent(
    consortium: Consortium, run: Run
) -> None:
    async def story() -> None:
        b = consortium.member("b", timeouts=replace(TIMEOUTS, ping_ms=10_000))
        async with met(consortium, b) as peer:
            ping = await peer.next_frame()
            assert ping.kind is FrameKind.PING
            peer.writer.write(encode_frame(FrameKind.PONG, b"\xff" * 8) + data_wire(b"1"))
            await until(lambda: len(b.frames) == 1)
            assert b.network.peers()[0].rtt_ms is None
            peer.writer.write(encode_frame(FrameKind.PONG, ping.payload) + data_wire(b"2"))
            await until(lambda: len(b.frames) == 2)
            assert b.network.peers()[0].rtt_ms is not None

    run(story())


@pytest.mark.parametrize("kind", [FrameKind.PING, FrameKind.PONG])
def test_a_ping_of_another_size_is_malformed(
    consortium: Consortium, run: Run, kind: FrameKind
) -> None:
    async def story() -> None:
        b = consortium.member("b")
        async with met(consortium, b) as peer:
            peer.writer.write(encode_frame(kind, b"short"))
            await until(lambda: b.reasons)
        assert b.reasons == [f"VT-5007: a sent a malformed frame: {kind.name} is not 8 bytes."]

    run(story())


def test_a_peer_that_falls_silent_is_dropped(consortium: Consortium, run_both: Run) -> None:
    async def story() -> None:
        b = consortium.member("b", timeouts=replace(TIMEOUTS, silence_ms=100))
        async with met(consortium, b):
            await until(lambda: b.reasons)
        assert b.reasons == ["VT-5009: a sent nothing for 100 ms."]

    run_both(story())


def test_a_full_queue_of_frames_drops_the_peer_and_never_waits(
    consortium: Consortium, run: Run
) -> None:
    async def story() -> None:
        b = consortium.member("b", limits=NetworkLimits(queue_frames_max=10))
        async with met(consortium, b):
            taken = [b.network.send("a", b"x") for _ in range(20)]  # The writer had no turn yet.
            assert taken == sorted(taken, reverse=True)
            assert 9 <= sum(taken) <= 10
            await until(lambda: b.reasons)
            assert b.network.stats.endings == {"VT-5011": 1}
        assert b.reasons[0].startswith("VT-5011: a reads too slowly: 10 frames of ")

    run(story())


def test_a_peer_that_does_not_read_fills_its_queue_of_bytes(
    consortium: Consortium, run_both: Run
) -> None:
    async def story() -> None:
        limits = NetworkLimits(queue_size_bytes_max=4 << 20)
        b = consortium.member("b", limits=limits)
        async with met(consortium, b) as peer:
            peer.writer.transport.pause_reading()
            megabyte = b"x" * (1 << 20)
            sent = 0
            while not b.reasons:
                sent += b.network.send("a", megabyte)
                assert b.network.peers()[0].queued_frames <= 4
                assert sent < 200, "the queue is not bounded"
                await asyncio.sleep(0.001)
            assert b.reasons[0].startswith("VT-5011: a reads too slowly: ")

    run_both(story())


def test_a_write_that_nobody_takes_is_given_up(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        limits = NetworkLimits(queue_size_bytes_max=64 << 20)
        b = consortium.member("b", limits=limits, timeouts=replace(TIMEOUTS, write_ms=100))
        async with met(consortium, b) as peer:
            peer.writer.transport.pause_reading()
            assert all(b.network.send("a", b"x" * (4 << 20)) for _ in range(12))
            await until(lambda: b.reasons)
        assert b.reasons[0].startswith("VT-5011: a reads too slowly: ")

    run(story())


def test_queued_frames_leave_in_order_in_few_writes(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        b = consortium.member("b")
        async with met(consortium, b) as peer:
            writer = next(iter(b.network._connections.values())).stream.writer
            writes: list[int] = []
            real = writer.write
            writer.write = lambda data: (writes.append(len(data)), real(data))[1]  # type: ignore[method-assign]
            payloads = [bytes((number,)) * 1_000 for number in range(200)]
            for payload in payloads:
                assert b.network.send("a", payload)
            assert [await _next_data(peer) for _ in payloads] == payloads
            assert max(writes) > 100_000

    run(story())


def test_nothing_is_delivered_after_the_connection_was_ended(
    consortium: Consortium, run: Run
) -> None:
    async def story() -> None:
        b = consortium.member("b")

        def take(peer: str, frame: bytes) -> None:
            b.frames.append((peer, frame))
            b.network.disconnect(peer, "enough")

        b.handler = take
        async with met(consortium, b) as peer:
            peer.writer.write(data_wire(b"1") + data_wire(b"2") + data_wire(b"3"))
            frames = await peer.read_frames()
            assert frames[-1].kind is FrameKind.GOODBYE
        assert b.frames == [("a", b"1")]

    run(story())


def test_a_goodbye_is_recorded_with_its_reason(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        b = consortium.member("b")
        async with met(consortium, b) as peer:
            goodbye = b"\x92\xa7VT-5006\xa8old news"
            peer.writer.write(encode_frame(FrameKind.GOODBYE, goodbye) + data_wire(b"after"))
            await until(lambda: b.reasons)
        assert b.reasons == ["VT-5012: a closed the connection: VT-5006: old news"]
        assert b.frames == []

    run(story())


def test_counters_of_a_peer_outlive_its_connections(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        b = consortium.member("b")
        async with running(b):
            for number in (1, 2):
                context = consortium.client_context("a")
                async with raw_peer(b.network.listen(), context) as peer:
                    peer.writer.write(hello_wire("a") + data_wire(b"x" * 100))
                    await until(lambda n=number: len(b.frames) == n)
                await until(lambda: not b.connected)
            status = b.network.peers()[0]
            assert status.connected_since_ms is None
            assert status.traffic.frames_in == b.network.stats.frames_in == 2

    run(story())
