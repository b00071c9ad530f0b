"""Arguments of a call as people write them, held against the types that its method declares.

The ledger does the same when the call runs, but its receipt has the class of the exception only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from chain.errors import InvalidInput
from chain.values import Value
from contracts.manifest import Parameter
from contracts.settings import describe_kinds, kind_of, read_setting, write_setting


def fit_arguments(
    contract: str, method: str, given: Iterable[str], parameters: Sequence[Parameter]
) -> dict[str, Value]:
    """Read NAME=JSON arguments for a method.

    Where it declares a text, what is written is the text, also when it reads as a number; an int
    becomes a Decimal where one is declared.

    Raises: InvalidInput: VT-4003, one is missing, unknown or of another type; ValueError: one has
    no equals sign, or is given twice.
    """

    def refuse(reason: str) -> InvalidInput:
        return InvalidInput("VT-4003", contract=contract, method=method, reason=reason)

    by_name = {one.name: one for one in parameters}
    arguments: dict[str, Value] = {}
    for text in given:
        name, value = read_setting(text)
        if name in arguments:
            raise ValueError(f"{name} is given twice")
        if name not in by_name:
            known = ", ".join(by_name) or "none"
            raise refuse(f"it has no argument {name}; it has {known}")
        kinds = _kinds(by_name[name])
        arguments[name] = fitted = _fit(value, text.partition("=")[2], kinds)
        if kinds and kind_of(fitted) not in kinds:
            raise refuse(f"{write_setting(name, value)} has to be {describe_kinds(kinds)}")
    missing = [one.name for one in parameters if one.required and one.name not in arguments]
    if missing:
        raise refuse(f"it needs {', '.join(missing)}")
    return arguments


def _kinds(parameter: Parameter) -> frozenset[str]:
    """Give the plain types that a parameter may have; none where it does not say."""
    parts = parameter.type.split("|") if parameter.type else []
    return frozenset(part.strip().partition("[")[0] for part in parts)


def _fit(value: Value, text: str, kinds: frozenset[str]) -> Value:
    kind = kind_of(value)
    if kind in kinds or not kinds:
        return value
    if kind == "int" and "Decimal" in kinds and isinstance(value, int):
        return Decimal(value)
    return text if "str" in kinds else value
