"""Votes and what carries them: malformed, out of range, forgotten, or from old rounds."""

import dataclasses
import tracemalloc
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest
from msgspec import inspect
from msgspec.structs import replace

from chain.block import compute_block_hash
from chain.errors import Corruption
from chain.scalars import HEIGHT_MAX, Height, Round, Signature
from chain.validators import compute_proposer
from consensus.bft.messages import NO_ROUND, Message, Proposal, Vote, VoteKind
from consensus.bft.repair import RoundSummary
from consensus.bft.state import Step, initial_state
from consensus.effects import BuildPayload
from consensus.last_signed import LastSigned, SignedStep
from consensus.messages import sender_of
from node.replica import events
from node.replica.effects import ProposalRefused
from node.replica.messages import (
    AnyPeerMessage,
    ConsensusMessage,
    Status,
    decode_frame,
    encode_frame,
)
from node.replica.transition import ExecutedBlock
from tests.regressions.support import NOWHERE, at_rest, goes_on, sign_as, watch_for
from tests.unit.consensus.world import Bench, make_value, make_vote
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import Node, World
from tests.unit.node.replica.test_replica import committed_everywhere

V, W = make_value("v"), make_value("w")

# ---------------------------------------------------------------------- 3: bitmaps


def status_with(world: World, kind: str, bitmap: bytes) -> Status:
    """A status of the present height that is right but for one bitmap."""
    head = world.nodes[0].head
    right = RoundSummary(head.next_height, Round(0), Step.PROPOSE, b"\x0a", b"\x0a", False)
    return Status(head.height, head.block, replace(right, **{kind: bitmap}), ())


@pytest.mark.parametrize("kind", ["prevotes", "precommits"])
@pytest.mark.parametrize(
    ("bitmap", "code"),
    [
        (b"", "VT-3024"),
        (b"\x0f\x00", "VT-3024"),
        (b"\x10", "VT-3024"),
        (b"\xff" * 1024, "VT-3024"),
        (bytes(1025), "VT-3030"),
    ],
    ids=["no bits", "too many zeros", "a bit too far", "8192 bits", "too long to read"],
)
def test_bug_03_a_bitmap_of_another_size_costs_only_its_sender(
    kind: str, bitmap: bytes, code: str
) -> None:
    """CometBFT ASA-2025-003 (GHSA-hrhf-2vcr-ghch): a bit array whose length and contents disagreed
    halted every node that compared votes with it."""
    world = at_rest()
    world.say(3, 0, status_with(world, kind, b"\x05"))
    assert world.nodes[0].disconnected == [], "a right one is fine"
    world.say(3, 0, status_with(world, kind, bitmap))
    assert [(d.peer, d.error.code) for d in world.nodes[0].disconnected] == [("node3", code)]
    assert goes_on(world)


def test_bug_03_two_billion_bits_that_are_only_announced_take_no_memory() -> None:
    """CometBFT ASA-2025-003: here with a length of 2^31 bits in a message of a hundred bytes."""
    world = at_rest()
    frame = encode_frame(status_with(world, "prevotes", b"\x05"))
    assert frame.count(b"\xc4\x01\x05") == 1
    lying = frame.replace(b"\xc4\x01\x05", b"\xc6\x10\x00\x00\x00\x05")
    tracemalloc.start()
    world._step(world.nodes[0], events.FrameReceived(world.nodes[3].name, lying, world.now_ms))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [d.error.code for d in world.nodes[0].disconnected] == ["VT-3030"]
    assert peak < 1 << 20


# ---------------------------------------------------------------------- 5: fields


@pytest.mark.parametrize("index", [4, 255, 256, 2**31, HEIGHT_MAX])
@pytest.mark.parametrize("height", [-1, 0, 1, 2, 1000])
@pytest.mark.parametrize("kind", ["prevote", "precommit"])
def test_bug_05_a_vote_of_a_validator_that_does_not_exist_stops_nobody(
    kind: VoteKind, height: int, index: int
) -> None:
    """CometBFT ASA-2024-011 (GHSA-p7mv-53f2-4cwj): a vote with an index out of range made the
    receiver panic."""
    world = at_rest()
    at = Height(world.nodes[0].head.next_height + height)
    vote = Vote(kind, at, Round(0), None, 0, index, Signature(bytes(64)))  # type: ignore[arg-type]
    for receiver in range(3):
        world.say(3, receiver, ConsensusMessage(sign_as(world, 3, vote)))
        faults = world.nodes[receiver].disconnected
        assert [d.error.code for d in faults] == (["VT-3020"] if height == 0 else [])
    assert goes_on(world)


@pytest.mark.parametrize("index", [4, 256, 2**31])
def test_bug_05_a_proposer_that_does_not_exist_stops_nobody(index: int) -> None:
    """CometBFT ASA-2024-011, with a proposal in the place of the vote."""
    world = at_rest()
    height = world.nodes[0].head.next_height
    proposal = Proposal(height, Round(0), V, NO_ROUND, index, Signature(bytes(64)))
    world.say(3, 0, ConsensusMessage(sign_as(world, 3, proposal)))
    assert [d.error.code for d in world.nodes[0].disconnected] == ["VT-3020"]
    assert goes_on(world)


STRANGE: tuple[object, ...] = (
    None, True, -1, 2**31, 2**53, 2**63, 2**64 - 1, 1.5, "", "x", b"", b"\xff" * 33, [], [[]], {},
)  # fmt: skip


def twisted(value: Any) -> Iterator[Any]:
    """Give copies of decoded MessagePack with one part missing, doubled or strange."""
    yield from (other for other in STRANGE if (type(other), other) != (type(value), value))
    if isinstance(value, list):
        for index, item in enumerate(value):
            before, after = value[:index], value[index + 1 :]
            yield [*before, *after]
            yield [*before, item, item, *after]
            for other in twisted(item):
                yield [*before, other, *after]


def example_of(kind: Any, pick: int) -> Any:
    """Give a value of a type, as decoded MessagePack: the least one that its limits allow.

    pick: which of several types to take where there is a choice.
    """
    match kind:
        case inspect.Metadata(type=inner):
            return example_of(inner, pick)
        case inspect.StructType(tag=tag, fields=fields):
            values = [example_of(field.type, pick) for field in fields]
            return values if tag is None else [tag, *values]
        case inspect.UnionType(types=types):
            return example_of(types[pick % len(types)], pick)
        case inspect.VarTupleType(item_type=item):
            return [example_of(item, pick)]
        case inspect.TupleType(item_types=items):
            return [example_of(item, pick) for item in items]
        case _:
            return scalar_of(kind)


def scalar_of(kind: Any) -> Any:
    match kind:
        case inspect.IntType(ge=least):
            return max(1, least or 0)
        case inspect.BytesType(min_length=length):
            return bytes(length or 1)
        case inspect.StrType():
            return "node3"
        case inspect.LiteralType(values=values):
            return values[0]
        case inspect.EnumType(cls=cls):
            return next(iter(cls)).value
        case inspect.BoolType():
            return True
        case inspect.NoneType():
            return None
        case _:
            raise AssertionError(f"no way to make {kind}")


def kinds_of_messages() -> list[type]:
    """All structs that a frame may hold, and within the consensus message all of these."""
    outer = [kind for kind in get_args(AnyPeerMessage) if kind is not ConsensusMessage]
    return [*outer, *get_args(ConsensusMessage.__annotations__["message"])]


def frames_of(kind: type) -> Iterator[list[Any]]:
    """Frames with one message of a kind, as decoded MessagePack."""
    for pick in range(3):
        example = example_of(inspect.type_info(kind), pick)
        yield [example if kind in get_args(AnyPeerMessage) else [CONSENSUS_TAG, example]]


SOME_VOTE = ConsensusMessage(make_vote("prevote", 0, None))
CONSENSUS_TAG = msgspec.msgpack.decode(encode_frame(SOME_VOTE))[0][0]


@pytest.mark.parametrize("kind", kinds_of_messages(), ids=lambda kind: str(kind.__name__))
def test_bug_05_no_field_of_any_message_stops_a_node(kind: type) -> None:
    """Hyperledger Fabric CVE-2022-31121 and CVE-2022-36023: a message with an empty optional field
    took the orderer, and another one the gateway, down."""
    world = at_rest()
    node, sender = world.nodes[0], world.nodes[3].name
    tried = 0
    for good in frames_of(kind):
        decoded = decode_frame(msgspec.msgpack.encode(good), world.genesis.limits)
        assert isinstance(decoded, kind | ConsensusMessage)
        for other in (good, *twisted(good)):
            world._step(node, events.PeerUp(sender, world.now_ms))
            frame = msgspec.msgpack.encode(other)
            world._step(node, events.FrameReceived(sender, frame, world.now_ms))
            tried += 1
    assert tried > 100
    assert {d.error.code for d in node.disconnected} >= {"VT-3030"}
    assert goes_on(world)


def test_bug_05_no_field_of_a_transaction_stops_a_node() -> None:
    """Hyperledger Fabric CVE-2022-36023: a proposal without a header took the gateway down."""
    world = at_rest()
    node = world.nodes[0]
    outer = msgspec.msgpack.decode(world.transaction(0, TWIN, salt=1).raw)
    body = msgspec.msgpack.decode(outer[0])
    requests = [msgspec.msgpack.encode(other) for other in twisted(outer)]
    requests += [
        msgspec.msgpack.encode([msgspec.msgpack.encode(other), outer[1]]) for other in twisted(body)
    ]
    for ticket, raw in enumerate(requests):
        world._step(node, events.Submitted(1000 + ticket, raw, world.now_ms))
        answer = node.answers[1000 + ticket]
        assert answer.error is not None, raw
        assert answer.error.code in {"VT-1001", "VT-1002", "VT-1003", "VT-2001", "VT-2002"}
    assert goes_on(world)


# ---------------------------------------------------------------------- 6: the double-sign guard


BELOW = {
    SignedStep.PROPOSAL: LastSigned(Height(0), Round(9), SignedStep.PRECOMMIT, NOWHERE),
    SignedStep.PREVOTE: LastSigned(Height(1), Round(0), SignedStep.PROPOSAL, NOWHERE),
    SignedStep.PRECOMMIT: LastSigned(Height(1), Round(0), SignedStep.PREVOTE, NOWHERE),
}
"""For each step the last position that lies below it."""


def sign_step(step: SignedStep, last: LastSigned) -> list[Message]:
    """Bring an engine that signed `last` to where it signs a step of height 1, round 0."""
    index = 1 if step is SignedStep.PROPOSAL else 0  # Member 1 proposes there.
    bench = Bench(index, hard_state=initial_state(Height(1), last), last_signed=last).start()
    if step is SignedStep.PROPOSAL:
        bench.build(V)
        return [message for message in bench.said() if isinstance(message, Proposal)]
    bench.propose(V)
    if step is SignedStep.PREVOTE:
        return bench.said()
    bench.votes("prevote", V.id, 1, 2, 3)
    return bench.said()


@pytest.mark.parametrize("step", list(SignedStep))
def test_bug_06_the_very_position_that_was_signed_last_is_not_signed_again(
    step: SignedStep,
) -> None:
    """CometBFT PR 5668: the guard against double signing looked back one height too few, so at its
    smallest setting it checked nothing."""
    assert len(sign_step(step, BELOW[step])) == 1
    assert sign_step(step, LastSigned(Height(1), Round(0), step, NOWHERE)) == []


def own_messages(world: World, index: int, height: int) -> list[object]:
    """What validator `index` itself said of a height."""
    name = world.nodes[index].name
    return [
        message.message
        for sender, _, message in world.sent
        if sender == name
        and isinstance(message, ConsensusMessage)
        and message.message.height == height
        and sender_of(message.message) == index
    ]


def test_bug_06_a_node_whose_own_vote_is_in_the_last_block_signs_nothing_for_it_again() -> None:
    """CometBFT PR 5668: a validator restarted from an old database and signed the height of its
    last vote once more."""
    world = at_rest()
    old = world.nodes[3].store.dump()
    assert goes_on(world)
    height = world.nodes[3].head.height
    certificate = world.nodes[0].head.certificate
    assert certificate is not None
    world.stop(3)
    world.nodes[3].store.load(old)
    assert own_messages(world, 3, height)
    world.sent.clear()
    world.lose = lambda *_: True
    world.start(3)
    world.run(15_000)
    assert world.heights() == [height] * 3 + [height - 1]
    assert own_messages(world, 3, height) == []
    world.lose = lambda *_: False
    world.stop(2)
    assert goes_on(world), "its vote is needed above that height, and given"


# ---------------------------------------------------------------------- 7: a broken proposer


def break_application(node: Node) -> None:
    """Let a node compute another state than all others, and believe it."""
    ledger = node.replica._ledger
    execute = ledger.execute_block

    def execute_wrongly(*args: Any, **options: Any) -> ExecutedBlock:
        executed = execute(*args, **options)
        header = replace(executed.header, state_root=NOWHERE)
        block = replace(executed.block, header=header)
        return dataclasses.replace(executed, block=block, hash=compute_block_hash(header))

    ledger.execute_block = execute_wrongly  # type: ignore[method-assign]


def test_bug_07_a_proposer_with_a_broken_application_halts_alone() -> None:
    """CometBFT issue 5204: a proposer did not check its own block, and one whose application
    disagreed with the others' stalled the whole network."""
    world = at_rest()
    height = world.nodes[0].head.next_height
    broken = compute_proposer(world.genesis.validators, height, Round(0))
    break_application(world.nodes[broken])
    refused = watch_for(world, ProposalRefused)
    transaction = world.transaction(0, TWIN)
    world.submit(broken, transaction)
    with pytest.raises(Corruption, match=r"^VT-3028"):
        world.run(20_000)
    others = {node.name for node in world.nodes if node.index != broken}
    assert {name for name, effect in refused} >= others
    world.stop(broken)
    assert world.run(5_000, lambda: committed_everywhere(world, transaction.id))
    assert len({node.head.state_root for node in world.nodes if node.is_up}) == 1
    assert goes_on(world)


def test_bug_07_a_proposer_offers_what_was_prepared_before_and_nothing_new() -> None:
    """Besu PR 7875: a block prepared in an older round was proposed again in a form that nobody
    could validate, its proposer included, and round followed round without a block."""
    bench = Bench(2).start()
    bench.propose(V)
    bench.votes("prevote", V.id, 0, 1, 3)
    assert bench.state.locked_value_id == V.id
    bench.fire("precommit")
    assert bench.of(BuildPayload) == []
    (proposal,) = [message for message in bench.said() if isinstance(message, Proposal)]
    assert (proposal.value, proposal.valid_round) == (V, 0)


def test_bug_07_a_block_prepared_in_an_older_round_unlocks_nobody() -> None:
    """Besu PR 7875, the other side of the rule: of two prepared blocks the newer one counts."""
    bench = Bench(0).start()
    bench.votes("prevote", V.id, 1, 2, 3)
    bench.fire("precommit")
    bench.propose(W, round_=1)
    bench.votes("prevote", W.id, 1, 2, 3, round_=1)
    assert (bench.state.locked_value_id, bench.state.locked_round) == (W.id, 1)
    bench.fire("precommit", 1)
    bench.propose(V, round_=2, valid_round=0)
    assert bench.voted() == [("prevote", None)]
