"""Making answers: JSON from views, caching headers, and work that leaves the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import msgspec
from aiohttp import web

T = TypeVar("T")

READERS: Final[web.AppKey[ThreadPoolExecutor]] = web.AppKey("readers", ThreadPoolExecutor)
READER_THREADS: Final = 2
IMMUTABLE: Final = "public, max-age=31536000, immutable"
REVALIDATE: Final = "no-cache"
JSON: Final = "application/json"
_ENCODER: Final = msgspec.json.Encoder()


async def off_loop(request: web.Request, read: Callable[[], T]) -> T:
    """Run a longer read in a thread, so that the event loop stays free."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(request.app[READERS], read)


def json_answer(view: object, *, status: int = 200) -> web.Response:
    """Answer with a view; it must not be kept by caches."""
    return web.Response(
        status=status,
        body=_ENCODER.encode(view),
        content_type=JSON,
        headers={"Cache-Control": "no-store"},
    )


def immutable_answer(
    request: web.Request, tag: str, body: bytes, content_type: str = JSON
) -> web.Response:
    """Answer with what never changes; `tag` names exactly these bytes."""
    return _tagged(request, tag, lambda: body, IMMUTABLE, content_type)


def state_answer(request: web.Request, tag: str, make: Callable[[], object]) -> web.Response:
    """Answer with what holds until the state changes; made only when the client has it not."""
    return _tagged(request, tag, lambda: _ENCODER.encode(make()), REVALIDATE, JSON)


def encode_json(view: object) -> bytes:
    """Write a view as JSON."""
    return _ENCODER.encode(view)


def is_known(request: web.Request, tag: str) -> bool:
    """Tell whether the client already holds the answer with this tag."""
    given = request.headers.get("If-None-Match", "")
    return any(one.strip().removeprefix("W/") in (f'"{tag}"', "*") for one in given.split(","))


def _tagged(
    request: web.Request,
    tag: str,
    make_body: Callable[[], bytes],
    caching: str,
    content_type: str,
) -> web.Response:
    headers = {"ETag": f'"{tag}"', "Cache-Control": caching}
    if is_known(request, tag):
        return web.Response(status=304, headers=headers)
    return web.Response(body=make_body(), content_type=content_type, headers=headers)
