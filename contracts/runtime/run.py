"""Run one invocation of a loaded contract: the same code in both executors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from chain.errors import InvalidInput
from chain.values import Value, decode_value
from contracts.compiler import Loaded
from contracts.executor import (
    ERROR_TEXT_SIZE_MAX,
    GAS_LIMIT_MAX,
    Execution,
    Host,
    HostFault,
    Invocation,
)
from contracts.language import ENTRY_GAS, TYPES
from contracts.manifest import Parameter
from contracts.runtime.calls import Calls, Load
from contracts.runtime.happenings import MAKERS
from contracts.runtime.meter import (
    CallDepthExceeded,
    CalleeStopped,
    ContractFailure,
    HostRaised,
    NoSuchHandler,
    OutOfGas,
    name_error,
)
from contracts.runtime.objects import Reading, Update, encode_plain, types_of
from contracts.runtime.session import READ_BYTE_GAS, Session

RETURN_SIZE_MAX: Final = 16_384
ARGUMENTS_SIZE_MAX: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to; `failure` is the exception behind it, for people on this machine."""

    execution: Execution
    session: Session
    failure: BaseException | None = None


def run(loaded: Loaded, invocation: Invocation, host: Host, load: Load) -> Outcome:
    """Run a handler to its end; writes and events stay in the session.

    Args: load: gives the contracts that it calls.
    Raises: HostFault: this machine ran out of stack or memory; what the host raised, as it was.
    """
    meter = loaded.meter
    limit = max(0, min(invocation.gas_limit, GAS_LIMIT_MAX))
    calls = Calls(load, host, _handle)
    failure: BaseException | None = None
    try:
        execution = Execution(status="ok", value=calls.run(loaded, invocation, limit, 0))
    except HostRaised as raised:
        raise raised.cause from None
    except OutOfGas:
        return Outcome(Execution(status="out_of_gas", gas_used=limit), meter.session)
    except CallDepthExceeded:
        execution = Execution(status="call_depth")
    except NoSuchHandler:
        execution = Execution(status="no_such_handler")
    except (ContractFailure, CalleeStopped) as stopped:
        failure = stopped.__cause__
        text = str(stopped)[:ERROR_TEXT_SIZE_MAX]
        execution = Execution(status="contract_error", error=text)
    except (RecursionError, MemoryError) as error:
        raise HostFault(f"{type(error).__name__} while running a contract") from error
    except Exception as error:  # noqa: BLE001 (whatever its class, its name is deterministic)
        failure = error
        execution = Execution(status="error", error=name_error(error))
    used = limit - max(0, meter.left)
    return Outcome(
        Execution(
            status=execution.status, value=execution.value, error=execution.error, gas_used=used
        ),
        meter.session,
        failure,
    )


def _handle(loaded: Loaded, invocation: Invocation) -> bytes:
    meter = loaded.meter
    # Parameters are decoded anew when another deployment of the same source ran before.
    given_size = len(invocation.arguments) + len(invocation.parameters)
    meter.charge(ENTRY_GAS + given_size * READ_BYTE_GAS)
    handler = loaded.handlers.get((invocation.kind, invocation.handler))
    if handler is None:
        raise NoSuchHandler
    loaded.context.begin(invocation)
    loaded.rebuild()
    arguments = _decode_arguments(invocation.arguments)
    if invocation.kind == "update":
        handler(_make_update(arguments))
        # A last charge that does not stop by itself may have taken more than there was.
        meter.charge(0)
        return b""
    if invocation.kind in MAKERS:
        handler(MAKERS[invocation.kind](arguments))
        return b""
    found = loaded.manifest.call(invocation.handler)
    _check_arguments(arguments, found.parameters if found is not None else ())
    return encode_plain(meter, handler(**arguments), RETURN_SIZE_MAX)


def _decode_arguments(data: bytes) -> dict[str, Any]:
    """Decode what the ledger encoded; anything else is the caller's TypeError."""
    try:
        arguments: Value = decode_value(data, ARGUMENTS_SIZE_MAX) if data else {}
    except InvalidInput:
        raise TypeError("the arguments are not an encoded value") from None
    if not isinstance(arguments, dict):
        raise TypeError("the arguments are not a dict")
    return arguments


def _make_update(arguments: dict[str, Any]) -> Update:
    readings = tuple([Reading(*parts) for parts in arguments["readings"]])
    return Update(arguments["twin"], arguments["model"], readings)


def _check_arguments(arguments: dict[str, Any], parameters: tuple[Parameter, ...]) -> None:
    """Hold arguments to the plain types of the parameters' annotations."""
    for parameter in parameters:
        if parameter.name not in arguments or not parameter.type:
            continue
        kinds = [part.strip().partition("[")[0] for part in parameter.type.split("|")]
        if any(kind not in TYPES and kind != "None" for kind in kinds):
            continue
        if type(arguments[parameter.name]) not in types_of(tuple(kinds)):
            raise TypeError("an argument has another type than its parameter")
