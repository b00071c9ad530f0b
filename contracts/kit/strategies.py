"""Hypothesis strategies from a contract's types: arguments of methods, and readings of twins."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from chain.values import Value
from contracts.compiler import check_contract
from contracts.manifest import CallHandler, Parameter

INTS: Final = st.integers(-(2**63), 2**63 - 1)
DECIMALS: Final = st.decimals(min_value=Decimal("-1e12"), max_value=Decimal("1e12"), places=3)
TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_PLAIN: Final[dict[str, st.SearchStrategy[Value]]] = {
    "int": INTS,
    "str": TEXTS,
    "bool": st.booleans(),
    "bytes": st.binary(max_size=40),
    "Decimal": DECIMALS,
    "None": st.none(),
}


def arguments(source: str, method: str) -> st.SearchStrategy[dict[str, Value]]:
    """Give arguments for a method of a contract, of the types that it declares.

    Raises: LookupError: the source is no contract, or has no such method.
    """
    manifest = check_contract(source).manifest
    handler = None if manifest is None else manifest.call(method)
    if handler is None:
        raise LookupError(f"there is no method {method}")
    return arguments_of(handler)


def arguments_of(handler: CallHandler) -> st.SearchStrategy[dict[str, Value]]:
    """Give arguments for a handler; those that are not required may be missing."""
    needed = {one.name: values(one) for one in handler.parameters if one.required}
    optional = {one.name: values(one) for one in handler.parameters if not one.required}
    return st.fixed_dictionaries(needed, optional=optional)


def values(parameter: Parameter) -> st.SearchStrategy[Value]:
    """Give values of a parameter's type."""
    return values_of(parameter.type)


def values_of(annotation: str) -> st.SearchStrategy[Value]:
    """Give values of a type as contracts write it, such as `dict[str, int]` or `Decimal | None`."""
    choices = [_one_of(part.strip()) for part in _split(annotation, "|")]
    return st.one_of(choices)


def rows(
    *names: str, step_ms: int = 60_000, start_ms: int = 0, max_size: int = 20
) -> st.SearchStrategy[list[tuple[int, dict[str, Decimal]]]]:
    """Give rows for `KitTwin.read_many`: one time after the other, a value of each property."""
    value = st.fixed_dictionaries(dict.fromkeys(names, DECIMALS))
    return st.lists(value, min_size=1, max_size=max_size).map(
        lambda found: [(start_ms + index * step_ms, one) for index, one in enumerate(found)]
    )


def _one_of(annotation: str) -> st.SearchStrategy[Any]:
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    base, _, inner = annotation.partition("[")
    parts = _split(inner.removesuffix("]"), ",") if inner else []
    if base == "list":
        return st.lists(values_of(parts[0]) if parts else INTS, max_size=5)
    if base == "dict":
        return st.dictionaries(TEXTS, values_of(parts[1]) if len(parts) == 2 else INTS, max_size=5)
    return st.one_of(INTS, TEXTS)


def _split(text: str, mark: str) -> list[str]:
    """Split at a mark that stands in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += {"[": 1, "]": -1}.get(letter, 0)
        if letter == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
