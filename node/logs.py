"""Logs: a constant message with values beside it, as text or JSON, and never a secret.

    log = get_log("node.api")
    log.info("request refused", code="VT-7007", address="127.0.0.1")

The message is constant so that it can be searched for and counted; what varies is a value.
"""

import logging
import re
import sys
import traceback
from typing import Any, Final, Literal, TextIO

import msgspec

from chain.scalars import UnixMillis
from chain.wording import format_time

VALUE_LENGTH_MAX: Final = 512
_ROOT: Final = "node"
_SECRET_NAME: Final = re.compile(
    r"secret|seed|passphrase|password|private|token|authorization|cookie", re.IGNORECASE
)
_SECRET_TEXT: Final = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*", re.DOTALL)
_HIDDEN: Final = "(hidden)"


class Log:
    """Writes to one named log; values are keyword arguments."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, message: str, **values: object) -> None:
        """Log what only a developer wants to know."""
        self._write(logging.DEBUG, message, values)

    def info(self, message: str, **values: object) -> None:
        """Log what an operator may want to know later."""
        self._write(logging.INFO, message, values)

    def warning(self, message: str, **values: object) -> None:
        """Log what an operator should look at some time."""
        self._write(logging.WARNING, message, values)

    def error(self, message: str, *, error: BaseException | None = None, **values: object) -> None:
        """Log what an operator must look at, with the exception that caused it."""
        self._write(logging.ERROR, message, values, error)

    def _write(
        self,
        level: int,
        message: str,
        values: dict[str, object],
        error: BaseException | None = None,
    ) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, message, extra={"values": values}, exc_info=error)


def get_log(name: str) -> Log:
    """Give the log called `name`, such as the module's `__name__`."""
    return Log(name)


def set_up_logs(
    form: Literal["text", "json"] = "text", level: str = "info", stream: TextIO | None = None
) -> None:
    """Send all logs of the node to `stream` (standard error unless given); may be called again.

    Other libraries' warnings go there too, in the same form.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_JsonForm() if form == "json" else _TextForm())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_ROOT).setLevel(level.upper())


def hide_secrets(name: str, value: object) -> Any:
    """Give `value` as it may be logged: short, plain, and hidden when `name` speaks of a secret."""
    if _SECRET_NAME.search(name):
        return _HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        text = bytes(value).hex()
    elif isinstance(value, dict):
        return {str(key): hide_secrets(str(key), item) for key, item in list(value.items())[:32]}
    elif isinstance(value, list | tuple | set | frozenset):
        return [hide_secrets(name, item) for item in list(value)[:32]]
    else:
        text = str(value)
    return _cut(_SECRET_TEXT.sub(_HIDDEN, text))


def _cut(text: str) -> str:
    if len(text) <= VALUE_LENGTH_MAX:
        return text
    return f"{text[:VALUE_LENGTH_MAX]}... ({len(text)} characters)"


def _values_of(record: logging.LogRecord) -> dict[str, Any]:
    values = getattr(record, "values", None) or {}
    return {name: hide_secrets(name, value) for name, value in values.items()}


def _message_of(record: logging.LogRecord) -> str:
    return _SECRET_TEXT.sub(_HIDDEN, record.getMessage())


def _trace_of(record: logging.LogRecord) -> str | None:
    if not record.exc_info or record.exc_info[1] is None:
        return None
    lines = traceback.format_exception(record.exc_info[1])
    return _SECRET_TEXT.sub(_HIDDEN, "".join(lines).rstrip())


class _JsonForm(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": format_time(UnixMillis(int(record.created * 1000))),
            "level": record.levelname.lower(),
            "log": record.name,
            "message": _message_of(record),
        }
        fields.update(
            (name if name not in fields else f"{name}_", value)
            for name, value in _values_of(record).items()
        )
        trace = _trace_of(record)
        if trace is not None:
            fields["trace"] = trace
        return msgspec.json.encode(fields).decode()


class _TextForm(logging.Formatter):
    """One line a record; a value cannot begin a line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        values = " ".join(f"{name}={_quote(value)}" for name, value in _values_of(record).items())
        line = (
            f"{format_time(UnixMillis(int(record.created * 1000)))} {record.levelname:<7} "
            f"{record.name}: {_one_line(_message_of(record))}"
        )
        trace = _trace_of(record)
        return f"{line}{' ' if values else ''}{values}" + (f"\n{trace}" if trace else "")


def _quote(value: object) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    plain = _one_line(text)
    return f'"{plain}"' if " " in plain or not plain else plain


def _one_line(text: str) -> str:
    """Write control characters as escapes, so a value cannot forge a line or a colour."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
