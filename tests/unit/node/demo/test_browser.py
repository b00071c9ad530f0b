"""The browser: a window, or nothing."""

import threading
import webbrowser

import pytest

from node.demo.browser import has_screen, open_browser


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    addresses: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: addresses.append(address))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return addresses


def wait_for_threads() -> None:
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(5)


def test_without_a_screen_no_browser_takes_over_the_terminal(
    opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    assert not has_screen()
    open_browser("http://127.0.0.1:1/")
    wait_for_threads()
    assert opened == []


def test_with_a_screen_the_explorer_opens(
    opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    assert has_screen()
    open_browser("http://127.0.0.1:1/")
    wait_for_threads()
    assert opened == ["http://127.0.0.1:1/"]
