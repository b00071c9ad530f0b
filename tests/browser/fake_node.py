"""A small HTTP server with the API of a node and the explorer's files, for tests of the pages.

Run it by hand to work on the pages: python -m tests.browser.fake_node 8800
"""

import asyncio
import itertools
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from chain.genesis import genesis_to_json
from chain.scalars import Hash
from contracts.records import TwinRecord
from node.explorer.app import add_explorer
from tests.browser import fake_twin_views as twin_views
from tests.browser import fake_views as views
from tests.browser.fake_chain import TURBINES, FakeChain, make_fake_chain, play_hour

Json = dict[str, Any]
FOR_EVER: Final = 2**53
FILTERS: Final = ("kind", "model", "owner")


@dataclass(slots=True)
class FakeNode:
    """The server's state; `ready` and `genesis` can be changed to see what the pages make of it."""

    chain: FakeChain
    ready: bool = True
    genesis: bytes = b""
    _listeners: list[asyncio.Queue[int | None]] = field(default_factory=list)
    _hours: Iterator[int] = field(default_factory=lambda: itertools.count(96))

    def advance(self) -> None:
        """Commit a block with another hour of readings and tell the listeners."""
        hour = next(self._hours)
        self.chain.commit(*(play_hour(self.chain, turbine, hour) for turbine in TURBINES))
        for listener in self._listeners:
            listener.put_nowait(self.chain.height)

    def drop_streams(self) -> None:
        """End all event streams, as a node that restarts does."""
        for listener in self._listeners:
            listener.put_nowait(None)

    def find_twin(self, request: web.Request, height: int) -> TwinRecord:
        """Give the twin that the address names, as it was at a height."""
        name = request.match_info["id"]
        found = next((one for one in views.twins(self.chain, height) if one.id == name), None)
        if found is None:
            raise _problem(404, "VT-7004", f"There is no twin {name} at height {height}.")
        return found

    def resolve_at(self, request: web.Request) -> int:
        """Turn `?at=` into a height."""
        text = request.query.get("at")
        if not text:
            return self.chain.height
        if not text.isdigit() or not 1 <= int(text) <= self.chain.height:
            raise _problem(400, "VT-7001", f"{text} is no height of this chain.")
        return int(text)


NODE: Final = web.AppKey("node", FakeNode)
routes = web.RouteTableDef()
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(node: FakeNode) -> web.Application:
    """Make the server's application: the API, then the explorer."""
    app = web.Application()
    app[NODE] = node
    app.add_routes(routes)
    add_explorer(app)
    return app


def _problem(status: int, code: str, detail: str) -> web.HTTPException:
    kinds = {400: web.HTTPBadRequest, 404: web.HTTPNotFound}
    text = json.dumps(
        {
            "type": f"https://veritwin.dev/errors/{code}",
            "title": "That is not on this chain",
            "status": status,
            "detail": detail,
            "instance": "fake-request",
            "code": code,
            "why": detail,
            "fix": f"veritwin explain {code}",
            "retryable": False,
        }
    )
    return kinds[status](text=text, content_type="application/problem+json")


@routes.get("/v1/status")
async def status(request: web.Request) -> web.Response:
    node = request.app[NODE]
    return web.json_response(views.view_status(node.chain, node.ready))


@routes.get("/v1/genesis")
async def genesis(request: web.Request) -> web.Response:
    node = request.app[NODE]
    data = node.genesis or genesis_to_json(node.chain.genesis)
    return web.Response(body=data, content_type="application/json")


@routes.get("/v1/blocks")
async def blocks(request: web.Request) -> web.Response:
    chain = request.app[NODE].chain
    items = [views.view_block_item(chain, block) for block in reversed(chain.blocks)]
    return web.json_response(views.paginate(items, request.query.get))


@routes.get("/v1/blocks/{height}")
async def block(request: web.Request) -> web.Response:
    chain, text = request.app[NODE].chain, request.match_info["height"]
    for decided in chain.blocks:
        if text in {str(decided.block.header.height), decided.hash.hex()}:
            raw = request.query.get("raw")
            view = views.view_raw_block(decided) if raw else views.view_block(chain, decided)
            return web.json_response(view)
    raise _problem(404, "VT-7004", f"There is no block {text}.")


@routes.get("/v1/transactions/{id}")
async def transaction(request: web.Request) -> web.Response:
    chain = request.app[NODE].chain
    return web.json_response(views.view_transaction(chain, _find(request)))


@routes.get("/v1/transactions/{id}/receipt")
async def receipt(request: web.Request) -> web.Response:
    data = views.view_receipt(request.app[NODE].chain, _find(request))
    return web.Response(body=data, content_type="application/json")


def _find(request: web.Request) -> views.Place:
    text = request.match_info["id"]
    place = views.find_place(request.app[NODE].chain, text)
    if place is None:
        raise _problem(404, "VT-7004", f"There is no transaction {text}.")
    return place


@routes.get("/v1/twins")
async def twins(request: web.Request) -> web.Response:
    chain, query = request.app[NODE].chain, request.query
    items = [
        twin_views.view_twin_item(chain, one)
        for one in views.twins(chain, chain.height)
        if query.get("q", "").lower() in one.id.lower()
        and all(query.get(name) in {None, getattr(one, name)} for name in FILTERS)
    ]
    return web.json_response(views.paginate(items, query.get))


@routes.get("/v1/twins/{id}")
async def twin(request: web.Request) -> web.Response:
    node = request.app[NODE]
    height = node.resolve_at(request)
    found = node.find_twin(request, height)
    return web.json_response(twin_views.view_twin(node.chain, found, height))


@routes.get("/v1/twins/{id}/proof")
async def proof(request: web.Request) -> web.Response:
    node = request.app[NODE]
    height = node.resolve_at(request)
    return web.json_response(twin_views.view_proof(node.chain, request.match_info["id"], height))


@routes.get("/v1/twins/{id}/history")
async def history(request: web.Request) -> web.Response:
    chain, name = request.app[NODE].chain, request.match_info["id"]
    items = [
        twin_views.view_history_item(chain, place)
        for place in views.places(chain)
        if name in place.twins
    ]
    return web.json_response(views.paginate(items, request.query.get))


@routes.get("/v1/twins/{id}/series")
async def series(request: web.Request) -> web.Response:
    node, query = request.app[NODE], request.query
    found = node.find_twin(request, node.chain.height)
    limits = int(query.get("from_ms", 0)), int(query.get("to_ms", FOR_EVER))
    return web.json_response(twin_views.view_series(node.chain, found, query["property"], limits))


@routes.get("/v1/actions")
async def actions(request: web.Request) -> web.Response:
    items = [twin_views.view_action(one) for one in twin_views.actions(request.app[NODE].chain)]
    return web.json_response(views.paginate(_filter(items, request), request.query.get))


@routes.get("/v1/actions/{id}")
async def action(request: web.Request) -> web.Response:
    for one in twin_views.actions(request.app[NODE].chain):
        if one.id == Hash(bytes.fromhex(request.match_info["id"])):
            return web.json_response(twin_views.view_action(one))
    raise _problem(404, "VT-7004", "There is no such action.")


@routes.get("/v1/attestations")
async def attestations(request: web.Request) -> web.Response:
    items = _filter(twin_views.view_attestations(request.app[NODE].chain), request)
    return web.json_response(views.paginate(items, request.query.get))


def _filter(items: list[Json], request: web.Request) -> list[Json]:
    wanted = {
        name: value
        for name, value in request.query.items()
        if name in {"status", "twin", "addressee", "issuer"}
    }
    return [one for one in items if all(one.get(name) == value for name, value in wanted.items())]


@routes.get("/v1/events")
async def events(request: web.Request) -> web.StreamResponse:
    node = request.app[NODE]
    answer = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    await answer.prepare(request)
    await answer.write(b"retry: 500\n\n")
    queue: asyncio.Queue[int | None] = asyncio.Queue(100)
    node._listeners.append(queue)
    last = request.headers.get("Last-Event-ID") or request.query.get("from")
    for missed in range(int(last.split(".")[0]) + 1 if last else FOR_EVER, node.chain.height + 1):
        queue.put_nowait(missed)
    try:
        while (height := await queue.get()) is not None:
            event = views.view_block_event(node.chain.blocks[height - 1])
            text = f"id: {event['height']}.0\nevent: block\ndata: {json.dumps(event)}\n\n"
            await answer.write(text.encode())
    finally:
        node._listeners.remove(queue)
    return answer


@contextmanager
def run_fake_node(node: FakeNode, port: int = 0) -> Iterator["RunningNode"]:
    """Serve in a thread of its own until the context ends."""
    running = RunningNode(node)
    thread = threading.Thread(target=running.serve, args=(port,), daemon=True)
    thread.start()
    running.started.wait(10)
    try:
        yield running
    finally:
        running.stop()
        thread.join(10)


class RunningNode:
    """A server in a thread: its address, and calls into it."""

    def __init__(self, node: FakeNode) -> None:
        self.node = node
        self.url = ""
        self.started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    def advance(self) -> None:
        """Commit a block, in the server's thread."""
        self._call(self.node.advance)

    def drop_streams(self) -> None:
        """End all event streams, in the server's thread."""
        self._call(self.node.drop_streams)

    def _call(self, function: Callable[[], None]) -> None:
        async def call() -> None:
            function()

        assert self._loop is not None, "the server runs"
        asyncio.run_coroutine_threadsafe(call(), self._loop).result(10)

    def serve(self, port: int) -> None:
        """Serve until `stop`; `asyncio.run` ends the streams that are still open."""
        asyncio.run(self._serve(port))

    async def _serve(self, port: int) -> None:
        self._loop = asyncio.get_running_loop()
        runner = web.AppRunner(
            make_app(self.node), shutdown_timeout=0.1, handler_cancellation=True, access_log=None
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self.started.set()
        await self._stop.wait()
        await runner.cleanup()

    def stop(self) -> None:
        """End `serve`."""
        assert self._loop is not None, "the server runs"
        self._loop.call_soon_threadsafe(self._stop.set)


def make_fake_node() -> FakeNode:
    """Make a node with four days of the wind farm on its chain."""
    return FakeNode(make_fake_chain(int(time.time() * 1000)))


if __name__ == "__main__":
    with run_fake_node(make_fake_node(), int(sys.argv[1])) as served:
        print(f"fake node at {served.url}", flush=True)
        while True:
            time.sleep(2)
            served.advance()
