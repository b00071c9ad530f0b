"""The state as it is stored: enough to find where two nodes differ."""

import base64
from typing import Final

from aiohttp import web

from chain.errors import InvalidInput
from chain.hashing import EMPTY_HASH
from chain.state_node import StateLeaf
from contracts.state_keys import show_key
from node.api.answers import encode_json, immutable_answer
from node.api.context import CONTEXT
from node.api.requests import get_hash
from node.api.routes import Route, path_parameter
from node.api.views.state import StateNodeView
from node.reader.state import StoredNode


async def show_state_node(request: web.Request) -> web.Response:
    """GET /v1/state/nodes/{id}"""
    name = get_hash(request, "state node")
    found = request.app[CONTEXT].reader.state.node(name)
    if found is None:
        raise InvalidInput("VT-7004", kind="state node", name=name.hex())
    return immutable_answer(request, name.hex(), encode_json(view_state_node(found)))


def view_state_node(found: StoredNode) -> StateNodeView:
    """Make the view of a node of a state tree."""
    node = found.node
    if not isinstance(node, StateLeaf):
        children = [None if one == EMPTY_HASH else one.hex() for one in node.children]
        return StateNodeView(kind="inner", children=children)
    return StateNodeView(
        kind="leaf",
        path=node.path.hex(),
        value_hash=node.value_hash.hex(),
        key=None if found.key is None else found.key.hex(),
        text=None if found.key is None else show_key(found.key),
        value=None if found.value is None else base64.b64encode(found.value).decode(),
    )


ROUTES: Final = (
    Route(
        "GET",
        "/v1/state/nodes/{id}",
        show_state_node,
        "Show a node of a state tree.",
        "ledger",
        StateNodeView,
        parameters=(path_parameter("id", "The node's hash; a header names the root."),),
        statuses={404: "There is no such node here."},
    ),
)
