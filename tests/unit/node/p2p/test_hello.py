"""The first and the last message of a connection, as bytes."""

from typing import Any

import pytest

from chain.codec import encode
from chain.errors import PeerFault
from chain.scalars import Hash, NodeName
from node.p2p.hello import (
    Goodbye,
    Hello,
    check_hello,
    decode_goodbye,
    encode_goodbye,
    encode_hello,
)

OURS = Hello(Hash(b"\x11" * 32), "wind", NodeName("b"))


def _theirs(**changes: Any) -> Hello:
    values: dict[str, Any] = {"genesis": OURS.genesis, "chain_id": "wind", "node": "a"}
    return Hello(**{**values, **changes})


def test_the_same_chain_and_the_registered_name_pass() -> None:
    check_hello(encode_hello(_theirs()), OURS, "a")


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (encode_hello(_theirs(), 3), "VT-5006: a speaks version 3; this node speaks version 2."),
        (b"\x00\x03what later versions say", "VT-5006: a speaks version 3; this node speaks ver"),
        (encode_hello(_theirs(node="c")), "VT-5004: Expected a, but c answered."),
        (
            encode_hello(_theirs(chain_id="sun")),
            "VT-5005: a runs chain sun with genesis 1111111111111111; "
            "this node runs wind with genesis 1111111111111111.",
        ),
        (
            encode_hello(_theirs(genesis=b"\x22" * 32)),
            "VT-5005: a runs chain wind with genesis 2222222222222222; "
            "this node runs wind with genesis 1111111111111111.",
        ),
        (encode_hello(_theirs(genesis=b"\x11" * 31)), "VT-5007: a sent a malformed frame: "),
        (encode_hello(_theirs()) + b"\x00", "VT-5007: a sent a malformed frame: "),
        (b"\x00\x02" + encode([OURS.genesis, "wind", "a", 1]), "VT-5007: a sent a malformed"),
        (b"\x00\x02", "VT-5007: a sent a malformed frame: "),
    ],
)
def test_one_difference_is_named(payload: bytes, message: str) -> None:
    with pytest.raises(PeerFault) as caught:
        check_hello(payload, OURS, "a")
    assert str(caught.value).startswith(message)


def test_a_goodbye_tells_the_other_side_the_reason() -> None:
    fault = PeerFault("VT-5006", peer="b", theirs=1, ours=2)
    assert str(decode_goodbye(encode_goodbye(fault), "a")) == (
        "VT-5012: a closed the connection: VT-5006: b speaks version 1; this node speaks version 2."
    )


def test_a_goodbye_is_cut_to_length_and_plain_letters() -> None:
    fault = PeerFault("VT-5017", peer="b", reason="\x1b[31m\n" + "é" * 300)
    told = decode_goodbye(encode_goodbye(fault), "a").why
    assert told.isascii()
    assert told.isprintable()
    assert len(told) < 250


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x92",
        encode(Goodbye("VT-5006", "\x1b[2J")),
        encode(Goodbye("VT-5006", "ends\n")),
        encode(Goodbye("VT-5006", "x" * 201)),
        encode(Goodbye("OTHER", "x")),
    ],
)
def test_a_goodbye_that_could_harm_a_log_is_malformed(payload: bytes) -> None:
    assert str(decode_goodbye(payload, "a")).startswith("VT-5007: a sent a malformed frame: ")
