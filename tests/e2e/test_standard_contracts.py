"""Every standard contract on four real nodes: the stories that the chain in memory tells, too.

The same operations go to the API, each contract is proposed and approved, one is upgraded with a
migration. What comes of it must be what came of it in memory, at all nodes, and in a replay.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest

from chain.genesis import genesis_to_json
from chain.keys import SigningKey
from chain.operations import AnyOperation
from chain.scalars import Hash
from chain.transaction import Transaction
from node.client import AsyncClient
from node.reader import Reader
from node.reader.paging import PageRequest
from tests.e2e.network import Network, veritwin, wait_for
from tests.unit.node.chain_builder import ORGANISATIONS
from tests.unit.node.standard_chain import (
    PARTIES,
    STORIES,
    StandardChain,
    build_standard_chain,
    let_in,
    play,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
EXPIRY_BLOCKS: Final = 500
ACTIONS_MAX: Final = 500


class LiveChain(StandardChain):
    """Tells its stories to a network instead of making blocks, to each node in turn."""

    def __init__(self, network: Network, runner: asyncio.Runner) -> None:
        super().__init__(None, network.genesis)
        self._network = network
        self._runner = runner
        self._turn = 0

    def transaction(
        self,
        operation: AnyOperation,
        organisation: str = ORGANISATIONS[0],
        *,
        expiry: int | None = None,
        key: SigningKey | None = None,
    ) -> Transaction:
        """Sign an operation that expires a while after the present height."""
        until = self._network.height + EXPIRY_BLOCKS if expiry is None else expiry
        return super().transaction(operation, organisation, expiry=until, key=key)

    def put(self, *transactions: Transaction) -> None:
        """Hand transactions in and wait until all are final and well."""
        self._runner.run(self._send(transactions))

    def find_actions(self) -> list[tuple[Hash, str]]:
        """Ask a node."""
        found = ask_actions(self._network.apis[0], self._network)
        return [(Hash(bytes.fromhex(one["id"])), one["addressee"]) for one in found]

    async def _send(self, transactions: Sequence[Transaction]) -> None:
        apis = self._network.apis
        self._turn += 1
        nodes = [*apis[self._turn % len(apis) :], *apis]
        async with AsyncClient(nodes, self._network.genesis) as client:
            for answer in await client.send_many(transactions):
                assert answer.id is not None, answer
                done = await client.wait_final(answer.id)
                assert done.state == "final", done


def ask_actions(api: str, network: Network) -> list[dict[str, Any]]:
    """Give all actions as a node shows them."""
    [node] = [one for one in network.nodes if one.api == api]
    answer = node.get(f"/v1/actions?limit={ACTIONS_MAX}")
    assert answer["next"] is None
    found: list[dict[str, Any]] = answer["items"]
    return found


def summarise(actions: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Give what contracts decided, without what differs from chain to chain."""
    names = ("contract", "kind", "twin", "addressee", "status", "title")
    return sorted(tuple(str(one[name]) for name in names) for one in actions)


@pytest.fixture
def network(stopped: Network) -> Network:
    """A running network whose genesis lets in all whom the stories speak of."""
    genesis = genesis_to_json(let_in(stopped.genesis, (*ORGANISATIONS, *PARTIES)))
    for path in (stopped.genesis_path, *(node.home / "genesis.json" for node in stopped.nodes)):
        assert path.is_file()
        path.write_bytes(genesis)
    stopped.start()
    return stopped


@pytest.fixture
def expected() -> list[tuple[str, ...]]:
    """What the contracts decide on a chain in memory."""
    chain = build_standard_chain()
    found = Reader(chain.store, chain.genesis).records.actions(PageRequest(ACTIONS_MAX)).items
    names = ("contract", "kind", "twin", "addressee", "status", "title")
    return sorted(tuple(str(getattr(one, name)) for name in names) for one in found)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all that is sent."""
    with asyncio.Runner() as opened:
        yield opened


def test_all_standard_contracts_decide_on_a_network_as_they_do_in_memory(
    network: Network, runner: asyncio.Runner, expected: list[tuple[str, ...]]
) -> None:
    play(LiveChain(network, runner))
    assert len({contract for contract, *_ in expected} & set(STORIES)) >= 10
    for api in network.apis:
        wait_for(lambda api=api: len(ask_actions(api, network)) == len(expected))
        assert summarise(ask_actions(api, network)) == expected
    assert network.agree()
    replayed = veritwin("replay", "--json", "--node", network.apis[0])
    assert replayed.code == 0, replayed.err
