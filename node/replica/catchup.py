"""Keeping up with the chain, and helping others to: blocks, snapshots, and what is deleted.

A node that is a little behind asks for blocks; one that is far behind, or asks for what nobody
keeps any more, for a snapshot, and then for the blocks after it. What a peer gives counts only when
it holds to its last signature.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, assert_never

from chain.errors import PeerFault
from chain.genesis import Genesis, compute_genesis_hash
from chain.keys import Verifier
from chain.scalars import Height, NodeName, UnixMillis
from chain.transaction import Transaction
from node.replica.blocks import BlockServer, execute_decided
from node.replica.commit import build_commit
from node.replica.effects import Disconnect, Effect, SendTo, Write
from node.replica.gossip import Ration
from node.replica.head import Head
from node.replica.messages import (
    Blocks,
    BlocksRequest,
    DecidedBlock,
    Part,
    PartRequest,
    SnapshotMessage,
    SnapshotOffer,
    SnapshotRequest,
    Status,
    Steps,
    StepsRequest,
    size_of,
)
from node.replica.past import Base
from node.replica.ports import Store
from node.replica.pruning import Pruner
from node.replica.snapshot_loader import SnapshotLoader
from node.replica.snapshot_server import SnapshotServer
from node.replica.snapshot_work import SnapshotProgress
from node.replica.sync import Catchup, CatchUpSetting, Claim, Claims
from node.replica.transition import Ledger

PARTS_GIVEN_PER_TICK_MAX: Final = 6 << 20
"""Bytes to one peer."""
ALONE_MS: Final = 1_000
"""So long a node that has nothing waits, after the first claim, for another one: two beats."""
SILENT_MS: Final = 60_000
"""After so long without any claim the next one is the first again; redials take seconds."""
NEAR_BLOCKS: Final = 64
"""What a correct peer claims counts as the end of the chain this far below the highest claim."""


class CatchingUp:
    """Everything about blocks that this node did not help to decide. Times are steady."""

    def __init__(
        self,
        store: Store,
        genesis: Genesis,
        setting: CatchUpSetting,
        ledger: Ledger,
        decode_checked: Callable[[bytes], Transaction],
        verify: Verifier,
    ) -> None:
        self._ledger = ledger
        self._decode_checked = decode_checked
        self._verify = verify
        self._claims = Claims()
        self._requests = Catchup(self._claims)
        self._pruner = Pruner(store, genesis.limits, setting.retain_blocks)
        self._block_server = BlockServer(store, genesis.limits)
        self._snapshot_server = SnapshotServer(
            store, genesis.limits, setting.snapshot_interval_blocks
        )
        self._ration = Ration(PARTS_GIVEN_PER_TICK_MAX)
        self._loader = SnapshotLoader(
            store,
            compute_genesis_hash(genesis),
            genesis.limits,
            setting,
            self._claims,
            verify,
        )
        self._fetched: deque[tuple[NodeName, DecidedBlock]] = deque()
        self._height_at_last_tick = Height(-1)
        self._claimed_ms: tuple[UnixMillis, UnixMillis] | None = None
        """When this node heard of blocks that it lacks first and last; None after a silence."""
        self.snapshots = 0
        """How many were put in place."""

    @property
    def claims(self) -> Claims:
        """What peers say of themselves."""
        return self._claims

    @property
    def base(self) -> Base:
        """Where what this node keeps begins."""
        return self._pruner.base

    @property
    def progress(self) -> SnapshotProgress | None:
        """How far a snapshot is loaded; None when none is being loaded."""
        return self._loader.progress

    # What peers say

    def is_behind(self, head: Head) -> bool:
        """Tell whether the block after `head` is decided: it is here, or a correct peer has it.

        To make another one is of no use. In each of its turns a node that is a thousand blocks
        behind would execute all that waits for a block, which is more each time.
        """
        if self._fetched:
            return True
        claims = self._claims
        return (
            claims.highest > head.height and claims.supported(head.validators).height > head.height
        )

    def learn(self, peer: NodeName, status: Status) -> None:
        """A peer says where it stands.

        Raises: PeerFault: VT-3033, that cannot be.
        """
        self._claims.learn(peer, Claim(status.height, status.base, status.transactions))

    def hear(self, peer: NodeName, height: Height) -> None:
        """A peer passed on a message from above `height`."""
        self._claims.hint(peer, height)

    def forget(self, peer: NodeName) -> None:
        """A peer is gone."""
        self._claims.forget(peer)
        self._requests.forget(peer)
        self._loader.forget(peer)

    # What peers ask

    def answer(self, request: BlocksRequest, head: Head) -> Blocks:
        """Give blocks."""
        return self._block_server.answer(request, head, self._pruner.base.height)

    def heed(
        self, peer: NodeName, message: SnapshotMessage, head: Head, now_ms: UnixMillis
    ) -> list[Effect]:
        """Take whatever a peer says about snapshots."""
        match message:
            case StepsRequest():
                return [SendTo(peer, self._snapshot_server.steps(message, head))]
            case SnapshotRequest():
                return [SendTo(peer, self._snapshot_server.offer(head))]
            case PartRequest():
                if not self._ration.is_left(peer):
                    return []
                part = self._snapshot_server.part(message, head, now_ms)
                self._ration.use(peer, size_of(part.given))
                return [SendTo(peer, part)]
            case SnapshotOffer():
                return self._loader.offered(peer, message, head, now_ms)
            case Steps():
                return self._loader.stepped(peer, message, head, now_ms)
            case Part():
                return self._loader.given(peer, message, head, now_ms)
            case _:
                assert_never(message)

    # What this node asks

    def take(self, peer: NodeName, message: Blocks, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """Take blocks from a peer; give the commit of the first, or what to ask next.

        Raises: PeerFault: VT-3033, it contradicts itself.
        """
        is_useful = self._requests.take_answer(peer, message, head.next_height, now_ms)
        known = self._claims.get(peer) or Claim(Height(0), Height(0), 0)
        self._claims.learn(peer, Claim(message.height, message.base, known.transactions))
        if is_useful and not self._fetched and not self._loader.is_active:
            self._fetched.extend((peer, decided) for decided in message.blocks)
        return self.go_on(head, now_ms)

    def go_on(self, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """Give the commit of the next block that was fetched, or what to ask next."""
        while self._fetched:
            peer, decided = self._fetched.popleft()
            if decided.block.header.height < head.next_height:
                continue
            try:
                executed = execute_decided(
                    decided, peer, head, self._ledger, self._decode_checked, self._verify
                )
            except PeerFault as error:
                self._fetched.clear()
                self.forget(peer)
                return [Disconnect(peer, error)]
            return [build_commit(executed, decided.certificate, is_catch_up=True)]
        return self.ask(head, now_ms)

    def ask(self, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """Ask for a snapshot or for blocks, unless one is on its way or others may yet speak."""
        behind = self._claims.highest - head.height
        claimed_ms = self._claimed_ms
        if behind > 0:
            self._claimed_ms = claimed_ms[0] if claimed_ms else now_ms, now_ms
        elif claimed_ms and now_ms - claimed_ms[1] >= SILENT_MS:
            self._claimed_ms = None
        is_stuck = self._height_at_last_tick == head.height
        if self._fetched or self._loader.is_active or behind < (1 if is_stuck else 2):
            return []
        if search := self._loader.consider(head, now_ms):
            return search
        if head.height == 0 and not self._may_begin(head, now_ms):
            return []  # Whoever keeps all and has begun with blocks looks for no snapshot any more.
        request = self._requests.next_request(head.next_height, now_ms)
        return [SendTo(*request)] if request else []

    def _may_begin(self, head: Head, now_ms: UnixMillis) -> bool:
        """Tell whether a correct peer has blocks and is near the end, or others had time to speak.

        With only one that lags to believe, block 1 would be asked for where a snapshot is due.
        """
        if self._claimed_ms is not None and now_ms - self._claimed_ms[0] >= ALONE_MS:
            return True
        known = self._claims.supported(head.validators).height
        return self.is_behind(head) and known >= self._claims.highest - NEAR_BLOCKS

    def tick(self, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """Time has passed."""
        self._ration.renew()
        out = [*self._loader.tick(head, now_ms), *self.ask(head, now_ms)]
        self._height_at_last_tick = head.height
        return out

    def installed(self) -> None:
        """A snapshot is in place."""
        self.snapshots += 1
        self._fetched.clear()
        self._pruner.reload()
        self._loader.installed()

    def prune(self, head: Head, now_ms: UnixMillis, rows: int) -> list[Effect]:
        """Give the next deletions, if there are any.

        Args: rows: that were written since the last time; as much again may be deleted.
        """
        batch = self._pruner.step(head, self._snapshot_server.held(now_ms), 2 * rows)
        return [] if batch is None else [Write(batch)]
