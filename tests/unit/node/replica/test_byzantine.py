"""What one dishonest member can try, against whole replicas: nobody stops, nothing false counts."""

from collections.abc import Callable
from functools import partial

import pytest
from msgspec.structs import replace

from chain.certificate import CommitSignature, QuorumCertificate
from chain.codec import encode
from chain.operations import Telemetry, TwinReadings
from chain.scalars import HEIGHT_MAX, Hash, Height, Round, Signature
from chain.transaction import SignedTransaction, decode_transaction
from chain.transaction import Transaction as Signed
from chain.validators import compute_proposer
from consensus.bft.checks import hash_of
from consensus.bft.messages import Proposal, Vote
from consensus.bft.repair import RoundSummary
from consensus.bft.state import Step
from consensus.events import Event
from consensus.value import Value
from node.replica.effects import Effect
from node.replica.gossip import QUESTIONS_PER_TICK_MAX
from node.replica.head import Head
from node.replica.messages import (
    AnyPeerMessage,
    Blocks,
    BlocksRequest,
    ConsensusMessage,
    DecidedBlock,
    Have,
    Status,
    Transactions,
    Want,
)
from node.replica.payload import Payload, from_value
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import World, key_of, make_genesis
from tests.unit.node.replica.test_replica import committed_everywhere, telemetry

NOWHERE = Hash(bytes(32))
NOTHING = RoundSummary(Height(1), Round(0), Step.WAIT, b"\0", b"\0", False)


def status(height: int) -> Status:
    return Status(Height(height), NOWHERE, NOTHING, ())


def blocks_of(world: World, index: int, first: int, count: int) -> list[DecidedBlock]:
    """Real blocks, as node `index` gives them."""
    replica = world.nodes[index].replica
    request = BlocksRequest(Height(first), count)
    return list(replica._catchup.answer(request, world.nodes[index].head).blocks)


def world_with_history(
    liar: Callable[[World], Callable[[AnyPeerMessage], AnyPeerMessage]],
) -> World:
    """Node 3 slept through some blocks; node 2 claims a lot, is heard first and lies as told."""
    world = World(make_genesis())
    world.run(1_000)
    world.stop(3)
    for number in range(12):
        world.submit(0, world.transaction(0, TWIN, salt=number))
        world.run(1_500)
    answer = liar(world)
    asked: list[AnyPeerMessage] = []

    def lie(peer: str, message: AnyPeerMessage) -> list[AnyPeerMessage]:
        if isinstance(message, BlocksRequest):
            asked.append(message)
            return [answer(message)]
        return [status(HEIGHT_MAX)] if isinstance(message, Status) else []

    world.replace(2, lie)
    world.lose = lambda sender, receiver, message: receiver == "node3"
    world.start(3)
    world.run(700)
    world.lose = lambda *_: False
    assert asked
    assert not has_caught_up(world)
    return world


def has_caught_up(world: World) -> bool:
    return world.heights()[3] >= world.heights()[0] >= 8


def test_a_peer_that_gives_nothing_holds_nobody_back() -> None:
    world = world_with_history(lambda world: lambda message: Blocks(Height(HEIGHT_MAX), ()))
    assert world.run(5_000, lambda: has_caught_up(world))


def test_a_peer_that_gives_old_blocks_again_and_again_holds_nobody_back() -> None:
    def old(world: World) -> Callable[[AnyPeerMessage], AnyPeerMessage]:
        block = blocks_of(world, 0, 1, 1)
        return lambda message: Blocks(Height(HEIGHT_MAX), tuple(block))

    world = world_with_history(old)
    assert world.run(10_000, lambda: has_caught_up(world))


def test_blocks_in_the_wrong_order_are_not_looked_at() -> None:
    def backwards(world: World) -> Callable[[AnyPeerMessage], AnyPeerMessage]:
        blocks = blocks_of(world, 0, 1, 12)
        return lambda message: Blocks(Height(12), tuple(reversed(blocks)))

    world = world_with_history(backwards)
    assert world.run(10_000, lambda: has_caught_up(world))
    faults = {str(done.error) for done in world.nodes[3].disconnected}
    assert faults == {
        f"VT-3033: node2 contradicts itself: it was at height {HEIGHT_MAX} and now says 12."
    }, "not for its blocks"


def test_a_peer_that_never_answers_costs_one_time_out_in_a_while() -> None:
    world = world_with_history(lambda world: lambda message: Want(()))
    assert world.run(5_000, lambda: has_caught_up(world))


def forge_certificate(block: DecidedBlock) -> DecidedBlock:
    first, *others = block.certificate.signatures
    wrong = replace(first, signature=Signature(bytes(64)))
    return replace(block, certificate=replace(block.certificate, signatures=(wrong, *others)))


def thin_certificate(block: DecidedBlock) -> DecidedBlock:
    signatures = block.certificate.signatures[:2]
    return replace(block, certificate=replace(block.certificate, signatures=signatures))


def double_certificate(block: DecidedBlock) -> DecidedBlock:
    one = block.certificate.signatures[0]
    return replace(block, certificate=replace(block.certificate, signatures=(one, one, one)))


def other_certificate(block: DecidedBlock) -> DecidedBlock:
    return replace(block, certificate=replace(block.certificate, block=NOWHERE))


def other_state(block: DecidedBlock) -> DecidedBlock:
    header = replace(block.block.header, state_root=NOWHERE)
    return replace(block, block=replace(block.block, header=header))


def no_transactions(block: DecidedBlock) -> DecidedBlock:
    return replace(block, block=replace(block.block, transactions=()))


def junk_transactions(block: DecidedBlock) -> DecidedBlock:
    return replace(block, block=replace(block.block, transactions=(b"junk",)))


def forge_transaction(block: DecidedBlock) -> DecidedBlock:
    first, *others = block.block.transactions
    forged = first[:-1] + bytes([first[-1] ^ 1])
    return replace(block, block=replace(block.block, transactions=(forged, *others)))


def no_previous_certificate(block: DecidedBlock) -> DecidedBlock:
    return replace(block, block=replace(block.block, previous_certificate=None))


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (forge_certificate, "the signature of node0 does not fit"),
        (thin_certificate, "weight 2 signed, 3 is needed"),
        (double_certificate, "is repeated or out of order"),
        (other_certificate, "its certificate is for another block"),
        (other_state, "its certificate is for another block"),
        (no_transactions, "its transactions are not the block's"),
        (junk_transactions, "do not decode as SignedTransaction"),
        (forge_transaction, "does not verify under sender key"),
        (no_previous_certificate, "the certificate is not the one its header names"),
    ],
)
def test_a_forged_block_costs_its_sender_the_connection(
    forge: Callable[[DecidedBlock], DecidedBlock], reason: str
) -> None:
    def forger(world: World) -> Callable[[AnyPeerMessage], AnyPeerMessage]:
        def answer(message: AnyPeerMessage) -> AnyPeerMessage:
            assert isinstance(message, BlocksRequest)
            real = blocks_of(world, 0, message.first, 1)
            return Blocks(Height(HEIGHT_MAX), tuple(forge(block) for block in real))

        return answer

    world = world_with_history(forger)
    assert world.run(20_000, lambda: has_caught_up(world))
    faults = [d for d in world.nodes[3].disconnected if d.peer == "node2"]
    assert faults
    assert {d.error.code for d in faults} == {"VT-3032"}
    assert any(reason in d.error.why for d in faults), [d.error.why for d in faults]
    assert world.nodes[3].head.state_root == world.nodes[0].head.state_root


def test_blocks_that_nobody_asked_for_are_not_executed() -> None:
    world = world_with_history(lambda world: lambda message: Blocks(Height(0), ()))
    world.lose = lambda sender, receiver, message: sender in ("node0", "node1")
    at = world.heights()[3]
    world.say(2, 3, Blocks(Height(12), tuple(blocks_of(world, 0, at + 1, 4))))
    assert world.heights()[3] == at


def test_a_claim_of_a_great_height_and_of_a_lesser_one_later_changes_nothing() -> None:
    world = World(make_genesis())
    world.run(1_000)
    world.replace(3, lambda peer, message: [])
    for height in (HEIGHT_MAX, 5, 0, HEIGHT_MAX, 1):
        for honest in range(3):
            world.say(3, honest, status(height))
        transaction = world.transaction(0, TWIN, salt=height % 1000)
        world.submit(0, transaction)
        assert world.run(5_000, partial(committed_everywhere, world, transaction.id))


def test_a_flood_of_questions_is_answered_within_bounds() -> None:
    world = World(make_genesis())
    world.run(1_000)
    transaction = world.transaction(0, TWIN)
    world.lose = lambda *_: True
    world.replace(3, lambda peer, message: [])
    world.submit(0, transaction)
    world.sent.clear()
    for _ in range(200):
        world.say(3, 0, Want((transaction.id,) * 4096))
        world.say(3, 0, BlocksRequest(Height(1), 64))
        world.say(3, 0, status(1))
    answers = [message for _, peer, message in world.sent if peer == "node3"]
    assert 0 < len(answers) <= 3 * QUESTIONS_PER_TICK_MAX
    given = [message for message in answers if isinstance(message, Transactions)]
    assert given
    assert all(len(message.transactions) == 1 for message in given)
    world.run(1_000)
    world.sent.clear()
    world.say(3, 0, Want((transaction.id,)))
    assert len(world.sent) == 1, "the next tick forgives"


def test_what_a_peer_has_and_nobody_needs_is_not_asked_for() -> None:
    world = World(make_genesis())
    world.run(1_000)
    transaction = world.transaction(0, TWIN)
    world.submit(0, transaction)
    assert world.run(1_000, lambda: committed_everywhere(world, transaction.id))
    world.sent.clear()
    world.say(1, 0, Have((transaction.id,)))
    assert world.sent == []
    world.say(1, 0, Have((NOWHERE,)))
    assert [(to, message) for _, to, message in world.sent] == [("node1", Want((NOWHERE,)))]


def test_a_transaction_with_a_bad_signature_costs_the_peer_the_connection() -> None:
    world = World(make_genesis())
    world.run(1_000)
    raw = world.transaction(0, TWIN).raw
    world.say(1, 0, Transactions(world.nodes[1].name, (raw[:-1] + b"\0",)))
    assert [(d.peer, d.error.code) for d in world.nodes[0].disconnected] == [("node1", "VT-3031")]
    assert len(world.nodes[0].replica._mempool) == 0


def test_an_expired_transaction_from_a_peer_is_no_fault() -> None:
    world = World(make_genesis())
    world.run(10_000)
    assert world.heights()[0] > 1
    late = world.transaction(0, TWIN, expiry=1)
    good = world.transaction(0, TWIN)
    world.say(1, 0, Transactions(world.nodes[1].name, (late.raw, good.raw)))
    assert world.nodes[0].disconnected == []
    assert not world.nodes[0].replica.is_waiting(late.id)
    assert world.nodes[0].replica.is_waiting(good.id)


def far_vote(world: World, round_: int, signature: bytes) -> Vote:
    height = world.nodes[0].head.next_height
    return Vote("prevote", height, Round(round_), None, 0, 2, Signature(signature))  # type: ignore[arg-type]


def test_a_forged_vote_is_not_passed_on_even_when_it_is_of_no_use_here() -> None:
    world = World(make_genesis([1] * 5), links=lambda a, b: abs(a - b) in (1, 4))
    world.run(1_000)
    world.sent.clear()
    # Of a round so far away that the engine does not look at it.
    world.say(1, 0, ConsensusMessage(far_vote(world, 200_000, bytes(64))))
    assert [(d.peer, d.error.code) for d in world.nodes[0].disconnected] == [("node1", "VT-3026")]
    passed_on = [m for _, _, m in world.sent if isinstance(m, ConsensusMessage)]
    assert passed_on == []


def test_the_same_vote_over_and_over_is_passed_on_once() -> None:
    world = World(make_genesis([1] * 5), links=lambda a, b: abs(a - b) in (1, 4))
    world.run(1_000)
    world.sent.clear()
    unsigned = far_vote(world, 1, bytes(64))
    vote = replace(unsigned, signature=key_of("vote2").sign(hash_of(unsigned, world.genesis_hash)))
    for _ in range(5):
        world.say(1, 0, ConsensusMessage(vote))
    passed_on = [to for _, to, message in world.sent if message == ConsensusMessage(vote)]
    assert passed_on == ["node4"]


def test_a_vote_that_comes_again_is_heard_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(make_genesis())
    world.run(1_000)
    ordering = world.nodes[0].replica._ordering
    heard: list[object] = []

    def hear(event: Event, head: Head) -> list[Effect]:
        heard.append(event)
        return []

    monkeypatch.setattr(ordering, "handle", hear)
    unsigned = far_vote(world, 1, bytes(64))
    vote = replace(unsigned, signature=key_of("vote2").sign(hash_of(unsigned, world.genesis_hash)))
    for _ in range(3):
        world.say(2, 0, ConsensusMessage(vote))
    assert len(heard) == 3


class Betrayal:
    """The proposer shows two members a block and its vote, tells the third a lie, and is gone."""

    def __init__(self, lie: Callable[[Payload, World], Payload], transactions: int = 2) -> None:
        world = self.world = World(make_genesis())
        world.run(1_000)
        self.height = world.nodes[0].head.next_height
        self.traitor = compute_proposer(world.genesis.validators, self.height, Round(0))
        first, second, third = (index for index in range(4) if index != self.traitor)
        said: list[Proposal | Vote] = []

        def hold_back(sender: str, receiver: str, message: AnyPeerMessage) -> bool:
            is_secret = sender == world.nodes[self.traitor].name
            if is_secret and isinstance(message, ConsensusMessage):
                said.append(message.message)
            return is_secret and isinstance(message, ConsensusMessage)

        world.lose = hold_back
        self.transactions = [world.transaction(0, TWIN, salt=n) for n in range(transactions)]
        both = Transactions(world.nodes[first].name, tuple(t.raw for t in self.transactions))
        for index in (self.traitor, second, third):
            world.say(first, index, both)
        world.run(40)
        world.replace(self.traitor, lambda peer, message: [])
        proposal = next(message for message in said if isinstance(message, Proposal))
        prevote = next(m for m in said if isinstance(m, Vote) and m.kind == "prevote")
        self.value = proposal.value
        false = self._forge(proposal, lie)
        for member in (first, second):
            world.say(self.traitor, member, ConsensusMessage(proposal))
            world.say(self.traitor, member, ConsensusMessage(prevote))
        world.say(self.traitor, third, ConsensusMessage(false))

    def _forge(self, proposal: Proposal, lie: Callable[[Payload, World], Payload]) -> Proposal:
        payload = lie(from_value(proposal.value, self.world.genesis.limits), self.world)
        value = Value(proposal.value.id, encode(payload), proposal.value.time_ms)
        assert value != proposal.value
        unsigned = replace(proposal, value=value)
        key = key_of(f"vote{self.traitor}")
        return replace(unsigned, signature=key.sign(hash_of(unsigned, self.world.genesis_hash)))


def drop_one(payload: Payload, world: World) -> Payload:
    return replace(payload, transactions=payload.transactions[1:])


def turn_round(payload: Payload, world: World) -> Payload:
    return replace(payload, transactions=payload.transactions[::-1])


def name_twice(payload: Payload, world: World) -> Payload:
    return replace(payload, transactions=payload.transactions[:1] * 2)


def other_header(payload: Payload, world: World) -> Payload:
    return replace(payload, header=replace(payload.header, state_root=NOWHERE))


def other_previous(payload: Payload, world: World) -> Payload:
    certificate = payload.previous_certificate
    assert certificate is not None
    thin = replace(certificate, signatures=certificate.signatures[:1])
    return replace(payload, previous_certificate=thin)


def not_existing(payload: Payload, world: World) -> Payload:
    return replace(payload, transactions=(payload.transactions[0], NOWHERE))


@pytest.mark.parametrize("lie", [drop_one, turn_round, name_twice, other_header, other_previous])
def test_a_false_payload_under_a_good_name_does_not_spoil_the_block(
    lie: Callable[[Payload, World], Payload],
) -> None:
    betrayal = Betrayal(lie)
    world = betrayal.world
    assert betrayal.height not in world.heights()
    assert world.run(
        30_000, lambda: all(committed_everywhere(world, t.id) for t in betrayal.transactions)
    )
    decided = {
        blocks_of(world, node.index, betrayal.height, 1)[0].certificate.block
        for node in world.nodes
        if node.is_up
    }
    assert decided == {betrayal.value.id}, "two were locked on it, so no other could be decided"


def test_a_false_payload_that_names_what_does_not_exist_does_not_spoil_the_block() -> None:
    betrayal = Betrayal(not_existing)
    world = betrayal.world
    assert world.run(
        60_000, lambda: all(committed_everywhere(world, t.id) for t in betrayal.transactions)
    )


def test_a_proposal_of_transactions_that_do_not_exist_costs_one_round() -> None:
    world = World(make_genesis())
    world.run(1_000)
    height = world.nodes[0].head.next_height
    traitor = compute_proposer(world.genesis.validators, height, Round(0))
    honest = next(index for index in range(4) if index != traitor)

    def empty_handed(sender: str, receiver: str, message: AnyPeerMessage) -> bool:
        return isinstance(message, Transactions)

    world.stop(honest)
    world.lose = empty_handed
    secret = world.transaction(0, TWIN, salt=99)
    world.submit(traitor, secret)
    world.run(20)
    world.stop(traitor)  # The only one that knows the transaction.
    world.start(honest)
    world.lose = lambda *_: False
    transaction = world.transaction(0, TWIN)
    world.submit(honest, transaction)
    assert world.run(20_000, lambda: committed_everywhere(world, transaction.id))
    assert not committed_everywhere(world, secret.id)


def test_one_transaction_grouped_in_two_ways_is_refused_the_second_way() -> None:
    world = World(make_genesis())
    world.run(1_000)
    one = telemetry(1).batches[0]
    readings = (*one.readings, *telemetry(2).batches[0].readings)
    signed = world.transaction(0, Telemetry((TwinReadings(one.twin, readings),)))
    split = Telemetry(tuple(TwinReadings(one.twin, (reading,)) for reading in readings))
    body = replace(signed.body, operation=split)
    longer = encode(SignedTransaction(encode(body), signed.signature))
    twin: Signed = decode_transaction(longer)
    assert (twin.id, len(longer) > signed.size_bytes) == (signed.id, True)
    world.say(1, 0, Transactions(world.nodes[1].name, (longer,)))
    assert [d.error.code for d in world.nodes[0].disconnected] == ["VT-3031"]
    world.submit(2, signed)
    assert world.run(1_000, lambda: committed_everywhere(world, signed.id))


def test_a_certificate_of_strangers_is_no_certificate() -> None:
    world = World(make_genesis())
    world.run(8_000)
    world.stop(3)
    world.run(8_000)
    real = blocks_of(world, 0, world.heights()[3] + 1, 1)[0]
    strangers = tuple(
        CommitSignature(index, commit.time_ms, key_of(f"stranger{index}").sign(bytes(32)))
        for index, commit in enumerate(real.certificate.signatures)
    )
    certificate: QuorumCertificate = replace(real.certificate, signatures=strangers)
    world.lose = lambda sender, receiver, message: sender != "node3"
    world.start(3)
    at = world.heights()[3]
    world.say(2, 3, status(99))
    world.run(1_100)
    request = world.nodes[3].replica._catchup._requests._request
    assert request is not None
    forged = Blocks(Height(99), (replace(real, certificate=certificate),))
    world.say(int(request.peer[-1]), 3, forged)
    assert world.heights()[3] == at
    assert [d.error.code for d in world.nodes[3].disconnected] == ["VT-3032"]
