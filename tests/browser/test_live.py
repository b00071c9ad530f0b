"""Live updates, trouble with the node, and the keyboard."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.places import find_caused

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import OpenPage
    from tests.browser.fake_node import RunningNode

pytestmark = pytest.mark.browser


def wait_for_height(page: Page, height: int) -> None:
    """Wait until the ticker shows a height."""
    page.locator(".ticker-height", has_text=re.compile(rf"\b{height}\b")).wait_for()


def test_new_block_appears_by_itself(open_page: OpenPage, served: RunningNode) -> None:
    page = open_page("/blocks")
    wait_for_height(page, served.height)
    page.get_by_text("Live").wait_for()
    served.advance()
    height = served.height
    wait_for_height(page, height)
    page.get_by_role("rowheader", name=str(height)).wait_for()


def test_stream_resumes_where_it_broke_off(open_page: OpenPage, served: RunningNode) -> None:
    page = open_page("/")
    wait_for_height(page, served.height)
    served.advance()
    wait_for_height(page, served.height)
    page.route("**/v1/events**", lambda route: route.fulfill(status=503, body=""))
    page.evaluate("window.dispatchEvent(new Event('online'))")
    with page.expect_request("**/v1/events**from=**", timeout=15_000) as asked:
        page.context.set_offline(True)
        served.drop_streams()
        page.context.set_offline(False)
    assert f"from={served.height}." in asked.value.url
    open_page.errors.clear()  # type: ignore[attr-defined]


def test_stalled_chain_is_said_in_words(open_page: OpenPage, served: RunningNode) -> None:
    served.node.ready = False
    try:
        page = open_page("/")
        page.get_by_text("No blocks are being decided").first.wait_for()
        assert page.get_by_text("2 of 4 members are silent").first.is_visible()
        assert page.locator(".health.bad").is_visible()
    finally:
        served.node.ready = True


def test_node_that_stops_answering_leaves_old_data_with_its_age(
    open_page: OpenPage, served: RunningNode
) -> None:
    page = open_page("/twins/R80790")
    page.get_by_role("table", name="State of R80790").wait_for()
    page.route("**/v1/**", lambda route: route.abort())
    page.get_by_text("The node does not answer").first.wait_for(timeout=15_000)
    assert page.get_by_text("What you see is as of").is_visible()
    assert page.get_by_role("table", name="State of R80790").is_visible()
    open_page.errors.clear()  # type: ignore[attr-defined]


def test_problem_shows_code_and_next_step(open_page: OpenPage) -> None:
    page = open_page("/blocks/999999")
    page.get_by_role("alert").wait_for()
    text = page.get_by_role("alert").inner_text()
    assert "VT-7004" in text
    assert "Check the name" in text
    assert "There is no block 999999 on this node." in text
    assert "veritwin explain VT-7004" in text
    open_page.errors.clear()  # type: ignore[attr-defined]


def test_keyboard_alone_leads_to_a_twin(open_page: OpenPage) -> None:
    page = open_page("/")
    page.locator(".figures").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "combobox"
    page.keyboard.type("80790")
    page.get_by_role("option", name="R80790-rotor").wait_for()
    assert page.get_by_role("option").count() == 2
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/twins/R80790")
    page.get_by_role("heading", name="R80790", level=1).wait_for()
    assert page.evaluate("document.activeElement.id") == "main"


def test_search_finds_heights_and_hashes(open_page: OpenPage, served: RunningNode) -> None:
    transaction, action, _ = find_caused(served.node.chain)
    page = open_page("/")
    box = page.get_by_role("combobox", name="Search")
    for text, address in (
        ("42", "/blocks/42"),
        (transaction, f"/tx/{transaction}"),
        (action, f"/actions/{action}"),
        ("R80711", "/twins/R80711"),
    ):
        box.fill(text)
        box.press("Enter")
        page.wait_for_url(f"**{address}")
    box.fill("no-such-thing")
    box.press("Enter")
    page.get_by_text("Nothing on this chain has that name").wait_for()
    open_page.errors.clear()  # type: ignore[attr-defined]


def test_theme_is_remembered(open_page: OpenPage) -> None:
    page = open_page("/", theme="light")
    page.get_by_role("button", name="Use the dark theme").click()
    page.reload()
    page.get_by_role("button", name="Use the light theme").wait_for()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_filters_stand_in_the_address(open_page: OpenPage) -> None:
    page = open_page("/twins")
    page.get_by_label("Kind").select_option("component")
    page.wait_for_url("**kind=component**")
    page.reload()
    page.get_by_text("4 twins shown").wait_for()
