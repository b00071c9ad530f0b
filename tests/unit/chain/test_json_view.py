"""The JSON view: what it writes reads back, and what it did not write is refused by name."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from chain.block import Header
from chain.json_view import from_plain, to_plain
from chain.scalars import HashField
from chain.transaction import TransactionBody
from tests.vectors.sample import make_chain

CHAIN = make_chain()


class Mixed(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    pair: tuple[int, HashField]
    parent: HashField | None = None
    data: bytes = b"ab"


def test_fixed_bytes_are_hex_and_others_base64() -> None:
    plain = to_plain(Mixed((5, bytes(32)), None, b"\xff\xfe"))  # type: ignore[arg-type]
    assert plain == {"pair": [5, "00" * 32], "parent": None, "data": "//4="}
    assert from_plain(plain, Mixed) == Mixed((5, bytes(32)), None, b"\xff\xfe")  # type: ignore[arg-type]


def test_defaults_may_be_left_out_also_bytes() -> None:
    assert from_plain({"pair": [5, "00" * 32]}, Mixed).data == b"ab"


def test_every_operation_says_its_type_and_reads_back() -> None:
    names = []
    for transaction in CHAIN.transactions:
        plain = json.loads(msgspec.json.encode(to_plain(transaction.body)))
        names.append(plain["operation"]["type"])
        assert from_plain(plain, TransactionBody) == transaction.body
    assert names == [
        "register_twin",
        "register_key",
        "telemetry",
        "update_twin",
        "attest",
        "deploy_contract",
        "call",
        "acknowledge",
        "revoke_key",
    ]


def header_view(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(CHAIN.blocks[0].block.header)
    return {**plain, **changes}


def test_a_header_reads_back() -> None:
    assert from_plain(header_view(), Header) == CHAIN.blocks[0].block.header


@pytest.mark.parametrize(
    ("plain", "why"),
    [
        (header_view(extra=1), "Unknown field `extra` - at `$`"),
        (
            {k: v for k, v in header_view().items() if k != "time_ms"},
            "Missing field `time_ms` - at `$`",
        ),
        (header_view(genesis=5), "Expected a text - at `$.genesis`"),
        (header_view(genesis="zz"), "Non-hexadecimal digit found - at `$.genesis`"),
        (header_view(genesis="00 " * 32), "Non-hexadecimal digit found - at `$.genesis`"),
        (header_view(genesis="00" * 31), "Expected `bytes` of length >= 32 - at `$[1]`"),
        (header_view(height="1"), "Expected `int`, got `str` - at `$[2]`"),
        ([], "Expected an object - at `$`"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(plain: Any, why: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        from_plain(plain, Header)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ({"type": "attack"}, "Expected an object with `type` one of register_twin, telemetry"),
        ({}, "Expected an object with `type` one of"),
        (None, "Expected `array`, got `null`"),
        ({"type": "call", "contract": "a", "method": "b"}, "Missing field `arguments` - at"),
        (
            {"type": "call", "contract": "a", "method": "b", "arguments": "*"},
            "Only base64 data is allowed - at `$.operation.arguments`",
        ),
    ],
)
def test_an_operation_that_is_none_is_refused(operation: Any, why: str) -> None:
    plain = {**to_plain(CHAIN.transactions[0].body), "operation": operation}
    with pytest.raises(msgspec.ValidationError) as caught:
        from_plain(plain, TransactionBody)
    assert str(caught.value).startswith(why)


@pytest.mark.parametrize(
    ("pair", "why"),
    [
        ([1], "Expected 2 items, got 1 - at `$.pair`"),
        ({}, "Expected a list - at `$.pair`"),
        ([1, 2], "Expected a text - at `$.pair[1]`"),
    ],
)
def test_a_tuple_has_its_length(pair: Any, why: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        from_plain({"pair": pair}, Mixed)
    assert str(caught.value) == why
