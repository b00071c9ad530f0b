"""How a demo is asked to stop: by a key, by Ctrl-C, by a signal, by a terminal that closes."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

HANG_UP: Final = getattr(signal, "SIGHUP", None)
SIGNALS: Final = tuple(
    number for number in (signal.SIGINT, signal.SIGTERM, HANG_UP) if number is not None
)
EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_INTERRUPTED: Final = 130


class Stop:
    """A request to stop, by whomever; the first one counts.

    `is_urgent` says that somebody waits for the prompt: the end must come within three seconds.
    """

    def __init__(self) -> None:
        self._event: Final = asyncio.Event()
        self.is_urgent = False
        self.exit_code = EXIT_OK

    def ask(self) -> None:
        """Ask for the end in good order."""
        self._event.set()

    async def wait(self) -> None:
        """Wait until somebody asks."""
        await self._event.wait()

    @property
    def is_asked(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()

    def listen(self, on_hang_up: Callable[[], None]) -> None:
        """Take signals as requests from now on; `on_hang_up` learns that the terminal is gone."""
        loop = asyncio.get_running_loop()

        def take(number: signal.Signals) -> None:
            self.is_urgent = True
            if number == signal.SIGINT:
                self.exit_code = EXIT_INTERRUPTED
            if number == HANG_UP:
                on_hang_up()
            self.ask()

        for number in SIGNALS:
            # What nohup or a shell's & has switched off stays off.
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, take, number)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let all these signals end the block by an exception, so that it can clean up behind it.

    Raises: KeyboardInterrupt: SIGINT; SystemExit: any other.
    """

    def leave(number: int, _: object) -> NoReturn:
        raise SystemExit(128 + number)

    before = {
        number: signal.signal(number, leave)
        for number in SIGNALS
        if number != signal.SIGINT and signal.getsignal(number) is signal.SIG_DFL
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
