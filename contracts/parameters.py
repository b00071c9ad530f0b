"""What a contract is given from outside: the parameters of its deployment, arguments of a call."""

from __future__ import annotations

from chain.errors import InvalidInput
from chain.values import Value, decode_value


def decode_dict(data: bytes, what: str) -> dict[str, Value]:
    """Decode a dict from names to values.

    Args: what: how a refusal names it.
    Raises: InvalidInput: VT-1205 it does not decode, VT-2043 it is something else.
    """
    given = decode_value(data)
    if not isinstance(given, dict):
        raise InvalidInput("VT-2043", what=what)
    return given
