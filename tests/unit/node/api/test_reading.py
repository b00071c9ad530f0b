"""Every read of the API over a real server."""

import base64
from typing import Any

import pytest
from aiohttp import ClientSession

from chain.block import Header
from chain.codec import decode
from chain.hashing import EMPTY_HASH
from chain.json_view import from_plain
from chain.scalars import Hash
from chain.state_node import StateInner, hash_key, hash_node, hash_value
from chain.state_tree import StateProof, check_state_proof
from node.api.app import ROUTES
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.chain_builder import START_MS


async def _get(session: ClientSession, path: str, status: int = 200) -> Any:
    async with session.get(path) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json(content_type=None)


async def test_status_joins_node_and_chain(node: FakeNode, session: ClientSession) -> None:
    shown = await _get(session, "/v1/status")
    head = node.chain.head
    assert shown["height"] == 7
    assert (shown["state_root"], shown["block_hash"]) == (
        head.state_root.hex(),
        head.block.hex(),
    )
    assert (shown["validators"], shown["quorum"], shown["twins_total"]) == (4, 3, 3)
    assert shown["transactions_total"] == 11
    assert shown["mempool"] == {"transactions": 0, "bytes": 0}
    assert (shown["ready"], shown["reasons"], shown["updates_per_second"]) == (True, [], 12.346)
    assert shown["peers"][0]["node"] == "gridlink-1"


async def test_genesis_is_given_byte_for_byte(node: FakeNode, session: ClientSession) -> None:
    async with session.get("/v1/genesis") as answer:
        assert await answer.read() == node.chain.genesis_json


async def test_block_is_found_by_height_hash_and_latest(
    node: FakeNode, session: ClientSession
) -> None:
    block = node.chain.blocks[3]
    by_height = await _get(session, "/v1/blocks/4")
    assert by_height == await _get(session, f"/v1/blocks/{block.hash.hex()}")
    assert by_height["header"]["state_root"] == block.header.state_root.hex()
    assert [one["code"] for one in by_height["transactions"]] == ["ok", "VT-2020"]
    assert len(by_height["certificate"]["signatures"]) == 4
    assert by_height["certificate"]["signatures"][0]["node"] == "borne-energie-1"
    latest = await _get(session, "/v1/blocks/latest")
    assert latest["header"]["height"] == 7


async def test_raw_block_holds_what_was_signed(node: FakeNode, session: ClientSession) -> None:
    shown = await _get(session, "/v1/blocks/4?raw=1")
    header = decode(base64.b64decode(shown["header"]), Header, 4096)
    assert header == node.chain.blocks[3].header


@pytest.mark.parametrize("name", ["0", "8", "99999999999999999999", "x", "ab" * 32])
async def test_unknown_block_is_not_found(session: ClientSession, name: str) -> None:
    assert (await _get(session, f"/v1/blocks/{name}", 404))["code"] == "VT-7004"


async def test_blocks_are_listed_newest_first(session: ClientSession) -> None:
    page = await _get(session, "/v1/blocks?limit=2")
    assert [item["height"] for item in page["items"]] == [7, 6]
    page = await _get(session, f"/v1/blocks?limit=500&cursor={page['next']}")
    assert [item["height"] for item in page["items"]] == [5, 4, 3, 2, 1]
    assert page["next"] is None
    assert page["items"][2]["signers"] == ["gridlink-1", "windcare-1", "certis-1"]


async def test_validators_and_organisations(session: ClientSession) -> None:
    validators = (await _get(session, "/v1/validators"))["items"]
    assert [(one["node"], one["missed_last_100"]) for one in validators] == [
        ("borne-energie-1", 1),
        ("gridlink-1", 0),
        ("windcare-1", 0),
        ("certis-1", 0),
    ]
    organisations = (await _get(session, "/v1/organisations"))["items"]
    assert organisations[0]["id"] == "borne-energie"
    assert organisations[0]["node_count"] == 1
    assert organisations[0]["keys"][0]["roles"] == ["administrator"]


async def test_twins_are_listed_and_filtered(session: ClientSession) -> None:
    names = [one["id"] for one in (await _get(session, "/v1/twins"))["items"]]
    assert names == ["R80711", "R80721", "haute-borne"]
    shown = (await _get(session, "/v1/twins?q=r80711&kind=system"))["items"][0]
    assert (shown["updates"], shown["status"], shown["updated_height"]) == (
        6,
        "action_acknowledged",
        7,
    )


async def test_twin_is_shown_now_and_then(session: ClientSession) -> None:
    now = await _get(session, "/v1/twins/R80711")
    assert now["properties"]["active_power"]["value"] == "300"
    assert now["properties"]["active_power"]["time"] == "2018-02-01T00:50:00.000Z"
    assert now["properties"]["wind_speed"]["value"] is None
    assert (now["height"], now["parent"], now["children"]) == (7, "haute-borne", [])
    then = await _get(session, "/v1/twins/R80711?at=4")
    assert then["properties"]["active_power"]["value"] == "0.5"
    assert (then["status"], len(then["open_actions"])) == ("action_open", 1)
    assert (now["busy_parts"], now["parts_complete"]) == ([], True)
    farm = await _get(session, "/v1/twins/haute-borne?at=4")
    assert farm["status"] == "normal"
    assert farm["busy_parts"] == [
        {
            "id": "R80711",
            "kind": "system",
            "status": "action_open",
            "actions": then["open_actions"],
        }
    ]
    by_time = await _get(session, "/v1/twins/haute-borne?at=2018-02-02T00:00:01.500Z")
    assert (by_time["height"], by_time["children"]) == (2, ["R80711", "R80721"])


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/twins/R9", 404, "VT-7004"),
        ("/v1/twins/R80711?at=0", 404, "VT-7004"),
        ("/v1/twins/R80711?at=8", 400, "VT-7002"),
        ("/v1/twins/R80711?at=yesterday", 400, "VT-7002"),
        ("/v1/twins/%20?at=1", 404, "VT-7004"),
        (f"/v1/twins/{'a' * 129}", 404, "VT-7004"),
        ("/v1/twins/R80711/proof?at=0", 400, "VT-7002"),
        ("/v1/twins/R9/history", 404, "VT-7004"),
        ("/v1/twins/R80711/series", 400, "VT-7002"),
        ("/v1/twins/R80711/series?property=none", 404, "VT-7004"),
        ("/v1/twins/R80711/series?property=active_power&points=9", 400, "VT-7002"),
        ("/v1/twins?limit=501", 400, "VT-7002"),
        ("/v1/twins?limit=-1", 400, "VT-7002"),
        ("/v1/twins?limit=1&limit=2", 400, "VT-7002"),
        ("/v1/twins?kind=thing", 400, "VT-7002"),
        ("/v1/twins?cursor=%00", 400, "VT-7002"),
        (f"/v1/twins?q={'x' * 201}", 400, "VT-7002"),
        ("/v1/actions?status=done", 400, "VT-7002"),
        (f"/v1/actions/{'0' * 64}", 404, "VT-7004"),
        ("/v1/contracts/none", 404, "VT-7004"),
        ("/v1/errors/VT-0000", 404, "VT-7004"),
        ("/v1/nothing", 404, "VT-7003"),
        ("/v2/status", 404, "VT-7003"),
    ],
)
async def test_wrong_questions_get_a_problem(
    session: ClientSession, path: str, status: int, code: str
) -> None:
    async with session.get(path) as answer:
        problem = await answer.json(content_type=None)
        assert (answer.status, problem["code"]) == (status, code)
        assert answer.content_type == "application/problem+json"
        assert problem["instance"] == answer.headers["X-Request-Id"]
        assert problem["fix"]


async def test_twin_proof_leads_to_the_signed_root(session: ClientSession) -> None:
    for twin, is_there in (("R80711", True), ("R9", False)):
        shown = await _get(session, f"/v1/twins/{twin}/proof?at=5")
        header = decode(base64.b64decode(shown["header"]), Header, 4096)
        value = base64.b64decode(shown["value"]) if shown["value"] else None
        assert (value is not None, header.height) == (is_there, 5)
        check_state_proof(
            header.state_root,
            base64.b64decode(shown["key"]),
            value,
            from_plain(shown["proof"], StateProof),
        )


async def test_history_says_what_happened_in_sentences(session: ClientSession) -> None:
    items = (await _get(session, "/v1/twins/R80711/history"))["items"]
    assert [item["summary"] for item in items[3:]] == [
        "certis: attestation about twin R80711.",
        "borne-energie: 1 reading of R80711, which opened 1 action.",
        "borne-energie: 3 readings of R80711.",
        "borne-energie: register twin R80711, a system of model wind-turbine.",
    ]


async def test_series_carries_gaps_actions_and_transactions(
    node: FakeNode, session: ClientSession
) -> None:
    path = "/v1/twins/R80711/series?property=active_power"
    shown = await _get(session, path)
    assert (shown["unit"], shown["downsampled"], shown["complete"]) == ("KWT", False, True)
    assert [point[1] for point in shown["points"]] == [
        "100",
        "99",
        "2000.5",
        "1500",
        "0.5",
        None,
        "300",
    ]
    assert shown["points"][0][2] == node.chain.blocks[1].transactions[0].id.hex()
    assert [action["cause_from_ms"] for action in shown["actions"]] == [START_MS + 1_800_000]
    part = await _get(session, f"{path}&from_ms=2018-02-01T00:40:00Z&to_ms={START_MS * 2}")
    assert [point[1] for point in part["points"]] == [None, "300"]
    assert part["actions"] == []


async def test_actions_attestations_and_contracts(session: ClientSession) -> None:
    (action,) = (await _get(session, "/v1/actions?twin=R80711&status=acknowledged"))["items"]
    assert action == await _get(session, f"/v1/actions/{action['id']}")
    assert (action["title"], action["details"]) == ("Hardly any power", {"value": "0.5"})
    assert action["cause"]["readings"] == 1
    assert (action["cause"]["kind"], action["handler"]) == ("readings", "watch")
    assert (action["escalate_to"], action["overdue_height"]) == (None, None)
    assert action["acknowledgements"][0]["organisation"] == "windcare"
    (attestation,) = (await _get(session, "/v1/attestations?issuer=certis"))["items"]
    assert attestation["predicate"] == {"result": "passed", "screws": 12}
    assert [one["name"] for one in attestation["subjects"]] == ["report.pdf"]
    (contract,) = (await _get(session, "/v1/contracts"))["items"]
    assert contract["source"] is None
    assert contract["triggers"][0]["model"] == "wind-turbine"
    whole = await _get(session, "/v1/contracts/low-power")
    assert "def watch" in whole["source"]
    assert whole["parameters"] == {}
    assert whole["methods"][0]["name"] == "reset"


async def test_errors_are_explained(session: ClientSession) -> None:
    assert len((await _get(session, "/v1/errors"))["items"]) > 50
    shown = await _get(session, "/v1/errors/vt-2020")
    assert shown["name"] == "unknown-twin"


async def test_health_says_why_the_node_is_not_ready(
    node: FakeNode, session: ClientSession
) -> None:
    assert await _get(session, "/livez") == {"live": True}
    assert await _get(session, "/readyz") == {"ready": True, "reasons": []}
    node.reasons = ("2 of 4 validators are not reachable.",)
    assert await _get(session, "/livez") == {"live": True}
    assert await _get(session, "/readyz", 503) == {
        "ready": False,
        "reasons": ["2 of 4 validators are not reachable."],
    }
    assert (await _get(session, "/v1/status"))["ready"] is False


async def test_a_scrape_says_what_readyz_says(node: FakeNode, session: ClientSession) -> None:
    for reasons, ready in (((), 1.0), (("No block was committed for 99 s.",), 0.0), ((), 1.0)):
        node.reasons = reasons
        async with session.get("/readyz") as answer:
            assert answer.status == (200 if ready else 503)
        async with session.get("/metrics") as answer:
            assert f"veritwin_ready {ready}\n" in await answer.text()


async def test_metrics_count_requests_by_route(session: ClientSession) -> None:
    await _get(session, "/v1/twins/R80711")
    await _get(session, "/v1/twins/R9", 404)
    async with session.get("/metrics") as answer:
        text = await answer.text()
    assert (
        'veritwin_http_requests_total{method="GET",route="/v1/twins/{id}",status="404"} 1.0' in text
    )
    assert "R9" not in text


@pytest.mark.parametrize(
    "path",
    ["/v1/twins", "/v1/twins/R80711", "/v1/twins/R80711?at=4", "/v1/blocks/3", "/v1/genesis"],
)
async def test_what_the_client_holds_is_not_sent_again(session: ClientSession, path: str) -> None:
    async with session.get(path) as answer:
        tag = answer.headers["ETag"]
    async with session.get(path, headers={"If-None-Match": tag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
    async with session.get(path, headers={"If-None-Match": '"other"'}) as answer:
        assert answer.status == 200


async def test_state_tag_is_the_state_root_and_changes_with_it(
    node: FakeNode, session: ClientSession
) -> None:
    async with session.get("/v1/twins/R80711") as answer:
        assert answer.headers["ETag"] == f'"{node.chain.head.state_root.hex()}"'
        assert answer.headers["Cache-Control"] == "no-cache"
        tag = answer.headers["ETag"]
    node.chain.add_block(node.chain.power("7", first_ms=START_MS + 9_000_000))
    async with session.get("/v1/twins/R80711", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 200


async def test_every_route_answers_something_that_is_no_server_error(
    node: FakeNode, session: ClientSession
) -> None:
    values = {
        "id": node.chain.blocks[1].transactions[0].id.hex(),
        "index": "0",
        "name": "x",
        "number": "1",
        "code": "VT-1001",
    }
    for route in ROUTES:
        if route.method == "GET" and route.path != "/v1/events":
            async with session.get(route.path.format(**values)) as answer:
                assert answer.status < 500, route.path
            async with session.head(route.path.format(**values)) as answer:
                assert answer.status < 500, route.path
                assert await answer.read() == b""


async def test_a_state_tree_is_read_node_by_node(node: FakeNode, session: ClientSession) -> None:
    root = node.chain.head.state_root
    unseen, texts = [root], []
    while unseen:
        name = unseen.pop()
        if name == EMPTY_HASH:
            continue
        shown = await _get(session, f"/v1/state/nodes/{name.hex()}")
        if shown["kind"] == "inner":
            children = [Hash(bytes.fromhex(one or "00" * 32)) for one in shown["children"]]
            assert hash_node(StateInner(tuple(children))) == name
            unseen += children
        else:
            assert hash_key(bytes.fromhex(shown["key"])).hex() == shown["path"]
            texts.append(shown["text"])
            value = base64.b64decode(shown["value"])
            assert hash_value(value).hex() == shown["value_hash"]
    assert "twin/R80711" in texts
    missing = await _get(session, f"/v1/state/nodes/{'00' * 32}", 404)
    assert missing["code"] == "VT-7004"


async def test_consensus_and_machine_are_what_the_node_says(
    node: FakeNode, session: ClientSession
) -> None:
    shown = await _get(session, "/v1/consensus")
    assert (shown["height"], shown["quorum"], shown["proposer"]) == (8, 3, "borne-energie-1")
    assert [one["node"] for one in shown["validators"] if one["is_self"]] == ["certis-1"]
    shown = await _get(session, "/v1/machine")
    assert (shown["node"], shown["mempool_transactions_max"]) == ("certis-1", 100_000)
