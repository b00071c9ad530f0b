"""Every way in which a demo is asked to stop."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from node.demo.stopping import EXIT_INTERRUPTED, EXIT_OK, Stop, interruptible


@pytest.fixture(autouse=True)
def signals_of_a_terminal() -> Iterator[None]:
    """Undo what nohup, or a shell in the background, has switched off for the tests themselves."""
    before = {
        signal.SIGHUP: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "exit_code", "hang_ups"),
    [
        (signal.SIGINT, EXIT_INTERRUPTED, 0),
        (signal.SIGTERM, EXIT_OK, 0),
        (signal.SIGHUP, EXIT_OK, 1),
    ],
)
async def test_a_signal_asks_for_a_quick_end(
    number: signal.Signals, exit_code: int, hang_ups: int
) -> None:
    stop = Stop()
    heard: list[bool] = []
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        stop.listen(lambda: heard.append(True))
        assert not stop.is_asked
        os.kill(os.getpid(), number)
        async with asyncio.timeout(5):
            await stop.wait()
    finally:
        for one, handler in before.items():
            asyncio.get_running_loop().remove_signal_handler(one)
            signal.signal(one, handler)
    assert stop.is_asked
    assert stop.is_urgent
    assert stop.exit_code == exit_code
    assert len(heard) == hang_ups


async def test_a_key_asks_without_haste() -> None:
    stop = Stop()
    stop.ask()
    await stop.wait()
    assert (stop.is_urgent, stop.exit_code) == (False, EXIT_OK)


async def test_what_nohup_switched_off_stays_off() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stop = Stop()
    try:
        stop.listen(lambda: None)
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.01)
    finally:
        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(one)
        signal.signal(signal.SIGHUP, before)
    assert not stop.is_asked


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_before_the_nodes_start_a_signal_still_lets_things_be_cleaned_up(
    number: signal.Signals,
) -> None:
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as caught, interruptible():
        os.kill(os.getpid(), number)
    assert caught.value.code == 128 + number
    assert signal.getsignal(number) is before
