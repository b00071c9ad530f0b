"""One look at a network: addresses and homes, joined into one observation."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chain.changes import SetWeight
from chain.scalars import NodeName, Weight
from node.cli.diagnose import _to_json, _to_text
from node.diagnosis.looking import look
from node.diagnosis.observation import Member, Observation
from node.diagnosis.rules import find_all
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.conftest import found
from tests.unit.node.diagnosis.liar import Change, flip_headers, lying

NOWHERE = "http://127.0.0.1:9"
NAMES = ("borne-energie-1", "gridlink-1", "windcare-1", "certis-1")
LIAR = NAMES[3]
AFTER_ALL = 10**30
FAR_BEFORE = -(10**17)


async def look_at(nodes: Sequence[FakeNode], change: Change | None = None) -> Observation:
    """Look at some nodes; the last one's answers are changed on their way."""
    async with AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(node.serve()) for node in nodes]
        if change is not None:
            urls[-1] = await stack.enter_async_context(lying(urls[-1], change))
        return await look(urls, [], 5)


def four() -> list[FakeNode]:
    """All members of the demonstration's chain, in order."""
    return [FakeNode(node=name) for name in NAMES]


async def test_members_and_quorum_come_from_genesis_and_what_is_proved() -> None:
    async with FakeNode().serve() as url:
        seen = await look([url, url, NOWHERE], [], 5)
    assert [one.node for one in seen.sights] == ["certis-1"]
    assert [one.address for one in seen.silences] == [NOWHERE]
    assert seen.members[0] == Member("borne-energie-1", "borne-energie", 1)
    assert (len(seen.members), seen.quorum) == (4, 3)
    assert seen.differences == ()


async def test_a_home_says_which_chain_is_meant(tmp_path: Path) -> None:
    network = found(tmp_path / "network", "acme", "bolt")
    async with FakeNode().serve() as url:
        seen = await look([url], [network.homes[NodeName("acme-1")]], 5)
    assert [one.node for one in seen.homes] == ["acme-1"]
    assert [one.node for one in seen.members] == ["acme-1", "bolt-1"]
    assert [(one.code, one.nodes) for one in find_all(seen)][:1] == [("VT-8101", (LIAR,))]


async def test_when_nobody_answers_the_homes_know_the_members(tmp_path: Path) -> None:
    network = found(tmp_path / "network", "acme", "bolt")
    seen = await look([], list(network.homes.values()), 1)
    assert seen.members == (Member("acme-1", "acme", 1), Member("bolt-1", "bolt", 1))
    assert (seen.quorum, seen.sights, seen.silences) == (2, (), ())


async def test_a_node_that_is_asked_under_two_addresses_counts_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = FakeNode()
    shown = replace(node.consensus(), started_ms=1)
    monkeypatch.setattr(node, "consensus", lambda: shown)
    async with node.serve() as url:
        seen = await look([url, url.replace("127.0.0.1", "localhost")], [], 5)
    assert [one.address for one in seen.sights] == [url]
    assert seen.oddities == ()


async def test_of_two_nodes_with_one_name_neither_is_believed() -> None:
    def rename(_: str, body: Any) -> Any:
        return body | {"node": NAMES[0]} if "node" in body else body

    seen = await look_at(four(), rename)
    assert [one.node for one in seen.sights] == list(NAMES[1:3])
    first, second = seen.oddities
    said = f"It says that it is {NAMES[0]}, but so does"
    assert first.reason == f"{said} {second.address}."
    assert second.reason == f"{said} {first.address}."


async def test_without_anything_to_look_at_nothing_is_known() -> None:
    seen = await look([NOWHERE], [], 1)
    assert (seen.members, seen.quorum, seen.sights) == ((), 0, ())


async def test_members_follow_from_certified_changes() -> None:
    node = FakeNode(node=NAMES[0])
    node.chain.govern(SetWeight(NodeName(LIAR), Weight(0)))
    seen = await look_at([node])
    assert [one.weight for one in seen.members] == [1, 1, 1, 0]
    assert (seen.quorum, find_all(seen)) == (3, [])


# Nodes that lie


async def test_who_shows_blocks_that_nobody_signed_is_the_finding_and_nobody_else() -> None:
    nodes = four()
    for node in nodes:
        node.chain.add_block()
    seen = await look_at(nodes, flip_headers)
    assert seen.differences == ()
    (finding,) = find_all(seen)
    assert (finding.code, finding.nodes) == ("VT-8140", (LIAR,))
    assert "its certificate is for another block" in finding.evidence[0]
    assert [one.node for one in seen.sights] == list(NAMES[:3])
    assert "3 of 4 nodes answer. 1 finding:" in _to_text(seen, [finding])


async def test_a_certificate_without_a_quorum_is_no_proof() -> None:
    nodes = four()
    for node in nodes[:3]:
        node.chain.add_block()
    nodes[3].chain.add_block(nodes[3].chain.register_turbine("R80790"), signers=(0, 1))
    seen = await look_at(nodes)
    (finding,) = find_all(seen)
    assert (finding.code, finding.nodes) == ("VT-8140", (LIAR,))
    assert "weight 2 signed, 3 is needed" in finding.evidence[0]


async def test_one_node_does_not_say_who_the_members_are() -> None:
    def boast(path: str, body: Any) -> Any:
        if path == "/v1/consensus":
            own = [one for one in body["validators"] if one["is_self"]]
            return body | {"height": 10**9, "quorum": 0, "validators": own}
        return body | {"height": 10**9 - 1} if path == "/v1/status" else body

    halves = {
        "shows no such block": boast,
        "but its newest block is 7": lambda p, b: boast(p, b) if p == "/v1/consensus" else b,
    }
    for reason, change in halves.items():
        seen = await look_at(four(), change)
        assert ([one.node for one in seen.members], seen.quorum) == (list(NAMES), 3)
        (finding,) = find_all(seen)
        assert (finding.code, reason in finding.what) == ("VT-8128", True)


async def test_a_node_that_has_just_loaded_a_snapshot_is_asked_again_later() -> None:
    def load(path: str, body: Any) -> Any:
        if path == "/v1/consensus":
            return body | {"height": 21, "base": 20}
        return body | {"height": 20} if path == "/v1/status" else body

    (odd,) = (await look_at(four(), load)).oddities
    assert odd.reason == (
        "It says that it is at height 20, but shows no such block. After a snapshot it has none "
        "before the next one: ask again then."
    )


def _fields(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Name every value in an answer."""
    found = [path] if path else []
    if isinstance(body, dict):
        for key, value in body.items():
            found += _fields(value, (*path, key))
    if isinstance(body, list) and body:
        found += _fields(body[0], (*path, 0))
    return found


def _with(body: Any, path: tuple[Any, ...], value: object) -> Any:
    if not path:
        return value
    if isinstance(body, list):
        return [_with(body[0], path[1:], value), *body[1:]]
    return body | {path[0]: _with(body[path[0]], path[1:], value)}


@pytest.mark.parametrize("value", [FAR_BEFORE, AFTER_ALL, "A", None, []])
async def test_nothing_that_one_node_says_ends_the_look_or_hides_the_others(value: object) -> None:
    """Each field of each answer becomes absurd in its turn; only that node may be told of."""
    nodes = four()
    fault = {"code": "VT-6001", "why": "", "height": 3, "first_ms": 5, "last_ms": 6, "count": 1}
    vote = {"kind": "prevote", "height": 3, "round": 0, "seen_ms": 5}
    present: tuple[str, tuple[Any, ...]] = ("", ())
    answers: dict[str, Any] = {}

    def change(path: str, body: Any) -> Any:
        if path == "/v1/machine":
            body |= {"fault": fault, "certificates": [{"name": "CA of x", "expires_ms": 10**13}]}
        if path == "/v1/consensus":
            catch_up = {"target": 7, "first_height": 2, "since_ms": 5, "snapshot": None}
            body |= {"catch_up": catch_up}
            body["validators"][0] |= {"last_vote": vote, "clock_offset_ms": 0}
        answers[path] = body
        return _with(body, present[1], value) if path == present[0] else body

    async with AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(node.serve()) for node in nodes]
        urls[3] = await stack.enter_async_context(lying(urls[3], change))
        asked = [urls[0], urls[1], urls[3]]
        await look(asked, [], 5)
        places = [(path, field) for path, body in answers.items() for field in _fields(body)]
        assert len(places) > 100
        for present in places:
            seen = await look(asked, [], 5)
            findings = find_all(seen)
            assert _to_text(seen, findings)
            assert _to_json(seen, findings)
            assert {NAMES[0], NAMES[1]} <= {sight.node for sight in seen.sights}, present
            assert [one.node for one in seen.members] == list(NAMES), present
            for one in findings:
                assert LIAR in one.nodes or one.what.startswith(urls[3]), (present, one)


async def test_a_chain_that_nobody_shows_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    def hide(path: str, body: Any) -> Any:
        return {} if path == "/v1/genesis" else body

    seen = await look_at([FakeNode()], hide)
    assert (seen.sights, seen.members, seen.chain) == ((), (), "")
    assert [one.reason for one in seen.oddities] == ["It shows no genesis.json of its chain."]
