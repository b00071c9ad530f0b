"""A served fake node and a Chromium for the tests marked `browser`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from node.explorer import get_static_folder
from tests.browser.fake_node import RunningNode, run_fake_node

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

OpenPage = Callable[..., "Page"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium without a window."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs the extra [browser]")
    from tests.browser.chromium import find_chromium, launch

    if find_chromium() is None:
        pytest.skip("needs Chromium: apt-get install chromium, or set CHROMIUM")
    if not (get_static_folder() / "index.html").is_file():
        pytest.skip("the explorer is not built: make explorer")
    with sync_api.sync_playwright() as playwright, launch(playwright) as launched:
        yield launched


@pytest.fixture(scope="module")
def served() -> Iterator[RunningNode]:
    """A fake node with four days of the wind farm, on a port of its own."""
    with run_fake_node() as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, served: RunningNode) -> Iterator[OpenPage]:
    """Gives a function that opens an address; any error on the console fails the test."""
    contexts, errors = [], []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    def open_(path: str, *, width: int = 1280, theme: str = "light", script: str = "") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=theme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        context.set_default_timeout(8_000)
        contexts.append(context)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        if path:
            page.goto(served.url + path)
        return page

    open_.errors = errors  # type: ignore[attr-defined]
    yield open_
    for context in contexts:
        context.close()
    assert errors == [], "the pages wrote errors to the console"
