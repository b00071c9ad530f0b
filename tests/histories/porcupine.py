"""Readers of two kinds of histories that others made and judged.

Source: github.com/anishathalye/porcupine, folder test_data; the etcd logs are Jepsen's.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.histories.history import UNKNOWN, Call, Operation, freeze
from tests.histories.models import Model, NoSuchCall

LINEARIZABLE_LOGS: Final = frozenset(
    {2, 5, 7, 18, 25, 31, 38, 45, 48, 49, 51, 53, 56, 67, 75, 76, 80, 87, 92, 98, 100, 101, 102}
)
"""Numbers of the etcd logs that are linearizable; all others are not."""
_LOG_LINE: Final = re.compile(r"INFO\s+jepsen\.util\s+-\s+(\d+)\s+:(\w+)\s+:(\w+)\s+(.*)")
_KV_LINE: Final = re.compile(
    r'\{:process (\d+), :type :(\w+), :f :(\w+), :key "(\d+)", :value (nil|".*")\}'
)


def apply_text(state: Any, call: Call) -> tuple[Any, Any]:
    """A text: get, put, and append; the KV histories are of these."""
    match call:
        case ("get",):
            return state, state
        case ("put", text):
            return None, text
        case ("append", text):
            return None, state + text
        case _:
            raise NoSuchCall(call)


TEXT: Final = Model("text", "", apply_text, frozenset({"get"}))


class _Pending:
    """Operations under way, by process; answers close them, the rest stay open."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[str, Call, int]] = {}

    def ask(self, process: int, key: str, call: Call, at: int) -> None:
        self._open[process] = (key, call, at)

    def answer(self, process: int, output: Any, at: int) -> Operation:
        key, call, invoked = self._open.pop(process)
        return Operation(key, call, output, invoked, at, process)

    def drop(self, process: int) -> None:
        del self._open[process]

    def rest(self) -> Iterator[Operation]:
        for process, (key, call, invoked) in self._open.items():
            yield Operation(key, call, UNKNOWN, invoked, None, process)


def _numbers(text: str) -> tuple[Any, ...]:
    return tuple(None if word == "nil" else int(word) for word in text.strip("[]").split())


def read_log(path: Path) -> list[Operation]:
    """Read a log of Jepsen's test of etcd: read, write and cas of one register."""
    pending = _Pending()
    history = []
    for at, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        match = _LOG_LINE.fullmatch(line)
        if match is None:
            continue
        process, kind, name, rest = int(match[1]), match[2], match[3], match[4]
        if kind == "invoke":
            arguments = () if name == "read" else _numbers(rest)
            pending.ask(process, "register", freeze((name, *arguments)), at)
        elif rest == ":timed-out":
            if name == "read" and kind == "fail":
                pending.drop(process)  # The process goes on; a read changes nothing.
        elif name == "cas":
            history.append(pending.answer(process, kind == "ok", at))
        else:
            output = _numbers(rest)[0] if name == "read" else None
            history.append(pending.answer(process, output, at))
    return [*history, *pending.rest()]


def read_kv(path: Path) -> list[Operation]:
    """Read a history of a store of texts."""
    pending = _Pending()
    history = []
    for at, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        match = _KV_LINE.fullmatch(line)
        assert match is not None, line
        process, value = int(match[1]), match[5].strip('"')
        if match[2] == "invoke":
            call = ("get",) if match[3] == "get" else (match[3], value)
            pending.ask(process, match[4], call, at)
        else:
            history.append(pending.answer(process, value if match[3] == "get" else None, at))
    return [*history, *pending.rest()]
