"""Starting the system's Chromium, quietly: it looks nothing up and loads nothing by itself."""

import os
import shutil
from typing import Final

from playwright.sync_api import Browser, Playwright

FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """Give the path of Chromium: the variable CHROMIUM, or the one on the path."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


def launch(playwright: Playwright) -> Browser:
    """Start Chromium without a window."""
    return playwright.chromium.launch(executable_path=find_chromium(), headless=True, args=FLAGS)
