"""Two values of one key: where they part, and what stands there."""

import msgspec

from node.diagnosis.values import describe_values


def pack(value: object) -> bytes:
    return msgspec.msgpack.encode(value)


def test_the_first_part_that_differs_is_named():
    own = pack(["R80711", ["Senvion", 5], {"power": "1500", "wind": "8"}])
    other = pack(["R80711", ["Senvion", 5], {"power": "1500", "wind": "9"}])
    assert describe_values(own, other) == ("[2].wind", "'8'", "'9'")
    other = pack(["R80711", ["Sanvion", 5], {"power": "1500", "wind": "9"}])
    assert describe_values(own, other) == ("[1][0]", "'Senvion'", "'Sanvion'")


def test_parts_of_another_shape_are_shown_whole():
    assert describe_values(pack([1, [2]]), pack([1, [2, 3]])) == ("[1]", "[2]", "[2, 3]")
    assert describe_values(pack({"a": 1}), pack({"b": 1})) == ("", "{'a': 1}", "{'b': 1}")
    assert describe_values(pack([b"\xab"]), pack([None])) == ("[0]", "ab", "None")


def test_what_is_missing_or_cannot_be_read_is_shown_as_it_is():
    assert describe_values(None, b"") == ("", "nothing", "no bytes")
    assert describe_values(b"\xc1", pack(5)) == ("", "c1", "05")
    assert describe_values(b"\xab" * 100, None) == ("", "ab" * 60 + "..", "nothing")


def test_letters_of_strangers_never_reach_a_terminal():
    assert describe_values(pack(["\x1b[2J"]), pack(["\u202e"])) == (
        "[0]",
        "'\\x1b[2J'",
        "'\\u202e'",
    )
