"""What a node that does not keep everything answers over HTTP."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.chain_builder import build_demo

DEMO = build_demo()
OLD = DEMO.blocks[1].transactions[0]


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    node = FakeNode()
    node.forget()
    async with node.session() as session:
        yield session


@pytest.mark.parametrize(
    "path",
    ["/v1/blocks/4", "/v1/twins/R80711?at=3", "/v1/events?from=2.0"],
)
async def test_what_is_gone_is_gone_with_name_cause_and_fix(
    session: ClientSession, path: str
) -> None:
    async with session.get(path) as answer:
        assert answer.status == 410
        problem = await answer.json()
    assert (problem["code"], problem["title"]) == (
        "VT-7014",
        "This node no longer keeps what was asked for",
    )
    assert "this node keeps states from height 4 on" in problem["why"]
    assert "Ask a node that keeps everything" in problem["fix"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"/v1/transactions/{OLD.id.hex()}", "transaction"),
        (f"/v1/transactions/{OLD.id.hex()}/receipt", "transaction"),
        (f"/v1/transactions/{OLD.id.hex()}/readings/0", "transaction"),
        (f"/v1/transactions/{'0' * 64}", "transaction"),
        (f"/v1/blocks/{DEMO.blocks[2].hash.hex()}", "block"),
    ],
)
async def test_an_unknown_id_may_be_that_of_something_older(
    session: ClientSession, path: str, kind: str
) -> None:
    async with session.get(path) as answer:
        assert answer.status == 404
        problem = await answer.json()
    name = path.split("/")[3]
    assert (problem["code"], problem["why"]) == (
        "VT-7015",
        f"This node knows no {kind} {name}. It may be an old one: blocks are kept here above "
        "height 4 only.",
    )
    assert "Ask a node that keeps everything" in problem["fix"]


async def test_a_reading_that_a_kept_transaction_does_not_have_does_not_exist(
    session: ClientSession,
) -> None:
    kept = DEMO.blocks[4].transactions[0].id.hex()
    async with session.get(f"/v1/transactions/{kept}/readings/999") as answer:
        assert (answer.status, (await answer.json())["code"]) == (404, "VT-7004")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/blocks",
        "/v1/blocks/5",
        "/v1/blocks/latest",
        "/v1/twins/R80711?at=4",
        "/v1/twins/R80711/history",
        "/v1/transactions",
        "/v1/status",
    ],
)
async def test_what_is_kept_is_given(session: ClientSession, path: str) -> None:
    async with session.get(path) as answer:
        assert answer.status == 200, await answer.text()
