"""What a node that does not keep everything answers over HTTP."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from chain.genesis import Limits
from node.replica import pruning
from node.replica.pruning import Pruner
from tests.unit.node.api.fake_node import FakeNode


@pytest.fixture
async def session(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ClientSession]:
    node = FakeNode()
    monkeypatch.setattr(pruning, "SNAPSHOT_SLACK_BLOCKS", 1)
    pruner = Pruner(node.chain.store, Limits(expiry_window_blocks=1), 3)
    while (batch := pruner.step(node.chain.head)) is not None:
        node.chain.store.write(batch, sync=False)
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
