"""Giving a state in parts: what is offered, what is given, and what strangers cannot make of it."""

import pytest
from msgspec.structs import replace

from chain.committee_steps import check_decided
from chain.genesis import Limits
from chain.log_range import check_log_range
from chain.scalars import HEIGHT_MAX, Height, UnixMillis
from chain.state_chunk import CHUNK_DEPTH_MAX, check_chunk
from node.replica import pruning
from node.replica.messages import (
    GivenHeaders,
    GivenIds,
    GivenState,
    HeadersPart,
    IdsPart,
    Part,
    PartName,
    PartRequest,
    StatePart,
    StepsRequest,
    encode_frame,
    frame_size_bytes_max,
)
from node.replica.past import load_base
from node.replica.pruning import Pruner
from node.replica.snapshot_server import HOLD_MS, HOLD_MS_MAX, SnapshotServer
from tests.unit.node.chain_builder import ChainBuilder, build_demo
from tests.unit.node.replica.joining import GENESIS, Joining

LIMITS = Limits(expiry_window_blocks=2)
START = UnixMillis(1_000_000)
WHOLE = StatePart(0, 0)


@pytest.fixture(scope="module")
def chain() -> ChainBuilder:
    return build_demo()


@pytest.fixture
def server(chain: ChainBuilder) -> SnapshotServer:
    return SnapshotServer(chain.store, LIMITS, 2)


def ask(chain: ChainBuilder, server: SnapshotServer, height: int, part: PartName) -> Part:
    return server.part(PartRequest(Height(height), part), chain.head, START)


def test_the_newest_multiple_below_the_head_is_offered(
    chain: ChainBuilder, server: SnapshotServer
) -> None:
    offer = server.offer(chain.head).offer
    assert offer is not None
    assert (chain.head.height, offer.header.height, offer.next_header.height) == (7, 6, 7)
    validators = chain.genesis.validators
    check_decided(offer.header, offer.certificate, validators, chain.genesis_hash)
    check_decided(offer.next_header, offer.next_certificate, validators, chain.genesis_hash)


def test_a_chain_that_is_too_young_offers_nothing() -> None:
    young = ChainBuilder()
    server = SnapshotServer(young.store, LIMITS, 2)
    for _ in range(2):
        assert server.offer(young.head).offer is None
        young.add_block()
    assert server.offer(young.head).offer is None, "height 2 has no block after it yet"
    young.add_block()
    assert server.offer(young.head).offer is not None


def test_the_state_of_any_kept_height_is_given(chain: ChainBuilder, server: SnapshotServer) -> None:
    for height in range(1, 7):
        given = ask(chain, server, height, WHOLE).given
        assert isinstance(given, GivenState)
        root = chain.blocks[height - 1].header.state_root
        assert check_chunk(root, given.chunk).root == root


def test_headers_are_given_backwards_from_the_last(
    chain: ChainBuilder, server: SnapshotServer
) -> None:
    given = ask(chain, server, 6, HeadersPart(Height(5), 3)).given
    assert given == GivenHeaders(tuple(block.header for block in chain.blocks[2:5]))
    given = ask(chain, server, 6, HeadersPart(Height(2), 9)).given
    assert given == GivenHeaders(tuple(block.header for block in chain.blocks[:2]))


def test_ids_are_given_with_their_proof(chain: ChainBuilder, server: SnapshotServer) -> None:
    header = chain.blocks[5].header
    ids = [t.id for block in chain.blocks[:6] for t in block.transactions]
    size = header.tx_log_size
    for first in range(size + 1):
        for count in (0, 1, size - first):
            if first + count > size:
                continue
            given = ask(chain, server, 6, IdsPart(first, count)).given
            assert isinstance(given, GivenIds)
            assert given.ids.ids == tuple(ids[first : first + count])
            check_log_range(given.ids, size, header.tx_log_root)


@pytest.mark.parametrize("height", [0, 7, 8, HEIGHT_MAX])
def test_no_part_is_given_of_a_height_that_cannot_be_proved(
    chain: ChainBuilder, server: SnapshotServer, height: int
) -> None:
    for part in (WHOLE, HeadersPart(Height(3), 1), IdsPart(0, 1)):
        assert ask(chain, server, height, part).given is None


@pytest.mark.parametrize(
    "part",
    [
        StatePart(CHUNK_DEPTH_MAX, 2**53 - 1),
        StatePart(0, 1),
        StatePart(3, 8),
        HeadersPart(Height(HEIGHT_MAX), 1_024),
        HeadersPart(Height(8), 1),
        HeadersPart(Height(0), 1),
        IdsPart(0, 8_192),
        IdsPart(HEIGHT_MAX, 1),
        IdsPart(9, 1),
    ],
)
def test_a_question_that_makes_no_sense_gets_nothing_and_harms_nobody(
    chain: ChainBuilder, server: SnapshotServer, part: PartName
) -> None:
    assert ask(chain, server, 6, part).given is None


def pruned(monkeypatch: pytest.MonkeyPatch) -> tuple[ChainBuilder, SnapshotServer]:
    monkeypatch.setattr(pruning, "SNAPSHOT_SLACK_BLOCKS", 1)
    chain = build_demo()
    pruner = Pruner(chain.store, LIMITS, 3)
    while (batch := pruner.step(chain.head)) is not None:
        chain.store.write(batch, sync=False)
    assert load_base(chain.store).height == 4
    return chain, SnapshotServer(chain.store, LIMITS, 2)


def test_of_a_pruned_chain_what_is_kept_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    chain, server = pruned(monkeypatch)
    assert ask(chain, server, 6, WHOLE).given is not None
    assert ask(chain, server, 5, WHOLE).given is None, "headers from 3 on would be needed"
    size = chain.blocks[3].header.tx_log_size
    assert ask(chain, server, 6, IdsPart(size, 1)).given is not None
    assert ask(chain, server, 6, HeadersPart(Height(5), 2)).given is not None


@pytest.mark.parametrize("interval", [4, 5, 100])
def test_where_no_multiple_is_kept_the_newest_height_is_offered(
    monkeypatch: pytest.MonkeyPatch, interval: int
) -> None:
    chain, _ = pruned(monkeypatch)
    server = SnapshotServer(chain.store, LIMITS, interval)
    offer = server.offer(chain.head).offer
    assert offer is not None, "nobody has the blocks any more"
    assert offer.header.height == chain.head.height - 1 == 6
    assert ask(chain, server, 6, WHOLE).given is not None


def test_asking_below_what_is_kept_does_not_stop_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    chain, server = pruned(monkeypatch)
    size = chain.blocks[3].header.tx_log_size
    for first in range(size):
        for count in (0, 1, size - first):
            assert ask(chain, server, 6, IdsPart(first, count)).given is None, (first, count)


def test_a_state_that_is_asked_for_is_held_for_a_while(
    chain: ChainBuilder, server: SnapshotServer
) -> None:
    assert server.held(START) is None
    ask(chain, server, 6, WHOLE)
    assert server.held(UnixMillis(START + HOLD_MS)) == 6
    assert server.held(UnixMillis(START + HOLD_MS + 1)) is None


def test_nobody_holds_a_state_for_ever(chain: ChainBuilder, server: SnapshotServer) -> None:
    now = START
    while now <= START + HOLD_MS_MAX:
        server.part(PartRequest(Height(6), WHOLE), chain.head, now)
        assert server.held(now) == 6
        now = UnixMillis(now + HOLD_MS)
    assert server.held(now) is None
    server.part(PartRequest(Height(6), WHOLE), chain.head, now)
    assert server.held(now) is None, "not the same one again"


def test_an_older_state_does_not_take_the_place_of_a_newer_one(
    chain: ChainBuilder, server: SnapshotServer
) -> None:
    ask(chain, server, 6, WHOLE)
    ask(chain, server, 2, WHOLE)
    assert server.held(START) == 6


def test_steps_are_given_from_where_they_are_asked() -> None:
    world = Joining()
    node = world.nodes[0]
    server = SnapshotServer(node.store, GENESIS.limits, 4)
    first, second = server.steps(StepsRequest(Height(0), Height(99)), node.head).steps
    assert first.height < second.height
    later = server.steps(StepsRequest(first.height, Height(99)), node.head)
    assert later.steps == (second,)
    assert server.steps(StepsRequest(Height(0), Height(first.height - 1)), node.head).steps == ()
    assert server.steps(StepsRequest(Height(HEIGHT_MAX), Height(0)), node.head).steps == ()


def test_many_steps_come_in_several_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.replica.snapshot_server.BLOCKS_BYTES_TARGET", 1)
    node = Joining().nodes[0]
    server = SnapshotServer(node.store, GENESIS.limits, 4)
    assert len(server.steps(StepsRequest(Height(0), Height(99)), node.head).steps) == 1


def test_the_largest_parts_fit_into_a_frame() -> None:
    """Whatever genesis says of blocks: headers and ids by the thousand, and a full chunk."""
    limits = Limits(block_size_bytes_max=1024, block_transactions_max=1)
    chain = ChainBuilder()
    header = replace(
        chain.add_block().header, height=Height(HEIGHT_MAX), time_ms=UnixMillis(HEIGHT_MAX)
    )
    headers = GivenHeaders((header,) * 1_024)
    frame = encode_frame(Part(Height(HEIGHT_MAX), HeadersPart(Height(HEIGHT_MAX), 1_024), headers))
    assert len(frame) < frame_size_bytes_max(limits)
