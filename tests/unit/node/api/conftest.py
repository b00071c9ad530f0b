"""A served demonstration chain."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from tests.unit.node.api.fake_node import FakeNode


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


@pytest.fixture
async def session(node: FakeNode) -> AsyncIterator[ClientSession]:
    async with node.session() as session:
        yield session
