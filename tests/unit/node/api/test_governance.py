"""Validators, proposals and evidence over HTTP, on a chain whose members changed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from chain.errors import InvalidInput
from node.client import AsyncClient
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.chain_builder import TURBINE
from tests.unit.node.governed_chain import build_governed


@pytest.fixture
def governed() -> FakeNode:
    return FakeNode(build_governed())


@pytest.fixture
async def address(governed: FakeNode) -> AsyncIterator[str]:
    async with governed.serve() as url:
        yield url


@pytest.fixture
async def client(governed: FakeNode, address: str) -> AsyncIterator[AsyncClient]:
    async with AsyncClient([address], governed.genesis) as opened:
        yield opened


async def get(address: str, path: str) -> Any:
    async with ClientSession() as session, session.get(address + path) as answer:
        return await answer.json(content_type=None)


async def test_the_present_validators_their_votes_and_their_standing(address: str) -> None:
    shown = await get(address, "/v1/validators")
    assert (shown["height"], shown["since"], shown["engine"]) == (11, 9, "bft")
    assert (shown["quorum"], shown["total_weight"], shown["planned"]) == (2, 2, [])
    names = ("node", "weight", "offences", "suspended_height")
    assert [tuple(one[name] for name in names) for one in shown["items"]] == [
        ("borne-energie-1", 1, 0, None),
        ("gridlink-1", 1, 0, None),
        ("windcare-1", 0, 1, 9),
        ("certis-1", 0, 0, None),
    ]


async def test_the_validators_of_a_past_height_and_what_was_planned_then(address: str) -> None:
    shown = await get(address, "/v1/validators?at=4")
    assert [one["weight"] for one in shown["items"]] == [1, 1, 1, 0]
    assert [(one["height"], one["cause"]) for one in shown["planned"]] == [
        (7, "rotate_vote_key"),
        (9, "suspend"),
    ]
    refused = await get(address, "/v1/validators?at=12")
    assert refused["code"] == "VT-7002"


async def test_the_history_of_the_validators_in_pages(address: str) -> None:
    first = await get(address, "/v1/validators/changes?limit=2")
    rest = await get(address, f"/v1/validators/changes?cursor={first['next']}")
    found = [(one["height"], one["cause"]) for one in first["items"] + rest["items"]]
    assert found == [(9, "suspend"), (7, "rotate_vote_key"), (4, "set_weight"), (1, "genesis")]
    assert rest["items"][1]["transaction"] is None


async def test_signers_are_named_by_the_set_of_their_height(address: str) -> None:
    blocks = (await get(address, "/v1/blocks"))["items"]
    assert [len(one["signers"]) for one in blocks] == [2, 2, 3, 3, 3, 3, 3, 4, 4, 4]
    block = await get(address, "/v1/blocks/9")
    names = [one["node"] for one in block["certificate"]["signatures"]]
    assert names == ["borne-energie-1", "gridlink-1"]


async def test_a_proposal_says_who_approved_it_and_how_many_must(
    governed: FakeNode, address: str
) -> None:
    (shown,) = (await get(address, "/v1/proposals?status=open"))["items"]
    assert shown["about"] == "remove node certis-1"
    assert shown["change"] == {"type": "remove_validator", "node": "certis-1"}
    assert (shown["needed"], shown["expired"], shown["status"]) == (3, False, "open")
    assert [one["organisation"] for one in shown["approvals"]] == ["gridlink"]
    assert await get(address, f"/v1/proposals/{shown['id']}") == shown
    (closed,) = (await get(address, "/v1/proposals?status=closed"))["items"]
    assert (closed["status"], closed["closed_height"], closed["effective_height"]) == (
        "approved",
        2,
        4,
    )
    missing = await get(address, f"/v1/proposals/{'0' * 64}")
    assert missing["code"] == "VT-7004"


async def test_evidence_shows_both_signatures(address: str) -> None:
    (shown,) = (await get(address, "/v1/evidence?node=windcare-1"))["items"]
    assert (shown["kind"], shown["offence_height"], shown["consequence"]) == (
        "prevote",
        6,
        "suspended",
    )
    assert len({shown["first"]["block"], shown["second"]["block"]}) == 2
    assert await get(address, f"/v1/evidence/{shown['id']}") == shown
    assert (await get(address, "/v1/evidence?node=certis-1"))["items"] == []
    assert (await get(address, f"/v1/evidence/{'0' * 64}"))["code"] == "VT-7004"
    assert (await get(address, "/v1/evidence?node=a%20b"))["code"] == "VT-7002"


async def test_a_client_follows_the_validators_from_genesis(
    governed: FakeNode, client: AsyncClient
) -> None:
    chain = governed.chain
    assert await client.verified_validators() == chain.head.validators
    assert await client.verified_validators(5) == chain.blocks[4].validators[0]
    for at in (3, 5, 9):
        assert (await client.verified_twin(TURBINE, at)).header.height == at
    for block in chain.blocks:
        for transaction in block.transactions:
            await client.receipt(transaction.id)


@pytest.mark.parametrize("lie", ["drop", "turn", "break"])
async def test_a_lie_about_the_validators_is_found(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    honest: Any = client._get

    async def answer(path: str, kind: Any, **query: Any) -> Any:
        shown = await honest(path, kind, **query)
        steps = shown.items
        wrong = {"drop": steps[1:], "turn": steps[::-1], "break": ["no base64!"]}[lie]
        return type(shown)(height=shown.height, items=wrong)

    monkeypatch.setattr(client, "_get", answer)
    with pytest.raises(InvalidInput) as caught:
        await client.verified_validators()
    assert caught.value.code in ("VT-1307", "VT-1311")


async def test_the_client_reads_what_there_is(client: AsyncClient) -> None:
    assert len((await client.validator_changes()).items) == 4
    assert len((await client.proposals()).items) == 2
    (waiting,) = (await client.proposals(status="open")).items
    assert (await client.proposal(waiting.id)).id == waiting.id
    assert len((await client.evidence()).items) == 1
    assert (await client.validators(at=4)).since == 4
