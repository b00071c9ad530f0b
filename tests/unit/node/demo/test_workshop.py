"""The workshop answers each order once."""

import asyncio

import pytest

from chain.operations import Acknowledge
from node.client import Unreachable
from node.demo import workshop
from node.demo.workshop import NOTE, Workshop
from tests.unit.node.demo.fakes import FakeClient, make_order, until


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop, "LOOK_SECONDS", 0.0)


async def serve(client: FakeClient, answers: int) -> None:
    """Let the workshop serve until so many answers are final, and a little longer."""
    task = asyncio.create_task(Workshop(client, "windcare", 0.0).run())
    await until(lambda: len(client.final) >= answers)
    await asyncio.sleep(0.02)
    task.cancel()


async def test_every_open_order_is_acknowledged_once() -> None:
    client = FakeClient()
    client.orders = [make_order(1), make_order(2)]
    await serve(client, 2)
    answers = [one for one in client.final if isinstance(one, Acknowledge)]
    assert [one.action[-1] for one in answers] == [1, 2]
    assert {(one.outcome, one.note) for one in answers} == {("acknowledged", NOTE)}


async def test_while_no_node_answers_it_looks_again() -> None:
    client = FakeClient()
    client.orders = [make_order()]
    client.faults = [Unreachable("a", "down")] * 3
    await serve(client, 1)
    assert len(client.final) == 1


async def test_an_order_that_somebody_else_answered_is_left_alone() -> None:
    client = FakeClient()
    client.orders = [make_order(1), make_order(2)]
    client.fates = ["rejected"]
    await serve(client, 1)
    assert len(client.handed_in) == 2
