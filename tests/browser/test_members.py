"""The pages about members: who votes, what is proposed, what is proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.places import find_handover, find_kind, find_subject, list_pages
from tests.browser.test_verification import FAILED, VERIFIED, wait_for_badge

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.browser.conftest import OpenPage
    from tests.browser.fake_node import RunningNode

pytestmark = pytest.mark.browser


def read_rows(page: Page, name: str) -> dict[str, list[str]]:
    """Give the cells of a table by the names of its rows."""
    table = page.get_by_role("table", name=name, exact=True)
    table.wait_for()
    rows = table.locator("tbody tr")
    return {
        row.locator("th").inner_text().split("\n")[0]: row.locator("td").all_inner_texts()
        for row in rows.all()
    }


def test_members_say_who_votes_and_who_is_suspended(open_page: OpenPage) -> None:
    page = open_page("/members")
    rows = read_rows(page, "Validators")
    assert list(rows) == [
        "borne-energie-1",
        "gridlink-1",
        "windcare-1",
        "certis-1",
        "meteo-est-1",
    ]
    assert rows["gridlink-1"][:2] == ["0", "suspended"]
    assert rows["meteo-est-1"][:2] == ["1", "good"]
    lead = page.locator(".lead").inner_text()
    assert "Since block 117, 4 of 5 nodes have a vote." in lead
    assert "They agree by BFT, and weight 3 of 4 decides." in lead
    organisations = read_rows(page, "Organisations")
    assert organisations["Météo Est"][0] == "1"
    assert organisations["Borne-Energie"][-1] == "5"
    page.get_by_role("link", name="suspended").click()
    page.wait_for_url("**/evidence?node=gridlink-1")
    page.get_by_role("link", name="Two prevotes of gridlink-1").wait_for()


def test_members_show_what_is_planned_and_what_was(open_page: OpenPage) -> None:
    page = open_page("/members")
    planned = page.get_by_role("region", name="Planned", exact=True)
    planned.get_by_text("borne-energie-1 gets a new vote key.").wait_for()
    assert "In force from block 124" in planned.inner_text()
    history = page.get_by_role("region", name="How they came to be these")
    assert history.locator("h3").all_inner_texts() == [
        "borne-energie-1 gets a new vote key.",
        "gridlink-1 is suspended for signing two things at once.",
        "meteo-est-1 gets weight 1.",
        "windcare-1 gets a new vote key.",
        "meteo-est-1 joins without a vote yet.",
        "The chain begins with these validators.",
    ]
    assert "In force since block 114 until 116, decided in block 112" in history.inner_text()
    history.get_by_role("link", name="block 114").click()
    page.wait_for_url("**/members?at=114")
    page.get_by_text("You are looking at the past").wait_for()
    page.get_by_text("They decide up to block 116. Then: gridlink-1 is suspended").wait_for()
    assert read_rows(page, "Validators")["gridlink-1"][0] == "1"
    page.get_by_role("link", name="Back to now").click()
    page.get_by_text("You are looking at the past").wait_for(state="detached")


def test_a_proposal_says_who_approved_and_how_many_more_must(
    open_page: OpenPage, served: RunningNode
) -> None:
    page = open_page("/members")
    page.get_by_role("link", name="3 proposals wait for approvals").click()
    page.wait_for_url("**/proposals?status=open")
    page.get_by_role("link", name="Give gridlink-1 weight 1").click()
    page.get_by_role("heading", name="Give gridlink-1 weight 1", level=1).wait_for()
    steps = page.locator(".chain-list h3").all_inner_texts()
    assert steps == [
        "gridlink proposed",
        "windcare approved",
        "2 more organisations must approve",
    ]
    proposal = find_subject(served.node.chain, "change_proposed", is_last=True)
    command = page.locator(".chain-list .command code").inner_text()
    assert command.startswith(f"veritwin member approve {proposal} --identity")
    assert page.get_by_role("progressbar").get_attribute("value") == "2"
    page.get_by_role("link", name=proposal[:8]).first.click()
    page.get_by_text("gridlink proposed to give gridlink-1 weight 1.").wait_for()
    wait_for_badge(page, VERIFIED)


def test_approved_and_withdrawn_proposals_say_what_came_of_them(
    open_page: OpenPage, served: RunningNode
) -> None:
    page = open_page("/proposals?status=closed")
    rows = read_rows(page, "Proposals, newest first")
    assert rows["Remove the node meteo-est-1"][0] == "withdrawn"
    approved = rows["Give meteo-est-1 weight 1"]
    assert approved[:2] == ["approved", "4 of 4"]
    assert "since block 114" in approved
    page.get_by_role("link", name="Give meteo-est-1 weight 1").click()
    page.get_by_text("It is in force since block 114.").wait_for()
    page.goto(served.url + list_pages(served.node.chain)["approved"])
    page.get_by_role("heading", name="Météo Est", level=1).wait_for()
    page.get_by_role("region", name="What changed").get_by_text("Administrator").wait_for()


def test_evidence_is_verified_on_this_device(open_page: OpenPage, served: RunningNode) -> None:
    page = open_page(list_pages(served.node.chain)["evidence"])
    wait_for_badge(page, VERIFIED)
    assert (
        page.locator(".proof-summary").inner_text()
        == "gridlink-1 signed two different prevotes at height 114, round 0."
    )
    for title in ("The first message", "The second message"):
        said = page.get_by_role("region", name=title).inner_text()
        assert "Prevote at height 114, round 0" in said
    text = page.get_by_role("region", name="Consequence").inner_text()
    assert "gridlink-1 is without a vote since block 117" in text
    assert "veritwin member rotate-key --home gridlink-1" in text


@pytest.mark.parametrize(
    ("link", "field", "value"),
    [
        ("signatures", "first", None),
        ("contradiction", "second", None),
        ("accused", "node", "certis-1"),
        ("accused", "vote_key", "ab" * 32),
        ("contradiction", "kind", "proposal"),
    ],
)
def test_false_evidence_is_named(
    open_page: OpenPage, served: RunningNode, link: str, field: str, value: str | None
) -> None:
    path = list_pages(served.node.chain)["evidence"]
    page = open_page("")

    def lie(route: Route) -> None:
        shown = route.fetch().json()
        if field == "first":
            signature = shown["first"]["signature"]
            shown["first"]["signature"] = signature[:-1] + ("0" if signature[-1] != "0" else "1")
        else:
            shown[field] = shown["first"] if value is None else value
        route.fulfill(json=shown)

    page.route(f"**/v1{path}", lie)
    page.goto(served.url + path)
    wait_for_badge(page, FAILED)
    assert page.locator(".steps li.failed").get_attribute("data-link") == link


def test_transactions_lead_to_what_they_changed(open_page: OpenPage, served: RunningNode) -> None:
    chain = served.node.chain
    page = open_page(f"/tx/{find_kind(chain, 'report_evidence')}")
    page.get_by_text("A node reported that one key signed two different prevotes").wait_for()
    page.get_by_role("link", name=find_subject(chain, "evidence_recorded")[:8]).click()
    page.wait_for_url("**/evidence/*")
    page.goto(f"{served.url}/tx/{find_kind(chain, 'approve_change')}")
    page.get_by_role("link", name=find_subject(chain, "change_approved")[:8]).first.click()
    page.wait_for_url("**/proposals/*")
    page.goto(f"{served.url}/tx/{find_kind(chain, 'rotate_vote_key')}")
    page.get_by_text("windcare gave the node windcare-1 a new vote key.").wait_for()
    page.get_by_role("link", name="windcare-1").first.click()
    page.wait_for_url("**/members")


def test_block_says_that_others_decide_from_the_next_one_on(
    open_page: OpenPage, served: RunningNode
) -> None:
    last = find_handover(served.node.chain)
    page = open_page(f"/blocks/{last}")
    page.get_by_text("It is the last one of these validators.").wait_for()
    assert "meteo-est-1 joins without a vote yet." in page.locator(".note-box").inner_text()
    page.get_by_role("link", name=f"block {last + 1}").click()
    page.get_by_text("Other validators than before decided this block.").wait_for()
    wait_for_badge(page, VERIFIED)
    decided = page.get_by_role("region", name="Who decided").inner_text()
    assert f"Since block {last + 1}, 4 of 5 nodes have a vote." in decided


def test_overview_leads_to_members_and_the_keyboard_between_their_pages(
    open_page: OpenPage,
) -> None:
    page = open_page("/")
    page.get_by_role("link", name="Votes, proposals and evidence").click()
    page.wait_for_url("**/members")
    pages = page.get_by_role("navigation", name="About members")
    assert pages.get_by_role("link", name="Validators").get_attribute("aria-current") == "page"
    pages.get_by_role("link", name="Validators").focus()
    for name in ("proposals", "evidence"):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{name}")
        pages.get_by_role("link", name=name.title()).focus()
    assert page.evaluate("document.title").startswith("Evidence")


def test_without_proposals_or_evidence_the_pages_say_what_to_do(
    open_page: OpenPage, served: RunningNode
) -> None:
    page = open_page("")
    for path, command in (
        ("proposals", "veritwin member propose set-weight"),
        ("evidence", "veritwin evidence list --node"),
    ):
        page.route(f"**/v1/{path}?*", lambda route: route.fulfill(json={"items": [], "next": None}))
        page.goto(f"{served.url}/{path}")
        assert page.locator(".empty .command").inner_text().startswith(command)
