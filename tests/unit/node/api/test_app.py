"""What every request passes through: ids, methods, origins, errors; and the API's description."""

import json
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from chain.changes import RemoveValidator
from chain.errors import Busy, ChainError, ContractError, Corruption, InvalidInput, Refused
from chain.operations import ProposeChange
from chain.package import compute_package_hash
from chain.scalars import NodeName
from node.api import problems
from node.api.app import ROUTES
from node.api.limits import ADDRESSES_MAX, ConnectionLimit, RateLimit
from node.api.schema import build_openapi
from tests.unit.contracts.native.lifecycle import make_proposal
from tests.unit.node.api.fake_node import FakeNode


async def test_request_id_is_kept_or_made(session: ClientSession) -> None:
    async with session.get("/livez", headers={"X-Request-Id": "my-1"}) as answer:
        assert answer.headers["X-Request-Id"] == "my-1"
    async with session.get("/livez", headers={"X-Request-Id": "bad id"}) as answer:
        assert len(answer.headers["X-Request-Id"]) == 16


async def test_wrong_method_names_the_right_ones(session: ClientSession) -> None:
    async with session.delete("/v1/transactions") as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET,HEAD,POST".replace(",", ", ")
        assert (await answer.json(content_type=None))["code"] == "VT-7003"


async def test_only_listed_origins_may_read(session: ClientSession) -> None:
    good, bad = "https://partner.example", "https://evil.example"
    for path in ("/v1/status", "/v1/twins/R9"):
        async with session.get(path, headers={"Origin": good}) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == good
            assert "Origin" in answer.headers["Vary"]
        async with session.get(path, headers={"Origin": bad}) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers
    async with session.options("/v1/transactions", headers={"Origin": good}) as answer:
        assert answer.status == 204
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    async with session.options("/v1/transactions", headers={"Origin": bad}) as answer:
        assert answer.status == 405


async def test_unexpected_failure_hides_its_cause(
    node: FakeNode,
    session: ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(height: int) -> None:
        raise ZeroDivisionError("the secret reason")

    monkeypatch.setattr(node.reader, "validators", fail)
    async with session.get("/v1/validators") as answer:
        text = await answer.text()
        assert answer.status == 500
    problem = json.loads(text)
    assert problem["code"] == "VT-7011"
    assert problem["instance"] in problem["why"]
    assert "secret" not in text
    assert "the secret reason" in caplog.text


async def test_damaged_data_is_told_apart_from_bad_requests(
    node: FakeNode, session: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(height: int) -> None:
        raise Corruption("VT-6010", height=3)

    monkeypatch.setattr(node.reader, "validators", fail)
    async with session.get("/v1/validators") as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (
            500,
            "VT-6010",
        )


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInput("VT-7001", reason="x"), 400),
        (InvalidInput("VT-7004", kind="twin", name="x"), 404),
        (InvalidInput("VT-1003", type="t", size=2, limit=1), 413),
        (Refused("VT-2010", sender=b"k"), 403),
        (Refused("VT-2005", id=b"i"), 409),
        (Busy("VT-7013", limit=1), 503),
        (Busy("VT-7007", limit=1, address="a"), 429),
        (ContractError("VT-2040", contract="c"), 409),
        (Corruption("VT-6010", height=1), 500),
        (ChainError("VT-7011", request="r"), 500),
    ],
)
def test_fault_decides_the_status(error: ChainError, status: int) -> None:
    assert problems.status_of(error) == status


def _document() -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(build_openapi(ROUTES, "1.2.3"))
    return document


async def test_description_is_valid_openapi_and_served(session: ClientSession) -> None:
    async with session.get("/v1/openapi.json") as answer:
        document = await answer.json()
    assert document == _document()
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"] == "3.1.0"


def test_every_route_is_described_with_its_parameters() -> None:
    paths = _document()["paths"]
    described = {(method.upper(), path) for path, item in paths.items() for method in item}
    assert described == {(route.method, route.path) for route in ROUTES}
    operations = [operation for item in paths.values() for operation in item.values()]
    assert len({one["operationId"] for one in operations}) == len(ROUTES)
    for route in ROUTES:
        named = {one["name"] for one in paths[route.path][route.method.lower()]["parameters"]}
        in_path = {part[1:-1] for part in route.path.split("/") if part.startswith("{")}
        assert in_path <= named, route.path


async def test_answers_are_as_described(node: FakeNode, session: ClientSession) -> None:
    document = _document()
    proposal = node.chain.transaction(ProposeChange(RemoveValidator(NodeName("certis-1"))))
    report = node.chain.transaction(node.chain.equivocate("certis"))
    published = make_proposal()
    node.chain.add_block(proposal, report, node.chain.transaction(published))
    action = node.reader.records.actions
    from node.reader.paging import PageRequest

    values = {
        "/v1/transactions/{id}": node.chain.blocks[3].transactions[0].id.hex(),
        "/v1/transactions/{id}/receipt": node.chain.blocks[4].transactions[0].id.hex(),
        "/v1/transactions/{id}/readings/{index}": node.chain.blocks[1].transactions[0].id.hex(),
        "/v1/blocks/{id}": "4",
        "/v1/blocks/{id}/whole": "4",
        "/v1/actions/{id}": action(PageRequest()).items[0].id.hex(),
        "/v1/state/nodes/{id}": node.chain.head.state_root.hex(),
        "/v1/proposals/{id}": proposal.id.hex(),
        "/v1/contract-packages/{id}": compute_package_hash(published.package).hex(),
        "/v1/evidence/{id}": node.reader.governance.evidence_page(PageRequest()).items[0].id.hex(),
    }
    checked = 0
    for route in ROUTES:
        if route.method != "GET" or route.answer is None:
            continue
        path = route.path.format(
            id=values.get(route.path, "R80711"),
            index="0",
            name="low-power",
            number="1",
            code="VT-2020",
        )
        query = {"property": "active_power"} if path.endswith("/series") else {}
        async with session.get(path, params=query) as answer:
            assert answer.status == 200, path
            body = await answer.json()
        content = document["paths"][route.path]["get"]["responses"]["200"]["content"]
        schema = {**content["application/json"]["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(body)
        checked += 1
    assert checked >= 20


def test_rate_limit_refills_with_time() -> None:
    now = 0.0
    rate = RateLimit(10, lambda: now)
    assert [rate.take("a") for _ in range(21)] == [*range(19, -1, -1), -1]
    assert rate.take("b") == 19
    now = 0.25
    assert [rate.take("a") for _ in range(3)] == [1, 0, -1]
    now = 100.0
    assert rate.take("a") == 19


def test_rate_limit_remembers_a_bounded_number_of_addresses() -> None:
    rate = RateLimit(1, lambda: 0.0)
    for number in range(ADDRESSES_MAX + 10):
        rate.take(str(number))
    assert len(rate._buckets) == ADDRESSES_MAX


def test_connection_limit_counts_per_address_and_in_all() -> None:
    limit = ConnectionLimit(3, 2)
    assert [limit.enter("a"), limit.enter("a"), limit.enter("a")] == [True, True, False]
    assert [limit.enter("b"), limit.enter("c")] == [True, False]
    limit.leave("a")
    assert limit.enter("c")
    assert limit.total == 3
