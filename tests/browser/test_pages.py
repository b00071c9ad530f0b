"""Every page in both themes and sizes: it renders, fits, and passes axe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.places import PAGES, list_pages

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import OpenPage
    from tests.browser.fake_node import RunningNode

pytestmark = pytest.mark.browser

ANSWERED_404 = {"missing-twin"}


def settle(page: Page) -> None:
    """Wait until nothing is loading or being checked any more."""
    page.locator("main h1, main .problem").first.wait_for(state="attached")
    page.wait_for_load_state("domcontentloaded")
    for waiting in (".skeleton", ".trust.checking"):
        page.locator(waiting).first.wait_for(state="detached")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 360])
def test_page_fits_and_has_no_violation(
    open_page: OpenPage, served: RunningNode, name: str, width: int
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = open_page(list_pages(served.node.chain)[name], width=width)
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.locator(f"html[data-theme={theme}]").wait_for()
        found = axe.run(page)
        assert found.violations_count == 0, found.generate_report()
    if name in ANSWERED_404:
        # Chromium itself notes the status; the page must explain it.
        assert page.get_by_text("There is no twin R1").is_visible()
        assert all("404" in text for text in open_page.errors)  # type: ignore[attr-defined]
        open_page.errors.clear()  # type: ignore[attr-defined]


def test_an_address_that_leads_nowhere_is_answered_by_a_page(
    open_page: OpenPage, served: RunningNode
) -> None:
    page = open_page("")
    answer = page.goto(served.url + "/nowhere")
    assert answer is not None
    assert answer.status == 404
    settle(page)
    assert page.get_by_role("heading", name="There is no such page").is_visible()
    page.get_by_role("link", name="overview", exact=True).click()
    page.wait_for_url(served.url + "/")
    # Chromium itself notes the status.
    assert all("404" in text for text in open_page.errors)  # type: ignore[attr-defined]
    open_page.errors.clear()  # type: ignore[attr-defined]


def test_nothing_is_asked_from_another_host(open_page: OpenPage, served: RunningNode) -> None:
    page = open_page("")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/", "/twins/R80790", "/verify"):
        page.goto(served.url + path)
        settle(page)
    assert len(asked) > 10
    assert [url for url in asked if not url.startswith(served.url)] == []


def test_twin_page_shows_state_chart_and_order(open_page: OpenPage) -> None:
    page = open_page("/twins/R80790")
    settle(page)
    state = page.get_by_role("table", name="State of R80790")
    assert state.get_by_role("rowheader", name="Active power").is_visible()
    assert "kW" in state.inner_text()
    assert "1 order marked" in page.locator("figure.chart figcaption").inner_text()
    page.get_by_role("button", name="Show as table").click()
    chart = page.get_by_role("table", name="Active power over time")
    assert chart.get_by_role("row").count() > 100
    page.get_by_label("Property").select_option("wind_speed")
    page.wait_for_url("**property=wind_speed**")
    page.get_by_text(re.compile(r"Wind speed, \d{3} readings")).wait_for()


def test_time_travel_says_so_and_comes_back(open_page: OpenPage) -> None:
    page = open_page("/twins/R80790")
    settle(page)
    field = page.get_by_label("Show as of a block height or a UTC time")
    field.fill("60")
    field.press("Enter")
    page.wait_for_url("**at=60**")
    banner = page.get_by_text("You are looking at the past")
    banner.wait_for()
    page.get_by_text("after block 60", exact=True).first.wait_for()
    page.get_by_role("button", name="Back to now").click()
    banner.wait_for(state="detached")
    assert "at=" not in page.url


def test_action_leads_from_cause_to_answer(open_page: OpenPage) -> None:
    page = open_page("/actions")
    page.get_by_role("link", name="R80790: below").first.click()
    titles = page.locator(".chain-list h3")
    titles.first.wait_for()
    assert titles.all_inner_texts() == ["Cause", "Rule", "Maintenance order", "Acknowledged"]
    assert page.get_by_text("Crew on site tomorrow morning").is_visible()
    page.get_by_role("link", name="See them in the chart").click()
    page.wait_for_url("**/twins/R80790?from_ms=**")
    page.locator("figure.chart").wait_for()


def test_empty_chain_says_what_to_do_next(open_page: OpenPage, served: RunningNode) -> None:
    page = open_page("")
    for path in ("twins", "actions", "attestations", "blocks"):
        page.route(f"**/v1/{path}?*", lambda route: route.fulfill(json={"items": [], "next": None}))
        page.goto(f"{served.url}/{path}")
        assert page.locator(".empty .command").inner_text().startswith("veritwin ")
