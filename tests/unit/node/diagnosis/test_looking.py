"""One look at a network: addresses and homes, joined into one observation."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from chain.scalars import NodeName
from node.diagnosis.looking import look
from node.diagnosis.observation import Member
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.conftest import found

NOWHERE = "http://127.0.0.1:9"


async def test_members_and_quorum_come_from_a_node_that_answers(tmp_path: Path) -> None:
    network = found(tmp_path / "network", "acme", "bolt")
    async with FakeNode().serve() as url:
        seen = await look([url, url, NOWHERE], [network.homes[NodeName("acme-1")]], 5)
    assert [one.node for one in seen.sights] == ["certis-1"]
    assert [one.address for one in seen.silences] == [NOWHERE]
    assert seen.members[0] == Member("borne-energie-1", "borne-energie", 1)
    assert (len(seen.members), seen.quorum) == (4, 3)
    assert [one.node for one in seen.homes] == ["acme-1"]
    assert seen.differences == ()


async def test_when_nobody_answers_the_homes_know_the_members(tmp_path: Path) -> None:
    network = found(tmp_path / "network", "acme", "bolt")
    seen = await look([], list(network.homes.values()), 1)
    assert seen.members == (Member("acme-1", "acme", 1), Member("bolt-1", "bolt", 1))
    assert (seen.quorum, seen.sights, seen.silences) == (2, (), ())


async def test_a_node_that_is_asked_under_two_addresses_counts_once() -> None:
    async with FakeNode().serve() as url:
        seen = await look([url, url.replace("127.0.0.1", "localhost")], [], 5)
    assert [one.address for one in seen.sights] == [url]


async def test_without_anything_to_look_at_nothing_is_known() -> None:
    seen = await look([NOWHERE], [], 1)
    assert (seen.members, seen.quorum, seen.sights) == ((), 0, ())


async def test_the_newest_node_says_who_the_members_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old, new = FakeNode(), FakeNode(node="gridlink-1")
    new.chain.add_block()
    shown = replace(new.consensus(), quorum=4)
    monkeypatch.setattr(new, "consensus", lambda: shown)
    async with old.serve() as first, new.serve() as second:
        for urls in ([first, second], [second, first]):
            assert (await look(urls, [], 5)).quorum == 4
