"""Too large, too many, too slow: what a peer may make this node keep, and that all goes on."""

import asyncio
import tracemalloc
from functools import partial

import pytest
from msgspec.structs import replace

from chain.errors import Busy, PeerFault
from chain.genesis import Limits
from chain.log_range import IDS_PER_RANGE_MAX, LogRange
from chain.scalars import Hash, Height, NodeName, Round, Signature, UnixMillis
from chain.state_chunk import CHUNK_DEPTH_MAX, PAIRS_PER_CHUNK_MAX, StateChunk
from consensus.bft.messages import Vote
from node.inbox import Inbox
from node.p2p.frames import FrameDecoder, FrameKind, open_limits
from node.p2p.settings import NetworkLimits
from node.replica import events
from node.replica.effects import ProposalRefused
from node.replica.messages import (
    HEADERS_PER_PART_MAX,
    AnyPeerMessage,
    ConsensusMessage,
    GivenHeaders,
    GivenIds,
    GivenState,
    HeadersPart,
    IdsPart,
    Part,
    PartRequest,
    StatePart,
    encode_frame,
    frame_size_bytes_max,
)
from tests.regressions.support import (
    DishonestProposer,
    at_rest,
    goes_on,
    sign_as,
    watch_for,
)
from tests.unit.node.p2p.conftest import Run
from tests.unit.node.p2p.support import Consortium, data_wire, hello_wire, raw_peer, running, until
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import Node, World, make_genesis
from tests.unit.node.replica.test_replica import committed_everywhere
from tests.vectors.sample import make_chain

# ---------------------------------------------------------------------- 9: sizes

SIZE_BYTES = World(make_genesis([1])).transaction(0, TWIN).size_bytes


def raise_limits(node: Node) -> None:
    """Let a node build larger blocks than its chain allows."""
    ledger = node.replica._ledger
    ledger.genesis = replace(ledger.genesis, limits=Limits())


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(block_size_bytes_max=3 * SIZE_BYTES - 1), "its transactions have "),
        (Limits(block_transactions_max=2), "it holds too many transactions"),
        (Limits(block_size_bytes_max=3 * SIZE_BYTES, block_transactions_max=3), None),
    ],
    ids=["a byte too large", "one too many", "just right"],
)
def test_bug_09_a_proposal_over_the_limit_is_not_voted_for(
    limits: Limits, reason: str | None
) -> None:
    """CometBFT PR 5324: the size of a proposed block was not checked against the limit of the
    chain, so one member could make all store and pass on blocks of any size."""
    world = at_rest(limits)
    three = [world.transaction(0, TWIN, salt=salt) for salt in range(3)]
    liar = DishonestProposer(world, *three, prepare=raise_limits)
    assert len(liar.payload.transactions) == 3
    refused = watch_for(world, ProposalRefused)
    liar.tell(liar.payload)
    if reason is None:
        assert refused == []
    else:
        assert [name for name, _ in refused] == [world.nodes[index].name for index in liar.honest]
        assert all(reason in effect.error.why for _, effect in refused)
    assert world.run(20_000, lambda: all(committed_everywhere(world, t.id) for t in three))


@pytest.mark.parametrize("kind", [FrameKind.DATA, FrameKind.GOODBYE, FrameKind.PING])
def test_bug_09_a_frame_is_refused_by_its_header_before_any_of_it_is_kept(kind: FrameKind) -> None:
    """CometBFT PR 5946: a message was read into memory before its length was looked at."""
    limits = open_limits(frame_size_bytes_max(Limits()))
    for size in (limits[kind] + 1, 2**31, 2**32 - 1):
        decoder = FrameDecoder("peer", limits)
        decoder.feed(bytes((kind,)) + size.to_bytes(4, "big"))
        with pytest.raises(PeerFault, match=r"^VT-5008"):
            decoder.next_frame()


ARRAYS = 1 << 20
SWOLLEN = {
    "empty arrays for ids": b"\x91\x92\x03\xdd" + ARRAYS.to_bytes(4, "big") + b"\x90" * ARRAYS,
    "empty arrays for messages": b"\x91\xdd" + ARRAYS.to_bytes(4, "big") + b"\x90" * ARRAYS,
    "maps": b"\x91\xdd" + ARRAYS.to_bytes(4, "big") + b"\x80" * ARRAYS,
    "arrays in arrays": b"\x91" * ARRAYS,
    "four billion ids announced": b"\x91\x92\x03\xdd\xff\xff\xff\xff" + b"\xc4\x20" + bytes(32),
    "four billion bytes announced": b"\x91\x93\x02\xa1n\x91\xc6\xff\xff\xff\xff",
    "4097 ids": b"\x91\x92\x04\xdc\x10\x01" + (b"\xc4\x20" + bytes(32)) * 4097,
    "65 blocks asked for": b"\x91\x93\x06\x01\x41",
}


@pytest.mark.parametrize("frame", SWOLLEN.values(), ids=SWOLLEN)
def test_bug_09_a_message_that_would_grow_when_decoded_takes_no_memory(frame: bytes) -> None:
    """CometBFT PR 5946: a mebibyte on the wire became many times as much on the heap before any
    check (measured with untyped decoding here: 75 MB)."""
    world = at_rest()
    event = events.FrameReceived(world.nodes[3].name, frame, world.now_ms)
    tracemalloc.start()
    world._step(world.nodes[0], event)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [d.error.code for d in world.nodes[0].disconnected] == ["VT-3030"]
    assert peak < 1 << 20


HEADER = make_chain().blocks[0].block.header
KEY_AND_VALUE = (b"key", b"value")
SOME_HASH = Hash(bytes(32))
ROOT_PART = StatePart(0, 0)
TOO_MANY: dict[str, AnyPeerMessage] = {
    "keys of a chunk": Part(
        Height(1),
        ROOT_PART,
        GivenState(StateChunk(0, 0, (), (KEY_AND_VALUE,) * (PAIRS_PER_CHUNK_MAX + 1))),
    ),
    "siblings of a chunk": Part(
        Height(1),
        ROOT_PART,
        GivenState(StateChunk(1, 0, (bytes(2),) * (CHUNK_DEPTH_MAX + 1), ())),
    ),
    "steps down to a chunk": Part(
        Height(1), ROOT_PART, GivenState(StateChunk(CHUNK_DEPTH_MAX + 1, 0, (bytes(2),), ()))
    ),
    "children beside a step": Part(
        Height(1), ROOT_PART, GivenState(StateChunk(1, 0, (b"\xff\xff" + bytes(16 * 32),), ()))
    ),
    "ids of the log": Part(
        Height(1),
        IdsPart(0, 1),
        GivenIds(LogRange(0, (SOME_HASH,) * (IDS_PER_RANGE_MAX + 1), (), ())),
    ),
    "headers": Part(
        Height(1),
        HeadersPart(Height(1), 1),
        GivenHeaders((HEADER,) * (HEADERS_PER_PART_MAX + 1)),
    ),
    "ids asked for": PartRequest(Height(1), IdsPart(0, IDS_PER_RANGE_MAX + 1)),
    "headers asked for": PartRequest(Height(1), HeadersPart(Height(1), HEADERS_PER_PART_MAX + 1)),
    "depth asked for": PartRequest(Height(1), StatePart(CHUNK_DEPTH_MAX + 1, 0)),
}


@pytest.mark.parametrize("message", TOO_MANY.values(), ids=TOO_MANY)
def test_bug_09_a_snapshot_has_no_more_parts_than_is_said_in_advance(
    message: AnyPeerMessage,
) -> None:
    """CometBFT PR 5549: a peer said how many chunks its snapshot had, and the node took as much
    memory. Here nobody says it: parts are named by the tree, and each has a largest size."""
    world = at_rest()
    world.say(3, 0, message)
    assert [d.error.code for d in world.nodes[0].disconnected] == ["VT-3030"]
    assert goes_on(world)


# ---------------------------------------------------------------------- 10: nothing waits


def test_bug_10_conflicting_votes_of_a_peer_that_comes_and_goes_block_nobody() -> None:
    """CometBFT PR 5839: a race of a dishonest validator's prevotes brought a deadlock to light."""
    world = at_rest()
    height = world.nodes[0].head.next_height
    step: list[events.Event] = []
    for number in range(120):
        block = Hash(number.to_bytes(32, "big"))
        vote = Vote("prevote", height, Round(number % 3), block, UnixMillis(0), 3, NO_SIGNATURE)
        frame = encode_frame(ConsensusMessage(sign_as(world, 3, vote)))
        name = world.nodes[3].name
        step += [
            events.FrameReceived(name, frame, world.now_ms),
            events.PeerDown(name, world.now_ms),
            events.FrameReceived(name, frame, world.now_ms),
            events.PeerUp(name, world.now_ms),
        ]
    world._step(world.nodes[0], *step)
    assert goes_on(world)


NO_SIGNATURE = Signature(bytes(64))


async def test_bug_10_a_peer_that_filled_its_queue_can_still_be_taken_off() -> None:
    """CometBFT PR 5839: a thread that held a lock waited to report a slow peer to a loop which
    waited for that lock."""
    inbox = Inbox(events_max=3)
    flooding, other = NodeName("flooding"), NodeName("other")
    frame = partial(events.FrameReceived, frame=b"x", now_ms=UnixMillis(1))
    for _ in range(3):
        inbox.put(frame(flooding))
    with pytest.raises(Busy):
        inbox.put(frame(flooding))
    gone = events.PeerDown(flooding, UnixMillis(1))
    inbox.put_urgent(gone)
    inbox.put(frame(other))
    async with asyncio.timeout(1):
        taken = await inbox.take()
    assert taken == [frame(flooding)] * 3 + [gone, frame(other)]
    inbox.put(frame(flooding))


@pytest.mark.parametrize("is_answer", [True, False], ids=["while reading", "at any time"])
def test_bug_10_sending_to_a_full_queue_while_the_peer_is_removed_never_waits(
    consortium: Consortium, run: Run, is_answer: bool
) -> None:
    """CometBFT PR 5839, on real connections: a queue is filled and its peer removed, and both are
    tried again, all in one turn of the loop."""

    async def story() -> None:
        b = consortium.member("b", limits=NetworkLimits(queue_frames_max=10))
        taken: list[bool] = []

        def flood(peer: str, frame: bytes) -> None:
            taken.extend(b.network.send(peer, b"answer") for _ in range(30))
            b.network.disconnect(peer, "too much")
            taken.append(b.network.send(peer, b"after the end"))

        if is_answer:
            b.handler = flood
        async with running(b), asyncio.timeout(10):
            for turn in (1, 2):
                context = consortium.client_context("a")
                async with raw_peer(b.network.listen(), context) as peer:
                    peer.writer.write(hello_wire("a") + data_wire(b"question") * 5)
                    if not is_answer:
                        await until(lambda: b.connected)
                        flood("a", b"")
                    await until(partial(lambda turns: len(b.events) == 2 * turns, turn), 1.0)
        assert b.events == ["up a", "down a"] * 2
        assert b.network.stats.endings == {"VT-5011": 2}
        assert 2 * 9 <= taken.count(True) <= 2 * 10
        assert len(taken) == 2 * 31, "no frame is handed in after the end"

    run(story())
