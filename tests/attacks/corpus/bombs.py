"""Bombs: little source, much work or memory. Gas, sizes or depth have to stop each."""

from typing import Final


def _body(*lines: str) -> str:
    return "def attack():\n" + "".join(f"    {line}\n" for line in lines)


def _loop(*lines: str) -> str:
    return "def attack():\n    x = 3\n    while True:\n" + "".join(
        f"        {line}\n" for line in lines
    )


ATTACKS: Final = {
    # Ints.
    "int_squared_for_ever": (_loop("x = x * x"), "error:OverflowError"),
    "int_shifted_for_ever": (_loop("x = x << 200"), "error:OverflowError"),
    "int_powers_for_ever": (_loop("x = x ** 9"), "error:OverflowError"),
    "int_negative_for_ever": (_loop("x = x * -x"), "error:OverflowError"),
    "int_by_or": (_loop("x = (x << 1) | x"), "error:OverflowError"),
    "int_of_many_digits": (_body("return int('9' * 200)"), "error:ValueError"),
    "int_of_78_digits": (_body("return int('9' * 78)"), "error:OverflowError"),
    "int_of_77_digits": (_body("return int('9' * 77)"), "ok"),
    "int_of_leading_zeros": (_body("return int('0' * 78 + '1')"), "error:ValueError"),
    "int_to_text_for_ever": (_loop("x = len(str(2 ** 255))"), "out_of_gas"),
    "int_power_of_minus_one": (_body("return (-1) ** 10 ** 70"), "ok"),
    "int_power_of_nothing": (_body("return 0 ** 0"), "ok"),
    "int_power_of_a_power": (_body("return 2 ** 2 ** 2 ** 2 ** 2"), "error:OverflowError"),
    "int_shift_of_nothing": (_body("return 0 << 10 ** 70"), "ok"),
    "int_shift_by_less_than_nothing": (_body("return 1 << -1"), "error:ValueError"),
    "int_modulo_nothing": (_body("return 1 % 0"), "error:ZeroDivisionError"),
    "int_not_of_the_largest": (_body("return ~(2 ** 255 + (2 ** 255 - 1))"), "error:OverflowError"),
    "int_round_to_nothing": (_body("return round(2 ** 255, -100)"), "ok"),
    "int_sum_of_the_largest": (_body("return sum([2 ** 255] * 4)"), "error:OverflowError"),
    "int_as_a_float": (_body("return 2 ** 0.5"), "refused:float"),
    # Lists and dicts of others.
    "list_of_itself_by_stars": (
        _body("x = [1]", "while True:", "    x = [*x, *x, *x, *x, *x, *x, *x, *x]"),
        "out_of_gas",
    ),
    "list_with_nine_stars": (_body("x = [1]", "return [*x" + ", *x" * 8 + "]"), "refused:shape"),
    "dict_with_nine_stars": (_body("x = {}", "return {**x" + ", **x" * 8 + "}"), "refused:shape"),
    "dict_of_itself_by_stars": (
        _body("x = {}", "while True:", "    x = {**x, str(len(x)): x, **x}"),
        "out_of_gas",
    ),
    "list_of_stars_that_is_dropped": (
        _body("x = [0] * 5000", "while True:", "    y = [*x, *x]"),
        "out_of_gas",
    ),
    # Decimals.
    "decimal_squared_for_ever": (
        _body("x = Decimal('1.0000001')", "while True:", "    x = x * x"),
        "error:OverflowError",
    ),
    "decimal_halved_for_ever": (
        _body("x = Decimal(1)", "for i in range(3000):", "    x = x / 2", "return x == 0"),
        "ok",
    ),
    "decimal_of_a_long_text": (_body("return Decimal('1' * 129)"), "error:ValueError"),
    "decimal_of_128_digits": (_body("return Decimal('1' * 128)"), "ok"),
    "decimal_of_a_huge_exponent": (_body("return Decimal('1e9999')"), "error:ValueError"),
    "decimal_of_a_huger_exponent": (_body("return Decimal('1e99999999999')"), "error:ValueError"),
    "decimal_of_a_tiny_exponent": (_body("return Decimal('1e-9999')"), "ok"),
    "decimal_text_of_the_largest": (_body("return len(str(Decimal('1e384')))"), "ok"),
    "decimal_format_of_the_largest": (
        _body("x = Decimal('9e384')", "return f'{x:.2f}'"),
        "error:ValueError",
    ),
    "decimal_quantized_too_far": (_body("return round(Decimal('1e30'), 10)"), "error:ValueError"),
    "decimal_infinity": (_body("return Decimal('Infinity')"), "error:ValueError"),
    "decimal_signalling_nan": (_body("return Decimal('sNaN')"), "error:ValueError"),
    "decimal_negative_root": (_body("return Decimal(-1).sqrt()"), "error:ValueError"),
    "decimal_of_a_tuple": (_body("return Decimal((0, (1,), 5))"), "error:TypeError"),
    "decimal_blanks": (_body("return Decimal(' 1 ')"), "error:ValueError"),
    "decimal_underscores": (_body("return Decimal('1_0')"), "error:ValueError"),
    "decimal_digits_of_another_script": (_body("return Decimal('\\u0661')"), "error:ValueError"),
    "decimal_roots_for_ever": (
        _body("x = Decimal(2)", "while True:", "    x = x.sqrt() + 1"),
        "out_of_gas",
    ),
    # Texts and bytes.
    "text_doubled_for_ever": (
        _body("x = 'ab'", "while True:", "    x += x"),
        "error:OverflowError",
    ),
    "text_repeated": (_body("return len('ab' * 10 ** 70)"), "out_of_gas"),
    "text_repeated_by_much_less_than_nothing": (
        _body("return 'ab' * -10 ** 70"),
        "error:OverflowError",
    ),
    "text_by_f_strings": (
        _body("x = 'ab'", "while True:", "    x = f'{x}{x}{x}'"),
        "error:OverflowError",
    ),
    "text_by_join": (
        _body("x = 'ab'", "while True:", "    x = x.join([x, x, x])"),
        "error:OverflowError",
    ),
    "text_by_replace": (
        _body("x = 'aa'", "while True:", "    x = x.replace('a', 'aaaa')"),
        "error:OverflowError",
    ),
    "text_by_replacing_nothing": (
        _body("x = 'ab'", "while True:", "    x = x.replace('', 'abc')"),
        "error:OverflowError",
    ),
    "text_by_padding": (_body("return 'a'.ljust(1001)"), "error:OverflowError"),
    "text_by_zeros": (_body("return 'a'.zfill(10 ** 30)"), "error:OverflowError"),
    "text_split_into_many": (_body("return len((',' * 900000).split(','))"), "out_of_gas"),
    "text_split_at_nothing": (_body("return 'ab'.split('')"), "error:ValueError"),
    "text_searched_badly": (
        _body("x = 'a' * 100000", "y = 'a' * 50000 + 'b'", "return x.find(y)"),
        "ok",
    ),
    "text_counted_badly": (
        _body("x = 'a' * 500000", "y = 'a' * 250000 + 'b'", "return [x.count(y) for i in x]"),
        "out_of_gas",
    ),
    "text_compared_for_ever": (
        _body("x = 'a' * 900000", "y = x + ''", "while x == y:", "    pass"),
        "out_of_gas",
    ),
    "text_stripped_for_ever": (
        _body("x = ' ' * 100000 + 'a'", "while True:", "    x.strip('a b c d')"),
        "out_of_gas",
    ),
    "text_strip_of_many_letters": (_body("return 'a'.strip('b' * 101)"), "error:ValueError"),
    "text_as_a_list": (_body("return len(list('a' * 900000))"), "out_of_gas"),
    "text_encoded_for_ever": (
        _body("x = '\\u4e00' * 100000", "while True:", "    x = x.encode().decode()"),
        "out_of_gas",
    ),
    "bytes_doubled_for_ever": (
        _body("x = b'ab'", "while True:", "    x = x + x"),
        "error:OverflowError",
    ),
    "bytes_repeated": (_body("return len(b'ab' * 10 ** 9)"), "out_of_gas"),
    "bytes_as_hex_for_ever": (
        _body("x = b'ab'", "while True:", "    x = x.hex().encode()"),
        "error:OverflowError",
    ),
    "bytes_that_are_no_text": (_body("return b'\\xff'.decode()"), "error:ValueError"),
    "bytes_in_another_encoding": (_body("return b'a'.decode('rot13')"), "error:TypeError"),
    "bytes_encoded_with_errors": (_body("return 'a'.encode('utf-7')"), "error:TypeError"),
    # Lists, tuples, dicts.
    "list_repeated": (_body("return len([0] * 10 ** 9)"), "out_of_gas"),
    "list_repeated_in_place": (_body("x = [0]", "x *= 10 ** 9"), "out_of_gas"),
    "list_of_a_million": (_body("return len([0] * 999999)"), "ok"),
    "list_extended_by_itself": (
        _body("x = [0]", "while True:", "    x.extend(x)"),
        "error:OverflowError",
    ),
    "list_inserted_at_the_front": (
        _body("x = []", "while True:", "    x.insert(0, 1)"),
        "out_of_gas",
    ),
    "list_popped_at_the_front": (
        _body("x = [0] * 100000", "while x:", "    x.pop(0)"),
        "out_of_gas",
    ),
    "list_removed_at_the_end": (
        _body("x = [0] * 50000 + [1]", "while True:", "    x.remove(1)", "    x.append(1)"),
        "out_of_gas",
    ),
    "list_deleted_at_the_front": (
        _body("x = [0] * 100000", "while x:", "    del x[0]"),
        "out_of_gas",
    ),
    "list_reversed_for_ever": (
        _body("x = [0] * 100000", "while True:", "    x.reverse()"),
        "out_of_gas",
    ),
    "list_copied_for_ever": (
        _body("x = [0] * 1000", "while True:", "    y = x.copy()"),
        "out_of_gas",
    ),
    "list_searched_for_ever": (
        _body("x = [0] * 100000", "while 1 not in x:", "    pass"),
        "out_of_gas",
    ),
    "list_in_itself": (_body("x = []", "x.append(x)", "return x"), "error:ValueError"),
    "list_in_itself_compared": (_body("x = []", "x.append(x)", "return x < x"), "error:ValueError"),
    "list_in_itself_sorted": (
        _body("x = []", "x.append(x)", "return sorted(x)"),
        "error:ValueError",
    ),
    "list_in_itself_searched": (
        _body("x = []", "x.append(x)", "return x.index(x)"),
        "error:ValueError",
    ),
    "list_in_itself_emitted": (_body("x = []", "x.append(x)", "emit('e', x)"), "error:ValueError"),
    "list_of_shared_parts_kept": (
        _body("x = 'a' * 100", "for i in range(12):", "    x = [x, x]", "return x"),
        "error:OverflowError",
    ),
    "list_of_shared_parts_printed": (
        _body("x = []", "for i in range(40):", "    x = [x, x]", "return str(x)"),
        "error:TypeError",
    ),
    "list_of_shared_parts_summed": (
        _body("x = [[1]] * 1000", "return sum(x, [])"),
        "error:TypeError",
    ),
    "lists_nested_in_a_loop": (
        _body("x = []", "while True:", "    x = [x]"),
        "out_of_gas",
    ),
    "tuple_of_a_million": (_body("x = (0,) * 999999", "return len(x)"), "ok"),
    "tuple_as_a_key": (_body("return {(): 1}"), "error:TypeError"),
    "tuples_nested_and_compared": (
        _body("x = ()", "for i in range(40):", "    x = (x, x)", "return x == x"),
        "error:ValueError",
    ),
    "tuples_of_shared_parts_compared": (
        _body("x = ()", "for i in range(30):", "    x = (x, x)", "return x == x"),
        "out_of_gas",
    ),
    "dict_that_grows": (
        _body("x = {}", "i = 0", "while True:", "    i += 1", "    x[str(i)] = i"),
        "out_of_gas",
    ),
    "dict_in_itself": (_body("x = {}", "x['x'] = x", "return x"), "error:ValueError"),
    "dict_in_itself_compared": (_body("x = {}", "x['x'] = x", "return x == x"), "error:ValueError"),
    "dict_of_long_keys": (
        _body("x = {}", "k = 'a' * 900000", "while True:", "    x[k] = 1"),
        "out_of_gas",
    ),
    "dict_emptied_and_walked": (
        _body(
            "x = {str(i): i for i in range(5000)}",
            "for k in x:",
            "    x.pop(k)",
            "while True:",
            "    for k in x:",
            "        pass",
        ),
        "out_of_gas",
    ),
    "dict_updated_by_itself": (
        _body("x = {str(i): i for i in range(3000)}", "while True:", "    x.update(x)"),
        "out_of_gas",
    ),
    "dict_items_for_ever": (
        _body("x = {str(i): i for i in range(3000)}", "while True:", "    x.items()"),
        "out_of_gas",
    ),
    "record_in_itself": (
        "@record\nclass R:\n    a: list\n" + _body("r = R([])", "r.a.append(r)", "return r"),
        "error:ValueError",
    ),
    "record_in_itself_compared": (
        "@record\nclass R:\n    a: list\n" + _body("r = R([])", "r.a.append(r)", "return r == r"),
        "error:ValueError",
    ),
    "record_of_shared_parts": (
        "@record\nclass R:\n    a: list\n"
        + _body("r = R([])", "for i in range(30):", "    r = R([r, r])", "return r"),
        "error:ValueError",
    ),
    # Ranges and built-ins.
    "range_of_54_bits": (_body("return len(range(2 ** 54))"), "error:OverflowError"),
    "range_listed": (_body("return list(range(10 ** 9))"), "out_of_gas"),
    "range_reversed": (_body("return reversed(range(10 ** 9))"), "out_of_gas"),
    "range_zipped": (_body("return zip(range(10 ** 9), range(3))"), "out_of_gas"),
    "range_enumerated": (_body("return enumerate(range(10 ** 9))"), "out_of_gas"),
    "range_of_which_all": (_body("return all(range(1, 10 ** 9))"), "out_of_gas"),
    "range_searched": (_body("return 10 ** 70 in range(2 ** 50)"), "ok"),
    "range_with_step_nothing": (_body("return range(1, 2, 0)"), "error:ValueError"),
    "range_in_a_range": (
        _body("return [1 for i in range(10 ** 9) for j in range(10 ** 9)]"),
        "out_of_gas",
    ),
    "range_that_yields_nothing": (
        _body("return [1 for i in range(10 ** 9) if i < 0]"),
        "out_of_gas",
    ),
    "range_of_empty_ranges": (
        _body("return [1 for i in range(10 ** 9) for j in []]"),
        "out_of_gas",
    ),
    "enumerate_from_the_largest": (
        _body("return enumerate([1, 2], 2 ** 255 + (2 ** 255 - 1))"),
        "error:OverflowError",
    ),
    "zip_of_uneven_lists": (_body("return zip([1], [1, 2], strict=True)"), "error:ValueError"),
    "sorting_a_million": (_body("return len(sorted([0] * 900000))"), "out_of_gas"),
    "sorting_long_texts": (
        _body("x = ['a' * 50000] * 1000", "return len(sorted(x))"),
        "out_of_gas",
    ),
    "largest_of_long_texts": (
        _body("x = ['a' * 50000] * 1000", "return len(max(x))"),
        "out_of_gas",
    ),
    # Calls.
    "recursion_without_end": (
        "def f(x):\n    return f(x)\ndef attack():\n    return f(1)\n",
        "call_depth",
    ),
    "recursion_by_two": (
        "def f(x):\n    if x == 0:\n        return 1\n    return f(x - 1) + f(x - 1)\n"
        "def attack():\n    return f(40)\n",
        "out_of_gas",
    ),
    "recursion_47_deep": (
        "def f(x):\n    if x == 0:\n        return 0\n    return f(x - 1) + 1\n"
        "def attack():\n    return f(46)\n",
        "ok",
    ),
    "recursion_48_deep": (
        "def f(x):\n    if x == 0:\n        return 0\n    return f(x - 1) + 1\n"
        "def attack():\n    return f(47)\n",
        "call_depth",
    ),
    "recursion_in_a_comprehension": (
        "def f(x):\n    return [f(y) for y in x]\ndef attack():\n    x = []\n    x.append(x)\n"
        "    return f(x)\n",
        "call_depth",
    ),
    "recursion_in_comprehensions_four_deep": (
        "def f(x):\n    return [[[[f(y) for a in x] for b in x] for c in x] for y in x]\n"
        "def attack():\n    x = [1]\n    x[0] = x\n    return f(x)\n",
        "call_depth",
    ),
    "recursion_in_key_functions": (
        "def f(x):\n    return max([x], key=f)\ndef attack():\n    return f(1)\n",
        "call_depth",
    ),
    "recursion_in_conditions": (
        "def f(x):\n    return f(x) if f(x) else f(x)\ndef attack():\n    return f(1)\n",
        "call_depth",
    ),
}
