"""Asking nodes one by one: what they answer, and what is said of those that do not."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from msgspec.structs import replace

from chain.scalars import Hash
from chain.state_node import StateInner, StateLeaf, hash_key, hash_node
from node.diagnosis import asking
from node.diagnosis.asking import Address, Asker
from node.diagnosis.observation import OddAnswer, Sight, Silence
from node.reader.state import StoredNode
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.diagnosis.liar import serving

NOWHERE = Hash(b"\7" * 32)


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    async with Asker(0.5) as made:
        yield made


@pytest.fixture
async def url(node: FakeNode) -> AsyncIterator[str]:
    async with node.serve() as address:
        yield address


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


async def test_a_node_is_seen_with_its_clock(asker: Asker, url: str) -> None:
    seen = await asker.see(Address(url))
    assert isinstance(seen, Sight)
    assert (seen.node, seen.address, seen.status.height) == ("certis-1", url, 7)
    assert (seen.consensus.height, seen.machine.node) == (8, "certis-1")
    assert abs(seen.clock_ms) <= seen.margin_ms + 1
    assert 500 > seen.margin_ms >= 1


async def test_an_address_where_nothing_listens_refuses(asker: Asker) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        seen = await asker.see(Address(url, "delta-1"))
    assert seen == Silence(url, "delta-1", "connection refused", is_refused=True)


async def test_an_address_that_takes_connections_and_says_nothing_is_silent(asker: Asker) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        seen = await asker.see(Address(url))
    assert seen == Silence(url, None, "no answer within 0.5 s")


async def test_an_address_that_is_no_node_is_odd(asker: Asker) -> None:
    async with serving(None) as url:
        seen = await asker.see(Address(url))
    assert isinstance(seen, OddAnswer)
    assert "404" in seen.reason


@pytest.mark.parametrize("body", ['{"x":' * 100_000, "[", "\xff"])
async def test_an_error_that_is_none_is_odd(asker: Asker, body: str) -> None:
    async def fail(_: web.Request) -> web.Response:
        return web.Response(body=body.encode("latin-1"), status=404)

    async with serving(fail) as url:
        seen = await asker.see(Address(url, "delta-1"))
    assert isinstance(seen, OddAnswer)
    assert seen.node == "delta-1"


async def test_a_home_says_which_node_should_answer(asker: Asker, url: str) -> None:
    assert isinstance(await asker.see(Address(url, "certis-1")), Sight)
    seen = await asker.see(Address(url, "delta-1"))
    assert isinstance(seen, OddAnswer)
    assert seen.reason == "It says that it is certis-1, but delta-1 should be here."


async def test_all_are_asked_at_once_and_answered_in_order(asker: Asker, url: str) -> None:
    with socket.socket() as mute, socket.socket() as other:
        for one in (mute, other):
            one.bind(("127.0.0.1", 0))
            one.listen()
        urls = [f"http://127.0.0.1:{one.getsockname()[1]}" for one in (mute, other)]
        async with asyncio.timeout(0.9):
            seen = await asker.see_all([Address(urls[0]), Address(url), Address(urls[1])])
    assert [type(one) for one in seen] == [Silence, Sight, Silence]


async def test_blocks_and_results_are_read(asker: Asker, url: str, node: FakeNode) -> None:
    block = await asker.block(url, 4)
    assert block is not None
    assert block.header == node.chain.blocks[3].header
    assert block.changes == ()
    assert block.certificate == node.chain.certificates[3]
    assert await asker.block(url, 99) is None
    results = await asker.results(url, 4)
    assert [code for _, code in results] == ["ok", "VT-2020"]
    assert await asker.results(url, 99) == []


async def test_what_a_transaction_did_has_a_hash(asker: Asker, url: str, node: FakeNode) -> None:
    block = node.chain.blocks[3]
    hashes = [await asker.receipt_hash(url, one.id.hex()) for one in block.transactions]
    assert len(set(hashes)) == 2


async def test_tree_nodes_are_read_and_held_to_their_names(
    asker: Asker, url: str, node: FakeNode
) -> None:
    root = node.chain.head.state_root
    seen = await asker.state_node(url, root)
    assert seen is not None
    assert isinstance(seen.node, StateInner)
    assert await asker.state_node(url, NOWHERE) is None


async def test_of_several_looks_at_a_clock_the_quickest_counts(
    asker: Asker, url: str, node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = iter([0, 1_000, 1_000, 1_010, 1_010, 1_500])
    monkeypatch.setattr(asking, "now_ms", lambda: next(own))
    shown = replace(node.consensus(), now_ms=9_005)
    monkeypatch.setattr(node, "consensus", lambda: shown)
    seen = await asker.see(Address(url))
    assert isinstance(seen, Sight)
    assert (seen.clock_ms, seen.margin_ms) == (8_000, 6)


async def test_a_node_that_gives_another_tree_node_than_was_asked_for_is_not_believed(
    asker: Asker, url: str, node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = node.chain.head.state_root
    real = node.reader.state.node(root)
    assert real is not None
    monkeypatch.setattr(node.reader.state, "node", lambda _: real)
    assert await asker.state_node(url, root) is not None
    assert await asker.state_node(url, NOWHERE) is None


@pytest.mark.parametrize(("key", "is_known"), [(b"twin/R1", True), (b"twin/R2", False)])
async def test_a_key_counts_only_with_the_leaf_it_belongs_to(
    asker: Asker,
    url: str,
    node: FakeNode,
    monkeypatch: pytest.MonkeyPatch,
    key: bytes,
    is_known: bool,
) -> None:
    leaf = StateLeaf(hash_key(b"twin/R1"), NOWHERE)
    monkeypatch.setattr(node.reader.state, "node", lambda _: StoredNode(leaf, key))
    seen = await asker.state_node(url, hash_node(leaf))
    assert seen is not None
    assert seen.key == (key if is_known else None)
