"""Fetching blocks: liars about heights, and blocks that come by two ways at once."""

from collections.abc import Callable
from itertools import cycle

import pytest
from msgspec.structs import replace

from chain.scalars import HEIGHT_MAX, Hash, Height, NodeName, Round
from chain.validators import compute_proposer
from consensus.bft.messages import Proposal, Vote
from node.replica import events
from node.replica.effects import Commit, Disconnect, ProposalRefused
from node.replica.messages import (
    AnyPeerMessage,
    Blocks,
    BlocksRequest,
    ConsensusMessage,
    Status,
    Want,
    encode_frame,
)
from tests.regressions.support import DishonestProposer, at_rest, goes_on, hand_out, watch_for
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import Node, World
from tests.unit.node.replica.test_byzantine import (
    blocks_of,
    has_caught_up,
    status,
    world_with_history,
)
from tests.unit.node.replica.test_power_cuts import is_precommit
from tests.unit.node.replica.test_replica import committed_everywhere

CAUGHT_UP_MS = 6_000
"""A dozen blocks behind, with one liar among three peers."""

# ---------------------------------------------------------------------- 4: heights


@pytest.mark.parametrize(
    "claims",
    [(2000, 1001), (1001, 2000, 0), (HEIGHT_MAX, 1), (HEIGHT_MAX,), (0,)],
    ids=["lowered", "raised and gone", "all and nothing", "endless", "nothing"],
)
@pytest.mark.parametrize("is_silent", [False, True])
def test_bug_04_a_peer_that_lies_about_its_height_holds_nobody_back(
    claims: tuple[int, ...], is_silent: bool
) -> None:
    """CometBFT ASA-2025-001 (GHSA-22qq-3xwm-r5x4): a peer that claimed height 2000 and then 1001
    left a syncing node waiting for 2000 for ever."""
    nothing = Want(()) if is_silent else Blocks(Height(HEIGHT_MAX), ())
    world = world_with_history(lambda world: lambda message: nothing)
    turns = cycle(claims)

    def lie(peer: str, message: AnyPeerMessage) -> list[AnyPeerMessage]:
        if isinstance(message, BlocksRequest):
            return [] if is_silent else [Blocks(Height(next(turns)), ())]
        return [status(next(turns))] if isinstance(message, Status) else []

    world.nodes[2].liar = lie
    assert world.run(CAUGHT_UP_MS, lambda: has_caught_up(world))
    assert goes_on(world)


@pytest.mark.parametrize("first", [1, 3, 100, HEIGHT_MAX])
def test_bug_04_blocks_from_another_height_than_asked_hold_nobody_back(first: int) -> None:
    """CometBFT issue 5801 (PR 5803): a peer that claimed to hold only blocks far above those that
    were needed stopped its asker's sync."""

    def answer(world: World) -> Callable[[AnyPeerMessage], AnyPeerMessage]:
        (block,) = blocks_of(world, 0, 2, 1)
        header = replace(block.block.header, height=Height(first))
        lifted = replace(block, block=replace(block.block, header=header))
        return lambda message: Blocks(Height(0), (lifted,))

    world = world_with_history(answer)
    assert world.run(CAUGHT_UP_MS, lambda: has_caught_up(world))
    assert goes_on(world)


# ---------------------------------------------------------------------- 20: once


class Race:
    """Node 3 lacks the precommits of a height and has asked for its block; both come now."""

    def __init__(self) -> None:
        world = self.world = at_rest()
        self.node = world.nodes[3]
        self.height = self.node.head.next_height
        self.votes: list[events.Event] = []
        world.lose = self._hold_back
        self.transaction = world.transaction(0, TWIN)
        world.submit(0, self.transaction)
        assert world.run(3_000, lambda: self.peer is not None)
        assert world.heights() == [self.height] * 3 + [self.height - 1]
        self.commits = watch_for(world, Commit)

    def _hold_back(self, sender: NodeName, receiver: NodeName, message: AnyPeerMessage) -> bool:
        if receiver != self.node.name:
            return False
        if is_precommit(message):
            self.votes.append(self._arrival(sender, message))
        return is_precommit(message) or isinstance(message, Blocks)

    def _arrival(self, sender: NodeName, message: AnyPeerMessage) -> events.Event:
        return events.FrameReceived(sender, encode_frame(message), self.world.now_ms)

    @property
    def peer(self) -> NodeName | None:
        """Who owes node 3 the block."""
        asked = [
            peer
            for sender, peer, message in self.world.sent
            if sender == self.node.name and isinstance(message, BlocksRequest)
        ]
        return asked[-1] if asked else None

    @property
    def block(self) -> events.Event:
        """The block, from the peer that owes it."""
        assert self.peer is not None
        blocks = blocks_of(self.world, 0, self.height, 1)
        return self._arrival(self.peer, Blocks(self.height, tuple(blocks)))


@pytest.mark.parametrize("place", range(4))
def test_bug_20_a_block_that_is_decided_and_fetched_at_once_is_committed_once(place: int) -> None:
    """SmartBFT 553, 560 and 570: what sync had delivered was delivered a second time by the view
    that was deciding it, or its sequence number was committed twice."""
    race = Race()
    arrivals = race.votes[:3]
    arrivals.insert(place, race.block)
    race.world._step(race.node, *arrivals)
    committed = [commit.height for name, commit in race.commits if name == race.node.name]
    assert committed == [race.height]
    assert race.node.head.block == race.world.nodes[0].head.block
    assert race.node.disconnected == [], "who brought it was honest"
    race.world.lose = lambda *_: False
    assert goes_on(race.world)
    assert {node.head.transactions_total for node in race.world.nodes} == {2}


def test_bug_20_a_block_that_comes_while_its_commit_is_being_written_is_not_another() -> None:
    """SmartBFT 622: a decision on its way and the end of its view blocked each other for good."""
    race = Race()
    replica = race.node.replica
    late = race.block
    done = [effect for vote in race.votes[:3] for effect in replica.handle(vote)]
    (commit,) = [effect for effect in done if isinstance(effect, Commit)]
    assert replica.handle(late) == []
    race.node.store.write(commit.batch, sync=True)
    after = replica.handle(events.CommitDone(commit.height, commit.block, race.world.now_ms))
    assert [effect for effect in after if isinstance(effect, Commit | Disconnect)] == []
    assert race.node.head.height == race.height


def forget_commits(node: Node) -> None:
    """Let a node take and propose what is in a block already."""

    def is_committed(transaction_id: Hash) -> bool:
        return False

    node.replica._admission.is_committed = is_committed  # type: ignore[method-assign]


def test_bug_20_a_transaction_of_an_earlier_block_is_not_taken_again() -> None:
    """SmartBFT 500: a request was delivered again when a leader proposed it again."""
    world = at_rest()
    transaction = world.transaction(0, TWIN)
    world.submit(0, transaction)
    assert world.run(2_000, lambda: committed_everywhere(world, transaction.id))
    world.run(100)
    liar = DishonestProposer(world, transaction, prepare=forget_commits)
    assert liar.payload.transactions == (transaction.id,)
    refused = watch_for(world, ProposalRefused)
    liar.tell(liar.payload)
    hand_out(world, transaction)  # The others had dropped it, and would have to ask for it.
    assert {effect.error.code for _, effect in refused} == {"VT-2005"}
    assert len(refused) == 3
    assert goes_on(world)
    assert {node.head.transactions_total for node in world.nodes if node.is_up} == {2}


def test_bug_20_a_transaction_stands_once_in_a_block() -> None:
    """SmartBFT 500: or it was proposed twice in one batch."""
    world = at_rest()
    transaction = world.transaction(0, TWIN)
    liar = DishonestProposer(world, transaction)
    refused = watch_for(world, ProposalRefused)
    payload = liar.payload
    header = replace(payload.header, tx_log_size=payload.header.tx_log_size + 1)
    liar.tell(replace(payload, header=header, transactions=payload.transactions * 2))
    assert all("it names a transaction twice" in effect.error.why for _, effect in refused)
    assert len(refused) == 3
    assert goes_on(world)
    assert {node.head.transactions_total for node in world.nodes if node.is_up} == {2}


class LoneCommit:
    """One node committed a block on two others' precommits; they and the fourth never learn of it.

    The fourth missed the proposal and voted for nothing, so for all but one the round went by
    without a decision.
    """

    def __init__(self) -> None:
        world = self.world = at_rest()
        self.height = world.nodes[0].head.next_height
        proposer = compute_proposer(world.genesis.validators, self.height, Round(0))
        self.alone, self.fourth = (proposer + 1) % 4, (proposer + 3) % 4
        world.lose = self._lose
        self.commits = watch_for(world, Commit)
        world.submit(proposer, world.transaction(0, TWIN, salt=1))
        assert world.run(3_000, lambda: world.heights()[self.alone] == self.height)
        world.stop(self.alone)  # Nobody can ask it.
        world.run(3_000)
        world.lose = lambda *_: False

    def _lose(self, sender: NodeName, receiver: NodeName, message: AnyPeerMessage) -> bool:
        if not isinstance(message, ConsensusMessage) or message.message.height != self.height:
            return False
        inner = message.message
        is_from_alone = isinstance(inner, Vote) and inner.validator == self.alone
        if receiver == self.world.nodes[self.fourth].name:
            return isinstance(inner, Proposal) or is_from_alone
        return is_from_alone and is_precommit(message)


def test_bug_20_what_one_node_committed_is_what_all_commit_after_a_change_of_rounds() -> None:
    """SmartBFT 499: after a change of leaders the others decided another block at the height
    that one of them had delivered already."""
    story = LoneCommit()
    world = story.world
    assert sorted(world.heights()) == [story.height - 1] * 3 + [story.height]
    assert goes_on(world)
    decided = [commit for _, commit in story.commits if commit.height == story.height]
    assert len(decided) == 4
    assert [commit.certificate.round > 0 for commit in decided] == [False, True, True, True]
    assert len({commit.block for commit in decided}) == 1
    world.start(story.alone)
    assert goes_on(world)
    assert len({node.head.state_root for node in world.nodes}) == 1
