"""Take pictures of the pages: python -m tests.browser.take_pictures FOLDER [NODE [NAME ...]]

NODE is the address of a node that runs, such as one of the demo; without it, or with "-", the fake
node is used. With names, only those pages are taken.
"""

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from playwright.sync_api import Browser, Route, sync_playwright

from tests.browser.chromium import launch
from tests.browser.fake_node import run_fake_node

SIZES: Final = {"wide": (1280, 1180), "narrow": (360, 780)}
SETTLE_MS: Final = 1_500


def list_addresses(url: str) -> dict[str, str]:
    """Give one address of every page of the chain that a node serves; it must hold an action.

    The pages of a proposal, of evidence and of a contract are left out where there is none.
    """

    def get(path: str) -> Any:
        with urlopen(url + path, timeout=10) as answer:
            return json.load(answer)

    action = get("/v1/actions?limit=1")["items"][0]
    some = {
        f"one-{name}": f"/{name}/{item['id']}"
        for name in ("proposals", "evidence")
        for item in get(f"/v1/{name}?limit=1")["items"]
    }
    for one in get("/v1/contracts")["items"][:1]:
        some["contract"] = f"/contracts/{one['name']}"
        some["contract-version"] = f"/contracts/{one['name']}/versions/{one['version']}"
    decided = get("/v1/status")["height"]
    changes = [one["height"] - 1 for one in get("/v1/validators/changes?limit=50")["items"]]
    handovers = [height for height in changes if 0 < height <= decided]
    return {
        "overview": "/",
        "twins": "/twins",
        "twin": f"/twins/{action['twin']}",
        "past": f"/twins/{action['twin']}?at={action['opened_height']}",
        "blocks": "/blocks",
        "block": f"/blocks/{action['opened_height']}",
        "transaction": f"/tx/{action['cause']['transaction']}",
        "check-failed": f"/tx/{action['cause']['transaction']}",
        "actions": "/actions",
        "action": f"/actions/{action['id']}",
        "contracts": "/contracts",
        "attestations": "/attestations",
        "members": "/members",
        "proposals": "/proposals",
        "evidence": "/evidence",
        "handover": f"/blocks/{handovers[0]}" if handovers else "/blocks",
        **some,
        "verify": "/verify",
    }


def take(browser: Browser, url: str, folder: Path, wanted: list[str]) -> None:
    """Take every wanted page in both sizes and themes."""
    folder.mkdir(parents=True, exist_ok=True)
    addresses = list_addresses(url)
    for size, (width, height) in SIZES.items():
        for theme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=theme
            )
            page = context.new_page()
            for name in wanted or addresses:
                if name == "check-failed":
                    page.route("**/receipt", change_one_byte)
                page.goto(url + addresses[name])
                page.locator("main h1").wait_for(state="attached")
                page.locator(".trust.checking").first.wait_for(state="detached")
                page.wait_for_timeout(SETTLE_MS)
                page.screenshot(path=folder / f"{name}-{size}-{theme}.png")
                page.unroute_all()
            context.close()


def change_one_byte(route: Route) -> None:
    """Forge the result in a receipt on its way to the page."""
    text = route.fetch().text()
    field = text.index('"receipt": "') + len('"receipt": "') + 20
    forged = "A" if text[field] != "A" else "B"
    route.fulfill(body=text[:field] + forged + text[field + 1 :])


def main(folder: Path, node: str, wanted: list[str]) -> None:
    """Take pictures of a running node, or of the fake one."""
    fake = run_fake_node() if node == "-" else nullcontext()
    with fake as served, sync_playwright() as playwright, launch(playwright) as browser:
        take(browser, served.url if served else node.rstrip("/"), folder, wanted)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "-", sys.argv[3:])
