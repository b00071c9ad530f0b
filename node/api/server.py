"""The HTTP server: aiohttp behind a guard that closes connections which only take up room.

aiohttp has no deadline for request headers and none for a client that does not read. Every
connection therefore passes through a `_Guard`: a protocol that hands everything on, and closes the
connection when headers take too long, when an answer is not read, or when there are too many.
"""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Final, Self, cast
from weakref import WeakKeyDictionary

from aiohttp import web
from aiohttp.typedefs import Handler

from node.api.limits import ConnectionLimit
from node.config import LimitsConfig
from node.metrics import Metrics

KEEPALIVE_SECONDS: Final = 30.0
WRITE_SECONDS_MAX: Final = 20
SHUTDOWN_SECONDS: Final = 0.5
BACKLOG: Final = 512
_HEADER_SIZE_MAX: Final = 8190


class ApiServer:
    """Serves an application; use it as an async context manager.

    Args: app: from `make_app`; port: 0 lets the system choose, see `port` once it is open.
    """

    def __init__(
        self, app: web.Application, host: str, port: int, limits: LimitsConfig, metrics: Metrics
    ) -> None:
        self._host = host
        self._port = port
        self._limits = limits
        self._metrics = metrics
        self._connections = ConnectionLimit(
            limits.connections_max, limits.connections_per_address_max
        )
        self._guards: WeakKeyDictionary[asyncio.BaseTransport, _Guard] = WeakKeyDictionary()
        app.middlewares.insert(0, self._watch)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=KEEPALIVE_SECONDS,
            lingering_time=2.0,
            max_line_size=_HEADER_SIZE_MAX,
            max_field_size=_HEADER_SIZE_MAX,
            shutdown_timeout=SHUTDOWN_SECONDS,
        )
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        assert self._server is not None, "the server is not open"
        return cast(int, self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        """Open the port. Raises: OSError: it cannot be listened on."""
        await self._runner.setup()
        make_inner = self._runner.server
        assert make_inner is not None, "the runner was set up"
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Guard(self, cast(asyncio.Protocol, make_inner())),
                self._host,
                self._port,
                backlog=BACKLOG,
            )
        except BaseException:
            await self._runner.cleanup()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()
        for guard in tuple(self._guards.values()):
            guard.close("shutdown")
        if self._server is not None:
            await self._server.wait_closed()

    @web.middleware
    async def _watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Tell the connection's guard when its headers are complete and when it is answered."""
        transport = request.transport
        guard = self._guards.get(transport) if transport is not None else None
        if guard is None:
            return await handler(request)
        guard.request_begins()
        try:
            return await handler(request)
        finally:
            guard.request_ends()

    def admit(self, guard: "_Guard", transport: asyncio.BaseTransport, address: str) -> bool:
        """Count a new connection; False when there is no room."""
        if not self._connections.enter(address):
            self._metrics.requests_refused.labels(reason="connections").inc()
            return False
        self._guards[transport] = guard
        self._metrics.connections.set(self._connections.total)
        return True

    def dismiss(self, address: str) -> None:
        """A connection that was admitted has ended."""
        self._connections.leave(address)
        self._metrics.connections.set(self._connections.total)

    def count_closed(self, reason: str) -> None:
        """A guard closed its connection."""
        self._metrics.requests_refused.labels(reason=reason).inc()

    @property
    def header_seconds(self) -> int:
        """Most time for the headers of a request."""
        return self._limits.header_seconds_max


class _Guard(asyncio.Protocol):
    """Hands a connection's events on to aiohttp and watches the time."""

    def __init__(self, server: ApiServer, inner: asyncio.Protocol) -> None:
        self._server = server
        self._inner = inner
        self._transport: asyncio.Transport | None = None
        self._address = ""
        self._is_admitted = False
        self._in_request = 0
        self._header_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]) if isinstance(peer, tuple) else ""
        self._is_admitted = self._server.admit(self, transport, self._address)
        if not self._is_admitted:
            self._transport.abort()
            return
        self._await_headers()
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timers()
        if self._is_admitted:
            self._server.dismiss(self._address)
            self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._is_admitted:
            return
        if self._in_request == 0 and self._header_timer is None:
            self._await_headers()
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._is_admitted else None

    def pause_writing(self) -> None:
        if self._write_timer is None:
            loop = asyncio.get_running_loop()
            self._write_timer = loop.call_later(WRITE_SECONDS_MAX, self.close, "write")
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
        self._inner.resume_writing()

    def request_begins(self) -> None:
        """Headers are complete: a handler runs."""
        self._in_request += 1
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def request_ends(self) -> None:
        """The handler has its answer; aiohttp's own time-out covers an idle connection."""
        self._in_request -= 1

    def close(self, reason: str) -> None:
        """Cut the connection."""
        self._stop_timers()
        if self._transport is not None and not self._transport.is_closing():
            self._server.count_closed(reason)
            with suppress(OSError):
                self._transport.abort()

    def _await_headers(self) -> None:
        loop = asyncio.get_running_loop()
        self._header_timer = loop.call_later(self._server.header_seconds, self.close, "header")

    def _stop_timers(self) -> None:
        for timer in (self._header_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._header_timer = self._write_timer = None
