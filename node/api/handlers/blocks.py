"""Blocks."""

import re
from typing import Final

from aiohttp import web

from chain.errors import InvalidInput
from chain.scalars import Hash, Height
from node.api.answers import encode_json, immutable_answer, json_answer, off_loop
from node.api.context import CONTEXT
from node.api.requests import check_number_in_path, get_page, get_text, not_found
from node.api.routes import PAGE_PARAMETERS, Parameter, Route, path_parameter
from node.api.views.blocks import (
    BlockList,
    BlockView,
    WholeBlockView,
    summarize_block,
    view_block,
    view_raw_block,
    view_whole_block,
)
from node.reader.blocks import StoredBlock

_is_hash: Final = re.compile(r"[0-9a-f]{64}").fullmatch


async def list_blocks(request: web.Request) -> web.Response:
    """GET /v1/blocks"""
    context = request.app[CONTEXT]
    page = get_page(request)
    committees = context.reader.committees

    def read() -> BlockList:
        found = context.reader.blocks.page(page)
        items = [summarize_block(block, committees.at(block.height)) for block in found.items]
        return BlockList(items=items, next=found.next)

    return json_answer(await off_loop(request, read))


async def show_block(request: web.Request) -> web.Response:
    """GET /v1/blocks/{id}: by height, by hash, or `latest`."""
    context = request.app[CONTEXT]
    name = request.match_info["id"]
    block = find_block(request, name)
    is_raw = get_text(request, "raw") == "1"
    committees = context.reader.committees

    def read() -> bytes:
        if is_raw:
            return encode_json(view_raw_block(block, committees.steps_to(block.height)))
        validators = committees.at(block.height)
        return encode_json(view_block(block, validators, context.reader.blocks))

    body = await off_loop(request, read)
    if name == "latest":
        return web.Response(
            body=body, content_type="application/json", headers={"Cache-Control": "no-store"}
        )
    return immutable_answer(request, f"{block.hash.hex()}{'-raw' if is_raw else ''}", body)


async def show_whole_block(request: web.Request) -> web.Response:
    """GET /v1/blocks/{id}/whole"""
    block = find_block(request, request.match_info["id"])
    return json_answer(await off_loop(request, lambda: view_whole_block(block)))


def find_block(request: web.Request, name: str) -> StoredBlock:
    """Give the block that a path names.

    Raises: InvalidInput: VT-7004 there is none, VT-7015 there may have been one; Refused: VT-7014,
    this node no longer keeps it.
    """
    blocks = request.app[CONTEXT].reader.blocks
    if name == "latest":
        height = blocks.head().height
    elif _is_hash(name):
        found = blocks.height_of(Hash(bytes.fromhex(name)))
        if found is None:
            raise not_found("block", name, blocks.base())
        height = found
    else:
        height = Height(check_number_in_path(name, "block"))
    block = blocks.get(height)
    if block is None:
        raise InvalidInput("VT-7004", kind="block", name=name)
    return block


ROUTES: Final = (
    Route(
        "GET",
        "/v1/blocks",
        list_blocks,
        "List blocks, newest first.",
        "blocks",
        BlockList,
        parameters=PAGE_PARAMETERS,
    ),
    Route(
        "GET",
        "/v1/blocks/{id}",
        show_block,
        "Show a block.",
        "blocks",
        BlockView,
        parameters=(
            path_parameter("id", "A height, a block hash, or `latest`."),
            Parameter(
                "raw",
                "1 for the signed bytes in base64: header and certificate.",
                {"type": "string", "enum": ["1"]},
            ),
        ),
        statuses={404: "There is no such block."},
    ),
    Route(
        "GET",
        "/v1/blocks/{id}/whole",
        show_whole_block,
        "Give a block with its transactions and certificate as bytes, to execute it again.",
        "blocks",
        WholeBlockView,
        parameters=(path_parameter("id", "A height, a block hash, or `latest`."),),
        statuses={404: "There is no such block."},
    ),
)
