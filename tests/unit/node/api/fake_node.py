"""A node for API tests: a real chain and a real server, with a switch in place of consensus."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession

from chain.errors import ChainError, Refused
from chain.genesis import Genesis, Limits
from chain.scalars import Hash, Height, NodeName, OrganisationId, UnixMillis
from chain.transaction import Transaction, check_expiry, check_stateless, decode_transaction
from node.api import ApiServer, NodeStatus, PeerState, make_app
from node.api.context import Pending
from node.api.views.consensus import AttendeeView, ConsensusView, MachineView
from node.clock import now_ms
from node.config import LimitsConfig
from node.finality import Finality, Heights
from node.metrics import Metrics
from node.reader import Reader
from node.replica import pruning
from node.replica.pruning import Pruner
from tests.unit.node.chain_builder import ChainBuilder, build_demo


@dataclass
class FakeNode:
    """Implements `ApiContext`; `commit` decides what waits."""

    chain: ChainBuilder = field(default_factory=build_demo)
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    cors_origins: tuple[str, ...] = ("https://partner.example",)
    reasons: tuple[str, ...] = ()
    node: str = "certis-1"
    is_committing: bool = True

    def __post_init__(self) -> None:
        self.reader = Reader(self.chain.store, self.chain.genesis)
        self.metrics = Metrics("1.2.3", with_process=False)
        self.finality = Finality()
        self.heights = Heights()
        self.waiting: dict[Hash, Transaction] = {}
        self.submitted = 0

    @property
    def genesis(self) -> Genesis:
        return self.chain.genesis

    @property
    def genesis_json(self) -> bytes:
        return self.chain.genesis_json

    async def submit(self, raws: Sequence[bytes]) -> list[Hash | ChainError]:
        return [self.take(raw) for raw in raws]

    def take(self, raw: bytes) -> Hash | ChainError:
        """Take one transaction, or give why it is refused."""
        self.submitted += 1
        try:
            return self._admit(raw)
        except ChainError as error:
            return error

    def _admit(self, raw: bytes) -> Hash:
        transaction = decode_transaction(raw, self.genesis.limits.transaction_size_bytes_max)
        check_stateless(transaction, self.chain.genesis_hash)
        known = self.reader.blocks.place_of(transaction.id) is not None
        if known or transaction.id in self.waiting:
            raise Refused("VT-2005", id=transaction.id)
        window = self.genesis.limits.expiry_window_blocks
        check_expiry(transaction, self.chain.head.next_height, window)
        self.waiting[transaction.id] = transaction
        if self.is_committing:
            asyncio.get_running_loop().call_soon(self.commit)
        return transaction.id

    def commit(self) -> None:
        """Decide a block with all that waits."""
        transactions = tuple(self.waiting.values())
        self.waiting.clear()
        block = self.chain.add_block(*transactions)
        self.finality.committed(transaction.id for transaction in transactions)
        self.heights.publish(block.header.height)

    def forget(self, kept: int = 3) -> None:
        """Delete all blocks but the newest, as a node with `storage.retain_blocks` does."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pruning, "SNAPSHOT_SLACK_BLOCKS", 1)
            pruner = Pruner(self.chain.store, Limits(expiry_window_blocks=1), kept)
            while (batch := pruner.step(self.chain.head)) is not None:
                self.chain.store.write(batch, sync=False)

    async def wait_final(self, transaction: Hash, timeout_s: float) -> bool:
        return await self.finality.wait(transaction, timeout_s)

    def pending(self, transaction: Hash) -> Pending | None:
        return "received" if transaction in self.waiting else None

    def expired(self, transaction: Hash) -> bool:
        return self.finality.is_expired(transaction)

    def subscribe(self) -> AsyncIterator[Height]:
        return self.heights.subscribe()

    @property
    def last_commit_ms(self) -> UnixMillis:
        return UnixMillis(1_700_000_000_000)

    def status(self) -> NodeStatus:
        return NodeStatus(
            node=NodeName(self.node),
            organisation=OrganisationId("certis"),
            version="1.2.3",
            commit_latency_ms=250,
            round=0,
            step="propose",
            peers=(
                PeerState(
                    NodeName("gridlink-1"),
                    OrganisationId("gridlink"),
                    True,
                    Height(7),
                    UnixMillis(1_700_000_000_500),
                    "127.0.0.1:9001",
                ),
            ),
            mempool_transactions=len(self.waiting),
            mempool_bytes=sum(t.size_bytes for t in self.waiting.values()),
            updates_per_second=12.3456,
            reasons=self.reasons,
        )

    def consensus(self) -> ConsensusView:
        head = self.chain.head
        validators = head.validators
        return ConsensusView(
            node=self.node,
            organisation=self.node.rpartition("-")[0],
            engine=validators.engine,
            now_ms=now_ms(),
            started_ms=now_ms() - 60_000,
            first_height=0,
            base=0,
            height=head.next_height,
            committed_ms=now_ms() - 500,
            interval_ms_max=30_000,
            round=0,
            round_since_ms=now_ms() - 400,
            step="wait",
            proposer=validators.members[0].node,
            has_proposal=False,
            quorum=validators.quorum_weight,
            honest=validators.honest_weight,
            validators=[
                AttendeeView(
                    node=member.node,
                    organisation=member.organisation,
                    weight=member.weight,
                    is_self=member.node == self.node,
                    is_configured=True,
                    connected=True,
                    since_ms=now_ms() - 50_000,
                    heard_ms=now_ms() - 100,
                    height=head.height,
                    has_prevoted=False,
                    has_precommitted=False,
                    last_vote=None,
                    clock_offset_ms=None,
                    rtt_ms=0.5,
                    certificate_expires_ms=None,
                    last_error=None,
                )
                for member in validators.members
            ],
            accusations=[],
            refusals=[],
            catch_up=None,
        )

    def machine(self) -> MachineView:
        return MachineView(
            node=self.node,
            version="1.2.3",
            now_ms=now_ms(),
            started_ms=now_ms() - 60_000,
            disk_free_bytes=100 << 30,
            disk_free_bytes_min=128 << 20,
            database_bytes=1 << 20,
            mempool_transactions=len(self.waiting),
            mempool_transactions_max=self.limits.mempool_transactions_max,
            mempool_bytes=sum(t.size_bytes for t in self.waiting.values()),
            mempool_bytes_max=self.limits.mempool_size_bytes_max,
            worker_restarts=0,
            transactions_set_aside=0,
            worker_restarted_ms=None,
            certificates=[],
            fault=None,
        )

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Serve the API on loopback; give its address."""
        app = make_app(self)
        async with ApiServer(app, "127.0.0.1", 0, self.limits, self.metrics) as server:
            try:
                yield f"http://127.0.0.1:{server.port}"
            finally:
                self.heights.close()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[ClientSession]:
        """Serve the API and give a session whose addresses are relative to it."""
        async with self.serve() as address, ClientSession(address) as session:
            yield session


async def until(is_true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something holds; fail when it takes too long."""
    async with asyncio.timeout(seconds):
        while not is_true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)
