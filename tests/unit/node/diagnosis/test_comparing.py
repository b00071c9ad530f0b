"""Where two nodes part: real chains behind real servers, changed at one place."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest
from msgspec.structs import replace

from chain.scalars import TwinId
from chain.transaction import Transaction
from contracts.state_keys import twin_key
from node.alarm import Alarm, BlockDifference, describe_difference
from node.diagnosis.asking import Address, Asker, SeenBlock
from node.diagnosis.comparing import find_differences, read_nodes
from node.diagnosis.observation import HomeSight, Sight, StateDifference
from node.diagnosis.proving import ProvenBlocks, Prover
from node.replica.divergence import Divergence
from node.replica.ports import Column
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.chain_builder import (
    START_MS,
    TURBINE,
    ChainBuilder,
    build_demo,
    make_genesis,
)
from tests.unit.node.diagnosis.scenes import alarm, home

A, B, C = "borne-energie-1", "gridlink-1", "windcare-1"
KEY = twin_key(TwinId(TURBINE))
OTHER_KEY = twin_key(TwinId("R80721"))


async def compare(
    nodes: Sequence[FakeNode], homes: Sequence[HomeSight] = ()
) -> tuple[StateDifference, ...]:
    """Serve some nodes, ask them, and compare them."""
    async with AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(node.serve()) for node in nodes]
        asker = await stack.enter_async_context(Asker(5))
        seen = await asker.see_all([Address(url) for url in urls])
        sights = [one for one in seen if isinstance(one, Sight)]
        assert len(sights) == len(nodes)
        blocks = ProvenBlocks(asker, Prover(make_genesis()))
        return await find_differences(blocks, sights, homes)


def grown(name: str, *blocks: Sequence[Transaction]) -> FakeNode:
    """A node with the demonstration's chain and these blocks on top of it."""
    node = FakeNode(node=name)
    for transactions in blocks:
        node.chain.add_block(*transactions)
    return node


def powers(*values: str) -> list[list[Transaction]]:
    """Blocks with a reading each; equal values give equal blocks."""
    maker = build_demo()
    return [[maker.power(value, first_ms=START_MS + 10**7 * int(value))] for value in values]


# Nodes that run


async def test_nodes_of_one_chain_have_nothing_to_tell() -> None:
    blocks = powers("1", "2", "3")
    assert await compare([grown(A, *blocks), grown(B, *blocks[:1]), grown(C, *blocks)]) == ()
    assert await compare([grown(A)]) == ()


async def test_a_fork_is_found_with_its_first_height_and_key() -> None:
    same, ours, theirs = powers("1", "2"), powers("3", "4", "5"), powers("6", "7")
    nodes = [grown(A, *same, *ours), grown(B, *same, *ours), grown(C, *same, *theirs)]
    (found,) = await compare(nodes)
    assert (found.node, found.other, found.height) == (C, A, 10)
    assert (found.key, found.is_fork) == (KEY, True)
    assert {"state_root", "tx_log_root"} <= set(found.fields)
    assert found.own_root == nodes[2].chain.blocks[9].header.state_root.hex()
    assert found.own_value is not None
    assert found.own_value != found.other_value
    assert found.signed_both == tuple(one.node for one in nodes[0].genesis.validators.members)
    assert found.transaction == theirs[0][0].id.hex()
    assert found.own_data == state_of(nodes[2], 10)
    assert found.other_data == state_of(nodes[0], 10)


def state_of(node: FakeNode, height: int) -> bytes | None:
    """What a node's block of this height wrote under the key."""
    return node.chain.blocks[height - 1].writes[KEY]


@pytest.mark.parametrize("shared", range(9))
async def test_the_first_height_is_found_wherever_it_is_and_with_few_questions(
    shared: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    block = Asker.block

    async def count(self: Asker, url: str, height: int) -> SeenBlock | None:
        asked.append(height)
        return await block(self, url, height)

    monkeypatch.setattr(Asker, "block", count)
    same = powers(*"123456789"[:shared])
    ours, theirs = grown(A, *same), grown(B, *same)
    for number in range(12 - shared):
        ours.chain.add_block()
        theirs.chain.add_block(signers=(1, 2, 3))
        if number == 0:
            ours.chain.add_block(ours.chain.register_turbine("R80790"))
            theirs.chain.add_block()
    (found,) = await compare([ours, theirs])
    # Certificates are in the header of the next block.
    assert found.height == 7 + shared + 2
    assert len(asked) < 2 * 8


async def test_only_who_signed_both_blocks_is_named() -> None:
    ours, theirs = grown(A), grown(B)
    ours.chain.add_block(ours.chain.register_turbine("R80790"), signers=(0, 1, 2))
    theirs.chain.add_block(signers=(1, 2, 3))
    (found,) = await compare([ours, theirs])
    assert found.signed_both == (B, C)


async def test_the_odd_one_is_named_even_if_it_is_the_highest() -> None:
    ours, theirs = powers("3"), powers("6", "7")
    (found,) = await compare([grown(A, *ours), grown(B, *ours), grown(C, *theirs)])
    assert (found.node, found.height) == (C, 8)


async def test_a_key_that_only_one_side_has_is_named() -> None:
    added = grown(A)
    added.chain.add_block(added.chain.register_turbine("R80790"))
    plain = grown(B)
    plain.chain.add_block()
    (found,) = await compare([added, plain])
    assert (found.node, found.height) == (B, 8)
    assert found.key is not None
    assert b"R80790" in found.key
    assert (found.own_value, found.other_value is None) == (None, False)


# A node that stopped


class Stopped:
    """A node whose disk holds another value than it should, and what it made of the next block."""

    def __init__(self, healthy: FakeNode, damage: dict[bytes, bytes], *values: str) -> None:
        chain: ChainBuilder = build_demo()
        chain.damage(damage)
        block = healthy.chain.add_block(*(one for block in powers(*values) for one in block))
        executed = chain.ledger.execute_block(
            chain.head, block.header.proposer, block.transactions, chain.head.certificate
        )
        divergence = Divergence(block.header, executed)
        self.difference = describe_difference(divergence, chain.head, chain.store)

    def home(self, **changed: object) -> HomeSight:
        difference: BlockDifference = replace(self.difference, **changed)
        told: Alarm = alarm(height=8, node=C, difference=difference)
        return home(C, alarm=told)


def damaged_record(key: bytes) -> bytes:
    """A twin's record with one letter changed."""
    data = build_demo().store.get(Column.STATE, key)
    assert data is not None
    assert data.count(b"Senvion") == 1
    return data.replace(b"Senvion", b"Sanvion")


async def test_a_damaged_value_is_found_against_a_healthy_node() -> None:
    healthy = FakeNode(node=A)
    stopped = Stopped(healthy, {KEY: damaged_record(KEY)}, "5")
    (found,) = await compare([healthy], [stopped.home()])
    assert (found.node, found.other, found.height, found.key) == (C, A, 8, KEY)
    assert found.fields == ("state_root",)
    assert found.other_root == healthy.chain.head.state_root.hex()
    assert found.own_root == stopped.difference.own_root
    assert (found.damaged, found.note, found.is_fork) == ((KEY,), None, False)
    assert found.own_data is not None
    assert found.other_data is not None
    assert found.own_data.replace(b"Sanvion", b"Senvion") == found.other_data
    assert found.writer == healthy.chain.blocks[-1].transactions[0].id.hex()
    assert found.own_value is not None
    assert found.own_value != found.other_value


async def test_damage_that_the_block_did_not_touch_is_named_by_the_disk_alone() -> None:
    healthy = FakeNode(node=A)
    damage = {KEY: damaged_record(KEY), OTHER_KEY: damaged_record(OTHER_KEY)}
    (found,) = await compare([healthy], [Stopped(healthy, damage, "5").home()])
    assert found.key == KEY
    assert found.damaged == tuple(sorted((KEY, OTHER_KEY)))


async def test_the_first_transaction_with_another_result_is_named() -> None:
    healthy = FakeNode(node=A)
    stopped = Stopped(healthy, {KEY: damaged_record(KEY)}, "5", "6")
    first, second = stopped.difference.transactions
    other = replace(second, receipt="00" * 32)
    changed = {"fields": ["state_root", "receipts_root"], "transactions": [first, other]}
    (found,) = await compare([healthy], [stopped.home(**changed)])
    assert found.transaction == second.id
    refused = replace(first, code="VT-2020")
    changed["transactions"] = [refused, second]
    (found,) = await compare([healthy], [stopped.home(**changed)])
    assert found.transaction == first.id


async def test_without_a_node_to_compare_with_what_the_disk_tells_is_left() -> None:
    healthy = FakeNode(node=A)
    stopped = Stopped(healthy, {KEY: damaged_record(KEY)}, "5")
    for nodes in ([], [FakeNode(node=A)]):
        (found,) = await compare(nodes, [stopped.home()])
        assert (found.other, found.key, found.damaged) == (None, None, (KEY,))
        assert found.note == "no node that answers has this block to compare with"


async def test_a_node_with_another_block_there_is_not_compared_with() -> None:
    stopped = Stopped(FakeNode(node=A), {KEY: damaged_record(KEY)}, "5")
    other = grown(A, *powers("6"))
    (found,) = await compare([other], [stopped.home()])
    assert (found.other, found.key, found.path) == (None, None, None)
    right = grown(B)
    again = Stopped(right, {KEY: damaged_record(KEY)}, "5")
    (found,) = await compare([right], [again.home()])
    assert (found.other, found.key) == (B, KEY)


async def test_an_alarm_that_kept_no_nodes_still_names_height_and_roots() -> None:
    healthy = FakeNode(node=A)
    stopped = Stopped(healthy, {KEY: damaged_record(KEY)}, "5")
    (found,) = await compare([healthy], [stopped.home(nodes="", damaged=[])])
    assert (found.other, found.height, found.key, found.path) == (A, 8, None, None)


async def test_a_node_that_runs_again_is_not_held_to_its_alarm() -> None:
    healthy = FakeNode(node=A)
    stopped = Stopped(healthy, {KEY: damaged_record(KEY)}, "5")
    assert await compare([healthy, FakeNode(node=C)], [stopped.home()]) == ()


async def test_an_alarm_without_a_difference_is_not_compared() -> None:
    assert await compare([FakeNode(node=A)], [home(C, alarm=alarm()), home(B)]) == ()


def test_nodes_that_do_not_read_are_none() -> None:
    assert read_nodes("") == {}
    assert read_nodes("no base64!") == {}
    assert read_nodes("AAAA") == {}
