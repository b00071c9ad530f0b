"""The record of a run: a digest of all that happened, the last of it in words, or all of it."""

from collections import deque
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from tests.sim.words import tell

KEPT_COUNT: Final = 200


class Recorder:
    """Notes what happens. Two runs of one seed give the same digest, in any process."""

    def __init__(self, write: Callable[[str], None] | None = None) -> None:
        self._write = write
        self._hasher = sha256()
        self._last: deque[tuple[int, int, str, object]] = deque(maxlen=KEPT_COUNT)
        self.count = 0

    def note(self, now_ms: int, machine: int, what: str, thing: object = None) -> None:
        """Note that something happened to a machine, or (-1) to the world."""
        self.count += 1
        self._last.append((now_ms, machine, what, thing))
        line = b"%d %d %s\n" % (now_ms, machine, what.encode())
        self._hasher.update(line + thing if type(thing) is bytes else line)
        if self._write is not None:
            self._write(_line(now_ms, machine, what, thing))

    def digest(self) -> str:
        """Give the digest of everything up to now."""
        return self._hasher.hexdigest()

    def last(self) -> tuple[str, ...]:
        """Give the last things that happened, in words."""
        return tuple(_line(*one) for one in self._last)


def _line(now_ms: int, machine: int, what: str, thing: object) -> str:
    who = "world" if machine < 0 else str(machine)
    said = "" if thing is None else f" {tell(thing)}"
    return f"{now_ms / 1000:9.3f}  {who} {what}{said}"
