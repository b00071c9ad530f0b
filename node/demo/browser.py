"""Opens the explorer in the user's browser, where there is one to be seen."""

import os
import sys
import threading
import webbrowser


def has_screen() -> bool:
    """Whether a browser would open a window, rather than take over the terminal."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_browser(address: str) -> None:
    """Open an address without waiting for the browser; do nothing where none can be seen."""
    if has_screen():
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
