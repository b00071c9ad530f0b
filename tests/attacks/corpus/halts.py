"""Contracts that could stop or split the network: what a node dies of, every node dies of."""

from typing import Final

from tests.attacks.corpus.endings import make_attacks


def nest(head: str, levels: int) -> str:
    """Put a block into itself."""
    lines = [" " * (level + 1) + head for level in range(levels)]
    return "def attack():\n" + "\n".join([*lines, " " * (levels + 1) + "pass"]) + "\n"


def nest_try(levels: int) -> str:
    """Put try statements into each other."""
    opened = [" " * (level + 1) + "try:" for level in range(levels)]
    closed = [
        " " * (levels - level) + "except ValueError:\n" + " " * (levels - level + 1) + "pass"
        for level in range(levels)
    ]
    return "\n".join(["def attack():", *opened, " " * (levels + 1) + "pass", *closed]) + "\n"


def nest_lists(levels: int, inner: str) -> str:
    """Put list comprehensions into each other, one to a line."""
    return "(" + "[" * levels + inner + "\n" + "    for i in [1]]\n" * levels + ")\n"


REFUSED: Final = {
    "one_name_for_two_parameters": ("def f(a, a):\n    return a\n", "parameters"),
    "one_keyword_twice": ("def f(a):\n    return a\ndef attack():\n    f(a=1, a=2)\n", "call"),
    "one_keyword_twice_for_a_builtin": (
        "def attack():\n    return sorted([1], reverse=True, reverse=True)\n",
        "call",
    ),
    "one_field_twice": (
        "@record\nclass R:\n    a: int\ndef attack():\n    return R(a=1, a=2)\n",
        "call",
    ),
    "break_outside_a_loop": ("def attack():\n    break\n", "break"),
    "continue_outside_a_loop": ("def attack():\n    if 1:\n        continue\n", "continue"),
    "break_in_the_else_of_a_loop": (
        "def attack():\n    for i in []:\n        pass\n    else:\n        break\n",
        "break",
    ),
    "minus_a_text_as_default": ("def f(a=-'x'):\n    return a\n", "default"),
    "minus_none_as_default": ("def f(a=-None):\n    return a\n", "default"),
    "minus_bytes_as_default": ("def f(*, a=-b''):\n    return a\n", "default"),
    "loops_in_loops": (nest("for i in [1]:", 25), "shape"),
    "loops_in_loops_without_end": (nest("while 1:", 25), "shape"),
    "tries_in_tries": (nest_try(19), "shape"),
    "loops_in_one_comprehension": (
        "def attack():\n    return [1" + " for i in [1]" * 25 + "]\n",
        "shape",
    ),
    "comprehensions_that_fill_the_stack": (
        f"def f(x):\n    return {nest_lists(30, 'f(0)')}def attack():\n    return f(0)\n",
        "shape",
    ),
    "half_a_character_in_a_docstring": (
        "def attack():\n    '''\\ud800'''\n    return 1\n",
        "string",
    ),
    "half_a_character_in_an_f_string": ("def attack():\n    fail(f'\\udfff{1}')\n", "string"),
    "half_a_character_as_twin": ("def attack():\n    ctx.twin(f'\\uD912{1}')\n", "string"),
    "half_a_character_as_key": ("def attack():\n    state.items(f'\\udC00{1}')\n", "string"),
    "unicode_escape_in_bytes": ("def attack():\n    return b'\\u0041'\n", "string"),
    "a_keyword_stuck_to_a_number": ("def attack():\n    return 1if 2else 3\n", "number"),
    "an_operator_hidden_behind_a_number": ("def attack():\n    return 0or 1\n", "number"),
    "a_hexadecimal_number_and_a_keyword": ("def attack():\n    return 0xfor 1\n", "number"),
    "a_number_as_key": ("def attack():\n    return {1: 2}\n", "dict"),
}

CONTAINED: Final = {
    "half_a_loop": (nest("for i in [1]:", 6), "ok"),
    "a_dict_in_itself_as_default": (
        "def attack():\n    d = {}\n    d['d'] = d\n    ctx.parameter('x', d)\n    return 1\n",
        "ok",
    ),
    "a_deep_default": (
        "def attack():\n    d = {}\n    for i in range(5000):\n        d = {'d': d}\n"
        "    ctx.parameter('x', d)\n    return 1\n",
        "ok",
    ),
    "records_in_records": (
        "@record\nclass R:\n    inner: list\ndef attack():\n    r = R([])\n"
        "    for i in range(50000):\n        r = R([r])\n    return 1\n",
        "ok",
    ),
    "nested_lists_that_are_dropped": (
        "def attack():\n    x = []\n    for i in range(200000):\n        x = [x]\n    return 1\n",
        "ok",
    ),
    "a_huge_key": ("def attack():\n    return state.get('a' * 100000)\n", "ValueError"),
    "a_huge_place_to_start": ("def attack():\n    state.items('a' * 100000)\n", "ValueError"),
    "a_huge_twin": ("def attack():\n    return ctx.twin('a' * 100000)\n", "ok"),
    "a_huge_event_name": ("def attack():\n    emit('a' * 100000, 1)\n", "ValueError"),
    "number_as_dict_key": ("def attack():\n    d = {}\n    d[len(d)] = 1\n", "TypeError"),
    "number_as_key_of_a_comprehension": (
        "def attack():\n    return {i: i for i in [1, 2]}\n",
        "TypeError",
    ),
    "shifting_right_by_a_huge_number": (
        "def attack():\n    x = 2 ** 200\n    return [1 >> x, -1 >> x, 0 >> x, -5 >> 300]\n",
        "ok",
    ),
    "shifting_right_by_less_than_nothing": ("def attack():\n    return 1 >> -1\n", "ValueError"),
}

ATTACKS: Final = make_attacks(REFUSED, CONTAINED)
