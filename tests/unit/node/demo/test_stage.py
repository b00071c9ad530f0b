"""What is on the chain before the first reading."""

from pathlib import Path

import pytest

from chain.errors import ChainError
from chain.operations import AnyOperation, ApproveChange, RegisterKey, RegisterTwin
from chain.scalars import OrganisationId, TwinId, UnixMillis
from chain.values import decode_value
from node.demo import stage
from node.demo.cast import INSPECTOR, OPERATOR, WORKSHOP, make_cast, plan_nodes
from node.demo.stage import (
    CONTRACT,
    agree_on_contract,
    contract_proposal,
    set_up,
    setup_operations,
    source_of,
)
from tests.unit.node.demo.fakes import FakeClient, make_feed, make_record


def register(name: str) -> RegisterTwin:
    return RegisterTwin(TwinId(name), "system", "press", None, ())


def test_each_administrator_registers_the_own_people_and_the_owner_the_rest(
    tmp_path: Path,
) -> None:
    feed = make_feed([make_record(0)])
    cast = make_cast(tmp_path, plan_nodes(4, 0), feed, UnixMillis(1_700_000_000_000))
    operations = setup_operations(cast, feed, is_wind=True)
    keys = [(who, one.label) for who, one in operations if isinstance(one, RegisterKey)]
    assert keys == [
        (WORKSHOP, "workshop"), (INSPECTOR, "inspector"), (OPERATOR, "gateway-press-7"),
    ]  # fmt: skip
    assert {who for who, one in operations if isinstance(one, RegisterTwin)} == {OPERATOR}


async def test_the_owner_proposes_the_contract_and_as_many_approve_as_it_takes(
    tmp_path: Path,
) -> None:
    cast = make_cast(tmp_path, plan_nodes(4, 0), None, UnixMillis(1_700_000_000_000))
    proposal = contract_proposal(cast)
    assert proposal.package.source == source_of(CONTRACT)
    assert decode_value(proposal.parameters) == {"addressee": "windcare"}
    clients = {organisation: FakeClient() for organisation in cast.network.administrators}
    await agree_on_contract(proposal, OPERATOR, clients)  # type: ignore[arg-type]
    sent = [clients[organisation].final for organisation in clients]
    assert [len(one) for one in sent] == [1, 1, 1, 0]
    assert sent[0] == [proposal]
    assert all(isinstance(one[0], ApproveChange) for one in sent[1:3])


async def test_operations_go_in_order_and_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "TOGETHER_MAX", 2)
    one, two = OrganisationId("one"), OrganisationId("two")
    clients = {one: FakeClient(), two: FakeClient()}
    wanted: list[tuple[OrganisationId, AnyOperation]] = [
        *((one, register(f"a{index}")) for index in range(5)),
        (two, register("b")),
    ]
    shares: list[float] = []
    await set_up(wanted, clients, shares.append)
    assert [operation.twin for operation in clients[one].final] == ["a0", "a1", "a2", "a3", "a4"]
    assert len(clients[two].final) == 1
    assert shares == [2 / 6, 4 / 6, 5 / 6, 1.0]


async def test_a_refusal_ends_the_set_up() -> None:
    one = OrganisationId("one")
    client = FakeClient()
    client.fates = ["final", "rejected"]
    with pytest.raises(ChainError, match="VT-2020"):
        await set_up([(one, register("a")), (one, register("b"))], {one: client})
