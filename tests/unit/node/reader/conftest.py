"""One demonstration chain for all reader tests; nothing writes to it."""

import pytest

from node.reader import Reader
from tests.unit.node.chain_builder import ChainBuilder, build_demo


@pytest.fixture(scope="session")
def chain() -> ChainBuilder:
    return build_demo()


@pytest.fixture(scope="session")
def reader(chain: ChainBuilder) -> Reader:
    return Reader(chain.store, chain.genesis)
