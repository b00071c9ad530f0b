"""The explorer: web pages that a node serves, and that verify in the browser what they show.

Sources are in `web/` (TypeScript); `make` builds them into `static/`, which travels in the wheel.
"""

from pathlib import Path


def get_static_folder() -> Path:
    """Give the folder of the built pages; it is missing in a checkout that was not built."""
    return Path(__file__).parent / "static"
