"""The node itself: status, genesis, health, metrics, errors and the description of the API."""

from typing import Any, Final

import msgspec
from aiohttp import web

from chain.catalogue import CATALOGUE
from chain.errors import InvalidInput
from node.api.answers import JSON, immutable_answer, json_answer
from node.api.context import CONTEXT, ApiContext, PeerState
from node.api.routes import Route, path_parameter
from node.api.views.status import (
    ErrorList,
    ErrorView,
    MempoolView,
    PeerView,
    ReadyView,
    StatusView,
    view_error,
)
from node.metrics import CONTENT_TYPE as METRICS_TYPE

OPENAPI: Final[web.AppKey[bytes]] = web.AppKey("openapi", bytes)


async def show_status(request: web.Request) -> web.Response:
    """GET /v1/status"""
    return json_answer(view_status(request.app[CONTEXT]))


def view_status(context: ApiContext) -> StatusView:
    """Describe the node and the chain's head."""
    now = context.status()
    head = context.reader.blocks.head()
    genesis = context.genesis
    return StatusView(
        chain_id=genesis.chain_id,
        genesis=context.reader.genesis_hash.hex(),
        engine=head.validators.engine,
        organisation=now.organisation,
        node=now.node,
        version=now.version,
        height=head.height,
        state_root=head.state_root.hex(),
        block_hash=head.block.hex(),
        block_time_ms=head.time_ms,
        last_commit_ms=context.last_commit_ms,
        commit_latency_ms=now.commit_latency_ms,
        round=now.round,
        step=now.step,
        peers=[_view_peer(peer) for peer in now.peers],
        validators=len(head.validators),
        quorum=head.validators.quorum_weight,
        mempool=MempoolView(transactions=now.mempool_transactions, bytes=now.mempool_bytes),
        transactions_total=head.transactions_total,
        twins_total=context.reader.twins.count(),
        updates_per_second=round(now.updates_per_second, 3),
        ready=not now.reasons,
        reasons=list(now.reasons),
    )


def _view_peer(peer: PeerState) -> PeerView:
    return PeerView(
        node=peer.node,
        organisation=peer.organisation,
        connected=peer.is_connected,
        height=peer.height,
        last_seen_ms=peer.last_seen_ms,
        address=peer.address,
    )


async def show_genesis(request: web.Request) -> web.Response:
    """GET /v1/genesis"""
    context = request.app[CONTEXT]
    tag = context.reader.genesis_hash.hex()
    answer = immutable_answer(request, tag, context.genesis_json)
    answer.headers["Cache-Control"] = "no-cache"  # the address is the same on every chain
    return answer


async def show_live(request: web.Request) -> web.Response:
    """GET /livez"""
    return json_answer({"live": True})


async def show_ready(request: web.Request) -> web.Response:
    """GET /readyz"""
    reasons = list(request.app[CONTEXT].status().reasons)
    return json_answer(
        ReadyView(ready=not reasons, reasons=reasons), status=503 if reasons else 200
    )


async def show_metrics(request: web.Request) -> web.Response:
    """GET /metrics"""
    context = request.app[CONTEXT]
    # Looked at now, or it would contradict /readyz until the next beat.
    context.metrics.ready.set(0 if context.status().reasons else 1)
    return web.Response(
        body=context.metrics.render(),
        headers={"Content-Type": METRICS_TYPE, "Cache-Control": "no-store"},
    )


async def show_openapi(request: web.Request) -> web.Response:
    """GET /v1/openapi.json"""
    return web.Response(
        body=request.app[OPENAPI], content_type=JSON, headers={"Cache-Control": "no-cache"}
    )


async def list_errors(request: web.Request) -> web.Response:
    """GET /v1/errors"""
    return json_answer(ErrorList(items=[view_error(entry) for entry in CATALOGUE.values()]))


async def show_error(request: web.Request) -> web.Response:
    """GET /v1/errors/{code}"""
    code = request.match_info["code"]
    entry = CATALOGUE.get(code.upper())
    if entry is None:
        raise InvalidInput("VT-7004", kind="error", name=code[:80])
    return json_answer(view_error(entry))


class LiveView(msgspec.Struct, frozen=True):
    """The process serves requests."""

    live: bool


ROUTES: Final = (
    Route("GET", "/v1/status", show_status, "Show how the node is.", "node", StatusView),
    Route(
        "GET",
        "/v1/genesis",
        show_genesis,
        "Give genesis.json, byte for byte.",
        "node",
        dict[str, Any],
    ),
    Route("GET", "/v1/errors", list_errors, "List the error catalogue.", "node", ErrorList),
    Route(
        "GET",
        "/v1/errors/{code}",
        show_error,
        "Explain an error.",
        "node",
        ErrorView,
        parameters=(path_parameter("code", "Such as VT-2020."),),
        statuses={404: "There is no such code."},
    ),
    Route(
        "GET",
        "/v1/openapi.json",
        show_openapi,
        "Describe this API.",
        "node",
        dict[str, Any],
    ),
    Route("GET", "/livez", show_live, "Tell that the process serves.", "node", LiveView),
    Route(
        "GET",
        "/readyz",
        show_ready,
        "Tell whether commits are progressing.",
        "node",
        ReadyView,
        statuses={503: "They are not; the body says why."},
    ),
    Route(
        "GET",
        "/metrics",
        show_metrics,
        "Give all metrics for Prometheus.",
        "node",
        media="text/plain",
    ),
)
