"""The HTTP API of a node: its addresses, and what every request passes through."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from chain.errors import Busy, ChainError, Corruption, InvalidInput
from node.api import problems
from node.api.answers import READER_THREADS, READERS
from node.api.context import CONTEXT, ApiContext
from node.api.handlers import (
    blocks,
    consensus,
    contracts,
    events,
    governance,
    ledger,
    node,
    state,
    transactions,
    twins,
)
from node.api.limits import RateLimit
from node.api.schema import build_openapi
from node.clock import monotonic_seconds
from node.logs import get_log

ROUTES: Final = (
    *transactions.ROUTES,
    *twins.ROUTES,
    *blocks.ROUTES,
    *ledger.ROUTES,
    *contracts.ROUTES,
    *governance.ROUTES,
    *state.ROUTES,
    *events.ROUTES,
    *node.ROUTES,
    *consensus.ROUTES,
)
RATE: Final[web.AppKey[RateLimit]] = web.AppKey("rate", RateLimit)
REQUEST_ID: Final = web.RequestKey("request_id", str)
LEFT: Final = web.RequestKey("left", int)
_is_request_id: Final = re.compile(r"[A-Za-z0-9._-]{1,64}").fullmatch
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
_EXPOSED: Final = "X-Request-Id, ETag, Location, Retry-After, RateLimit"
log = get_log(__name__)


def make_app(context: ApiContext) -> web.Application:
    """Make the application with all addresses of the API; serve it with `ApiServer`.

    Further routes (the explorer's pages) may be added before it is served.
    """
    app = web.Application(
        middlewares=[_handle], client_max_size=context.limits.request_size_bytes_max
    )
    app[CONTEXT] = context
    app[RATE] = RateLimit(context.limits.requests_per_second)
    app[events.STREAMS] = events.Streams()
    app[node.OPENAPI] = build_openapi(ROUTES, context.status().version)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, route.handler)
        if route.method == "GET" and route.path != "/v1/events":
            app.router.add_route("HEAD", route.path, route.handler)
    app.on_response_prepare.append(_add_headers)
    app.cleanup_ctx.append(_keep_readers)
    return app


async def _keep_readers(app: web.Application) -> AsyncIterator[None]:
    with ThreadPoolExecutor(READER_THREADS, thread_name_prefix="reader") as pool:
        app[READERS] = pool
        yield


@web.middleware
async def _handle(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request its id, count it, hold it to its rate, and turn errors into problems."""
    given = request.headers.get("X-Request-Id", "")
    request[REQUEST_ID] = given if _is_request_id(given) else secrets.token_hex(8)
    started = monotonic_seconds()
    response = await _answer(request, handler)
    metrics = request.app[CONTEXT].metrics
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "none"
    method = request.method if request.method in _METHODS else "other"
    metrics.requests.labels(method=method, route=route, status=str(response.status)).inc()
    metrics.request_seconds.labels(route=route).observe(monotonic_seconds() - started)
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    request_id = request[REQUEST_ID]
    try:
        _check_rate(request)
        if request.method == "OPTIONS" and _allowed_origin(request) is not None:
            return _answer_preflight()
        return await handler(request)
    except Corruption as error:
        log.error("a request met damaged data", error=error, request=request_id)
        return problems.answer(error, request_id)
    except ChainError as error:
        return problems.answer(error, request_id, tx_id=_id_in(error))
    except web.HTTPException as error:
        return _answer_http(request, error)
    except (asyncio.CancelledError, ConnectionError):
        raise
    except Exception as error:  # noqa: BLE001 - one failed request must not stop the node
        log.error("a request failed", error=error, request=request_id, path=request.path)
        return problems.answer(ChainError("VT-7011", request=request_id), request_id)


def _check_rate(request: web.Request) -> None:
    """Count the request. Raises: Busy: VT-7007, its address asks too often."""
    rate = request.app[RATE]
    address = request.remote or ""
    left = rate.take(address)
    request[LEFT] = max(0, left)
    if left < 0:
        request.app[CONTEXT].metrics.requests_refused.labels(reason="rate").inc()
        raise Busy("VT-7007", limit=rate.per_second, address=address)


def _answer_http(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    """Turn aiohttp's own refusals into problems; redirects stay what they are."""
    request_id = request[REQUEST_ID]
    if error.status < 400:
        raise error
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        limit = request.app[CONTEXT].limits.request_size_bytes_max
        return problems.answer(InvalidInput("VT-7006", limit=limit), request_id)
    if error.status in (404, 405):
        missing = InvalidInput("VT-7003", method=request.method[:16], path=request.path[:200])
        response = problems.answer(missing, request_id, status=error.status)
        if isinstance(error, web.HTTPMethodNotAllowed):
            response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return response
    wrong = InvalidInput("VT-7001", reason=error.reason)
    return problems.answer(wrong, request_id, status=error.status)


def _id_in(error: ChainError) -> str | None:
    """Give the transaction that an error speaks of, when it names one."""
    value = error.values.get("id")
    return value.hex() if isinstance(value, bytes) else None


def _allowed_origin(request: web.Request) -> str | None:
    origin = request.headers.get("Origin")
    return origin if origin in request.app[CONTEXT].cors_origins else None


def _answer_preflight() -> web.Response:
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "Content-Type, Last-Event-ID, X-Request-Id",
            "Access-Control-Max-Age": "600",
        },
    )


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add what every answer carries, error or not."""
    headers = response.headers
    rate = request.app[RATE].per_second
    headers["X-Request-Id"] = request.get(REQUEST_ID, "")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["RateLimit-Policy"] = f'"address";q={rate};w=1'
    headers["RateLimit"] = f'"address";r={request.get(LEFT, rate)};t=1'
    origin = _allowed_origin(request)
    if origin is not None:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = _EXPOSED
    if request.app[CONTEXT].cors_origins:
        headers.add("Vary", "Origin")
