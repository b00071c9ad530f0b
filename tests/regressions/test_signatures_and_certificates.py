"""What is signed, what is hashed, and which signatures count."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from msgspec import Struct
from msgspec.structs import replace

from chain.block import compute_block_hash, compute_block_time, hash_previous_certificate
from chain.certificate import (
    CommitSignature,
    compute_certificate_hash,
    compute_median_time,
    precommit_hash,
)
from chain.codec import decode, encode
from chain.errors import InvalidInput
from chain.genesis import compute_genesis_hash
from chain.hashing import hash_tagged
from chain.operations import Telemetry
from chain.receipt import compute_receipts_root
from chain.scalars import HEIGHT_MAX, Hash, Height, Round, Signature
from chain.transaction import compute_id
from chain.validators import compute_validators_root
from consensus.bft.checks import hash_of
from consensus.bft.messages import Proposal, Vote
from consensus.value import Value
from node.replica.effects import Commit, ProposalRefused
from node.replica.messages import AnyPeerMessage, Blocks, ConsensusMessage
from node.replica.payload import Payload
from tests.regressions.support import (
    NOWHERE,
    YEAR_2100_MS,
    DishonestProposer,
    at_rest,
    goes_on,
    hand_out,
    sign_as,
    start_hungry,
    watch_for,
)
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import World, key_of
from tests.unit.node.replica.test_byzantine import blocks_of
from tests.vectors.sample import make_chain

# ---------------------------------------------------------------------- 2: block time


def with_certificate(payload: Payload, *signatures: CommitSignature) -> Payload:
    """Put other signatures under the block before, and leave everything else in order."""
    assert payload.previous_certificate is not None
    certificate = replace(payload.previous_certificate, signatures=signatures)
    header = replace(payload.header, previous_certificate=hash_previous_certificate(certificate))
    return replace(payload, header=header, previous_certificate=certificate)


def three_of(payload: Payload) -> tuple[CommitSignature, ...]:
    """A quorum of the block before, so that what is added is not needed."""
    assert payload.previous_certificate is not None
    return payload.previous_certificate.signatures[:3]


def add_stranger(payload: Payload, world: World) -> Payload:
    stranger = CommitSignature(4, YEAR_2100_MS, Signature(bytes(64)))
    return with_certificate(payload, *three_of(payload), stranger)


def add_nil_vote(payload: Payload, world: World) -> Payload:
    certificate = payload.previous_certificate
    assert certificate is not None
    nil = precommit_hash(
        world.genesis_hash, certificate.height, certificate.round, None, YEAR_2100_MS
    )
    three = three_of(payload)
    (index,) = {0, 1, 2, 3} - {commit.validator for commit in three}
    vote = CommitSignature(index, YEAR_2100_MS, key_of(f"vote{index}").sign(nil))
    return with_certificate(payload, *sorted([*three, vote], key=lambda commit: commit.validator))


def add_nothing(payload: Payload, world: World) -> Payload:
    return with_certificate(payload, *three_of(payload))


def repeat_latest(payload: Payload, world: World) -> Payload:
    first, second, third = three_of(payload)
    return with_certificate(payload, first, second, third, third, third, third)


def bend_time(payload: Payload, world: World) -> Payload:
    """Say the time that follows from the certificate, or one of the year 2100."""
    head = world.nodes[0].head
    try:
        time_ms = compute_block_time(head.time_ms, payload.previous_certificate, head.validators)
    except InvalidInput:
        time_ms = YEAR_2100_MS
    return replace(payload, header=replace(payload.header, time_ms=time_ms))


def say_2100(payload: Payload, world: World) -> Payload:
    return replace(payload, header=replace(payload.header, time_ms=YEAR_2100_MS))


@pytest.mark.parametrize(
    ("lie", "bend", "reason"),
    [
        (add_stranger, bend_time, "validator 4 does not exist"),
        (add_stranger, say_2100, "validator 4 does not exist"),
        (add_nil_vote, bend_time, " does not fit"),
        (repeat_latest, bend_time, " is repeated or out of order"),
        (add_nothing, say_2100, "its time is not "),
    ],
)
def test_bug_02_a_signature_that_does_not_decide_cannot_bend_block_time(
    lie: Callable[[Payload, World], Payload],
    bend: Callable[[Payload, World], Payload],
    reason: str,
) -> None:
    """CometBFT GHSA-c32p-wcqj-j677: the tally and the time looked validators up in two ways, and
    a signature that only one of them counted let a proposer choose the time."""
    world = at_rest()
    liar = DishonestProposer(world, world.transaction(0, TWIN))
    refused = watch_for(world, ProposalRefused)
    liar.tell(bend(lie(liar.payload, world), world))
    names = [world.nodes[index].name for index in liar.honest]
    assert [name for name, _ in refused] == names
    assert all(reason in effect.error.why for _, effect in refused), refused[0][1].error.why
    commits = watch_for(world, Commit)
    assert goes_on(world)
    assert all(commit.header.time_ms <= world.now_ms for _, commit in commits)


@pytest.mark.parametrize("is_nil", [True, False])
def test_bug_02_nil_votes_cannot_bend_block_time(is_nil: bool) -> None:
    """CometBFT PR 5901: precommits for nil still counted in the median, so a member that voted
    for nothing moved the clock of the chain."""
    world = at_rest()
    height = world.nodes[0].head.next_height
    said: list[Vote] = []

    def vote_from_2100(peer: str, message: AnyPeerMessage) -> list[AnyPeerMessage]:
        if not isinstance(message, ConsensusMessage) or not isinstance(message.message, Proposal):
            return []
        block = None if is_nil else message.message.value.id
        vote = Vote("precommit", height, Round(0), block, YEAR_2100_MS, 3, Signature(bytes(64)))
        said.append(sign_as(world, 3, vote))
        return [ConsensusMessage(said[-1])]

    world.replace(3, vote_from_2100)
    commits = watch_for(world, Commit)
    assert goes_on(world)
    assert goes_on(world)
    assert said, "it was not its turn to propose"
    for _, commit in commits:
        signers = [one.validator for one in commit.certificate.signatures]
        assert not is_nil or commit.height != height or signers == [0, 1, 2]
        assert commit.header.time_ms <= world.now_ms
        median_ms = compute_median_time(commit.certificate, commit.head.last_validators)
        assert median_ms <= world.now_ms


# ---------------------------------------------------------------------- 11: every field counts


def variants(value: object) -> Iterator[tuple[str, object]]:
    """Give copies of a value with one thing changed in each, and where."""
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            for place, other in variants(getattr(value, name)):
                yield f".{name}{place}", replace(value, **{name: other})
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            for place, other in variants(item):
                yield f"[{index}]{place}", (*value[:index], other, *value[index + 1 :])
        if value:
            yield "[dropped]", value[:-1]
            yield "[twice]", (*value, value[-1])
        if len(value) > 1 and value[0] != value[1]:
            yield "[swapped]", (value[1], value[0], *value[2:])
    else:
        yield "", change_scalar(value)


def change_scalar(value: object) -> object:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case bytes():
            return value[:-1] + bytes([value[-1] ^ 1]) if value else b"\0"
        case str():
            # A digit, for a unit has no small letters.
            return {"bft": "raft", "precommit": "prevote"}.get(value, value + "1")
        case None:
            return NOWHERE
        case _:
            raise AssertionError(f"no way to change {type(value).__name__}")


CHAIN = make_chain()
SECOND = CHAIN.blocks[1]
VALUE = Value(compute_block_hash(SECOND.block.header), b"payload", SECOND.block.header.time_ms)
VOTE = Vote("precommit", Height(2), Round(1), VALUE.id, VALUE.time_ms, 1, Signature(bytes(64)))
PROPOSAL = Proposal(Height(2), Round(3), VALUE, Round(1), 1, Signature(bytes(64)))
UNSIGNED = frozenset({".validator", ".proposer", ".signature"})
"""Who signs is known by the key that fits; a signature does not sign itself."""


def signed_variants(message: Vote | Proposal) -> list[tuple[str, object]]:
    return [(place, other) for place, other in variants(message) if place not in UNSIGNED]


class Hashed(NamedTuple):
    """Something that is hashed, how, and the same with one thing changed in each."""

    function: Callable[[Any], Hash]
    thing: object
    changed: list[tuple[str, object]]


def signed_hash(message: Vote | Proposal) -> Hash:
    return hash_of(message, CHAIN.genesis_hash)


def hashed_things() -> dict[str, Hashed]:
    things: dict[str, tuple[Callable[[Any], Hash], object]] = {
        "validators": (compute_validators_root, CHAIN.genesis.validators),
        "genesis": (compute_genesis_hash, CHAIN.genesis),
        "header": (compute_block_hash, SECOND.block.header),
        "certificate": (compute_certificate_hash, SECOND.certificate),
        "receipts": (compute_receipts_root, SECOND.receipts),
    }
    for transaction in CHAIN.transactions:
        operation = transaction.body.operation
        if not isinstance(operation, Telemetry):
            things[type(operation).__name__] = (compute_id, transaction.body)
    found = {
        name: Hashed(function, thing, list(variants(thing)))
        for name, (function, thing) in things.items()
    }
    for message in (VOTE, PROPOSAL):
        name = type(message).__name__
        found[name] = Hashed(signed_hash, message, signed_variants(message))
    return found


@pytest.mark.parametrize("name", hashed_things())
def test_bug_11_any_changed_field_changes_the_hash(name: str) -> None:
    """CometBFT PR 5613: each validator's priority was written over the one before in the buffer
    that was hashed, so all but the last could change and the hash stayed."""
    function, thing, changed = hashed_things()[name]
    hashes = {"": function(thing)} | {place: function(other) for place, other in changed}
    assert len(changed) > 2
    assert len(set(hashes.values())) == len(hashes)


def test_bug_11_any_changed_reading_changes_the_transaction() -> None:
    """CometBFT PR 5613, for the one thing here that is hashed in parts of its own."""
    body = next(t.body for t in CHAIN.transactions if isinstance(t.body.operation, Telemetry))
    assert isinstance(body.operation, Telemetry)
    others = [replace(body, operation=other) for _, other in variants(body.operation)]
    ids = {compute_id(other) for other in others}
    assert len(ids | {compute_id(body)}) == len(others) + 1


# ---------------------------------------------------------------------- 12: boundaries


def test_bug_12_moving_the_boundary_between_two_parts_changes_the_hash() -> None:
    """Fabric CVE-2023-46132: transactions were joined without their lengths before hashing, so
    two blocks with other transactions had one hash, and nodes forked."""
    whole = b"".join(t.raw for t in CHAIN.transactions[:2])
    cuts = [whole[:at] for at in range(len(whole) + 1)]
    hashes = {hash_tagged("data", cut, whole[len(cut) :]) for cut in cuts}
    assert len(hashes | {hash_tagged("data", whole)}) == len(cuts) + 1


def move_boundary(raw: tuple[bytes, ...]) -> tuple[bytes, ...]:
    first, second, *others = raw
    return (first + second[:1], second[1:], *others)


def join_two(raw: tuple[bytes, ...]) -> tuple[bytes, ...]:
    first, second, *others = raw
    return (first + second, *others)


def split_one(raw: tuple[bytes, ...]) -> tuple[bytes, ...]:
    first, *others = raw
    return (first[:50], first[50:], *others)


def swap_two(raw: tuple[bytes, ...]) -> tuple[bytes, ...]:
    first, second, *others = raw
    return (second, first, *others)


def add_empty(raw: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return (*raw, b"")


def leave_last(raw: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return raw[:-1]


@pytest.mark.parametrize(
    "change", [move_boundary, join_two, split_one, swap_two, add_empty, leave_last]
)
def test_bug_12_a_block_whose_transactions_are_cut_elsewhere_is_refused(
    change: Callable[[tuple[bytes, ...]], tuple[bytes, ...]],
) -> None:
    """Fabric CVE-2023-46132: a peer that served such a block made its receiver compute another
    state under the same, well-signed header."""
    world = at_rest()
    world.stop(3)
    hand_out(world, *(world.transaction(0, TWIN, salt=salt) for salt in (1, 2)))
    world.run(1_000)
    peer = start_hungry(world, 3)
    (block,) = blocks_of(world, 0, world.heights()[3] + 1, 1)
    assert len(block.block.transactions) == 2
    cut = replace(block.block, transactions=change(block.block.transactions))
    world.say(peer, 3, Blocks(Height(HEIGHT_MAX), (replace(block, block=cut),)))
    assert [d.error.code for d in world.nodes[3].disconnected] == ["VT-3032"]
    assert world.heights()[3] < block.block.header.height
    world.lose = lambda *_: False
    assert goes_on(world)


@pytest.mark.parametrize(
    "spelling",
    [b"\xcd\x00\x07", b"\xce\x00\x00\x00\x07", b"\xd0\x07", b"\xcb@\x1c\x00\x00\x00\x00\x00\x00"],
    ids=["16 bits", "32 bits", "signed", "float"],
)
def test_bug_12_one_value_has_one_spelling(spelling: bytes) -> None:
    """Fabric CVE-2023-46132, the other half: what decodes must encode to itself, or two files
    stand for one block."""
    receipt = replace(SECOND.receipts[0], index=7)
    data = encode(receipt)
    assert decode(data, type(receipt), 1 << 20) == receipt
    assert data.endswith(b"\x07")
    with pytest.raises(InvalidInput, match=r"^VT-100[12]"):
        decode(data[:-1] + spelling, type(receipt), 1 << 20)
