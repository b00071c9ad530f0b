"""The network that is measured: one of our own, made for it, or one that runs already."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain.errors import ChainError, InvalidInput
from chain.genesis import ContractPolicy, Genesis, Limits, genesis_from_json
from chain.keyfile import KeyFile
from chain.keys import SigningKey
from chain.operations import AnyOperation, RegisterKey
from chain.scalars import NodeName, OrganisationId
from node.bench.options import BenchOptions, Case
from node.bench.supply import LONG_SECONDS
from node.client import AsyncClient
from node.client.delivery import deliver
from node.clock import monotonic_seconds, now_ms
from node.founding import PlannedNode, found_local
from node.home import Terms
from node.keystore import load_key
from node.local.ports import choose_ports
from node.local.processes import NodeProcess, stop_all

CHAIN_NAME: Final = "bench"
ORGANISATIONS_MAX: Final = 4
START_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.05
TOGETHER_MAX: Final = 500
GATEWAY_LABEL: Final = "bench-gateway"
EXPIRY_WINDOW_BLOCKS: Final = 1_000_000
"""What is signed beforehand must be good to the end, at ten blocks a second for a day."""
PACED_WINDOW_BLOCKS: Final = 15_000
"""Of long runs with a rate: nodes remember the ids of as many blocks as come in half an hour."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A network that answers: its nodes' addresses, its genesis, and the key that may do all."""

    nodes: tuple[str, ...]
    genesis: Genesis
    administrator: KeyFile
    processes: tuple[NodeProcess, ...] = ()
    """Those of a network of our own."""

    @property
    def validators(self) -> int:
        """How many nodes had a vote at the beginning."""
        return sum(1 for member in self.genesis.validators.members if member.weight > 0)

    def client(self, key: SigningKey | None = None) -> AsyncClient:
        """Make a client that signs with the administrator's key, or another one."""
        return AsyncClient(self.nodes, self.genesis, key or self.administrator.key)


@asynccontextmanager
async def open_network(options: BenchOptions, case: Case, folder: Path) -> AsyncIterator[Measured]:
    """Give a network to measure; one of our own is gone at the end.

    Raises: InvalidInput: VT-8013 a node did not start, or a file cannot be used.
    """
    if options.nodes:
        assert options.genesis is not None, "the command line asks for it"
        assert options.identity is not None, "the command line asks for it"
        genesis = genesis_from_json(options.genesis.read_bytes())
        yield Measured(options.nodes, genesis, load_key(options.identity))
        return
    planned = plan_nodes(case.validators)
    is_paced = bool(case.rate) and options.seconds + options.warm_up_seconds > LONG_SECONDS
    window = PACED_WINDOW_BLOCKS if is_paced else EXPIRY_WINDOW_BLOCKS
    # One member's word is enough for the contract: votes on it are not what is measured.
    terms = Terms(
        options.engine,
        ContractPolicy(approvals=1),
        limits=Limits(expiry_window_blocks=window),
    )
    network = found_local(folder, CHAIN_NAME, planned, now_ms(), terms)
    nodes = [
        NodeProcess(
            plan.node,
            plan.organisation,
            network.homes[plan.node],
            f"http://127.0.0.1:{plan.api_port}",
        )
        for plan in planned
    ]
    measured = Measured(
        tuple(node.api for node in nodes),
        network.genesis,
        next(iter(network.administrators.values())),
        tuple(nodes),
    )
    try:
        for node in nodes:
            await node.start()
        await _until_first_block(nodes, measured)
        yield measured
    finally:
        await stop_all(nodes)


def plan_nodes(count: int) -> list[PlannedNode]:
    """Plan nodes of up to four organisations."""
    ports = choose_ports(2 * count)
    planned = []
    for index in range(count):
        organisation = f"bench-{index % ORGANISATIONS_MAX + 1}"
        planned.append(
            PlannedNode(
                OrganisationId(organisation),
                organisation,
                NodeName(f"{organisation}-{index // ORGANISATIONS_MAX + 1}"),
                ports[2 * index],
                ports[2 * index + 1],
            )
        )
    return planned


async def restart(measured: Measured) -> float | None:
    """Stop a node of our own and start it again; give the seconds until it answers.

    Raises: InvalidInput: VT-8013, it does not.
    """
    if not measured.processes:
        return None
    node = measured.processes[-1]
    await stop_all([node], START_SECONDS)
    begun = monotonic_seconds()
    await node.start()
    await _until_first_block([node], measured)
    return monotonic_seconds() - begun


async def _until_first_block(nodes: Sequence[NodeProcess], measured: Measured) -> None:
    """Raises: InvalidInput: VT-8013, a node ended or has no block in time."""
    deadline = monotonic_seconds() + START_SECONDS
    for node in nodes:
        async with AsyncClient([node.api], measured.genesis, retry_seconds=0.0) as client:
            while not await _has_block(client):
                if not node.is_running or monotonic_seconds() > deadline:
                    words = node.read_last_words() or "it has no block"
                    raise InvalidInput("VT-8013", node=node.name, reason=words)
                await asyncio.sleep(POLL_SECONDS)


async def _has_block(client: AsyncClient) -> bool:
    try:
        return (await client.status()).height >= 1
    except ChainError:
        return False


async def set_up(
    measured: Measured,
    gateway: SigningKey,
    operations: Sequence[AnyOperation],
    on_progress: Callable[[int], None],
) -> None:
    """Register the gateway's key, then perform the operations, in order.

    Args: on_progress: is told how many operations are done.
    Raises: ChainError: one was refused.
    """
    register = RegisterKey(gateway.public_key, GATEWAY_LABEL, ("gateway",))
    wanted = [register, *operations]
    async with measured.client() as client:
        for start in range(0, len(wanted), TOGETHER_MAX):
            group = wanted[start : start + TOGETHER_MAX]
            for refusal in await deliver(client, group):
                if refusal is not None:
                    raise refusal
            on_progress(min(start + TOGETHER_MAX, len(wanted)))
