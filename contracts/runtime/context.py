"""`ctx`: the block around a transaction, the contract's parameters, and its ways to act."""

from __future__ import annotations

from typing import Any, Final

from chain.values import Value, decode_value
from contracts.executor import ActionRequest, Invocation
from contracts.language import HISTORY_MAX
from contracts.runtime.happenings import Attestation, make_attestation
from contracts.runtime.meter import Meter
from contracts.runtime.objects import Reading, Twin, encode_plain
from contracts.runtime.session import EVENT_SIZE_MAX

NAME_SIZE_MAX: Final = 64
TITLE_SIZE_MAX: Final = 200
DETAILS_SIZE_MAX: Final = 4_096
TWIN_ID_SIZE_MAX: Final = 128
TWIN_SIZE_MAX: Final = 1 << 20
TIME_MS_MAX: Final = (1 << 53) - 1
ARGUMENTS_SIZE_MAX: Final = 16_384
ATTESTATIONS_MAX: Final = 100
ACTION_TEXT_SIZES: Final = {
    "kind": NAME_SIZE_MAX,
    "twin": 128,
    "key": 128,
    "title": TITLE_SIZE_MAX,
    "addressee": NAME_SIZE_MAX,
}


class Context:
    """One per loaded contract; `begin` fills it for an invocation."""

    __slots__ = (
        "_encoded_parameters",
        "_parameters",
        "contract",
        "height",
        "sender",
        "time_ms",
        "transaction",
    )

    def __init__(self) -> None:
        self.contract = ""
        self.height = 0
        self.sender = ""
        self.time_ms = 0
        self.transaction = ""
        self._encoded_parameters: bytes | None = None
        self._parameters: dict[str, Any] = {}

    def begin(self, invocation: Invocation) -> None:
        """Take over what an invocation says about itself."""
        self.contract = invocation.contract
        self.height = invocation.height
        self.sender = invocation.sender
        self.time_ms = invocation.time_ms
        self.transaction = invocation.transaction
        if invocation.parameters != self._encoded_parameters:
            decoded = decode_value(invocation.parameters) if invocation.parameters else {}
            if not isinstance(decoded, dict):
                raise TypeError("parameters are a dict")
            self._parameters = {name: _freeze(value) for name, value in decoded.items()}
            self._encoded_parameters = invocation.parameters

    def parameter(self, meter: Meter, name: Any, default: Any) -> Any:
        """Give a parameter of the deployment, or `default`; lists in it are tuples."""
        meter.charge(10)
        if type(name) is not str or name not in self._parameters:
            return default
        value = self._parameters[name]
        if type(value) is not type(default):
            raise TypeError("the parameter has another type than its default")
        return _thaw(meter, value)

    def emit(self, meter: Meter, name: Any, payload: Any) -> None:
        """Record an event."""
        _check_text("an event's name", name, NAME_SIZE_MAX)
        meter.session.emit(name, encode_plain(meter, payload, EVENT_SIZE_MAX))

    def twin(self, meter: Meter, twin_id: Any) -> Twin | None:
        """Read a twin; None when it is unknown."""
        if type(twin_id) is not str:
            raise TypeError("a twin has a text as id")
        if len(twin_id) > TWIN_ID_SIZE_MAX:
            return None
        data = meter.session.twin(twin_id)
        if data is None:
            return None
        found: Any = decode_value(data, TWIN_SIZE_MAX)
        readings = tuple(
            [
                Reading(
                    name,
                    entry["value"],
                    entry["time_ms"],
                    entry["unit"],
                    entry["quality"],
                    entry["sequence"],
                )
                for name, entry in found["properties"].items()
            ]
        )
        return Twin(found["id"], found["model"], found["owner"], readings)

    def call(self, meter: Meter, contract: Any, method: Any, given: dict[str, Any]) -> Any:
        """Call a method of another contract, and give what it returned."""
        _check_text("a contract", contract, NAME_SIZE_MAX)
        _check_text("a method", method, NAME_SIZE_MAX)
        arguments = encode_plain(meter, given, ARGUMENTS_SIZE_MAX)
        return decode_value(meter.session.call(contract, method, arguments), ARGUMENTS_SIZE_MAX)

    def history(
        self, meter: Meter, twin_id: Any, name: Any, limit: Any = HISTORY_MAX
    ) -> list[Reading]:
        """Read the last readings of a property, oldest first."""
        _check_text("a twin", twin_id, TWIN_ID_SIZE_MAX)
        _check_text("a property", name, NAME_SIZE_MAX)
        if type(limit) is not int:
            raise TypeError("a limit is an int")
        if not 1 <= limit <= HISTORY_MAX:
            raise ValueError("a limit is 1 to 256")
        found: Any = decode_value(meter.session.history(twin_id, name, limit), TWIN_SIZE_MAX)
        return [Reading(*row) for row in found]

    def attestations(
        self, meter: Meter, twin_id: Any, since: Any = 0, limit: Any = 10
    ) -> list[Attestation]:
        """Read statements about a twin in the order in which they came, from a height on."""
        _check_text("a twin", twin_id, TWIN_ID_SIZE_MAX)
        _check_time("a height", since)
        if type(limit) is not int:
            raise TypeError("a limit is an int")
        if not 1 <= limit <= ATTESTATIONS_MAX:
            raise ValueError("a limit is 1 to 100")
        found: Any = decode_value(meter.session.attestations(twin_id, since, limit), TWIN_SIZE_MAX)
        return [make_attestation(one) for one in found]

    def set_timer(self, meter: Meter, name: Any, due_ms: Any) -> None:
        """Set a timer of the contract to a block time."""
        _check_text("a timer's name", name, NAME_SIZE_MAX)
        meter.session.set_timer(name, _check_time("a timer's time", due_ms))

    def cancel_timer(self, meter: Meter, name: Any) -> None:
        """Cancel a timer; nothing happens when it is not set."""
        _check_text("a timer's name", name, NAME_SIZE_MAX)
        meter.session.set_timer(name, None)

    def open_action(self, meter: Meter, given: dict[str, Any]) -> str | None:
        """Open an action; None when one with this key is open."""
        texts = {
            name: _check_text(name, given.pop(name, None), size)
            for name, size in ACTION_TEXT_SIZES.items()
        }
        details, deadline_ms = given.pop("details", {}), given.pop("deadline_ms", None)
        escalate_to = given.pop("escalate_to", None)
        if given or type(details) is not dict:
            raise TypeError("open_action takes other arguments")
        if deadline_ms is not None:
            _check_time("deadline_ms", deadline_ms)
        if escalate_to is not None:
            _check_text("escalate_to", escalate_to, NAME_SIZE_MAX)
            if deadline_ms is None:
                raise TypeError("what has no deadline is never escalated")
        encoded = encode_plain(meter, details, DETAILS_SIZE_MAX)
        return meter.session.open_action(
            ActionRequest(
                details=encoded, deadline_ms=deadline_ms, escalate_to=escalate_to, **texts
            )
        )


def _check_text(what: str, value: Any, size: int) -> str:
    if type(value) is not str:
        raise TypeError(f"{what} is a text")
    if not 0 < len(value) <= size or len(value.encode()) > size:
        raise ValueError(f"{what} has 1 to {size} bytes")
    return value


def _check_time(what: str, value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{what} is an int")
    if not 0 <= value <= TIME_MS_MAX:
        raise ValueError(f"{what} is out of range")
    return value


def _freeze(value: Value) -> Any:
    """Make lists into tuples, as which a contract gets them."""
    if isinstance(value, list):
        return tuple([_freeze(item) for item in value])
    if isinstance(value, dict):
        return {key: _freeze(item) for key, item in value.items()}
    return value


def _thaw(meter: Meter, value: Any) -> Any:
    """Copy a parameter: a contract could change its dicts, and the next invocation sees them."""
    meter.charge(2)
    if type(value) is dict:
        return {key: _thaw(meter, item) for key, item in value.items()}
    if type(value) is tuple:
        return tuple([_thaw(meter, item) for item in value])
    return value
