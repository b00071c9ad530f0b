"""A contract's life over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from chain.changes import PauseContract
from chain.operations import ApproveChange, ProposeChange
from chain.scalars import Hash
from tests.unit.contracts.native.lifecycle import FIRST, NAME, SECOND
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.contract_chain import build_contract_chain


@pytest.fixture
async def address() -> AsyncIterator[str]:
    async with FakeNode(build_contract_chain()).serve() as url:
        yield url


async def get(address: str, path: str) -> Any:
    async with ClientSession() as session, session.get(address + path) as answer:
        return await answer.json(content_type=None)


async def test_one_view_says_who_approved_what_when_with_which_signature(address: str) -> None:
    life = await get(address, f"/v1/contracts/{NAME}/versions")
    assert life["policy"] == "approvals by 2 of all organisations"
    second, first = life["versions"]
    assert (first["number"], first["status"], first["replaces"]) == (1, "replaced", 0)
    assert (second["cause"], second["status"], second["replaces"]) == ("upgraded", "active", 1)
    assert first["ended_height"] == second["active_height"]
    assert [one["organisation"] for one in second["approvals"]] == ["borne-energie", "gridlink"]
    for one in second["approvals"]:
        stored = await get(address, f"/v1/transactions/{one['transaction']}")
        assert stored["height"] == one["height"]
        assert len(one["signature"]) == 128


async def test_who_paused_a_contract_and_since_when_is_said() -> None:
    chain = build_contract_chain()
    proposal = chain.transaction(ProposeChange(PauseContract(NAME)), "borne-energie")
    chain.add_block(proposal)
    approval = chain.transaction(ApproveChange(Hash(proposal.id)), "certis")
    chain.add_block(approval)
    async with FakeNode(chain).serve() as address:
        life = await get(address, f"/v1/contracts/{NAME}/versions")
        approvals = life["paused"].pop("approvals")
        assert life["paused"] == {
            "organisation": "borne-energie",
            "proposal": proposal.id.hex(),
            "transaction": approval.id.hex(),
            "height": chain.head.height,
            "time_ms": chain.head.time_ms,
        }
        assert [one["organisation"] for one in approvals] == ["borne-energie", "certis"]
        assert all(len(one["signature"]) == 128 for one in approvals)
        assert life["versions"][0]["status"] == "active"


async def test_a_contract_that_goes_on_is_not_paused(address: str) -> None:
    assert (await get(address, f"/v1/contracts/{NAME}/versions"))["paused"] is None


async def test_every_version_stays_readable(address: str) -> None:
    for number, source in ((1, FIRST), (2, SECOND)):
        shown = await get(address, f"/v1/contracts/{NAME}/versions/{number}")
        assert (shown["name"], shown["source"], shown["parameters"]) == (NAME, source, {})
        package = await get(address, f"/v1/contract-packages/{shown['version']['package']}")
        assert package == shown["package"]
        assert package["check"].startswith("accepted by")


async def test_a_proposal_needs_what_the_policy_says(address: str) -> None:
    shown = await get(address, "/v1/proposals")
    assert [one["needed"] for one in shown["items"]] == [2, 2, 3]
    assert shown["items"][0]["about"] == "upgrade contract tally from version 1"
    assert (await get(address, f"/v1/contracts/{NAME}"))["version"] == 2


@pytest.mark.parametrize(
    "path",
    [
        "/v1/contracts/nobody/versions",
        "/v1/contracts/.../versions",
        f"/v1/contracts/{NAME}/versions/9",
        f"/v1/contracts/{NAME}/versions/x",
        f"/v1/contract-packages/{'0' * 64}",
        "/v1/contract-packages/x",
    ],
)
async def test_what_is_not_there_is_said_plainly(address: str, path: str) -> None:
    assert (await get(address, path))["code"] == "VT-7004"
