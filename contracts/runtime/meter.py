"""The gas meter of one invocation, and the ends that a contract cannot catch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from contracts.language import CALL_DEPTH_MAX

if TYPE_CHECKING:
    from contracts.runtime.objects import RecordType
    from contracts.runtime.session import Session


class OutOfGas(BaseException):
    """The gas limit is reached. A BaseException, because contracts can name Exception."""


class CallDepthExceeded(BaseException):
    """The contract's functions call each other too deeply."""


class ContractFailure(BaseException):
    """The contract said `fail(text)`."""


class CalleeStopped(BaseException):
    """A contract that this one called did not end well; then this one does not, either."""


class NoSuchHandler(Exception):
    """The contract has no handler of this kind and name."""


class HostRaised(BaseException):
    """The host raised while serving the contract; `cause` passes through to the executor's user."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__()
        self.cause = cause


class Meter:
    """Counts what is left. `session` and `records` belong to the invocation that is running."""

    __slots__ = ("depth", "is_running", "left", "records", "session")

    def __init__(self, gas: int) -> None:
        self.left = gas
        self.depth = 0
        self.is_running = False
        self.session: Session
        self.records: dict[str, RecordType] = {}

    def charge(self, gas: int) -> None:
        """Take `gas`, or end the invocation before the work it pays for."""
        self.left -= gas
        if self.left < 0:
            raise OutOfGas


def out(meter: Meter) -> None:
    """End the invocation: a charge found the meter empty."""
    raise OutOfGas


def enter(meter: Meter, gas: int) -> None:
    """Enter one of the contract's functions."""
    meter.depth += 1
    if meter.depth > CALL_DEPTH_MAX:
        raise CallDepthExceeded
    meter.left -= gas
    if meter.left < 0:
        raise OutOfGas


def fail(meter: Meter, text: object) -> None:
    """End the transaction with the contract's own text."""
    if type(text) is not str:
        raise TypeError("fail takes a text")
    raise ContractFailure(text)


class Raised(Exception):
    """The contract said `raise Exception(text)`: no narrower `except` catches it."""


CAUGHT: Final[dict[str, tuple[type[Exception], ...]]] = {
    "Exception": (ArithmeticError, LookupError, ValueError, TypeError, NameError, Raised),
    "ArithmeticError": (ArithmeticError,),
    "LookupError": (LookupError,),
    "ValueError": (ValueError,),
    "TypeError": (TypeError,),
    "KeyError": (KeyError,),
    "IndexError": (IndexError,),
    "ZeroDivisionError": (ZeroDivisionError,),
    "OverflowError": (OverflowError,),
}
"""What each `except` of a contract catches: never what depends on this machine."""

_RAISED: Final[dict[str, type[Exception]]] = {
    "Exception": Raised,
    "ArithmeticError": ArithmeticError,
    "LookupError": LookupError,
    "ValueError": ValueError,
    "TypeError": TypeError,
    "KeyError": KeyError,
    "IndexError": IndexError,
    "ZeroDivisionError": ZeroDivisionError,
    "OverflowError": OverflowError,
}


def error(meter: Meter, name: str, text: object) -> Exception:
    """Make an exception that a contract raises."""
    if type(text) is not str:
        raise TypeError("an exception takes a text")
    return _RAISED[name](text)


def name_error(error: BaseException) -> str:
    """Give the class name that a receipt shows: equal on every interpreter version."""
    for kind in (
        KeyError,
        IndexError,
        ZeroDivisionError,
        OverflowError,
        ArithmeticError,
        LookupError,
        ValueError,
        TypeError,
        NameError,
    ):
        if isinstance(error, kind):
            return kind.__name__
    return "Exception" if isinstance(error, Raised) else "RuntimeError"
