"""A node as those who hand transactions in see it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from node.bench.sending import MANY_TYPE


class Node:
    """Answers as a node does; `script` are the next statuses, 202 when there are none left."""

    def __init__(self) -> None:
        self.script: list[int] = []
        self.groups: list[list[bytes]] = []
        self.refusal: str | None = None
        self.final = "final"

    async def post(self, request: web.Request) -> web.Response:
        body = await request.read()
        status = self.script.pop(0) if self.script else 202
        if status != 202:
            return web.json_response({"code": "VT-3001"}, status=status)
        if request.content_type != MANY_TYPE:
            return web.json_response({"id": "00", "state": self.final, "code": self.refusal})
        group = msgspec.msgpack.decode(body, type=list[bytes])
        self.groups.append(group)
        state = "rejected" if self.refusal else "received"
        item = {"id": "00", "state": state, "code": self.refusal}
        return web.json_response({"items": [item] * len(group)}, status=202)

    @property
    def taken(self) -> int:
        return sum(len(group) for group in self.groups)


@asynccontextmanager
async def serving(node: Node) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    app = web.Application()
    app.router.add_post("/v1/transactions", node.post)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield session, str(server.make_url("")).rstrip("/")
