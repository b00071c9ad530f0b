"""Keeping up and helping others to: which message leads to what."""

import pytest
from msgspec import Struct

from chain.codec import encode
from chain.errors import PeerFault
from chain.genesis import Limits
from chain.keys import verify
from chain.scalars import HEIGHT_MAX, Hash, Height, NodeName, UnixMillis
from node.replica import catchup as catching
from node.replica import pruning
from node.replica.admission import Admission
from node.replica.catchup import ALONE_MS, NEAR_BLOCKS, SILENT_MS, CatchingUp
from node.replica.effects import Commit, Disconnect, SendTo, SendToAll, Write
from node.replica.messages import (
    Blocks,
    BlocksRequest,
    DecidedBlock,
    Part,
    PartRequest,
    SnapshotOffer,
    SnapshotRequest,
    StatePart,
    Steps,
    StepsRequest,
    decode_frame,
    size_of,
)
from node.replica.past import load_base
from node.replica.sync import CatchUpSetting, Claim
from node.replica.transition import Ledger
from tests.unit.node.chain_builder import ChainBuilder, NoContracts, build_demo

PEER, OTHER = NodeName("peer"), NodeName("other")
NOW = UnixMillis(1_000_000)


class Bench:
    """The catch-up of a node that has the first blocks of a longer chain."""

    def __init__(self, own: int = 2, setting: CatchUpSetting | None = None) -> None:
        self.source = ChainBuilder()
        self.chain = ChainBuilder()
        for number in range(6):
            made = self.source.register_turbine(f"R{number}")
            self.source.add_block(made)
            if number < own:
                self.chain.add_block(made)
        genesis = self.chain.genesis
        ledger = Ledger(genesis, self.chain.store, NoContracts())
        admission = Admission(genesis, self.chain.genesis_hash, self.chain.store, verify)
        self.catchup = CatchingUp(
            self.chain.store, genesis, setting or CatchUpSetting(), ledger, admission.decode, verify
        )

    def claim(self, peer: NodeName, height: int) -> None:
        self.catchup.claims.learn(peer, Claim(Height(height), Height(0), 0))

    def blocks(self, first: int, last: int) -> Blocks:
        given = tuple(
            DecidedBlock(self.source.blocks[height - 1].block, self.source.certificates[height - 1])
            for height in range(first, last + 1)
        )
        return Blocks(Height(6), given)


def test_blocks_are_asked_for_and_committed_one_after_the_other() -> None:
    bench = Bench()
    bench.claim(PEER, 6)
    (ask,) = bench.catchup.ask(bench.chain.head, NOW)
    assert ask == SendTo(PEER, BlocksRequest(Height(3), 64))
    (commit,) = bench.catchup.take(PEER, bench.blocks(3, 5), bench.chain.head, NOW)
    heights = []
    while isinstance(commit, Commit):
        heights.append(commit.height)
        bench.chain.store.write(commit.batch, sync=True)
        (commit,) = bench.catchup.go_on(commit.head, NOW) or (None,)  # type: ignore[assignment]
    assert heights == [3, 4, 5]


def test_a_node_is_behind_when_a_correct_peer_or_itself_has_the_next_block() -> None:
    bench = Bench()
    head = bench.chain.head
    one, other, *_ = (member.node for member in head.validators.members)
    bench.claim(one, HEIGHT_MAX)
    assert not bench.catchup.is_behind(head), "one may lie"
    bench.claim(other, 2)
    assert not bench.catchup.is_behind(head)
    bench.claim(other, 3)
    assert bench.catchup.is_behind(head)
    bench.catchup.forget(one)
    assert not bench.catchup.is_behind(head)
    bench.claim(other, 6)
    assert bench.catchup.ask(head, NOW)
    (commit,) = bench.catchup.take(other, bench.blocks(3, 4), head, NOW)
    bench.catchup.forget(other)
    assert isinstance(commit, Commit)
    assert bench.catchup.is_behind(commit.head), "block 4 is here"


def test_a_node_that_has_nothing_asks_for_no_block_before_one_it_can_believe_spoke() -> None:
    bench = Bench(0, CatchUpSetting(snapshot_behind_blocks=3))
    head = bench.chain.head
    one, other, *_ = sorted(member.node for member in head.validators.members)
    bench.claim(one, 6)
    assert bench.catchup.ask(head, NOW) == [], "with a block it would look for no snapshot any more"
    bench.claim(other, 6)
    assert bench.catchup.ask(head, NOW) == [SendToAll((one, other), SnapshotRequest())]


def test_a_node_that_has_nothing_asks_at_once_when_it_can_believe_that_there_are_blocks() -> None:
    bench = Bench(0)
    head = bench.chain.head
    empty, one, other, *_ = sorted(member.node for member in head.validators.members)
    bench.claim(empty, 0)
    bench.claim(one, 6)
    assert bench.catchup.ask(head, NOW) == [], "one has nothing itself, and the other may lie"
    bench.claim(other, 6)
    (ask,) = bench.catchup.ask(head, NOW)
    assert isinstance(ask, SendTo)
    assert ask.message == BlocksRequest(Height(1), 64)


def test_a_node_that_has_nothing_asks_the_only_one_that_speaks_after_a_while() -> None:
    bench = Bench(0)
    head = bench.chain.head
    one = head.validators.members[0].node
    for number in range(5):
        assert bench.catchup.tick(head, UnixMillis(NOW - 500 * (5 - number))) == [], "nobody spoke"
    bench.claim(one, 6)
    assert bench.catchup.tick(head, NOW) == []
    assert bench.catchup.tick(head, UnixMillis(NOW + ALONE_MS - 1)) == []
    asked = bench.catchup.ask(head, UnixMillis(NOW + ALONE_MS))
    assert asked == [SendTo(one, BlocksRequest(Height(1), 64))]


def test_a_node_that_has_nothing_waits_anew_for_others_after_a_silence() -> None:
    bench = Bench(0)
    head = bench.chain.head
    one, other, *_ = (member.node for member in head.validators.members)
    bench.claim(one, 6)
    assert bench.catchup.tick(head, NOW) == []
    bench.catchup.forget(one)
    assert bench.catchup.tick(head, UnixMillis(NOW + SILENT_MS)) == []
    later = UnixMillis(NOW + 3_600_000)
    bench.claim(other, 6)
    assert bench.catchup.tick(head, later) == []
    asked = bench.catchup.ask(head, UnixMillis(later + ALONE_MS))
    assert asked == [SendTo(other, BlocksRequest(Height(1), 64))]


def test_a_connection_that_comes_and_goes_does_not_keep_a_node_from_beginning() -> None:
    bench = Bench(0)
    head = bench.chain.head
    one = head.validators.members[0].node
    for number in range(4):
        now_ms = NOW + 5_000 * number
        bench.claim(one, 6)
        asked = bench.catchup.ask(head, UnixMillis(now_ms))
        assert bool(asked) == (number > 0)
        bench.catchup.forget(one)
        assert bench.catchup.tick(head, UnixMillis(now_ms + ALONE_MS // 2)) == []


def test_a_node_that_has_nothing_waits_for_more_than_one_that_lags() -> None:
    bench = Bench(0, CatchUpSetting(snapshot_behind_blocks=0, snapshot_behind_transactions=0))
    head = bench.chain.head
    far, slow, near, *_ = (member.node for member in head.validators.members)
    bench.claim(far, 1_000)
    bench.claim(slow, 64)
    assert bench.catchup.ask(head, NOW) == [], "the one that lags is 64 blocks ahead, no more"
    bench.claim(near, 1_000 - NEAR_BLOCKS - 1)
    assert bench.catchup.ask(head, NOW) == []
    bench.claim(near, 1_000 - NEAR_BLOCKS)
    (asked,) = bench.catchup.ask(head, NOW)
    assert isinstance(asked, SendTo)
    assert asked.message == BlocksRequest(Height(1), 64)


def test_a_false_block_ends_the_connection_and_drops_what_came_with_it() -> None:
    bench = Bench()
    bench.claim(PEER, 6)
    bench.catchup.ask(bench.chain.head, NOW)
    good = bench.blocks(3, 4)
    forged = Blocks(Height(6), (DecidedBlock(good.blocks[0].block, good.blocks[1].certificate),))
    (fault,) = bench.catchup.take(PEER, forged, bench.chain.head, NOW)
    assert isinstance(fault, Disconnect)
    assert (fault.peer, fault.error.code) == (PEER, "VT-3032")
    assert bench.catchup.claims.get(PEER) is None


def test_one_block_behind_is_nothing_to_ask_for_unless_it_stays_so() -> None:
    bench = Bench()
    bench.claim(PEER, 3)
    assert bench.catchup.ask(bench.chain.head, NOW) == []
    assert bench.catchup.tick(bench.chain.head, NOW) == []
    assert bench.catchup.ask(bench.chain.head, NOW) != []


def test_what_a_peer_owes_is_forgotten_with_it() -> None:
    bench = Bench()
    bench.claim(PEER, 6)
    bench.claim(OTHER, 6)
    (first,) = bench.catchup.ask(bench.chain.head, NOW)
    assert isinstance(first, SendTo)
    bench.catchup.forget(first.peer)
    (second,) = bench.catchup.ask(bench.chain.head, NOW)
    assert isinstance(second, SendTo)
    assert {first.peer, second.peer} == {PEER, OTHER}


def test_questions_about_snapshots_are_answered() -> None:
    bench = Bench(6, CatchUpSetting(snapshot_interval_blocks=2))
    head = bench.chain.head
    (offer,) = bench.catchup.heed(PEER, SnapshotRequest(), head, NOW)
    assert isinstance(offer, SendTo)
    assert isinstance(offer.message, SnapshotOffer)
    assert offer.message.offer is not None
    (steps,) = bench.catchup.heed(PEER, StepsRequest(Height(0), Height(5)), head, NOW)
    assert steps == SendTo(PEER, Steps(()))
    (part,) = bench.catchup.heed(PEER, PartRequest(Height(4), StatePart(0, 0)), head, NOW)
    assert isinstance(part, SendTo)
    assert isinstance(part.message, Part)
    assert part.message.given is not None


def test_a_peer_gets_so_much_of_the_state_between_two_ticks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catching, "PARTS_GIVEN_PER_TICK_MAX", 5 * size_of(None))
    bench = Bench(6, CatchUpSetting(snapshot_interval_blocks=2))
    ask = PartRequest(Height(4), StatePart(0, 0))
    head = bench.chain.head
    given = [bench.catchup.heed(PEER, ask, head, NOW) for _ in range(20)]
    assert sum(map(len, given)) == 5
    assert bench.catchup.heed(OTHER, ask, head, NOW)
    bench.catchup.tick(head, NOW)
    assert bench.catchup.heed(PEER, ask, head, NOW)


def test_answers_that_nobody_asked_for_lead_to_nothing() -> None:
    bench = Bench()
    head = bench.chain.head
    for message in (
        SnapshotOffer(None),
        Steps(()),
        Part(Height(4), StatePart(0, 0), None),
    ):
        assert bench.catchup.heed(PEER, message, head, NOW) == []


def test_what_is_pruned_is_not_given_and_the_base_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "SNAPSHOT_SLACK_BLOCKS", 1)
    chain = build_demo()
    limits = Limits(expiry_window_blocks=1)
    monkeypatch.setattr(pruning, "least_retained", lambda _: 1)
    genesis = chain.genesis
    catchup = CatchingUp(
        chain.store,
        genesis,
        CatchUpSetting(retain_blocks=2),
        chain.ledger,
        Admission(genesis, chain.genesis_hash, chain.store, verify).decode,
        verify,
    )
    monkeypatch.setattr(catchup._pruner, "_window", limits.expiry_window_blocks)
    while out := catchup.prune(chain.head, NOW, 0):
        (write,) = out
        assert isinstance(write, Write)
        assert not write.sync
        chain.store.write(write.batch, sync=False)
    assert catchup.base == load_base(chain.store)
    assert catchup.base.height == 5
    assert catchup.answer(BlocksRequest(Height(5), 9), chain.head) == Blocks(
        Height(7), (), Height(5)
    )
    given = catchup.answer(BlocksRequest(Height(6), 9), chain.head)
    assert [decided.block.header.height for decided in given.blocks] == [6, 7]


ZERO = Hash(bytes(32))
BESIDE = bytes(2 + 15 * 32)
STEP_MAX, HEADER_MAX, ID_MAX, PAIR_MAX = 64, 1_024, 8_192, 32_768


class Raw(Struct, array_like=True):
    """Any message, as bytes of it would decode."""

    message: tuple[object, ...]


@pytest.mark.parametrize(
    "message",
    [
        (24, Height(4), (1, 13, 2**53 - 1)),
        (24, Height(4), (2, Height(4), HEADER_MAX)),
        (24, HEIGHT_MAX, (3, 0, ID_MAX)),
        (25, Height(4), (1, 0, 0), (1, (0, 0, (BESIDE,) * 13, ((b"", b""),) * PAIR_MAX))),
        (25, Height(4), (1, 0, 0), (3, (0, (ZERO,) * ID_MAX, (ZERO,) * 64, (ZERO,) * 128))),
        (25, Height(4), (1, 0, 0), None),
        (21, ()),
        (23, None),
    ],
)
def test_counts_up_to_their_bounds_decode(message: tuple[object, ...]) -> None:
    decode_frame(encode(Raw(message)), Limits())


@pytest.mark.parametrize(
    "message",
    [
        (24, Height(4), (1, 14, 0)),
        (24, Height(4), (1, -1, 0)),
        (24, Height(4), (1, 1, 2**64 - 1)),
        (24, Height(4), (2, Height(4), 0)),
        (24, Height(4), (2, Height(4), HEADER_MAX + 1)),
        (24, Height(4), (3, 0, ID_MAX + 1)),
        (24, HEIGHT_MAX + 1, (1, 0, 0)),
        (24, Height(4), (4, 0, 0)),
        (25, Height(4), (1, 0, 0), (1, (0, 0, (BESIDE,) * 14, ()))),
        (25, Height(4), (1, 0, 0), (1, (0, 0, (), ((b"", b""),) * (PAIR_MAX + 1)))),
        (25, Height(4), (1, 0, 0), (3, (0, (ZERO,) * (ID_MAX + 1), (), ()))),
        (25, Height(4), (1, 0, 0), (3, (0, (), (ZERO,) * 65, ()))),
        (25, Height(4), (1, 0, 0), (3, (0, (), (), (ZERO,) * 129))),
        (25, Height(4), (1, 0, 0), (1, (0, 0, (b"s",), ()))),
        (25, Height(4), (1, 0, 0), (1, (0, 0, (BESIDE + b"1",), ()))),
        (21, ((),) * (STEP_MAX + 1)),
        (23, ()),
    ],
)
def test_counts_beyond_their_bounds_do_not_decode(message: tuple[object, ...]) -> None:
    """Snapshots without a bound on their parts took other chains' memory (CometBFT 5549, 5946)."""
    with pytest.raises(PeerFault, match="VT-3030"):
        decode_frame(encode(Raw(message)), Limits())
