"""A liar: what stands before a node's API and changes its answers."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import ClientSession, web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Change = Callable[[str, Any], Any]
"""Takes the path that was asked for and the answer's JSON, and gives what is answered instead."""


def flip_headers(path: str, body: Any) -> Any:
    """Change the last byte of every header that is asked for with its certificate."""
    if path.startswith("/v1/blocks/") and isinstance(body.get("header"), str):
        header = bytearray(base64.b64decode(body["header"]))
        header[-1] ^= 1
        return body | {"header": base64.b64encode(header).decode()}
    return body


@asynccontextmanager
async def serving(handler: Handler | None) -> AsyncIterator[str]:
    """Answer every GET with a handler, or know no address at all; gives the address to ask."""
    app = web.Application()
    if handler is not None:
        app.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def lying(url: str, change: Change) -> AsyncIterator[str]:
    """Stand before an API; gives the address to ask."""
    async with ClientSession(url) as session:

        async def answer(request: web.Request) -> web.Response:
            async with session.get(request.path_qs) as real:
                body = msgspec.json.decode(await real.read())
            said = msgspec.json.encode(change(request.path, body))
            return web.Response(body=said, status=real.status, content_type="application/json")

        async with serving(answer) as address:
            yield address
