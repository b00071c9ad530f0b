"""Delivery: once, whatever happens to nodes."""

import asyncio

import pytest

from chain.errors import InvalidInput
from chain.operations import RegisterTwin, Telemetry
from chain.scalars import TwinId
from node.client import Unreachable, delivery
from node.client.delivery import deliver
from tests.unit.node.demo.fakes import FakeClient, make_record

OPERATION = Telemetry(make_record(1).batches)
OTHER = RegisterTwin(TwinId("pump"), "system", "pump", None, ())


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PAUSE_SECONDS", 0.0)


async def test_an_operation_is_handed_in_once_and_is_final() -> None:
    client = FakeClient()
    assert await deliver(client, (OPERATION, OTHER)) == [None, None]
    assert client.final == [OPERATION, OTHER]
    assert len(client.handed_in) == 2


async def test_while_nobody_answers_the_same_bytes_are_offered_again() -> None:
    client = FakeClient()
    client.faults = [Unreachable("a", "down"), Unreachable("b", "down")]
    assert await deliver(client, (OPERATION,)) == [None]
    assert client.final == [OPERATION]
    assert len(client.handed_in) == 1


async def test_what_died_with_a_node_is_handed_in_again_byte_for_byte() -> None:
    client = FakeClient()
    client.fates = ["lost", "lost"]
    assert await deliver(client, (OPERATION,)) == [None]
    assert len(client.handed_in) == 3
    assert len(set(client.handed_in)) == 1
    assert client.final == [OPERATION]


async def test_only_what_is_still_open_is_handed_in_again() -> None:
    client = FakeClient()
    client.fates = ["final", "lost"]
    assert await deliver(client, (OPERATION, OTHER)) == [None, None]
    assert len(client.handed_in) == 3
    assert client.final == [OPERATION, OTHER]


async def test_an_expired_transaction_is_signed_anew() -> None:
    client = FakeClient()
    client.fates = ["expired"]
    assert await deliver(client, (OPERATION,)) == [None]
    assert len(set(client.handed_in)) == 2
    assert client.final == [OPERATION]


async def test_one_that_is_too_late_may_be_in_a_block_and_is_looked_for_first() -> None:
    client = FakeClient()
    transaction = await client.build(OPERATION)
    await client.send_many([transaction])
    client.final.clear()

    async def build(_: object) -> object:
        return transaction

    client.build = build  # type: ignore[method-assign, assignment]
    client.refusals = ["VT-2003"]
    assert await deliver(client, (OPERATION,)) == [None]
    assert client.final == []


async def test_one_that_is_too_late_and_in_no_block_is_signed_anew() -> None:
    client = FakeClient()
    client.refusals = ["VT-2003"]
    assert await deliver(client, (OPERATION,)) == [None]
    assert len(set(client.handed_in)) == 2
    assert client.final == [OPERATION]


async def test_many_that_are_too_late_are_looked_for_together() -> None:
    """A small chain may decide more blocks in a second than an expiry window has."""
    client = FakeClient()
    client.refusals = ["VT-2003"] * 100
    looking: list[float] = []
    most = 0

    async def wait_final(id: object, seconds: float) -> object:
        nonlocal most
        looking.append(seconds)
        most = max(most, len(looking))
        await asyncio.sleep(0)
        looking.pop()
        return await FakeClient.wait_final(client, id, seconds)  # type: ignore[arg-type]

    client.wait_final = wait_final  # type: ignore[method-assign, assignment]
    assert await deliver(client, (OPERATION,) * 100) == [None] * 100
    assert most == delivery.FOLLOWED_MAX


async def test_a_full_node_is_asked_again_and_its_reason_is_told() -> None:
    client = FakeClient()
    client.refusals = ["VT-3001"]
    told: list[str] = []
    assert await deliver(client, (OPERATION,), told.append) == [None]
    assert told == ["No.", ""]
    assert client.final == [OPERATION]


async def test_a_refusal_is_the_answer_of_its_operation() -> None:
    client = FakeClient()
    client.refusals = ["VT-2021", ""]
    refused, other = await deliver(client, (OPERATION, OTHER))
    assert refused is not None
    assert refused.code == "VT-2021"
    assert other is None
    assert client.final == [OTHER]


async def test_a_rejection_in_a_block_is_a_refusal_too() -> None:
    client = FakeClient()
    client.fates = ["rejected"]
    (refusal,) = await deliver(client, (OPERATION,))
    assert refusal is not None
    assert (refusal.code, refusal.why) == ("VT-2020", "No.")


async def test_a_client_that_can_never_sign_does_not_try_for_ever() -> None:
    client = FakeClient()
    client.faults = [InvalidInput("VT-7024")]
    with pytest.raises(InvalidInput, match="VT-7024"):
        await deliver(client, (OPERATION,))
