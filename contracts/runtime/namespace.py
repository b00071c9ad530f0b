"""The names that compiled code may call, and nothing else: there are no Python built-ins in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from contracts.runtime import (
    arithmetic,
    builtins,
    comparison,
    containers,
    dispatch,
    matching,
    meter,
    text,
)

HELPERS: Final[dict[str, Callable[..., Any]]] = {
    "_out": meter.out,
    "_enter": meter.enter,
    "_error": meter.error,
    "_b_fail": meter.fail,
    "_add": arithmetic.add,
    "_sub": arithmetic.sub,
    "_mul": arithmetic.mul,
    "_div": arithmetic.div,
    "_floordiv": arithmetic.floordiv,
    "_mod": arithmetic.mod,
    "_pow": arithmetic.power,
    "_lshift": arithmetic.lshift,
    "_rshift": arithmetic.rshift,
    "_and": arithmetic.bit_and,
    "_or": arithmetic.bit_or,
    "_xor": arithmetic.bit_xor,
    "_iadd": arithmetic.iadd,
    "_imul": arithmetic.imul,
    "_neg": arithmetic.neg,
    "_pos": arithmetic.pos,
    "_invert": arithmetic.invert,
    "_eq": comparison.equal,
    "_ne": comparison.not_equal,
    "_lt": comparison.less,
    "_le": comparison.less_equal,
    "_gt": comparison.greater,
    "_ge": comparison.greater_equal,
    "_in": comparison.contains,
    "_not_in": comparison.not_contains,
    "_chain": comparison.chain,
    "_item": containers.item,
    "_set_item": containers.set_item,
    "_del_item": containers.del_item,
    "_slice": containers.slice_of,
    "_match": matching.match,
    "_key": containers.key,
    "_dict": containers.make_dict,
    "_grow": containers.grow,
    "_merge": containers.merge,
    "_iter": containers.walk,
    "_each": containers.each,
    "_field": dispatch.field,
    "_set_field": dispatch.set_field,
    "_method": dispatch.method,
    "_new": dispatch.new_record,
    "_text": text.part_text,
    "_join": text.join_parts,
    "_b_abs": builtins.b_abs,
    "_b_all": builtins.b_all,
    "_b_any": builtins.b_any,
    "_b_bool": builtins.b_bool,
    "_b_dict": builtins.b_dict,
    "_b_divmod": builtins.b_divmod,
    "_b_enumerate": builtins.b_enumerate,
    "_b_int": builtins.b_int,
    "_b_isinstance": builtins.b_isinstance,
    "_b_len": builtins.b_len,
    "_b_list": builtins.b_list,
    "_b_max": builtins.b_max,
    "_b_min": builtins.b_min,
    "_b_range": builtins.b_range,
    "_b_reversed": builtins.b_reversed,
    "_b_round": builtins.b_round,
    "_b_sorted": builtins.b_sorted,
    "_b_sum": builtins.b_sum,
    "_b_str": lambda active, value="": text.to_text(active, value),
    "_b_tuple": builtins.b_tuple,
    "_b_zip": builtins.b_zip,
    "_b_Decimal": builtins.b_decimal,
}
"""Helper functions by the name that the rewriter uses; each takes the meter first."""


def new_namespace(active: meter.Meter) -> dict[str, Any]:
    """Make the globals of one loaded contract."""
    names: dict[str, Any] = {"__builtins__": {}, "_m": active, **HELPERS}
    for name, caught in meter.CAUGHT.items():
        names["_E_" + name] = caught
    return names
