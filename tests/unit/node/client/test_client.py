"""The client against real servers: signing, waiting, failing over, verifying."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from chain.errors import Busy, ChainError, InvalidInput, Refused
from chain.keys import SigningKey
from chain.operations import Acknowledge, Reading, Telemetry, TwinReadings
from chain.proven_receipt import check_receipt, receipt_from_json
from chain.scalars import Hash, Height, TwinId, UnixMillis
from node.client import AsyncClient, NotFinal, Unreachable
from tests.unit.node.api.fake_node import FakeNode, until
from tests.unit.node.chain_builder import START_MS, TURBINE, ChainBuilder, make_genesis, seed_of

DEAD = "127.0.0.1:1"
OWNER = SigningKey(seed_of("borne-energie"))


def _telemetry(value: str = "7", minute: int = 100, twin: str = TURBINE) -> Telemetry:
    time_ms = UnixMillis(START_MS + minute * 60_000)
    reading = Reading("active_power", value, time_ms, "KWT")
    return Telemetry((TwinReadings(TwinId(twin), (reading,)),))


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


@pytest.fixture
async def address(node: FakeNode) -> AsyncIterator[str]:
    async with node.serve() as address:
        yield address


@pytest.fixture
async def client(node: FakeNode, address: str) -> AsyncIterator[AsyncClient]:
    async with AsyncClient([address], node.genesis, OWNER, retry_seconds=0.0) as client:
        yield client


async def test_operation_is_signed_sent_and_final(node: FakeNode, client: AsyncClient) -> None:
    done = await client.submit_and_wait(_telemetry())
    assert (done.state, done.height, done.organisation) == ("final", 8, "borne-energie")
    receipt = await client.receipt(done.id)
    assert check_receipt(receipt_from_json(receipt), node.genesis).transaction.hex() == done.id


async def test_id_is_known_before_sending_and_salt_makes_it_the_same(
    client: AsyncClient,
) -> None:
    first = await client.build(_telemetry(), salt=b"12345678")
    again = await client.build(_telemetry(), salt=b"12345678")
    other = await client.build(_telemetry())
    assert first.id == again.id != other.id
    assert first.body.expiry_height == 7 + 500
    answers = [await client.send(first), await client.send(again)]
    assert {answer.id for answer in answers} == {first.id.hex()}


@pytest.mark.parametrize("window", [1, 10, 100])
async def test_a_client_that_stays_open_signs_in_time_for_a_small_window(window: int) -> None:
    genesis = make_genesis()
    limits = replace(genesis.limits, expiry_window_blocks=window)
    node = FakeNode(ChainBuilder(genesis=replace(genesis, limits=limits)))
    turbine = node.chain.register_turbine().body.operation
    async with node.serve() as address, AsyncClient([address], node.genesis, OWNER) as client:
        await client.submit_and_wait(turbine)
        for number in range(3):
            for _ in range(window + 2):
                node.chain.add_block()
            await asyncio.sleep(window / 100)  # that many blocks take at least as long
            assert (await client.submit(_telemetry(minute=number))).state == "received"


async def test_a_height_is_asked_for_once_in_a_while_where_the_window_is_large(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    honest = client.status

    async def count() -> Any:
        nonlocal asked
        asked += 1
        return await honest()

    monkeypatch.setattr(client, "status", count)
    for _ in range(5):
        await client.build(_telemetry())
    assert asked == 1


async def test_rejection_in_a_block_is_raised_with_its_code(client: AsyncClient) -> None:
    with pytest.raises(Refused) as caught:
        await client.submit_and_wait(_telemetry(twin="R9"))
    assert str(caught.value) == "VT-2020: Twin R9 is not registered on this chain."
    assert caught.value.entry.fix == "Check the name: veritwin twins list"


async def test_refusal_before_ordering_is_raised(node: FakeNode, address: str) -> None:
    other = replace(node.genesis, limits=replace(node.genesis.limits, expiry_window_blocks=5000))
    async with AsyncClient([address], other, OWNER) as client:
        with pytest.raises(InvalidInput) as caught:
            await client.submit(_telemetry())
    assert caught.value.code == "VT-7023"


async def test_many_are_sent_in_one_request_and_answered_in_order(
    node: FakeNode, client: AsyncClient
) -> None:
    operations = [_telemetry(str(n), 100 + n) for n in range(3)]
    answers = await client.submit_many([*operations, _telemetry(twin="R9")])
    assert [answer.state for answer in answers] == ["received"] * 4
    done = await client.submit_many_and_wait([_telemetry("9", 200 + n) for n in range(3)])
    assert {one.state for one in done} == {"final"}
    with pytest.raises(Refused, match="VT-2020"):
        await client.submit_many_and_wait([_telemetry(twin="R9")])


async def test_time_out_raises_not_final_with_the_id(node: FakeNode, client: AsyncClient) -> None:
    node.is_committing = False
    with pytest.raises(NotFinal) as caught:
        await client.submit_and_wait(_telemetry(), 0.4)
    assert isinstance(caught.value, Busy)
    waiting = next(iter(node.waiting))
    assert caught.value.id == waiting
    assert str(caught.value) == (
        f"VT-7021: Transaction {waiting.hex()} was not final after 0.4 seconds. "
        "It may still become final."
    )
    node.commit()
    assert (await client.wait_final(waiting, 5.0)).state == "final"


async def test_next_node_is_asked_when_one_is_dead(node: FakeNode, address: str) -> None:
    async with AsyncClient([DEAD, address], node.genesis, OWNER) as client:
        assert (await client.status()).node == "certis-1"
        assert (await client.submit_and_wait(_telemetry())).state == "final"


async def test_no_node_at_all_is_unreachable(node: FakeNode) -> None:
    async with AsyncClient([DEAD], node.genesis, retry_seconds=0.0) as client:
        with pytest.raises(Unreachable) as caught:
            await client.status()
    assert caught.value.code == "VT-7020"
    assert "http://127.0.0.1:1" in caught.value.why


async def test_node_of_another_chain_is_not_believed(node: FakeNode, address: str) -> None:
    other = replace(node.genesis, chain_id="another")
    async with AsyncClient([address], other) as client:
        with pytest.raises(InvalidInput) as caught:
            await client.twins()
    assert caught.value.code == "VT-7023"


async def test_waiting_survives_the_death_of_the_node_that_was_asked() -> None:
    first, second = FakeNode(is_committing=False), FakeNode(is_committing=False)
    async with AsyncExitStack() as stack:
        dying = AsyncExitStack()
        addresses = [
            await dying.enter_async_context(first.serve()),
            await stack.enter_async_context(second.serve()),
        ]
        client = await stack.enter_async_context(AsyncClient(addresses, first.genesis, OWNER))
        transaction = await client.build(_telemetry())
        await client.send(transaction)
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(client.wait_final(transaction.id, 20.0))
            await until(lambda: bool(first.finality._waiting))
            await dying.aclose()
            await asyncio.sleep(0.1)
            assert not waiting.done()
            second.waiting[transaction.id] = transaction
            second.commit()
        assert waiting.result().state == "final"


async def test_transaction_that_died_with_its_node_is_handed_in_again() -> None:
    first, second = FakeNode(is_committing=False), FakeNode()
    async with AsyncExitStack() as stack:
        dying = AsyncExitStack()
        addresses = [
            await dying.enter_async_context(first.serve()),
            await stack.enter_async_context(second.serve()),
        ]
        client = await stack.enter_async_context(AsyncClient(addresses, first.genesis, OWNER))
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(client.submit_and_wait(_telemetry(), 20.0))
            await until(lambda: bool(first.finality._waiting))
            await dying.aclose()
        assert waiting.result().state == "final"
    assert second.submitted == 1


async def test_a_transaction_that_a_pruned_node_does_not_know_is_handed_in_again() -> None:
    node = FakeNode(is_committing=False)
    node.forget()
    async with (
        node.serve() as address,
        AsyncClient([address], node.genesis, OWNER) as client,
        asyncio.TaskGroup() as tasks,
    ):
        waiting = tasks.create_task(client.submit_and_wait(_telemetry(), 20.0))
        await until(lambda: bool(node.finality._waiting))
        node.waiting.clear()
        node.is_committing = True
        assert (await waiting).state == "final"
    assert node.submitted == 2


async def test_what_one_node_has_deleted_is_asked_of_the_others() -> None:
    pruned, whole = FakeNode(), FakeNode()
    pruned.forget()
    old = whole.chain.blocks[1].transactions[0].id
    async with pruned.serve() as first, whole.serve() as second:
        async with AsyncClient([first, second], whole.genesis) as client:
            assert check_receipt(receipt_from_json(await client.receipt(old)), whole.genesis)
            assert (await client.block(2)).header["height"] == 2
        async with AsyncClient([first, DEAD], whole.genesis) as client:
            with pytest.raises(InvalidInput, match="VT-7015"):
                await client.receipt(old)


async def test_busy_node_is_passed_over(node: FakeNode, address: str) -> None:
    calls = 0

    async def refuse(request: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return web.Response(status=503, text="starting")

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        busy = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with AsyncClient([busy, address], node.genesis) as client:
            for _ in range(3):
                assert (await client.status()).height == 7
        assert calls == 1, "a node that rests is asked last"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"<html>", "VT-7022"), (b'{"genesis": 1}', "VT-7022"), (b"[" * 10_000, "VT-7022")],
)
async def test_answer_of_something_else_is_refused(node: FakeNode, body: bytes, code: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"127.0.0.1:{runner.addresses[0][1]}"
        async with AsyncClient([address], node.genesis) as client:
            with pytest.raises(ChainError) as caught:
                await client.twins()
        assert caught.value.code == code
    finally:
        await runner.cleanup()


async def test_reader_without_a_key_cannot_submit(node: FakeNode, address: str) -> None:
    async with AsyncClient([address], node.genesis) as client:
        with pytest.raises(InvalidInput) as caught:
            await client.submit(_telemetry())
    assert caught.value.code == "VT-7024"


async def test_genesis_may_be_a_file(node: FakeNode, address: str, tmp_path: Path) -> None:
    path = tmp_path / "genesis.json"
    path.write_bytes(node.genesis_json)
    async with AsyncClient([address], path) as client:
        assert (await client.status()).chain_id == "haute-borne"


async def test_every_read_is_typed(client: AsyncClient) -> None:
    assert (await client.ready()).ready
    assert (await client.blocks(limit=2)).items[0].height == 7
    assert (await client.block()).header["height"] == 7
    assert (await client.block(3)).transactions == []
    assert len((await client.validators()).items) == 4
    assert (await client.transactions(limit=1)).items[0].operation == "telemetry"
    assert len((await client.twins(kind="system")).items) == 2
    assert (await client.twin(TURBINE, at=4)).status == "action_open"
    assert len((await client.history(TURBINE)).items) == 7
    assert (await client.series(TURBINE, "active_power")).points[0][1] == "100"
    (action,) = (await client.actions(twin=TURBINE)).items
    assert await client.action(action.id) == action
    assert (await client.attestations()).items[0].issuer == "certis"
    assert len((await client.organisations()).items) == 4
    assert (await client.contracts()).items[0].name == "low-power"
    assert (await client.contract("low-power")).source is not None
    cause = (await client.transaction(action.cause.transaction)).id
    assert (await client.reading_proof(cause, 0)).proof["reading"]["value"] == "0.5"


async def test_pages_give_a_whole_list(client: AsyncClient) -> None:
    names = [twin["id"] async for twin in client.pages("/v1/twins", limit=1, model=None)]
    assert names == ["R80711", "R80721", "haute-borne"]


async def test_what_does_not_exist_is_named(client: AsyncClient) -> None:
    with pytest.raises(InvalidInput) as caught:
        await client.twin("R9")
    assert str(caught.value) == "VT-7004: There is no twin R9 on this node."


async def test_twin_is_verified_without_trusting_the_node(
    node: FakeNode, client: AsyncClient
) -> None:
    found = await client.verified_twin(TURBINE)
    assert found.record is not None
    assert found.record.id == TURBINE
    assert found.header.height == 7
    assert (await client.verified_twin("R9", at=5)).record is None


async def test_a_proof_of_another_height_is_found(
    node: FakeNode, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove = node.reader.proofs.state
    monkeypatch.setattr(node.reader.proofs, "state", lambda key, height: prove(key, Height(2)))
    with pytest.raises(InvalidInput) as caught:
        await client.verified_twin(TURBINE, at=5)
    assert caught.value.why == ("it is for height 2, 5 was asked for.")


@pytest.mark.parametrize("field", ["value", "header", "certificate", "key"])
async def test_lie_about_a_twin_is_found(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    honest: Any = client._get

    async def lie(path: str, kind: Any, **query: Any) -> Any:
        shown = await honest(path, kind, **query)
        other = await honest(path.replace(TURBINE, "R80721"), kind, at=3)
        return replace(shown, **{field: getattr(other, field)})

    monkeypatch.setattr(client, "_get", lie)
    if field == "key":
        assert (await client.verified_twin(TURBINE)).record is not None, "it is not looked at"
        return
    with pytest.raises(InvalidInput) as caught:
        await client.verified_twin(TURBINE)
    assert caught.value.code in ("VT-1306", "VT-1307", "VT-1311")


async def test_receipt_of_another_transaction_is_found(
    node: FakeNode, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, other = (block.transactions[0].id for block in node.chain.blocks[:2])
    honest = node.reader.proofs.receipt
    monkeypatch.setattr(node.reader.proofs, "receipt", lambda id_, name: honest(other, name))
    with pytest.raises(InvalidInput) as caught:
        await client.receipt(wanted)
    assert str(caught.value) == ("VT-1304: Broken link: it is the receipt of another transaction.")
    assert await client.receipt(wanted, verify=False)


async def test_windcare_acknowledges_an_action(node: FakeNode, address: str) -> None:
    key = SigningKey(seed_of("windcare"))
    async with AsyncClient([address], node.genesis, key) as client:
        (action,) = (await client.actions()).items
        operation = Acknowledge(Hash(bytes.fromhex(action.id)), "completed", "done")
        await client.submit_and_wait(operation)
        assert (await client.action(action.id)).status == "completed"


@pytest.mark.parametrize("name", ["../blocks", "..", "a?at=1", "a#b", "a%2Fb", "ä", "a b", "a/b"])
async def test_a_name_stays_a_name_in_the_address(client: AsyncClient, name: str) -> None:
    with pytest.raises(ChainError) as caught:
        await client.twin(TwinId(name))
    assert caught.value.code == ("VT-7003" if "/" in name else "VT-7004")
