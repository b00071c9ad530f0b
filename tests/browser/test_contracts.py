"""The pages about contracts: which are in force, who approved them, and what they decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chain.changes import SetContractPolicy
from tests.browser.places import find_change, find_handed_in, find_kind, list_pages
from tests.browser.test_members import read_rows
from tests.browser.test_pages import settle
from tests.browser.test_verification import FAILED, VERIFIED, wait_for_badge

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.browser.conftest import OpenPage
    from tests.browser.fake_node import RunningNode

pytestmark = pytest.mark.browser

VERSION = "/contracts/frost_watch/versions/2"


def region(page: Page, name: str) -> str:
    """Give the text of a part of the page."""
    return page.get_by_role("region", name=name, exact=True).inner_text()


def test_contracts_are_listed_with_where_they_stand(open_page: OpenPage) -> None:
    page = open_page("/contracts")
    page.get_by_role("link", name="wake_watch").wait_for()
    rows = read_rows(page, "Contracts")
    assert rows["frost_watch"][:3] == ["paused", "3", "borne-energie"]
    assert rows["maintenance_by_power_curve"][:2] == ["active", "1"]
    assert rows["wake_watch"][0] == "proposed"
    page.get_by_role("link", name="wake_watch").click()
    page.wait_for_url("**/proposals/*")
    page.get_by_role("heading", name="Deploy the contract wake_watch", level=1).wait_for()
    page.get_by_text("It is new: there is nothing to compare it with.").wait_for()


def test_a_contract_tells_its_life(open_page: OpenPage) -> None:
    page = open_page("/contracts/frost_watch")
    settle(page)
    assert page.get_by_text("Nothing calls it and nothing wakes it.").is_visible()
    versions = page.get_by_role("region", name="Versions", exact=True)
    assert versions.locator("h3 a").all_inner_texts() == [
        "Version 3: rolled back to version 1",
        "Version 2: upgrade of version 1",
        "Version 1: deployed",
    ]
    assert "It was in force from block 27 to block 30." in versions.inner_text()
    assert "Approved by borne-energie, certis" in versions.inner_text()
    assert "approvals by 2 of all organisations, certis among them" in region(page, "In force now")
    decisions = read_rows(page, "Proposals, newest first")
    assert list(decisions) == [
        "Pause the contract frost_watch",
        "Roll the contract frost_watch back from version 2 to version 1",
        "Upgrade the contract frost_watch from version 1",
        "Deploy the contract frost_watch",
    ]
    assert all(cells[0] == "approved" for cells in decisions.values())


def test_a_version_shows_source_difference_and_signatures(
    open_page: OpenPage, served: RunningNode
) -> None:
    page = open_page(VERSION)
    wait_for_badge(page, VERIFIED)
    difference = page.get_by_role("region", name="What changed against version 1")
    difference.wait_for()
    assert difference.locator("ins").all_inner_texts() == [
        "+ from contracts.author import Var, call, fail\n",
        '+     if twin == "":\n',
        '+         fail("no twin is named")\n',
    ]
    assert difference.locator("del").all_inner_texts() == [
        "- from contracts.author import Var, call\n"
    ]
    last = page.get_by_role("region", name="Lines of the source").locator(".line").last
    assert last.get_attribute("data-line") == "14"
    supports = region(page, "What speaks for it")
    assert "accepted by veritwin-python" in supports
    assert "3 more orders, none less" in supports
    steps = page.locator(".chain-list h3").all_inner_texts()
    assert steps == ["borne-energie proposed", "certis approved", "In force"]
    approved = page.get_by_role("button", name="Copy signature of certis").first
    assert approved.is_visible()
    page.get_by_role("combobox", name="against").select_option("3")
    page.get_by_role("region", name="What changed against version 3").wait_for()
    assert page.url.endswith(f"{VERSION}?against=3")
    page.locator(".chain-list a", has_text="…").nth(1).click()
    page.wait_for_url("**/tx/*")
    wait_for_badge(page, VERIFIED)


@pytest.mark.parametrize("field", ["source", "hash", "build", "report"])
def test_a_package_that_is_not_what_was_approved_is_named(
    open_page: OpenPage, served: RunningNode, field: str
) -> None:
    page = open_page("")

    def lie(route: Route) -> None:
        shown = route.fetch().json()
        if field == "source":
            shown["source"] = shown["source"].replace("+ 1", "+ 2")
        else:
            shown["package"][field] = "ab" * 32
        route.fulfill(json=shown)

    page.route(f"**/v1{VERSION}", lie)
    page.goto(served.url + VERSION)
    wait_for_badge(page, FAILED)
    page.get_by_text("The source is not what its hash stands for.").wait_for()


def test_a_proposal_shows_what_members_decide_on(open_page: OpenPage, served: RunningNode) -> None:
    page = open_page(list_pages(served.node.chain)["contract-proposal"])
    wait_for_badge(page, VERIFIED)
    difference = page.get_by_role("region", name="What changed against version 1")
    assert difference.locator("ins").all_inner_texts() == ["+ POOR_MINUTES = 240\n"]
    assert "1 more organisation must approve" in region(page, "From proposal to effect")
    proposal = find_handed_in(served.node.chain, "maintenance_by_power_curve")
    commands = page.locator(".command code").all_inner_texts()
    assert commands[0].startswith(f"veritwin contract approve {proposal} --identity")
    assert commands[1].startswith("veritwin contract diff maintenance_by_power_curve --proposal")
    page.get_by_role("link", name="maintenance_by_power_curve", exact=True).click()
    page.get_by_text("1 proposal waits for approvals").wait_for()


def test_an_action_leads_to_the_rule_that_opened_it(open_page: OpenPage) -> None:
    page = open_page("/actions")
    page.get_by_role("link", name="R80790: below").first.click()
    rule = page.locator(".chain-list li", has=page.get_by_role("heading", name="Rule"))
    rule.get_by_role("link", name="maintenance_by_power_curve version 1").wait_for()
    assert "Approved by borne-energie" in rule.inner_text()
    rule.get_by_text("The rule's source, from line").click()
    first = rule.locator(".line").first
    assert first.inner_text().startswith("@on_update(")
    line = first.get_attribute("data-line")
    rule.get_by_role("link", name="See it in the whole source").click()
    page.wait_for_url(f"**/maintenance_by_power_curve/versions/1#L{line}")
    wanted = page.locator(f"#L{line}.wanted")
    wanted.wait_for()
    assert wanted.inner_text().startswith("@on_update(")
    assert wanted.evaluate("line => line.getBoundingClientRect().bottom <= innerHeight")


def test_transactions_about_contracts_lead_to_them(
    open_page: OpenPage, served: RunningNode
) -> None:
    chain = served.node.chain
    page = open_page("")
    said = {
        "deploy_contract": "deployed the contract maintenance_by_power_curve",
        "consent": "consents that the contract frost_watch acts on its twins",
        "propose_contract": "proposed to deploy the contract frost_watch",
    }
    for operation, sentence in said.items():
        page.goto(f"{served.url}/tx/{find_kind(chain, operation)}")
        wait_for_badge(page, VERIFIED)
        page.get_by_text(sentence).wait_for()
        assert page.get_by_role("region", name="Details").locator("a[href^='/contracts/']").count()
    page.goto(f"{served.url}/proposals/{find_change(chain, SetContractPolicy)}")
    title = "Ask for approvals by 2 of all organisations, certis among them for contracts"
    page.get_by_role("heading", name=title, level=1).wait_for()


def test_contracts_are_reached_by_keyboard_and_by_name(open_page: OpenPage) -> None:
    page = open_page("/contracts")
    page.get_by_role("link", name="frost_watch").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/contracts/frost_watch")
    settle(page)
    page.keyboard.press("/")
    page.keyboard.type("maintenance_by_power_curve")
    page.keyboard.press("Enter")
    page.wait_for_url("**/contracts/maintenance_by_power_curve")
    # There is no twin of that name: Chromium notes the status of the question.
    assert all("404" in text for text in open_page.errors)  # type: ignore[attr-defined]
    open_page.errors.clear()  # type: ignore[attr-defined]


def test_without_contracts_the_page_says_what_to_do(
    open_page: OpenPage, served: RunningNode
) -> None:
    page = open_page("")
    nothing = {"items": [], "next": None}
    page.route("**/v1/contracts", lambda route: route.fulfill(json=nothing))
    page.route("**/v1/proposals?*", lambda route: route.fulfill(json=nothing))
    page.goto(f"{served.url}/contracts")
    assert page.locator(".empty .command").inner_text().startswith("veritwin contract new ")
