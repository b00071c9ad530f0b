"""What a node knows of its consensus and its machine."""

from typing import Final

from aiohttp import web

from node.api.answers import json_answer
from node.api.context import CONTEXT
from node.api.routes import Route
from node.api.views.consensus import ConsensusView, MachineView


async def show_consensus(request: web.Request) -> web.Response:
    """GET /v1/consensus"""
    return json_answer(request.app[CONTEXT].consensus())


async def show_machine(request: web.Request) -> web.Response:
    """GET /v1/machine"""
    return json_answer(request.app[CONTEXT].machine())


ROUTES: Final = (
    Route(
        "GET",
        "/v1/consensus",
        show_consensus,
        "Show the round, and who takes part since when.",
        "node",
        ConsensusView,
    ),
    Route(
        "GET",
        "/v1/machine",
        show_machine,
        "Show disk, mempool, contract worker and certificates.",
        "node",
        MachineView,
    ),
)
