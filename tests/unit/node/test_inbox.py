"""The one way into the replica: order, bounds, and nobody pays for another's flood."""

import asyncio

import pytest

from chain.errors import Busy
from chain.scalars import Hash, Height, NodeName, Round, Signature, UnixMillis
from consensus.bft.messages import Proposal, Vote
from consensus.messages import Message
from consensus.raft.messages import Append, AppendAnswer, TimeoutNow, VoteAnswer
from consensus.value import Timer, TimerStep, Value
from node.inbox import SOURCE_BYTES_MAX, STEP_BYTES_MAX, STEP_EVENTS_MAX, Inbox
from node.replica.events import Event, FrameReceived, PeerDown, Submitted, Tick, TimerFired
from node.replica.messages import (
    AnyPeerMessage,
    ConsensusMessage,
    Transactions,
    encode_frame,
    is_vote,
)

A, B = NodeName("a"), NodeName("b")
NOW_MS = UnixMillis(1)


def frame(peer: NodeName, size: int = 1) -> FrameReceived:
    return FrameReceived(peer, bytes(size), NOW_MS)


def submitted(ticket: int, size: int = 1) -> Submitted:
    return Submitted(ticket, bytes(size), NOW_MS)


async def test_events_come_out_in_the_order_they_went_in() -> None:
    inbox = Inbox()
    went_in: list[Event] = [submitted(1), frame(A), Tick(NOW_MS), frame(B), submitted(2)]
    for event in went_in:
        if isinstance(event, FrameReceived | Submitted):
            inbox.put(event)
        else:
            inbox.put_urgent(event)
    assert len(inbox) == 5
    assert await inbox.take() == went_in
    assert len(inbox) == 0


async def test_taking_waits_until_there_is_something() -> None:
    inbox = Inbox()
    async with asyncio.TaskGroup() as tasks:
        taking = tasks.create_task(inbox.take())
        await asyncio.sleep(0)
        assert not taking.done()
        inbox.put_urgent(Tick(NOW_MS))
    assert taking.result() == [Tick(NOW_MS)]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await inbox.take()


async def test_a_step_takes_a_bounded_number() -> None:
    inbox = Inbox()
    for number in range(STEP_EVENTS_MAX + 3):
        inbox.put(submitted(number))
    assert len(await inbox.take()) == STEP_EVENTS_MAX
    assert len(await inbox.take()) == 3


async def test_a_source_that_has_too_much_waiting_is_refused() -> None:
    inbox = Inbox(events_max=2)
    inbox.put(submitted(1))
    inbox.put(submitted(2))
    with pytest.raises(Busy, match=r"^VT-3003: 2 requests and messages wait for the node\."):
        inbox.put(submitted(3))
    assert len(inbox) == 2


async def test_a_flood_of_clients_or_of_one_peer_leaves_the_votes_of_others_their_place() -> None:
    inbox = Inbox(events_max=2)
    for _ in range(2):
        inbox.put(submitted(0))
        inbox.put(frame(A))
    for flood in (submitted(0), frame(A)):
        with pytest.raises(Busy):
            inbox.put(flood)
    inbox.put(frame(B))
    inbox.put_urgent(PeerDown(A, NOW_MS))
    assert len(inbox) == 6


async def test_bytes_are_bounded_and_not_only_events() -> None:
    inbox = Inbox(bytes_max=10)
    inbox.put(frame(A, 6))
    with pytest.raises(Busy):
        inbox.put(frame(A, 5))
    inbox.put(frame(A, 4))
    inbox.put(frame(B, 10))
    with pytest.raises(Busy):
        inbox.put(submitted(1, 11))
    assert SOURCE_BYTES_MAX >= 4 * (4 << 20), "several full blocks of a peer may wait"


async def test_what_is_taken_makes_room() -> None:
    inbox = Inbox(events_max=1, bytes_max=5)
    for _ in range(3):
        inbox.put(frame(A, 5))
        with pytest.raises(Busy):
            inbox.put(frame(A, 0))
        await inbox.take()
    assert inbox._held == {}


def said(peer: NodeName, message: Transactions | Message) -> FrameReceived:
    if isinstance(message, Transactions):
        return FrameReceived(peer, encode_frame(message), NOW_MS)
    return FrameReceived(peer, encode_frame(ConsensusMessage(message)), NOW_MS)


BLOCK = Hash(b"b" * 32)
SIGNATURE = Signature(bytes(64))
VOTE = Vote("prevote", Height(7), Round(0), BLOCK, UnixMillis(0), 1, SIGNATURE)
PROPOSAL = Proposal(Height(7), Round(0), Value(BLOCK, b"payload", NOW_MS), Round(-1), 1, SIGNATURE)
PLACE = (Height(7), Round(0), 1, SIGNATURE)
STEPS: tuple[TimerStep, ...] = ("propose", "heartbeat")
GOSSIP = Transactions(A, (b"transaction",))


async def test_votes_overtake_all_others_and_a_proposal_stays_behind_its_transactions() -> None:
    inbox = Inbox()
    vote, other_vote = said(A, VOTE), said(B, VOTE)
    waiting = [said(A, GOSSIP), said(A, PROPOSAL), submitted(1)]
    for event in (*waiting[:2], vote, waiting[2], other_vote):
        inbox.put(event)
    assert len(inbox) == 5
    assert await inbox.take() == [vote, other_vote]
    assert await inbox.take() == waiting
    assert len(inbox) == 0


async def test_the_end_of_a_pause_overtakes_too_and_other_timers_do_not() -> None:
    inbox = Inbox()
    propose, pause = (TimerFired(Timer(Height(7), Round(0), step), NOW_MS) for step in STEPS)
    for event in (submitted(1), propose, pause):
        if isinstance(event, Submitted):
            inbox.put(event)
        else:
            inbox.put_urgent(event)
    assert await inbox.take() == [pause]
    assert await inbox.take() == [submitted(1), propose]


async def test_while_both_wait_votes_and_others_take_turns() -> None:
    """A peer that floods with votes does not keep out transactions and timers."""
    inbox = Inbox()
    tick = Tick(NOW_MS)
    inbox.put_urgent(tick)
    taken = []
    for _ in range(3):
        inbox.put(said(A, VOTE))
        inbox.put_urgent(tick)
        taken.append([type(event) for event in await inbox.take()])
        taken.append([type(event) for event in await inbox.take()])
    assert taken == [
        [FrameReceived],
        [Tick, Tick],
        [FrameReceived],
        [Tick],
        [FrameReceived],
        [Tick],
    ]


async def test_a_step_takes_no_more_than_it_can_handle_soon() -> None:
    inbox = Inbox()
    for number in range(4):
        inbox.put(submitted(number, STEP_BYTES_MAX // 2))
    inbox.put(submitted(4, 5 * STEP_BYTES_MAX))
    inbox.put(submitted(5))
    assert [len(await inbox.take()) for _ in range(4)] == [2, 2, 1, 1]


@pytest.mark.parametrize(
    ("message", "is_first"),
    [
        (ConsensusMessage(VOTE), True),
        (ConsensusMessage(PROPOSAL), False),
        (ConsensusMessage(VoteAnswer(*PLACE, False, Round(1), True)), True),
        (ConsensusMessage(AppendAnswer(*PLACE, 3, True, None)), True),
        (ConsensusMessage(Append(*PLACE, 3, BLOCK, BLOCK, None)), False),
        (ConsensusMessage(TimeoutNow(*PLACE)), False),
        (GOSSIP, False),
    ],
)
def test_only_answers_to_proposals_are_votes(message: AnyPeerMessage, *, is_first: bool) -> None:
    assert is_vote(encode_frame(message)) is is_first
    assert not is_vote(b"")
