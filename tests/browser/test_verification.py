"""The page checks what the node says: good proofs hold, changed ones are named."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chain.genesis import genesis_to_json
from chain.operations import name_of
from chain.scalars import Hash
from node.explorer import get_static_folder
from tests.browser.places import find_caused, find_code, list_pages, list_transactions
from tests.vectors.sample import make_genesis

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.browser.conftest import OpenPage
    from tests.browser.fake_node import RunningNode

pytestmark = pytest.mark.browser

VERIFIED = "Verified on this device"
FAILED = "Check failed"


def receipt_of(served: RunningNode, transaction: str) -> bytes:
    """Give a receipt file of the fake chain."""
    data = served.node.reader.proofs.receipt(Hash(bytes.fromhex(transaction)))
    assert data is not None, "the transaction is on the chain"
    return data


def wait_for_badge(page: Page, words: str) -> None:
    """Wait for a badge of trust with these words."""
    page.locator(".trust", has_text=words).first.wait_for()


def test_transaction_is_verified_in_words(open_page: OpenPage, served: RunningNode) -> None:
    transaction, _, height = find_caused(served.node.chain)
    page = open_page(f"/tx/{transaction}")
    wait_for_badge(page, VERIFIED)
    summary = page.locator(".proof-summary").inner_text()
    assert "was signed by its sender" in summary
    assert f"took effect in block {height}" in summary
    page.get_by_text("links hold").click()
    assert page.locator(".steps li.ok").count() == page.locator(".steps li").count() > 10
    assert page.get_by_text("over the Merkle root of its 42 readings").is_visible()
    assert page.get_by_text("this browser's own Ed25519").is_visible()
    assert "veritwin verify" in page.locator(".caveat").last.inner_text()


def test_refused_transaction_is_verified_as_refused(
    open_page: OpenPage, served: RunningNode
) -> None:
    page = open_page(f"/tx/{find_code(served.node.chain, 'VT-2050')}")
    wait_for_badge(page, VERIFIED)
    assert "was refused (VT-2050)" in page.locator(".proof-summary").inner_text()


def test_page_without_webcrypto_verifies_too(open_page: OpenPage, served: RunningNode) -> None:
    transaction, _, _ = find_caused(served.node.chain)
    without = "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined });"
    page = open_page(f"/tx/{transaction}", script=without)
    wait_for_badge(page, VERIFIED)
    page.get_by_text("links hold").click()
    assert page.get_by_text("@noble/ed25519").is_visible()


@pytest.mark.parametrize(
    ("part", "link", "title"),
    [
        ("transaction", "transaction signature", "Sender's signature"),
        ("receipt", "receipt inclusion", "The result in the block"),
        ("header", "header hash", "Header and certificate"),
        ("certificate", "certificate", "Quorum"),
    ],
)
def test_one_changed_byte_is_named(
    open_page: OpenPage, served: RunningNode, part: str, link: str, title: str
) -> None:
    transaction, _, _ = find_caused(served.node.chain)
    text = receipt_of(served, transaction).decode()
    data = json.loads(text)[part]
    # The last byte of each part is inside a signature, a hash or a number.
    at = -7 if part in {"transaction", "certificate", "header"} else 9
    changed = data[:at] + ("A" if data[at] != "A" else "B") + data[at + 1 :]
    page = open_page("")
    page.route("**/receipt", lambda route: route.fulfill(body=text.replace(data, changed)))
    page.goto(f"{served.url}/tx/{transaction}")
    wait_for_badge(page, FAILED)
    assert page.locator(".steps li.failed").get_attribute("data-link") == link
    assert f"Check failed at “{title}”" in page.locator(".proof-summary").inner_text()
    assert page.locator(".trust", has_text=VERIFIED).count() == 0


def test_receipt_of_another_transaction_is_refused(
    open_page: OpenPage, served: RunningNode
) -> None:
    transaction, _, _ = find_caused(served.node.chain)
    other = receipt_of(served, find_code(served.node.chain, "VT-2050"))
    page = open_page("")
    page.route("**/receipt", lambda route: route.fulfill(body=other))
    page.goto(f"{served.url}/tx/{transaction}")
    wait_for_badge(page, FAILED)
    assert "The id is another one in the proof." in page.locator(".proof-summary").inner_text()
    assert page.get_by_text("Do not rely on this page").is_visible()


def test_reading_that_differs_from_the_proof_is_named(
    open_page: OpenPage, served: RunningNode
) -> None:
    transaction, _, _ = find_caused(served.node.chain)
    page = open_page("")

    def lie(route: Route) -> None:
        shown = route.fetch().json()
        shown["body"]["batches"][0]["readings"][0]["value"] = "2050"
        route.fulfill(json=shown)

    page.route(f"**/v1/transactions/{transaction}", lie)
    page.goto(f"{served.url}/tx/{transaction}")
    wait_for_badge(page, FAILED)
    assert "field “batches” is another one" in page.locator(".proof-summary").inner_text()


def test_every_kind_of_operation_is_compared_with_its_proof(
    open_page: OpenPage, served: RunningNode
) -> None:
    page = open_page("")
    seen: set[str] = set()
    for one in list_transactions(served.node.chain):
        operation = name_of(one.body.operation)
        if operation not in seen:
            seen.add(operation)
            page.goto(f"{served.url}/tx/{one.id.hex()}")
            page.get_by_text("links hold").click()
            assert page.locator("li[data-link='transaction shown'].ok").count() == 1, operation
    assert len(seen) == 14


def test_block_and_twin_are_verified(open_page: OpenPage) -> None:
    page = open_page("/blocks/20")
    wait_for_badge(page, VERIFIED)
    page.goto(page.url.replace("/blocks/20", "/twins/R80711?at=50"))
    wait_for_badge(page, VERIFIED)
    assert "quorum agreed on in block 50" in page.locator(".proof-summary").inner_text()


def test_twin_value_that_differs_from_its_proof_is_named(
    open_page: OpenPage, served: RunningNode
) -> None:
    page = open_page("")

    def lie(route: Route) -> None:
        twin = route.fetch().json()
        twin["properties"]["active_power"]["value"] = "2050"
        route.fulfill(json=twin)

    page.route(re.compile(r"/v1/twins/R80790(\?.*)?$"), lie)
    page.goto(f"{served.url}/twins/R80790?at=90")
    wait_for_badge(page, FAILED)
    assert "property active_power is another one" in page.locator(".proof-summary").inner_text()


def test_another_genesis_is_announced_loudly(open_page: OpenPage, served: RunningNode) -> None:
    transaction, _, _ = find_caused(served.node.chain)
    page = open_page("/")
    wait_for_badge(page, VERIFIED)
    page.route(
        "**/v1/genesis",
        lambda route: route.fulfill(body=genesis_to_json(make_genesis((2, 1, 1, 1)))),
    )
    page.goto(f"{served.url}/tx/{transaction}")
    alarm = page.get_by_role("alert")
    alarm.wait_for()
    assert "presents another chain than the one you trust" in alarm.inner_text()
    wait_for_badge(page, FAILED)
    page.unroute("**/v1/genesis")
    page.reload()
    wait_for_badge(page, VERIFIED)
    assert page.get_by_role("alert").count() == 0


def test_pasted_genesis_hash_is_trusted_instead(open_page: OpenPage) -> None:
    page = open_page("/verify")
    field = page.get_by_role("textbox", name="Genesis hash")
    field.fill("nonsense")
    page.get_by_role("button", name="Trust this hash").click()
    page.get_by_text("This is no genesis hash").wait_for()
    field.fill("ab" * 32)
    page.get_by_role("button", name="Trust this hash").click()
    page.get_by_role("alert").wait_for()


def choose_receipt(page: Page, label: str, name: str, data: bytes) -> None:
    """Put a file into the file field with this label."""
    page.get_by_label(label).set_input_files(
        {"name": name, "mimeType": "application/json", "buffer": data}
    )


def test_verify_page_checks_a_file(open_page: OpenPage, served: RunningNode) -> None:
    data = receipt_of(served, find_caused(served.node.chain)[0])
    page = open_page("/verify")
    page.get_by_text("genesis", exact=False).first.wait_for()
    choose_receipt(page, "Choose or drop a receipt", "good.receipt.json", data)
    wait_for_badge(page, VERIFIED)
    choose_receipt(page, "good.receipt.json", "bad.receipt.json", data.replace(b'"ok"', b'"no"', 1))
    wait_for_badge(page, FAILED)
    assert page.locator(".steps li.failed").get_attribute("data-link") == "summary"


def test_single_file_works_without_a_server(
    open_page: OpenPage, served: RunningNode, tmp_path: Path
) -> None:
    file = tmp_path / "verify.html"
    file.write_bytes((get_static_folder() / "verify.html").read_bytes())
    page = open_page("")
    page.goto(file.as_uri())
    genesis = genesis_to_json(served.node.chain.genesis)
    choose_receipt(page, "Choose genesis.json", "genesis.json", genesis)
    data = receipt_of(served, list_pages(served.node.chain)["attestation"].removeprefix("/tx/"))
    choose_receipt(page, "Choose or drop a receipt", "report.receipt.json", data)
    wait_for_badge(page, VERIFIED)
    assert "attestation about twin R80790" in page.locator(".proof-summary").inner_text()
    page.get_by_label("to compare it").set_input_files(
        {"name": "inspection-R80790.txt", "mimeType": "text/plain", "buffer": b"forged"}
    )
    page.get_by_text("This is not the file that was attested").wait_for()


def test_served_single_file_works_under_its_own_policy(
    open_page: OpenPage, served: RunningNode
) -> None:
    page = open_page("/verify.html")
    choose_receipt(
        page, "Choose genesis.json", "genesis.json", genesis_to_json(served.node.chain.genesis)
    )
    page.get_by_text("Genesis hash").wait_for()
