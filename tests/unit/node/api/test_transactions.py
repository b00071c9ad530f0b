"""Handing in, following and proving transactions over HTTP."""

import base64
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession

from chain.proven_receipt import check_receipt, receipt_from_json
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.chain_builder import START_MS

ONE = {"Content-Type": "application/msgpack"}
MANY = {"Content-Type": "application/vnd.veritwin.transactions+msgpack"}
LATER = START_MS + 10_000_000


async def _post(
    session: ClientSession, query: str = "", status: int = 202, **arguments: Any
) -> Any:
    async with session.post(f"/v1/transactions{query}", **arguments) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json(content_type=None)


async def test_one_transaction_is_received_then_final(
    node: FakeNode, session: ClientSession
) -> None:
    transaction = node.chain.power("1", first_ms=LATER)
    node.is_committing = False
    async with session.post("/v1/transactions", data=transaction.raw, headers=ONE) as answer:
        assert answer.status == 202
        assert answer.headers["Location"] == f"/v1/transactions/{transaction.id.hex()}"
        assert await answer.json() == {
            "id": transaction.id.hex(),
            "state": "received",
            "height": None,
            "code": None,
            "detail": None,
        }
    async with session.get(f"/v1/transactions/{transaction.id.hex()}") as answer:
        assert (answer.status, (await answer.json())["state"]) == (200, "received")
        assert answer.headers["Cache-Control"] == "no-store"
    node.commit()
    async with session.get(f"/v1/transactions/{transaction.id.hex()}") as answer:
        shown = await answer.json()
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (shown["state"], shown["height"], shown["operation"]) == ("final", 8, "telemetry")
    assert shown["body"]["batches"][0]["twin"] == "R80711"
    assert shown["result"] == {"accepted": 1, "duplicate": 0, "late": 0}
    assert shown["events"][0]["name"] == "readings_recorded"


async def test_waiting_gives_the_final_state(node: FakeNode, session: ClientSession) -> None:
    good = node.chain.power("1", first_ms=LATER)
    bad = node.chain.power("1", twin="R9")
    found = await _post(session, "?wait=final", 200, data=good.raw, headers=ONE)
    assert (found["state"], found["height"], found["code"]) == ("final", 8, None)
    found = await _post(session, "?wait=final", 200, data=bad.raw, headers=ONE)
    assert (found["state"], found["height"], found["code"]) == ("rejected", 9, "VT-2020")
    assert found["detail"] == "Twin R9 is not registered on this chain."


async def test_time_out_is_no_failure(node: FakeNode, session: ClientSession) -> None:
    node.is_committing = False
    transaction = node.chain.power("1", first_ms=LATER)
    async with session.post(
        "/v1/transactions?wait=final&timeout=1", data=transaction.raw, headers=ONE
    ) as answer:
        assert answer.status == 202
        assert answer.headers["Retry-After"] == "1"
        assert (await answer.json())["state"] == "received"


async def test_same_transaction_twice_is_no_error(node: FakeNode, session: ClientSession) -> None:
    node.is_committing = False
    transaction = node.chain.power("1", first_ms=LATER)
    for expected in ("received", "received"):
        found = await _post(session, data=transaction.raw, headers=ONE)
        assert found["state"] == expected
    node.commit()
    found = await _post(session, data=transaction.raw, headers=ONE)
    assert (found["state"], found["height"]) == ("final", 8)


async def test_expired_transaction_stays_known(node: FakeNode, session: ClientSession) -> None:
    node.is_committing = False
    transaction = node.chain.power("1", first_ms=LATER)
    await _post(session, data=transaction.raw, headers=ONE)
    node.waiting.clear()
    node.finality.expired([transaction.id])
    async with session.get(f"/v1/transactions/{transaction.id.hex()}") as answer:
        shown = await answer.json()
    assert (shown["state"], shown["code"]) == ("expired", "VT-2003")


@pytest.mark.parametrize("is_json", [True, False])
async def test_many_are_answered_one_by_one(
    node: FakeNode, session: ClientSession, is_json: bool
) -> None:
    forged = node.chain.power("2", first_ms=LATER)
    forged_raw = forged.raw[:-1] + bytes([forged.raw[-1] ^ 1])
    raws = [node.chain.power("1", first_ms=LATER).raw, forged_raw, b"\x00"]
    if is_json:
        asked: dict[str, Any] = {
            "json": {"transactions": [base64.b64encode(raw).decode() for raw in raws]}
        }
    else:
        asked = {"data": msgspec.msgpack.encode(raws), "headers": MANY}
    items = (await _post(session, "?wait=final", 200, **asked))["items"]
    assert [item["state"] for item in items] == ["final", "rejected", "rejected"]
    assert [item["code"] for item in items] == [None, "VT-2002", "VT-1001"]
    assert items[1]["id"] == forged.id.hex()
    assert items[2]["id"] is None


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        ({"data": b"\xc1", "headers": ONE}, 400, "VT-1001"),
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, 400, "VT-7001"),
        ({"json": {}}, 400, "VT-7001"),
        ({"json": {"transaction": "!!"}}, 400, "VT-7001"),
        ({"json": {"transaction": "AA==", "transactions": []}}, 400, "VT-7001"),
        ({"json": {"transactions": []}}, 400, "VT-7001"),
        ({"json": {"transactions": ["AA=="] * 1001}}, 400, "VT-7001"),
        ({"json": {"transaktion": "AA=="}}, 400, "VT-7001"),
        ({"json": {"transactions": [[[["deep"]]]]}}, 400, "VT-7001"),
        (
            {"data": b'{"transaction": "\xff"}', "headers": {"Content-Type": "application/json"}},
            400,
            "VT-7001",
        ),
        ({"data": msgspec.msgpack.encode([1]), "headers": MANY}, 400, "VT-7001"),
        ({"data": b"a=b", "headers": {"Content-Type": "text/plain"}}, 415, "VT-7009"),
        ({"data": b"x", "headers": {**ONE, "Content-Encoding": "gzip"}}, 415, "VT-7009"),
    ],
)
async def test_what_cannot_be_read_is_refused(
    session: ClientSession, arguments: dict[str, Any], status: int, code: str
) -> None:
    problem = await _post(session, status=status, **arguments)
    assert (problem["code"], problem["status"]) == (code, status)
    assert problem["type"] == f"https://veritwin.dev/errors/{code}"


async def test_refusal_before_ordering_is_a_problem_with_the_id(
    node: FakeNode, session: ClientSession
) -> None:
    expired = node.chain.transaction(
        node.chain.power("1").body.operation, expiry=node.chain.head.height
    )
    problem = await _post(session, status=400, data=expired.raw, headers=ONE)
    assert problem["code"] == "VT-2003"
    assert problem["retryable"] is False
    assert problem["why"] == "It was valid up to height 7; the chain is at 8."


@pytest.mark.parametrize("name", ["0" * 64, "abc", "Z" * 64, "%2f"])
async def test_unknown_transaction_is_not_found(session: ClientSession, name: str) -> None:
    for suffix in ("", "/receipt", "/readings/0"):
        async with session.get(f"/v1/transactions/{name}{suffix}") as answer:
            assert (answer.status, (await answer.json(content_type=None))["code"]) == (
                404,
                "VT-7004",
            )


async def test_receipt_is_a_file_that_verifies(node: FakeNode, session: ClientSession) -> None:
    transaction = node.chain.blocks[4].transactions[0]
    async with session.get(f"/v1/transactions/{transaction.id.hex()}/receipt") as answer:
        file = await answer.read()
        assert answer.content_type == "application/json"
        tag = answer.headers["ETag"]
    check_receipt(receipt_from_json(file), node.chain.genesis)
    async with session.get(
        f"/v1/transactions/{transaction.id.hex()}/receipt", headers={"If-None-Match": tag}
    ) as answer:
        assert (answer.status, await answer.read()) == (304, b"")


async def test_there_is_no_receipt_before_the_transaction_is_final(
    node: FakeNode, session: ClientSession
) -> None:
    node.is_committing = False
    transaction = node.chain.power("1", first_ms=LATER)
    await _post(session, data=transaction.raw, headers=ONE)
    async with session.get(f"/v1/transactions/{transaction.id.hex()}/receipt") as answer:
        problem = await answer.json(content_type=None)
    assert (answer.status, problem["code"], problem["retryable"]) == (409, "VT-7005", True)
    assert problem["tx_id"] == transaction.id.hex()


async def test_one_reading_is_proved(node: FakeNode, session: ClientSession) -> None:
    transaction = node.chain.blocks[1].transactions[0].id.hex()
    async with session.get(f"/v1/transactions/{transaction}/readings/1") as answer:
        shown = await answer.json()
    assert shown["transaction"] == transaction
    assert shown["proof"]["reading"]["value"] == "2000.5"


async def test_list_pages_through_the_whole_chain(node: FakeNode, session: ClientSession) -> None:
    found: list[str] = []
    query = "?limit=3"
    while query:
        async with session.get(f"/v1/transactions{query}") as answer:
            page = await answer.json()
        found.extend(item["id"] for item in page["items"])
        query = f"?limit=3&cursor={page['next']}" if page["next"] else ""
    expected = [t.id.hex() for block in node.chain.blocks for t in block.transactions]
    assert found == expected[::-1]
