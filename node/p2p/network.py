"""All connections of a node: listen, dial, recognise, serve, under one TaskGroup.

It connects only to the configured addresses and accepts only pinned peers, so any connected shape
works: a ring as well as a full mesh. A peer is up, and its frames are handed on, only after the
TLS handshake, the pin and the hello have all been checked.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from cryptography import x509

from chain.errors import InvalidInput, PeerFault
from chain.scalars import Hash, NodeName
from node.p2p.connection import Connection, FrameHandler, Rules, greet
from node.p2p.frames import FrameKind, encode_frame
from node.p2p.hello import Hello
from node.p2p.peers import AddressBook, Link, is_newer_kept
from node.p2p.settings import (
    Address,
    Clock,
    NetworkSettings,
    NetworkStats,
    PeerStatus,
    Traffic,
)
from node.p2p.stream import Stream, accept_stream, dial_stream, open_listener
from node.p2p.tls import (
    Credentials,
    PinnedPeers,
    Trust,
    build_client_context,
    build_server_context,
    compute_expiry_ms,
)

_ACCEPT_PAUSE_S: Final = 0.1
"""After the system refuses to accept, for example because no file descriptor is left."""


class Network:
    """The peers of one node. Cancel the task that runs `run` to stop it.

    All callbacks are called in the event loop and must not block. `on_frame` may raise `PeerFault`
    to end the connection; any other exception stops the network, loudly.

    Args: settings; credentials: this node's certificate; authorities, pins: as `set_pins`;
        on_frame(peer, frame); on_up(peer); on_down(peer, reason).
    Raises: InvalidInput: VT-5021, certificate or key cannot be used.
    """

    def __init__(
        self,
        settings: NetworkSettings,
        credentials: Credentials,
        authorities: Sequence[x509.Certificate],
        pins: PinnedPeers,
        *,
        clock: Clock,
        on_frame: FrameHandler,
        on_up: Callable[[str], None],
        on_down: Callable[[str, str], None],
    ) -> None:
        self.stats: Final = NetworkStats()
        self._settings = settings
        self._credentials = credentials
        self._clock = clock
        self._on_up = on_up
        self._on_down = on_down
        self._trust = Trust(authorities, pins)
        self._server_context = build_server_context(credentials, authorities)
        self._client_context = build_client_context(credentials, authorities)
        self._rules = Rules(settings.limits, settings.timeouts, clock, self.stats, on_frame)
        self._hello = Hello(Hash(settings.genesis), settings.chain_id, NodeName(settings.node))
        self._addresses: Mapping[str, Address] = self._without_self(settings.addresses)
        self._book = AddressBook(tuple(self._addresses), settings.backoff)
        self._connections: dict[str, Connection] = {}
        self._traffic: dict[str, Traffic] = {}
        self._strangers: set[Address] = set()
        self._arrivals: set[socket.socket] = set()
        self._should_dial = asyncio.Event()
        self._listener: socket.socket | None = None

    def listen(self) -> Address:
        """Open the port, unless it is open; give where others can dial. `run` calls it too.

        Raises: InvalidInput: VT-5020, the address cannot be used.
        """
        if self._listener is None:
            self._listener = open_listener(self._settings.listen)
        host, port, *_ = self._listener.getsockname()
        return Address(host, port)

    async def run(self) -> None:
        """Listen and dial until cancelled; all connections and the port are closed on return."""
        self.listen()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._accept(tasks))
                tasks.create_task(self._dial_due(tasks))
        finally:
            self.close()

    def close(self) -> None:
        """Close the port; only needed when `run` was never started."""
        for incoming in (*self._arrivals, self._listener):
            if incoming is not None:
                incoming.close()
        self._arrivals.clear()
        self._listener = None

    def send(self, peer: str, frame: bytes) -> bool:
        """Queue `frame` for `peer`; False when it is not connected or too slow.

        Raises: InvalidInput: VT-5019, empty or larger than allowed.
        """
        wire = self._encode(frame)
        connection = self._connections.get(peer)
        return connection is not None and connection.send(wire)

    def broadcast(self, frame: bytes) -> int:
        """Queue `frame` for every connected peer; give how many took it.

        Raises: InvalidInput: VT-5019, empty or larger than allowed.
        """
        wire = self._encode(frame)
        return sum(connection.send(wire) for connection in tuple(self._connections.values()))

    def disconnect(self, peer: str, reason: str) -> None:
        """End the connection of `peer` and count a fault against it; too many, and it cools off."""
        connection = self._connections.get(peer)
        if connection is not None:
            connection.end(PeerFault("VT-5017", peer=peer, reason=reason))

    def set_pins(
        self,
        pins: PinnedPeers,
        authorities: Sequence[x509.Certificate] | None = None,
        addresses: Mapping[str, Address] | None = None,
    ) -> None:
        """Replace whom the chain knows; drop connected peers that it no longer knows so.

        Args: pins: all of them; authorities: all CA certificates, when these change too;
        addresses: all peers to dial from now on, when these change too.
        Raises: InvalidInput: VT-5021, the node's own files cannot be read; nothing has changed.
        """
        if authorities is not None:
            server_context = build_server_context(self._credentials, authorities)
            self._client_context = build_client_context(self._credentials, authorities)
            self._server_context = server_context
        self._trust = Trust(self._trust.authorities if authorities is None else authorities, pins)
        for connection in self._connections.values():
            try:
                self._check_pin(connection)
            except PeerFault as fault:
                connection.end(fault)
        if addresses is not None:
            self._addresses = self._without_self(addresses)
            self._book.configure(self._addresses)
            self._should_dial.set()

    def peers(self) -> list[PeerStatus]:
        """Describe every peer that is configured or was ever connected, by name."""
        return [self._describe(name) for name in sorted(self._book.records)]

    def _without_self(self, addresses: Mapping[str, Address]) -> dict[str, Address]:
        own = self._settings.node
        return {name: address for name, address in addresses.items() if name != own}

    def _describe(self, name: str) -> PeerStatus:
        connection = self._connections.get(name)
        address = self._addresses.get(name)
        status = PeerStatus(
            name=name,
            address="" if address is None else str(address),
            traffic=replace(self._traffic.get(name, Traffic())),
            last_error=self._book.records[name].last_error,
        )
        if connection is None:
            return status
        return replace(
            status,
            address=status.address or str(connection.stream.remote),
            connected_since_ms=connection.since_wall_ms,
            is_dialled=connection.link.dialler != name,
            queued_frames=connection.queued_frames,
            rtt_ms=connection.rtt_ms,
            certificate_expires_ms=compute_expiry_ms(connection.certificate),
        )

    def _encode(self, frame: bytes) -> bytes:
        limit = self._settings.limits.frame_size_bytes_max
        if not 0 < len(frame) <= limit:
            raise InvalidInput("VT-5019", size=len(frame), limit=limit)
        return encode_frame(FrameKind.DATA, frame)

    async def _accept(self, tasks: asyncio.TaskGroup) -> None:
        assert self._listener is not None
        limits = self._settings.limits
        while True:
            try:
                incoming, remote = await asyncio.get_running_loop().sock_accept(self._listener)
            except OSError:
                await asyncio.sleep(_ACCEPT_PAUSE_S)
                continue
            stranger = Address(remote[0], remote[1])
            of_host = sum(one.host == stranger.host for one in self._strangers)
            if len(self._strangers) >= limits.strangers_max or (
                of_host >= limits.strangers_per_host_max
            ):
                incoming.close()
                self.stats.strangers_refused["VT-5016"] += 1
                continue
            self._arrivals.add(incoming)  # A task that is cancelled at birth closes nothing.
            self._strangers.add(stranger)
            tasks.create_task(self._admit(incoming, stranger))

    async def _admit(self, incoming: socket.socket, stranger: Address) -> None:
        self._arrivals.discard(incoming)
        try:
            stream = await accept_stream(
                incoming,
                str(stranger),
                self._server_context,
                self._settings.timeouts.handshake_ms,
            )
            self.stats.accepted += 1
            await self._serve(stream, None, stranger)
        except PeerFault as fault:
            self._refuse(None, fault)
        finally:
            self._strangers.discard(stranger)

    async def _dial_due(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            self._should_dial.clear()
            for name in self._book.compute_due(self._clock.now_ms()):
                self._book.begin_dial(name)
                tasks.create_task(self._dial(name, self._addresses[name]))
            next_ms = self._book.compute_next_ms()
            pause = None if next_ms is None else (next_ms - self._clock.now_ms()) / 1000
            try:
                async with asyncio.timeout(pause):
                    await self._should_dial.wait()
            except TimeoutError:
                continue

    async def _dial(self, name: str, address: Address) -> None:
        try:
            stream = await dial_stream(
                name, address, self._client_context, self._settings.timeouts.connect_ms
            )
            self.stats.dialled += 1
            await self._serve(stream, name, None)
        except PeerFault as fault:
            self._refuse(name, fault)
        finally:
            self._book.end_dial(name)
            self._should_dial.set()

    async def _serve(self, stream: Stream, dialled: str | None, stranger: Address | None) -> None:
        """Recognise the peer and serve it to its end, or refuse it."""
        ending = PeerFault("VT-5018", peer=dialled or stranger)
        try:
            connection = await self._recognise(stream, dialled)
            self._install(connection)
            if stranger is not None:
                self._strangers.discard(stranger)
            try:
                ending = await connection.run()
            finally:
                self._remove(connection, ending)
        except PeerFault as fault:
            ending = fault
            self._refuse(dialled, fault)
        finally:
            await stream.close(ending, self._settings.timeouts.close_ms)

    def _refuse(self, dialled: str | None, fault: PeerFault) -> None:
        if dialled is None:
            self.stats.strangers_refused[fault.code] += 1
        else:
            self.stats.dials_failed += 1
            self._book.fail_dial(dialled, self._clock.now_ms(), self._clock.jitter(), fault)

    async def _recognise(self, stream: Stream, dialled: str | None) -> Connection:
        name = self._trust.identify(stream.certificate, dialled or str(stream.remote))
        if name == self._settings.node or name != (dialled or name):
            raise PeerFault("VT-5004", peer=name, expected=dialled or "another node")
        self._book.check_welcome(name, self._clock.now_ms())
        decoder = await greet(stream, self._hello, name, self._settings.timeouts.hello_ms)
        link = Link(self._settings.node if dialled else name, self._clock.now_ms())
        traffic = self._traffic.setdefault(name, Traffic())
        return Connection(stream, decoder, link, traffic, self._rules)

    def _check_pin(self, connection: Connection) -> None:
        name = self._trust.identify(connection.certificate, connection.peer)
        if name != connection.peer:
            raise PeerFault("VT-5003", peer=connection.peer, reason=f"it is now that of {name}")

    def _install(self, connection: Connection) -> None:
        self._check_pin(connection)  # The pins may have changed while the peer said hello.
        existing = self._connections.get(connection.peer)
        if existing is not None:
            timeouts = self._settings.timeouts
            window_ms = timeouts.handshake_ms + timeouts.hello_ms
            superseded = PeerFault("VT-5015", peer=connection.peer)
            if not is_newer_kept(existing.link, connection.link, window_ms):
                raise superseded
            existing.end(superseded)
            self._forget(existing, superseded)
        self._connections[connection.peer] = connection
        self._book.connect(connection.peer, self._clock.now_ms())
        self.stats.connected = len(self._connections)
        self._on_up(connection.peer)

    def _forget(self, connection: Connection, ending: PeerFault) -> None:
        del self._connections[connection.peer]
        self.stats.connected = len(self._connections)
        self.stats.endings[ending.code] += 1
        self._on_down(connection.peer, str(ending))

    def _remove(self, connection: Connection, ending: PeerFault) -> None:
        if self._connections.get(connection.peer) is not connection:
            return  # It was superseded.
        now_ms = self._clock.now_ms()
        self._book.disconnect(connection.peer, now_ms, self._clock.jitter(), ending)
        self._forget(connection, ending)
        self._should_dial.set()
