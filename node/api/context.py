"""What the API needs of the running node; the runtime implements it, tests bring their own."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from aiohttp import web

from chain.errors import ChainError
from chain.genesis import Genesis
from chain.scalars import Hash, Height, NodeName, OrganisationId, UnixMillis
from node.api.views.consensus import ConsensusView, MachineView
from node.config import LimitsConfig
from node.metrics import Metrics
from node.reader import Reader

Pending = Literal["received", "ordered"]


@dataclass(frozen=True, slots=True)
class PeerState:
    """Another node as this one sees it; None where nothing is known."""

    node: NodeName
    organisation: OrganisationId
    is_connected: bool
    height: Height | None
    last_seen_ms: UnixMillis | None
    address: str


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """What GET /v1/status shows and is not on disk; `reasons` is empty while the node is ready."""

    node: NodeName
    organisation: OrganisationId
    version: str
    commit_latency_ms: int | None
    round: int
    step: str
    peers: tuple[PeerState, ...]
    mempool_transactions: int
    mempool_bytes: int
    updates_per_second: float
    reasons: tuple[str, ...]


class ApiContext(Protocol):
    """The node behind the API. Everything is called on the event loop."""

    @property
    def reader(self) -> Reader:
        """Answers from the disk."""
        ...

    @property
    def genesis(self) -> Genesis:
        """The chain's first agreement."""
        ...

    @property
    def genesis_json(self) -> bytes:
        """The bytes of genesis.json, as they are handed out."""
        ...

    @property
    def metrics(self) -> Metrics:
        """Where requests are counted."""
        ...

    @property
    def limits(self) -> LimitsConfig:
        """What strangers may ask."""
        ...

    @property
    def cors_origins(self) -> tuple[str, ...]:
        """Origins of web pages that may read the API."""
        ...

    async def submit(self, raws: Sequence[bytes]) -> list[Hash | ChainError]:
        """Hand in encoded transactions; give their ids once they wait for a block, in order.

        In the place of an id stands why it was refused: VT-2005 when it is known already.
        Raises: ChainError: nothing is taken in now.
        """
        ...

    async def wait_final(self, transaction: Hash, timeout_s: float) -> bool:
        """Wait until it is in a block or has expired; False when time ran out first.

        It begins to listen before it first gives way to other tasks.
        """
        ...

    def pending(self, transaction: Hash) -> Pending | None:
        """Tell whether a transaction waits here, or is in the block that is being decided."""
        ...

    def expired(self, transaction: Hash) -> bool:
        """Tell whether a transaction was accepted here and no block can hold it any more."""
        ...

    @property
    def last_commit_ms(self) -> UnixMillis | None:
        """When this node committed its head; None before it has in this life."""
        ...

    def status(self) -> NodeStatus:
        """Describe the node as it is now."""
        ...

    def consensus(self) -> ConsensusView:
        """Describe consensus as this node sees it now."""
        ...

    def machine(self) -> MachineView:
        """Describe what the node has and uses of its machine."""
        ...

    def subscribe(self) -> AsyncIterator[Height]:
        """Give heights as they are committed; it ends when the node stops or the reader is slow."""
        ...


CONTEXT: web.AppKey[ApiContext] = web.AppKey("context", ApiContext)
