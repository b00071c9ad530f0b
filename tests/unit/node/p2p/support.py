"""A small consortium with real certificates, and networks that write down what happens to them."""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from chain.scalars import Hash, NodeName
from node.p2p.certificates import (
    Issued,
    create_authority,
    issue_node_certificate,
    save_issued,
    spki_hash,
)
from node.p2p.frames import Frame, FrameDecoder, FrameKind, encode_frame, open_limits
from node.p2p.hello import PROTOCOL_VERSION, Hello, encode_hello
from node.p2p.network import Network
from node.p2p.peers import Backoff
from node.p2p.settings import Address, Clock, NetworkLimits, NetworkSettings, Timeouts
from node.p2p.tls import Credentials, Pin, build_client_context, build_server_context

NOW_MS: Final = int(time.time() * 1000)
CHAIN_ID: Final = "wind"
GENESIS: Final = Hash(b"g" * 32)
TIMEOUTS: Final = Timeouts(
    connect_ms=2_000,
    handshake_ms=2_000,
    hello_ms=2_000,
    ping_ms=50,
    silence_ms=2_000,
    write_ms=2_000,
    close_ms=200,
)
BACKOFF: Final = Backoff(first_ms=10, last_ms=50, stable_ms=100)
ANY_CLIENT_LIMITS: Final = {**open_limits(1 << 20), FrameKind.HELLO: 1024}


async def until(condition: Callable[[], Any], timeout_s: float = 5.0) -> None:
    """Poll until `condition()` holds."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - polls state that has no event to wait for
            await asyncio.sleep(0.002)


@dataclass
class Consortium:
    """Organisations with one node each: node "a" belongs to "org-a"."""

    folder: Path
    names: tuple[str, ...]
    authorities: dict[str, Issued] = field(init=False)
    nodes: dict[str, Issued] = field(init=False)

    def __post_init__(self) -> None:
        self.authorities = {name: create_authority(f"org-{name}", NOW_MS) for name in self.names}
        self.nodes = {name: self.issue(name) for name in self.names}
        for name, issued in self.nodes.items():
            self.save(name, issued)

    def issue(self, node: str, authority: str | None = None) -> Issued:
        return issue_node_certificate(
            self.authorities[authority or node], node, ["127.0.0.1"], NOW_MS
        )

    def save(self, stem: str, issued: Issued) -> Credentials:
        save_issued(self.folder, stem, issued)
        return self.credentials(stem)

    def credentials(self, stem: str) -> Credentials:
        return Credentials(self.folder / f"{stem}.crt", self.folder / f"{stem}.key")

    @property
    def certificates(self) -> list[Any]:
        return [authority.certificate for authority in self.authorities.values()]

    @property
    def pins(self) -> dict[Pin, str]:
        return {self.pin(name): name for name in self.names}

    def pin(self, name: str) -> Pin:
        return Pin(
            spki_hash(self.authorities[name].certificate), spki_hash(self.nodes[name].certificate)
        )

    def client_context(self, stem: str) -> ssl.SSLContext:
        return build_client_context(self.credentials(stem), self.certificates)

    def server_context(self, stem: str) -> ssl.SSLContext:
        return build_server_context(self.credentials(stem), self.certificates)

    def member(
        self,
        name: str,
        addresses: Mapping[str, Address] | None = None,
        *,
        port: int = 0,
        limits: NetworkLimits | None = None,
        timeouts: Timeouts = TIMEOUTS,
        backoff: Backoff = BACKOFF,
        genesis: Hash = GENESIS,
    ) -> "Member":
        settings = NetworkSettings(
            node=name,
            chain_id=CHAIN_ID,
            genesis=genesis,
            listen=Address("127.0.0.1", port),
            addresses=addresses or {},
            limits=limits or NetworkLimits(),
            timeouts=timeouts,
            backoff=backoff,
        )
        return Member(settings, self)


class Member:
    """A network whose callbacks are recorded in order."""

    def __init__(self, settings: NetworkSettings, consortium: Consortium) -> None:
        self.frames: list[tuple[str, bytes]] = []
        self.events: list[str] = []
        self.reasons: list[str] = []
        self.name = settings.node
        self.handler: Callable[[str, bytes], None] = lambda *frame: self.frames.append(frame)
        self.network = Network(
            settings,
            consortium.credentials(settings.node),
            consortium.certificates,
            consortium.pins,
            clock=Clock(wall_ms=lambda: NOW_MS),
            on_frame=lambda peer, frame: self.handler(peer, frame),
            on_up=lambda peer: self.events.append(f"up {peer}"),
            on_down=self._on_down,
        )

    def _on_down(self, peer: str, reason: str) -> None:
        self.events.append(f"down {peer}")
        self.reasons.append(reason)

    @property
    def connected(self) -> set[str]:
        return {one.name for one in self.network.peers() if one.connected_since_ms is not None}


@asynccontextmanager
async def running(*members: Member) -> Any:
    """Run the networks of `members` for the length of the block."""
    async with asyncio.TaskGroup() as tasks:
        runs = [tasks.create_task(member.network.run()) for member in members]
        try:
            yield
        finally:
            for run in runs:
                run.cancel()


def hello_wire(name: str, **changes: Any) -> bytes:
    """The first frame that node `name` sends."""
    version = changes.pop("version", PROTOCOL_VERSION)
    values = {"genesis": GENESIS, "chain_id": CHAIN_ID, "node": NodeName(name), **changes}
    return encode_frame(FrameKind.HELLO, encode_hello(Hello(**values), version))


def data_wire(payload: bytes) -> bytes:
    """A frame that reaches the handler of a peer."""
    return encode_frame(FrameKind.DATA, payload)


@dataclass
class RawPeer:
    """A peer driven by hand, byte by byte."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    decoder: FrameDecoder = field(default_factory=lambda: FrameDecoder("raw", ANY_CLIENT_LIMITS))

    async def read_frames(self) -> list[Frame]:
        """Everything the other side sends until it closes the connection."""
        frames = []
        try:
            while data := await self.reader.read(65_536):
                self.decoder.feed(data)
                while frame := self.decoder.next_frame():
                    frames.append(frame)
        except OSError:
            pass
        return frames

    async def next_frame(self) -> Frame:
        while (frame := self.decoder.next_frame()) is None:
            data = await self.reader.read(65_536)
            assert data, "the other side closed the connection"
            self.decoder.feed(data)
        return frame

    async def close(self) -> None:
        self.writer.transport.abort()
        with suppress(OSError):
            await self.writer.wait_closed()


@asynccontextmanager
async def raw_peer(address: Address, context: ssl.SSLContext | None) -> Any:
    """Dial `address` by hand; TLS when `context` is given."""
    peer = RawPeer(*await asyncio.open_connection(*address, ssl=context))
    try:
        yield peer
    finally:
        await peer.close()


@contextmanager
def loud_loop() -> Iterator[None]:
    """Fail when the event loop had to report something that nobody handled, or tasks are left."""
    loop = asyncio.get_running_loop()
    reports: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: reports.append(context))
    yield
    assert reports == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


class RogueServer:
    """Answers every TLS connection with fixed bytes and then listens; `ended` counts lost ones."""

    def __init__(self, context: ssl.SSLContext | None, answer: bytes) -> None:
        self._context = context
        self._answer = answer
        self._writers: list[asyncio.StreamWriter] = []
        self.ended = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        writer.write(self._answer)
        with suppress(OSError):
            await reader.read()
        self.ended += 1

    async def __aenter__(self) -> Address:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        host, port = self._server.sockets[0].getsockname()
        return Address(host, port)

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            await RawPeer(None, writer).close()  # type: ignore[arg-type]
        await self._server.wait_closed()
        await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})
