"""One connection to one known peer: a reader, a writer and a pinger under one TaskGroup.

Sending never waits: frames go into a bounded queue, and a peer that lets it fill is dropped.
Receiving waits: a peer above its budget is read more slowly, so its own queue fills, not ours.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

from chain.errors import PeerFault
from node.p2p.frames import (
    PING_SIZE_BYTES,
    Frame,
    FrameDecoder,
    FrameKind,
    encode_frame,
    open_limits,
)
from node.p2p.hello import Hello, check_hello, decode_goodbye, encode_hello
from node.p2p.peers import Budget, Link
from node.p2p.settings import Clock, NetworkLimits, NetworkStats, Timeouts, Traffic
from node.p2p.stream import READ_SIZE_BYTES, Stream, explain

FrameHandler = Callable[[str, bytes], None]


@dataclass(frozen=True, slots=True)
class Rules:
    """What all connections of a node share."""

    limits: NetworkLimits
    timeouts: Timeouts
    clock: Clock
    stats: NetworkStats
    on_frame: FrameHandler


async def greet(stream: Stream, ours: Hello, peer: str, hello_ms: int) -> FrameDecoder:
    """Exchange hellos; the peer counts as authenticated when this returns.

    Returns: the decoder, which may hold the first frames already.
    Raises: PeerFault: as `check_hello`, VT-5012 it refuses us, VT-5009 no hello within `hello_ms`,
        VT-5014 the connection was lost: a server that dislikes our certificate does this.
    """
    decoder = FrameDecoder(peer)
    stream.writer.write(encode_frame(FrameKind.HELLO, encode_hello(ours)))
    frame: Frame | None = None
    try:
        async with asyncio.timeout(hello_ms / 1000):
            while frame is None:
                decoder.feed(await _read(stream, peer))
                frame = decoder.next_frame()
    except TimeoutError as error:
        raise PeerFault("VT-5009", peer=peer, timeout_ms=hello_ms) from error
    if frame.kind is FrameKind.GOODBYE:
        raise decode_goodbye(frame.payload, peer)
    check_hello(frame.payload, ours, peer)
    return decoder


async def _read(stream: Stream, peer: str) -> bytes:
    try:
        data = await stream.reader.read(READ_SIZE_BYTES)
    except OSError as error:
        raise PeerFault("VT-5014", peer=peer, reason=explain(error)) from error
    if not data:
        raise PeerFault("VT-5014", peer=peer, reason="it closed the connection")
    return data


class Connection:
    """A greeted connection; `run` serves it until it ends.

    Args: peer: its registered name; certificate: DER, to look it up again when pins change.
    """

    def __init__(
        self, stream: Stream, decoder: FrameDecoder, link: Link, traffic: Traffic, rules: Rules
    ) -> None:
        self.stream: Final = stream
        self.certificate: Final = stream.certificate
        self.peer: Final = decoder.peer
        self.link: Final = link
        self.since_wall_ms: Final = rules.clock.wall_ms()
        self.rtt_ms: float | None = None
        self.traffic: Final = traffic
        self._rules = rules
        self._decoder = decoder
        self._decoder.limits = open_limits(rules.limits.frame_size_bytes_max)
        self._budget = Budget(self.peer, rules.limits.budget, rules.clock.now_ms())
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._has_work = asyncio.Event()
        self._is_flush_due = False
        self._is_writing = False
        """The writer has the queue; until it is empty, nobody else writes."""
        self._is_ending = asyncio.Event()
        self._fault: PeerFault | None = None
        self._ping_count = 0
        self._ping_sent_us: int | None = None

    @property
    def queued_frames(self) -> int:
        """Frames that wait to be written."""
        return len(self._queue)

    def send(self, wire: bytes) -> bool:
        """Queue an encoded frame; False when the connection is ending.

        A full queue ends the connection (VT-5011): consensus never waits for a slow peer.
        """
        if self._fault is not None:
            return False
        limits = self._rules.limits
        size = self._queued_bytes + len(wire)
        if len(self._queue) >= limits.queue_frames_max or size > limits.queue_size_bytes_max:
            self.end(self._slow())
            return False
        self._queue.append(wire)
        self._queued_bytes = size
        if not self._is_flush_due:
            self._is_flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)
        return True

    def _flush(self) -> None:
        """Write what was queued in one turn of the loop; leave to the writer what has to wait."""
        self._is_flush_due = False
        if self._is_writing or self._fault is not None or not self._queue:
            return
        writer = self.stream.writer
        if not writer.transport.get_write_buffer_size():
            frames, data = self._take_batch()
            writer.write(data)
            self._count_out(frames, len(data))
        if self._queue:
            self._is_writing = True
            self._has_work.set()

    def end(self, fault: PeerFault) -> None:
        """Let `run` return `fault` soon; the first fault counts."""
        if self._fault is None:
            self._fault = fault
            self._is_ending.set()

    async def run(self) -> PeerFault:
        """Serve until the connection ends; give the reason. The caller closes the stream."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._receive())
                tasks.create_task(self._write())
                tasks.create_task(self._ping())
                tasks.create_task(self._watch())
        except* PeerFault as group:
            self.end(_first_fault(group))
        assert self._fault is not None
        return self._fault

    async def _watch(self) -> None:
        await self._is_ending.wait()
        assert self._fault is not None
        raise self._fault

    async def _receive(self) -> None:
        silence_ms = self._rules.timeouts.silence_ms
        loop = asyncio.get_running_loop()
        size = 0  # The decoder may hold frames that came together with the hello.
        try:
            async with asyncio.timeout(None) as silence:
                while True:
                    frames = self._take_frames()
                    wait_ms = self._budget.charge(self._rules.clock.now_ms(), size, frames)
                    if wait_ms:
                        self._rules.stats.throttled += 1
                        silence.reschedule(None)  # It is us who do not listen.
                        await asyncio.sleep(wait_ms / 1000)
                    silence.reschedule(loop.time() + silence_ms / 1000)
                    data = await _read(self.stream, self.peer)
                    size = len(data)
                    self.traffic.bytes_in += size
                    self._rules.stats.bytes_in += size
                    self._decoder.feed(data)
        except TimeoutError as error:
            raise PeerFault("VT-5009", peer=self.peer, timeout_ms=silence_ms) from error

    def _take_frames(self) -> int:
        count = 0
        while self._fault is None and (frame := self._decoder.next_frame()) is not None:
            count += 1
            self._take(frame)
        if self._fault is not None:
            raise self._fault  # Not one frame more, for example after `set_pins`.
        return count

    def _take(self, frame: Frame) -> None:
        self.traffic.frames_in += 1
        self._rules.stats.frames_in += 1
        match frame.kind:
            case FrameKind.DATA:
                self._rules.on_frame(self.peer, frame.payload)
            case FrameKind.PING:
                self._check_ping_size(frame)
                self.send(encode_frame(FrameKind.PONG, frame.payload))
            case FrameKind.PONG:
                self._check_ping_size(frame)
                self._measure(int.from_bytes(frame.payload, "big"))
            case FrameKind.GOODBYE:
                raise decode_goodbye(frame.payload, self.peer)
            case FrameKind.HELLO:
                raise AssertionError("the decoder's limits let a second hello pass")
            case _:
                assert_never(frame.kind)

    def _check_ping_size(self, frame: Frame) -> None:
        if len(frame.payload) != PING_SIZE_BYTES:
            raise PeerFault(
                "VT-5007",
                peer=self.peer,
                reason=f"{frame.kind.name} is not {PING_SIZE_BYTES} bytes",
            )

    def _measure(self, number: int) -> None:
        if number == self._ping_count and self._ping_sent_us is not None:
            # Any other number answers nothing that was asked.
            self.rtt_ms = (self._rules.clock.monotonic_us() - self._ping_sent_us) / 1000
            self._ping_sent_us = None

    async def _ping(self) -> None:
        while True:
            self._ping_count += 1
            self._ping_sent_us = self._rules.clock.monotonic_us()
            number = self._ping_count.to_bytes(PING_SIZE_BYTES, "big")
            self.send(encode_frame(FrameKind.PING, number))
            await asyncio.sleep(self._rules.timeouts.ping_ms / 1000)

    async def _write(self) -> None:
        writer = self.stream.writer
        while True:
            await self._has_work.wait()
            self._has_work.clear()
            while self._queue:
                frames, data = self._take_batch()
                try:
                    async with asyncio.timeout(self._rules.timeouts.write_ms / 1000):
                        writer.write(data)
                        await writer.drain()
                except TimeoutError as error:
                    raise self._slow() from error
                except OSError as error:
                    fault = PeerFault("VT-5014", peer=self.peer, reason=explain(error))
                    raise fault from error
                self._count_out(frames, len(data))
            self._is_writing = False

    def _take_batch(self) -> tuple[int, bytes]:
        batch: list[bytes] = []
        size = 0
        while self._queue and size < self._rules.limits.write_size_bytes:
            wire = self._queue.popleft()
            batch.append(wire)
            size += len(wire)
        self._queued_bytes -= size
        return len(batch), b"".join(batch)

    def _count_out(self, frames: int, size_bytes: int) -> None:
        self.traffic.frames_out += frames
        self.traffic.bytes_out += size_bytes
        self._rules.stats.frames_out += frames
        self._rules.stats.bytes_out += size_bytes

    def _slow(self) -> PeerFault:
        return PeerFault(
            "VT-5011", peer=self.peer, frames=len(self._queue), size=self._queued_bytes
        )


def _first_fault(group: BaseExceptionGroup[PeerFault]) -> PeerFault:
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    assert isinstance(first, PeerFault)
    return first
