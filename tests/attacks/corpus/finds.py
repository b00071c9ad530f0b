"""Holes that were found in earlier engines of this kind, each kept as a hostile contract."""

from typing import Final

from tests.attacks.corpus.endings import make_attacks

REFUSED: Final = {
    "lambda_default_builds_a_text": (
        "def attack():\n    f = lambda x='a' * 10 ** 9: 1\n",
        "lambda",
    ),
    "default_builds_a_text": ("def f(x='a' * 10 ** 9):\n    return 1\n", "default"),
    "default_hands_out_a_table": ("def f(x=ctx.table):\n    return 1\n", "default"),
    "letters_outside_ascii": ("def attack():\n    gr\u00fc\u00dfe = 1\n", "ascii"),
    "full_width_letters": ("def attack():\n    return \uff4cen([])\n", "ascii"),
    "identity_of_literals": ("def attack():\n    return 1 is 1\n", "is"),
    "decorator_with_an_effect": ("@put('a', 1)\ndef f():\n    return 1\n", "decorator"),
    "annotation_with_an_effect": ("def f(x: put('a', 1)):\n    return 1\n", "type"),
    "annotation_inside": ("def attack():\n    x: put('a', 1) = 1\n", "type"),
    "function_as_value": ("def attack():\n    put('k', get)\n", "name"),
    "helper_by_name": ("def attack():\n    return _add\n", "name"),
    "meter_by_name": ("def attack():\n    _m = 1\n", "name"),
    "meter_as_parameter": ("def f(_m):\n    return 1\n", "name"),
    "surrogate_as_event": ("def attack():\n    emit('\\ud800', {})\n", "string"),
    "unary_chain": ("def attack():\n    return " + "-" * 250 + "1\n", "shape"),
    "not_chain": ("def attack():\n    return (" + "\n".join(["not " * 90] * 5) + "\n1)\n", "shape"),
    "subscript_chain": (
        "def attack():\n    return (" + "\n".join(["[[]]" + "[0]" * 90] * 3) + ")\n",
        "shape",
    ),
    "call_chain": ("def attack():\n    return get" + "()" * 190 + "\n", ""),
    "nested_ifs": (
        "def attack():\n"
        + "".join(" " * (i + 1) + "if 1:\n" for i in range(70))
        + " " * 72
        + "pass\n",
        "shape",
    ),
    "elif_chain": (
        "def attack():\n    if 1:\n        pass\n" + "    elif 2:\n        pass\n" * 60,
        "shape",
    ),
    "comprehension_chain": ("def attack():\n    return [1" + " for i in []" * 30 + "]\n", "shape"),
    "null_byte": ("def attack():\n    return 1\0\n", "ascii"),
    "form_feed": ("def attack():\n\f    return 1\n", "ascii"),
    "carriage_return": ("def attack():\r    return 1\n", "ascii"),
    "tab": ("def attack():\n\treturn 1\n", "ascii"),
    "new_grammar_type_parameters": ("def f[T](x):\n    return x\n", ""),
    "new_grammar_type_statement": ("type X = int\n", ""),
    "new_grammar_except_without_brackets": (
        "def attack():\n    try:\n        pass\n    except ValueError, KeyError:\n        pass\n",
        "",
    ),
    "new_grammar_template": ("def attack():\n    return t'{1}'\n", "string"),
    "new_grammar_quotes_in_braces": ("def attack():\n    return f'{get('a')}'\n", ""),
    "new_grammar_comment_in_braces": ("def attack():\n    return f'{1 # }'\n    }'\n", "f-string"),
    "new_grammar_nested_fstring": ("def attack():\n    return f'{f\"{1}\"}'\n", "f-string"),
}

CONTAINED: Final = {
    "colliding_dict_keys": (
        "def attack():\n    d = {}\n    for i in range(60000):\n        d[i * (2 ** 61 - 1)] = i\n",
        "TypeError",
    ),
    "colliding_keys_in_a_comprehension": (
        "def attack():\n    return {i * (2 ** 61 - 1): 1 for i in range(60000)}\n",
        "TypeError",
    ),
    "colliding_keys_in_a_display": ("def attack():\n    return {2 ** 61 - 1: 1}\n", "TypeError"),
    "tuple_as_key": ("def attack():\n    return {(1, 2): 1}\n", "TypeError"),
    "bool_as_key": ("def attack():\n    return {1 == 1: 1}\n", "TypeError"),
    "sorting_a_huge_range": ("def attack():\n    return len(sorted(range(10 ** 8)))\n", "gas"),
    "max_of_a_huge_range": ("def attack():\n    return max(range(10 ** 12))\n", "gas"),
    "listing_a_huge_range": ("def attack():\n    return list(range(10 ** 12))\n", "gas"),
    "summing_a_huge_range": ("def attack():\n    return sum(range(10 ** 12))\n", "gas"),
    "doubling_a_list": (
        "def attack():\n    x = [1]\n    while True:\n        x += x\n",
        "OverflowError",
    ),
    "doubling_through_extend": (
        "def attack():\n    x = [1]\n    while True:\n        x.extend(x)\n",
        "OverflowError",
    ),
    "doubling_through_slices": (
        "def attack():\n    x = [1]\n    while True:\n        x = x[:] + x[:]\n",
        "OverflowError",
    ),
    "doubling_through_repetition": (
        "def attack():\n    x = [1]\n    while True:\n        x *= 9\n",
        "OverflowError",
    ),
    "growing_while_walking": (
        "def attack():\n    x = [1]\n    for i in x:\n        x.append(i)\n",
        "gas",
    ),
    "dict_growing_while_walking": (
        "def attack():\n    x = {'1': 1}\n    for i in x:\n        x[i + i] = 1\n    return 1\n",
        "ok",
    ),
    "sort_key_that_never_ends": (
        "def f(x):\n    while True:\n        pass\ndef attack():\n    return sorted([1], key=f)\n",
        "gas",
    ),
    "sort_key_that_changes_the_list": (
        "X = [3, 2, 1]\ndef f(x):\n    X.append(x)\n    return x\n"
        "def attack():\n    X.sort(key=f)\n    return X\n",
        "ok",
    ),
    "sorting_what_has_no_order": (
        "def attack():\n    return sorted([(1, None), (2, 'a'), (1, 'a')])\n",
        "TypeError",
    ),
    "comparing_a_list_with_itself_inside": (
        "def attack():\n    x = []\n    x.append(x)\n    return x == x\n",
        "ValueError",
    ),
    "comparing_lists_that_share": (
        "def attack():\n    x = [1]\n    for i in range(30):\n        x = [x, x]\n"
        "    return x == x\n",
        "gas",
    ),
    "keeping_lists_that_share": (
        "def attack():\n    x = [1]\n    for i in range(30):\n        x = [x, x]\n    return x\n",
        "gas",
    ),
    "searching_lists_that_share": (
        "def attack():\n    x = [1]\n    for i in range(30):\n        x = [x, x]\n"
        "    return x in [x]\n",
        "gas",
    ),
    "text_of_a_list": ("def attack():\n    return f'{[1]}'\n", "TypeError"),
    "text_of_ctx": ("def attack():\n    return str(ctx)\n", "TypeError"),
    "comparing_ctx": ("def attack():\n    return ctx == ctx\n", "TypeError"),
    "keeping_ctx": ("def attack():\n    emit('e', {'c': ctx})\n", "TypeError"),
    "keeping_a_map": ("def attack():\n    return state\n", "TypeError"),
    "unpacking_ctx": ("def attack():\n    a, b = ctx\n", "TypeError"),
    "walking_ctx": ("def attack():\n    for x in ctx:\n        pass\n", "TypeError"),
    "division_makes_a_float": ("def attack():\n    return 1 / 2\n", "TypeError"),
    "negative_power_makes_a_float": ("def attack():\n    return 2 ** -1\n", "ValueError"),
    "decimal_from_words": ("def attack():\n    return Decimal('NaN')\n", "ValueError"),
    "decimal_overflow": (
        "def attack():\n    x = Decimal('1e300')\n    return x * x\n",
        "OverflowError",
    ),
    "decimal_division_by_zero": ("def attack():\n    return Decimal(1) / 0\n", "ZeroDivisionError"),
    "zero_by_zero": ("def attack():\n    return Decimal(0) / 0\n", "ValueError"),
    "decimal_to_huge_int": ("def attack():\n    return int(Decimal('1e300'))\n", "OverflowError"),
    "power_of_a_decimal": (
        "def attack():\n    return Decimal('1.0001') ** 10 ** 9\n",
        "OverflowError",
    ),
    "digits_of_another_script": ("def attack():\n    return int('\\u0663')\n", "ValueError"),
    "underscores_in_digits": ("def attack():\n    return int('1_0')\n", "ValueError"),
    "upper_case_of_another_script": ("def attack():\n    return '\\u00df\\u0131a'.upper()\n", "ok"),
    "blanks_of_another_script": (
        "def attack():\n    return '\\u2003a\\u2003'.strip() + 'a\\u2003b c'.split()[0]\n",
        "ok",
    ),
    "huge_shift": ("def attack():\n    return 1 << 10 ** 18\n", "OverflowError"),
    "huge_index": ("def attack():\n    return [1][2 ** 200]\n", "IndexError"),
    "huge_slice": ("def attack():\n    return [1][-2 ** 200:2 ** 200]\n", "ok"),
    "huge_round": ("def attack():\n    return round(1, -10 ** 12)\n", "OverflowError"),
    "too_many_writes": (
        "def attack():\n    for i in range(1000):\n        put(str(i), i)\n",
        "OverflowError",
    ),
    "too_many_events": (
        "def attack():\n    for i in range(1000):\n        emit('e', i)\n",
        "OverflowError",
    ),
    "huge_state": ("def attack():\n    emit('e', 'a' * 100000)\n", "OverflowError"),
    "a_meter_as_keyword_of_a_method": (
        "def attack():\n    return [1].append(meter=3)\n",
        "TypeError",
    ),
    "catching_everything_around_a_loop": (
        "def attack():\n    while True:\n        try:\n            raise ValueError('x')\n"
        "        except Exception:\n            pass\n",
        "gas",
    ),
    "mutual_recursion": (
        "def f(n):\n    return g(n)\ndef g(n):\n    return f(n)\ndef attack():\n    return f(1)\n",
        "call_depth",
    ),
    "recursion_through_sort_keys": (
        "def f(x):\n    return len(sorted([x], key=f))\ndef attack():\n    return f(1)\n",
        "call_depth",
    ),
    "meter_as_keyword": ("def attack():\n    return get(_m=1)\n", "TypeError"),
    "attribute_chain": ("def attack():\n    return ctx" + ".height" * 50 + "\n", "TypeError"),
}

ATTACKS: Final = make_attacks(REFUSED, CONTAINED)
