"""Requests to several nodes as if they were one: the next one is asked when one does not answer.

Every request of the API may be repeated: reads change nothing, and a transaction has effect once
however often it is sent. So a request that got no answer simply goes to the next node, until one
answers or the time for retrying is over.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from chain.errors import Busy, ChainError, InvalidInput
from chain.scalars import Hash
from node.api.views.status import ProblemView
from node.client.errors import Unreachable, error_from_problem
from node.clock import monotonic_seconds

T = TypeVar("T")

ANSWER_SIZE_MAX: Final = 64 << 20
TIMEOUT_SECONDS: Final = 10.0
RETRY_SECONDS: Final = 5.0
CONNECT_SECONDS: Final = 3.0
PAUSE_SECONDS: Final = 0.2
PAUSE_SECONDS_MAX: Final = 2.0
REST_SECONDS: Final = 3.0
"""How long a node that did not answer is asked last."""
_DELETED: Final = frozenset({"VT-7014", "VT-7015"})
"""What a node says of what it has deleted, or may have."""
_TRY_OTHERS: Final = frozenset({429, 502, 503, 504})


@dataclass(slots=True)
class _Node:
    address: str
    rests_until: float = 0.0
    is_checked: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a node answered."""

    node: str
    path: str
    status: int
    body: bytes

    def read(self, kind: type[T]) -> T:
        """Read the JSON as `kind`.

        Raises: InvalidInput: VT-7022, it is something else.
        """
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidInput(
                "VT-7022", node=self.node, path=self.path, reason=str(error)[:200]
            ) from error


class Transport:
    """The nodes of one chain; use it as an async context manager.

    Args: addresses: such as http://127.0.0.1:8000, at least one, the preferred one first;
    genesis: hash that every node must show before it is believed, None to believe them all;
    timeout_seconds: for an answer; retry_seconds: how long to go on when no node answers.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        genesis: Hash | None = None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        assert addresses, "a client needs the address of at least one node"
        self._nodes = [_Node(_with_scheme(address)) for address in addresses]
        self._genesis = genesis.hex() if genesis is not None else None
        self._timeout = timeout_seconds
        self._retry = retry_seconds
        self._session: aiohttp.ClientSession | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses, as requests are sent to them."""
        return tuple(node.address for node in self._nodes)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Make the connection pool; needs a running event loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=64, ttl_dns_cache=60),
                headers={"Accept": "application/json"},
            )

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        content_type: str | None = None,
        wait_seconds: float = 0.0,
        retry_seconds: float | None = None,
    ) -> Answer:
        """Send a request to the first node that answers it.

        A node may have deleted what another still has, so all are asked before that is believed.

        Args: wait_seconds: how long the node itself may wait; retry_seconds: how long to go on
        when no node can be reached, the client's own default when None.
        Raises: Unreachable: VT-7020; ChainError: what the node reported.
        """
        retry = self._retry if retry_seconds is None else retry_seconds
        deadline = monotonic_seconds() + retry
        pause = PAUSE_SECONDS
        while True:
            last: ChainError | None = None
            gone: ChainError | None = None
            for node in self._in_order():
                try:
                    return await self._ask(
                        node, method, path, query, body, content_type, wait_seconds
                    )
                except Busy as error:
                    node.rests_until = monotonic_seconds() + REST_SECONDS
                    last = error
                except ChainError as error:
                    if error.code not in _DELETED:
                        raise
                    gone = error
            if gone is not None:
                raise gone
            assert last is not None, "there is at least one node"
            if monotonic_seconds() + pause > deadline:
                raise last
            await asyncio.sleep(pause)
            pause = min(2 * pause, PAUSE_SECONDS_MAX)

    async def stream(
        self, path: str, query: Mapping[str, Any], last_event_id: str | None
    ) -> aiohttp.ClientResponse:
        """Open an event stream at the first node that grants one; the caller closes it.

        A node may have deleted what another still has, so all are asked before that is believed.

        Raises: Unreachable: VT-7020; ChainError: what the node reported.
        """
        headers = {"Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        last: ChainError | None = None
        gone: ChainError | None = None
        for node in self._in_order():
            try:
                await self._check(node)
                response = await self._open_session().get(
                    _url(node.address, path),
                    params=_texts(query),
                    headers=headers,
                    timeout=aiohttp.ClientTimeout(sock_connect=CONNECT_SECONDS, sock_read=60),
                )
                if response.status == 200:
                    return response
                async with response:
                    raise _error_of(node.address, path, response.status, await response.read())
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                last = Unreachable(node.address, say_why(error))
            except Busy as error:
                last = error
            except ChainError as error:
                if error.code not in _DELETED:
                    raise
                gone = error
            node.rests_until = monotonic_seconds() + REST_SECONDS
        failure = gone or last
        assert failure is not None, "there is at least one node"
        raise failure

    def _in_order(self) -> list[_Node]:
        now = monotonic_seconds()
        return sorted(self._nodes, key=lambda node: max(0.0, node.rests_until - now))

    async def _ask(
        self,
        node: _Node,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: bytes | None,
        content_type: str | None,
        wait_seconds: float,
    ) -> Answer:
        """Ask one node. Raises: Busy: it did not answer, or cannot now; ChainError: it said no."""
        await self._check(node)
        status, data = await self._exchange(
            node, method, path, query, body, content_type, wait_seconds
        )
        if status >= 400:
            raise _error_of(node.address, path, status, data)
        return Answer(node.address, path, status, data)

    async def _exchange(
        self,
        node: _Node,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        content_type: str | None = None,
        wait_seconds: float = 0.0,
    ) -> tuple[int, bytes]:
        headers = {"Content-Type": content_type} if content_type is not None else {}
        timeout = aiohttp.ClientTimeout(
            total=self._timeout + wait_seconds, sock_connect=CONNECT_SECONDS
        )
        try:
            async with self._open_session().request(
                method,
                _url(node.address, path),
                params=_texts(query or {}),
                data=body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                return response.status, await _read(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(node.address, say_why(error)) from error

    async def _check(self, node: _Node) -> None:
        """Make sure, once, that a node belongs to this chain.

        Raises: InvalidInput: VT-7023, it does not.
        """
        if node.is_checked or self._genesis is None:
            return
        status, data = await self._exchange(node, "GET", "/v1/status")
        if status >= 400:
            raise _error_of(node.address, "/v1/status", status, data)
        shown = Answer(node.address, "/v1/status", status, data).read(_Genesis)
        if shown.genesis != self._genesis:
            raise InvalidInput(
                "VT-7023", node=node.address, theirs=shown.genesis, ours=self._genesis
            )
        node.is_checked = True

    def _open_session(self) -> aiohttp.ClientSession:
        assert self._session is not None, "use the client inside `async with`"
        return self._session


class _Genesis(msgspec.Struct):
    genesis: str


async def _read(response: aiohttp.ClientResponse) -> bytes:
    data = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        data += chunk
        if len(data) > ANSWER_SIZE_MAX:
            raise aiohttp.ClientPayloadError(f"the answer is over {ANSWER_SIZE_MAX} bytes")
    return bytes(data)


def _error_of(node: str, path: str, status: int, data: bytes) -> ChainError:
    try:
        return error_from_problem(msgspec.json.decode(data, type=ProblemView))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        if status in _TRY_OTHERS:
            return Unreachable(node, f"it answered {status}")
        reason = f"no problem document for {path}"
        return ChainError("VT-7025", node=node, status=status, reason=reason)


def _with_scheme(address: str) -> str:
    text = address.rstrip("/")
    return text if "://" in text else f"http://{text}"


def _texts(query: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in query.items() if value is not None}


def say_why(error: BaseException) -> str:
    """Say in words why no answer came."""
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return "it is no address of the form http://HOST:PORT"
    return str(error) or type(error).__name__


def _url(address: str, path: str) -> URL:
    """Give the URL of a path whose names stay names: `..`, `?` and `#` mean nothing in them.

    Raises: aiohttp.InvalidURL: the address is none.
    """
    try:
        base = URL(address)
    except ValueError as error:
        raise aiohttp.InvalidURL(address) from error
    return base.with_path(base.raw_path.rstrip("/") + quote(path, safe="/:"), encoded=True)
