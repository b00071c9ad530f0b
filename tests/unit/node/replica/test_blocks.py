"""Giving committed blocks to peers, and checking those that peers give."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from chain.certificate import QuorumCertificate
from chain.errors import Corruption, PeerFault
from chain.genesis import Limits
from chain.keys import verify
from chain.scalars import Hash, Height, NodeName
from node.replica import keys
from node.replica.admission import Admission
from node.replica.blocks import BlockServer, execute_decided
from node.replica.head import Head
from node.replica.messages import (
    BLOCKS_BYTES_TARGET,
    BLOCKS_PER_MESSAGE_MAX,
    Blocks,
    BlocksRequest,
    DecidedBlock,
    Transactions,
    encode_frame,
    frame_size_bytes_max,
)
from node.replica.ports import Column, MemoryStore
from node.replica.transition import ExecutedBlock
from tests.unit.node.chain_builder import ChainBuilder, build_demo

NOWHERE = Hash(bytes(32))
PEER = NodeName("peer")


@pytest.fixture(scope="module")
def chain() -> ChainBuilder:
    return build_demo()


def ask(chain: ChainBuilder, first: int, count: int = BLOCKS_PER_MESSAGE_MAX) -> list[int]:
    server = BlockServer(chain.store, chain.genesis.limits)
    answer = server.answer(BlocksRequest(Height(first), count), chain.head)
    assert answer.height == chain.head.height
    return [decided.block.header.height for decided in answer.blocks]


def test_blocks_are_given_in_order_from_the_one_asked_for(chain: ChainBuilder) -> None:
    assert ask(chain, 3) == [3, 4, 5, 6, 7]
    assert ask(chain, 3, 2) == [3, 4]


def test_there_is_no_block_before_the_first_or_after_the_head(chain: ChainBuilder) -> None:
    assert ask(chain, 0, 2) == [1]
    assert ask(chain, 8) == []
    assert ask(chain, 2**53 - 1) == []


def test_more_than_a_message_holds_is_not_given(chain: ChainBuilder) -> None:
    assert len(ask(chain, 1, 10**9)) == 7, "the wire refuses such a count; the server bounds it too"


def test_an_answer_stays_near_its_size_and_holds_one_block_at_least(
    chain: ChainBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(encode_frame(Blocks(Height(0), _decided(chain, 1, 2))))
    monkeypatch.setattr("node.replica.blocks.BLOCKS_BYTES_TARGET", 1)
    assert ask(chain, 1) == [1]
    monkeypatch.setattr("node.replica.blocks.BLOCKS_BYTES_TARGET", size)
    assert ask(chain, 1) == [1, 2]


def test_a_block_missing_on_the_disk_stops_the_node(chain: ChainBuilder) -> None:
    server = BlockServer(MemoryStore(), chain.genesis.limits)
    with pytest.raises(Corruption, match=r"^VT-3040: Block 1 or its certificate cannot be read\."):
        server.answer(BlocksRequest(Height(1), 1), chain.head)


@pytest.mark.parametrize("block_size", [1024, 4 << 20, 64 << 20])
def test_every_frame_that_a_correct_node_joins_fits_whatever_a_block_may_hold(
    block_size: int,
) -> None:
    limits = Limits(block_size_bytes_max=block_size, block_transactions_max=100_000)
    joined = Transactions(PEER, (bytes(BLOCKS_BYTES_TARGET // 4),) * 4)
    assert len(encode_frame(joined)) <= frame_size_bytes_max(limits)
    many = limits.block_transactions_max
    assert frame_size_bytes_max(limits) >= block_size + 5 * many + (128 << 10)


def _decided(chain: ChainBuilder, first: int, last: int) -> tuple[DecidedBlock, ...]:
    server = BlockServer(chain.store, chain.genesis.limits)
    request = BlocksRequest(Height(first), last - first + 1)
    return server.answer(request, chain.head).blocks


class Follower:
    """A second node that has the first block only."""

    def __init__(self) -> None:
        self.chain = ChainBuilder()
        self.leader = ChainBuilder()
        first = self.leader.register_turbine()
        self.leader.add_block(first)
        self.chain.add_block(first)
        self.leader.add_block(self.leader.power("1", "2"))
        genesis = self.chain.genesis
        self.admission = Admission(genesis, self.chain.genesis_hash, self.chain.store, verify)
        (self.decided,) = _decided(self.leader, 2, 2)

    def execute(self, decided: DecidedBlock) -> ExecutedBlock:
        return execute_decided(
            decided,
            PEER,
            self.head,
            self.chain.ledger,
            self.admission.decode,
            verify,
        )

    @property
    def head(self) -> Head:
        return self.chain.head


def test_a_decided_block_gives_the_same_result_here() -> None:
    follower = Follower()
    executed = follower.execute(follower.decided)
    assert executed.hash == follower.leader.head.block
    assert executed.block == follower.decided.block


def with_certificate(decided: DecidedBlock, **changes: object) -> DecidedBlock:
    certificate: QuorumCertificate = replace(decided.certificate, **changes)
    return replace(decided, certificate=certificate)


def with_header(decided: DecidedBlock, **changes: object) -> DecidedBlock:
    header = replace(decided.block.header, **changes)
    return replace(decided, block=replace(decided.block, header=header))


Forgery = Callable[[DecidedBlock], DecidedBlock]


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (lambda d: with_certificate(d, block=NOWHERE), "its certificate is for another block"),
        (lambda d: with_certificate(d, height=Height(3)), "its certificate is for another block"),
        (lambda d: with_header(d, state_root=NOWHERE), "its certificate is for another block"),
        (lambda d: with_certificate(d, round=1), "the signature of borne-energie-1 does not fit"),
        (
            lambda d: with_certificate(d, signatures=d.certificate.signatures[:2]),
            "weight 2 signed, 3 is needed",
        ),
        (
            lambda d: with_certificate(d, signatures=d.certificate.signatures[:1] * 3),
            "validator 0 is repeated or out of order",
        ),
        (lambda d: with_certificate(d, signatures=()), "weight 0 signed, 3 is needed"),
        (
            lambda d: replace(d, block=replace(d.block, previous_certificate=None)),
            "the certificate is not the one its header names",
        ),
        (
            lambda d: replace(d, block=replace(d.block, transactions=())),
            "its transactions are not the block's",
        ),
        (
            lambda d: replace(d, block=replace(d.block, transactions=d.block.transactions * 2)),
            "its transactions are not the block's",
        ),
        (
            lambda d: replace(d, block=replace(d.block, transactions=(b"\xc1",))),
            "The 1 bytes do not decode as SignedTransaction",
        ),
    ],
)
def test_a_block_that_no_quorum_decided_is_the_fault_of_its_sender(
    forge: Forgery, reason: str
) -> None:
    follower = Follower()
    with pytest.raises(PeerFault) as caught:
        follower.execute(forge(follower.decided))
    assert caught.value.code == "VT-3032"
    assert caught.value.why.startswith("The block from peer does not hold: ")
    assert reason in caught.value.why


def test_a_real_block_of_another_height_is_not_executed() -> None:
    follower = Follower()
    follower.leader.add_block()
    (later,) = _decided(follower.leader, 3, 3)
    with pytest.raises(PeerFault, match="its height is not 2"):
        follower.execute(later)


def test_another_result_than_the_quorum_stops_the_node() -> None:
    follower = Follower()
    key = next(iter(follower.chain.store.range(Column.STATE, b"twin", b"twio")))[0]
    wrong = follower.chain.power("7")
    damaged = follower.chain.ledger.execute_block(
        follower.head,
        0,
        (wrong,),
        follower.head.certificate,
    ).writes[key]
    assert damaged is not None
    follower.chain.damage({key: damaged})
    with pytest.raises(Corruption) as caught:
        follower.execute(follower.decided)
    assert caught.value.code == "VT-3041"
    assert follower.decided.block.header.state_root.hex() in caught.value.why


def test_the_key_of_a_block_is_its_height(chain: ChainBuilder) -> None:
    assert chain.store.get(Column.BLOCKS, keys.block(Height(8))) is None
    assert chain.store.get(Column.BLOCKS, keys.block(Height(7))) is not None
