"""Blocks count only as the validators of their height decided them."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from chain.changes import SetWeight
from chain.errors import InvalidInput
from chain.scalars import Hash, NodeName, Weight
from node.diagnosis.asking import Address, Asker, SeenBlock
from node.diagnosis.observation import Sight
from node.diagnosis.proving import ProvenBlocks, Prover, find_genesis
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.chain_builder import ChainBuilder, build_demo, make_genesis

NAMES = ("borne-energie-1", "gridlink-1", "windcare-1", "certis-1")


def seen(chain: ChainBuilder, height: int, *changes: bytes) -> SeenBlock:
    """A block of a chain as its node shows it."""
    block, certificate = chain.blocks[height - 1], chain.certificates[height - 1]
    return SeenBlock(block.header, certificate, changes)


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    async with Asker(5) as made:
        yield made


async def look(asker: Asker, url: str) -> Sight:
    sight = await asker.see(Address(url))
    assert isinstance(sight, Sight)
    return sight


def test_a_decided_block_names_who_signed_it() -> None:
    chain = build_demo()
    chain.add_block(signers=(0, 1, 3))
    block = Prover(make_genesis()).check(seen(chain, 8), 8)
    assert (block.hash, block.validators) == (chain.blocks[7].hash, chain.genesis.validators)
    assert block.signer_names == (NAMES[0], NAMES[1], NAMES[3])


def refuse(block: SeenBlock, height: int = 7) -> str:
    """Say why a block proves nothing."""
    with pytest.raises(InvalidInput) as caught:
        Prover(make_genesis()).check(block, height)
    return caught.value.why


def test_what_does_not_hold_together_proves_nothing() -> None:
    good = seen(build_demo(), 7)
    assert "it is of height 7" in refuse(good, 6)
    other = replace(good.header, state_root=Hash(b"\1" * 32))
    assert "its certificate is for another block" in refuse(SeenBlock(other, good.certificate, ()))
    few = replace(good.certificate, signatures=good.certificate.signatures[:2])
    assert "weight 2 signed, 3 is needed" in refuse(SeenBlock(good.header, few, ()))
    first, *rest = good.certificate.signatures
    forged = replace(first, signature=rest[0].signature)
    wrong = replace(good.certificate, signatures=(forged, *rest))
    assert "the signature of borne-energie-1 does not fit" in refuse(
        SeenBlock(good.header, wrong, ())
    )
    assert refuse(SeenBlock(good.header, good.certificate, (b"no step",))).startswith(
        "The 7 bytes do not decode as CommitteeStep"
    )


async def test_changes_of_the_validators_are_followed_and_held_to_their_height(
    asker: Asker, node: FakeNode
) -> None:
    last_before = node.chain.govern(SetWeight(NodeName(NAMES[3]), Weight(0))) + 1
    prover = Prover(node.chain.genesis)
    async with node.serve() as url:
        sight = await look(asker, url)
        blocks = ProvenBlocks(asker, prover)
        block = await blocks.get(sight, last_before)
        assert block is not None
        assert [one.weight for one in block.validators.members] == [1, 1, 1, 1]
        following = await blocks.deciders([sight], block)
        assert [one.weight for one in following.members] == [1, 1, 1, 0]
        assert await blocks.deciders([], block) == block.validators
        after = await blocks.get(sight, last_before + 1)
        assert after is not None
        assert after.validators == following
        assert await blocks.deciders([], after) == following
        steps = await asker.steps(url, last_before + 1)
    assert prover.follow(steps) == (following, last_before)
    with pytest.raises(InvalidInput, match="is not before it"):
        prover.check(seen(node.chain, last_before, *steps), last_before)


async def test_who_shows_what_was_not_decided_is_remembered(asker: Asker, node: FakeNode) -> None:
    node.chain.add_block(signers=(0,))
    async with node.serve() as url:
        sight = await look(asker, url)
        blocks = ProvenBlocks(asker, Prover(node.chain.genesis))
        assert await blocks.get(sight, 8) is None
        assert await blocks.get(sight, 7) is not None
        assert (await blocks.get(sight, 0), await blocks.get(sight, 99)) == (None, None)
    assert [(one.node, one.address, one.height) for one in blocks.unproven] == [
        ("certis-1", url, 8)
    ]


async def test_a_block_that_is_not_kept_any_more_is_no_lie(asker: Asker, node: FakeNode) -> None:
    node.forget()
    async with node.serve() as url:
        sight = await look(asker, url)
        blocks = ProvenBlocks(asker, Prover(node.chain.genesis))
        assert await blocks.get(sight, 4) is None
        assert await blocks.get(sight, 7) is not None
    assert blocks.unproven == ()


async def test_the_chain_is_that_of_the_homes_else_of_most_nodes_that_show_one(
    asker: Asker, node: FakeNode
) -> None:
    genesis = node.chain.genesis
    other = replace(genesis, chain_id="another")
    async with node.serve() as url:
        sight = await look(asker, url)
        assert await find_genesis(asker, [sight], [other]) == other
        assert await find_genesis(asker, [sight], []) == genesis
    assert await find_genesis(asker, [sight], []) is None
    assert await find_genesis(asker, [], []) is None
