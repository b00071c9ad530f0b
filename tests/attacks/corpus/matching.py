"""Attacks by `match`: names in patterns, what patterns look into, and what they make big."""

from typing import Final


def _case(pattern: str, subject: str = "1", guard: str = "") -> str:
    case = f"        case {pattern}{guard}:\n            return 1\n"
    return f"def attack():\n    match {subject}:\n{case}"


def _body(*lines: str) -> str:
    return "def attack():\n" + "".join(f"    {line}\n" for line in lines)


_RECORD: Final = "@record\nclass R:\n    a: int = 0\n    b: int = 0\n"
_LITERALS: Final = " | ".join(f"'{letter * 300}'" for letter in "b")

ATTACKS: Final = {
    # Names that a pattern assigns.
    "captures_the_meter": (_case("_m"), "refused:name"),
    "captures_a_helper": (_case("[_out, *_]", "[1]"), "refused:name"),
    "captures_the_matcher": (_case("{'a': _match}", "{'a': 1}"), "refused:name"),
    "captures_a_temporary": (_case("_t1"), "refused:name"),
    "captures_the_other_temporary": (_case("1 as _t2"), "refused:name"),
    "captures_an_exception_class": (_case("[*_E_Exception]", "[1]"), "refused:name"),
    "captures_all_that_is_left_as_a_helper": (_case("{**_enter}", "{}"), "refused:name"),
    "captures_dunder_builtins": (_case("__builtins__"), "refused:name"),
    "captures_a_builtin": (_case("len"), "refused:shadow"),
    "captures_a_type": (_case("[int, str]", "[1, 2]"), "refused:pattern"),
    "captures_state": (_case("state"), "refused:shadow"),
    "captures_a_function": (_case("put"), "refused:shadow"),
    "captures_itself": (_case("attack"), "refused:shadow"),
    "captures_the_context": (_case("ctx"), "refused:shadow"),
    "captures_an_exception": (_case("Exception"), "refused:shadow"),
    "captures_a_record": (_RECORD + _case("R"), "refused:pattern"),
    "captures_one_name_twice": (_case("[a, a]", "[1, 2]"), "refused:pattern"),
    "captures_in_one_alternative": (_case("[a] | 1"), "refused:pattern"),
    "captures_another_in_each_alternative": (_case("[a, _] | [_, b]"), "refused:pattern"),
    "name_that_no_case_assigned": (
        _body("match 1:", "    case [a]:", "        pass", "return a"),
        "error:NameError",
    ),
    # What a pattern looks up.
    "value_of_the_context": (_case("ctx.height"), "refused:pattern"),
    "value_of_a_dunder": (_case("ctx.__class__"), "refused:pattern"),
    "value_of_a_method": (_case("state.get"), "refused:pattern"),
    "class_of_an_object": (_case("object(__class__=c)"), "refused:pattern"),
    "class_of_an_int": (_case("int(__class__=c)"), "refused:pattern"),
    "class_with_match_args": (_case("str(__match_args__=c)", "'a'"), "refused:pattern"),
    "class_with_positions": (_case("str(a, b)", "'a'"), "refused:pattern"),
    "class_by_a_dotted_name": (_case("ctx.Twin()"), "refused:pattern"),
    "class_that_is_a_variable": (
        _body("kind = 1", "match 1:", "    case kind():", "        return 1"),
        "refused:pattern",
    ),
    "class_that_is_a_call": (_case("type(1)()"), "refused:syntax"),
    "class_of_the_ledger": (_case("Update(twin=t)"), "refused:pattern"),
    "class_of_exceptions": (_case("Exception(args=a)"), "refused:pattern"),
    "class_of_decimal_with_a_number": (_case("Decimal('1')"), "refused:pattern"),
    "record_by_position": (_RECORD + _case("R(1)", "R(1)"), "refused:pattern"),
    "record_with_match_args": (
        "@record\nclass R:\n    a: int = 0\n    __match_args__ = ('__class__',)\n" + _case("R(1)"),
        "refused:record",
    ),
    "record_with_a_field_of_the_engine": (_RECORD + _case("R(kind=k)", "R()"), "refused:pattern"),
    "record_with_all_values": (_RECORD + _case("R(values=v)", "R()"), "refused:pattern"),
    "record_with_a_field_twice": (_RECORD + _case("R(a=1, a=2)", "R()"), "refused:pattern"),
    "key_that_is_a_float": (_case("{1.5: x}"), "refused:pattern"),
    "key_that_is_an_int": (_case("{1: x}"), "refused:pattern"),
    "key_that_is_an_f_text": (_case("{f'{1}': x}"), "refused:pattern"),
    "key_that_is_looked_up": (_case("{ctx.sender: x}"), "refused:pattern"),
    "key_that_stands_twice": (_case("{'a': x, 'a': y}"), "refused:pattern"),
    "key_that_is_none": (_case("{None: x}"), "refused:pattern"),
    "value_that_is_a_float": (_case("0.5"), "refused:pattern"),
    "value_that_is_complex": (_case("1 - 2j"), "refused:pattern"),
    "value_that_is_an_f_text": (_case("f'{ctx}'"), "refused:pattern"),
    "value_of_257_bits": (_case("-0x1" + "0" * 64), "refused:int"),
    "value_of_256_bits": (
        _case("-0x" + "f" * 64, "-0x" + "f" * 64),
        "ok",
    ),
    "subject_that_assigns": (_case("_", "(x := 1)"), "refused:namedexpr"),
    "subject_with_a_star": (_case("_", "*[1], 2"), "refused:starred"),
    "guard_that_assigns": (_case("x", guard=" if (y := x)"), "refused:namedexpr"),
    "guard_that_is_a_function": (_case("x", guard=" if lambda: 1"), "refused:lambda"),
    "guard_that_waits": (_case("x", guard=" if (yield)"), "refused:yield"),
    # What is not compared, but by names, types and identity.
    "subject_that_is_state": (
        _body(
            "found = []",
            "for x in [state, ctx]:",
            "    match x:",
            "        case {'a': _} | [*_] | dict() | int() | 1 | 'a' | None:",
            "            found.append(1)",
            "        case _:",
            "            found.append(2)",
            "return found",
        ),
        "ok",
    ),
    "true_is_not_one": (
        _body("match 1:", "    case True | None | False:", "        return 'PWNED'", "return 1"),
        "ok",
    ),
    "texts_are_no_sequences": (
        _body(
            "for x in ['ab', b'ab', {'a': 1, 'b': 2}]:",
            "    match x:",
            "        case [_, _]:",
            "            return 'PWNED'",
            "return 1",
        ),
        "ok",
    ),
    "captured_constant_that_is_changed": (
        "TABLE = [[1]]\n"
        + _body(
            "match TABLE:",
            "    case [[*_] as inner, *_] as whole:",
            "        inner.append(2)",
            "        whole.append(3)",
            "return [len(TABLE), len(TABLE[0])]",
        ),
        "ok",
    ),
    # Depth and number.
    "patterns_9_deep": (_case("[" * 9 + "]" * 9), "refused:shape"),
    "patterns_8_deep": (_case("[" * 8 + "]" * 8), "ok"),
    "patterns_40_deep_of_all_kinds": (
        _case("[{'a': str(" * 13 + "x" + ")}]" * 13),
        "refused:shape",
    ),
    "patterns_that_do_not_close": (_case("[{'a': (" * 13), "refused:syntax"),
    "patterns_101": (_case("[" + "_, " * 100 + "]"), "refused:shape"),
    "patterns_100": (_case("[" + "_, " * 99 + "]"), "ok"),
    "alternatives_201": (_case("(" + "1 | 1 | 1 |\n" * 68 + "1)"), "refused:shape"),
    "names_99": (
        _case("[" + ",\n".join(f"a{i}" for i in range(99)) + "]", "range(99)"),
        "ok",
    ),
    "cases_41": (
        "def attack():\n    match 1:\n" + "        case 2:\n            pass\n" * 41,
        "refused:shape",
    ),
    "cases_40": (
        "def attack():\n    match 1:\n" + "        case 2:\n            pass\n" * 40,
        "ok",
    ),
    "matches_in_matches": (
        "def attack():\n"
        + "".join(f"{' ' * (2 * at + 1)}match 1:\n{' ' * (2 * at + 2)}case _:\n" for at in range(7))
        + " " * 15
        + "pass\n",
        "refused:shape",
    ),
    "matches_in_ifs_to_the_end_of_the_line": (
        "def attack():\n"
        + "".join(" " * (at + 1) + "if 1:\n" for at in range(45))
        + "".join(f"{' ' * at}match 1:\n{' ' * (at + 1)}case x if x:\n" for at in range(46, 58, 2))
        + " " * 58
        + "return x\n",
        "ok",
    ),
    "stars_that_divide_in_many_ways": (_case("[*_, 1, *_]", "[1]"), "refused:pattern"),
    "case_that_is_never_tried": (
        _body("match 1:", "    case _:", "        return 1", "    case 1:", "        return 2"),
        "refused:pattern",
    ),
    "list_that_holds_itself": (
        _body(
            "x = [1]", "x[0] = x", "match x:", "    case [[[[[[[y]]]]]]]:", "        return len(y)"
        ),
        "ok",
    ),
    "dict_that_holds_itself": (
        _body(
            "x = {}", "x['a'] = x", "match x:", "    case {'a': {'a': {**y}}}:", "        return y"
        ),
        "error:ValueError",
    ),
    # Size.
    "range_without_end_in_a_star": (_case("[*x]", "range(2 ** 50)"), "out_of_gas"),
    "range_without_end_that_is_only_counted": (_case("[*_, _]", "range(2 ** 50)"), "ok"),
    "star_that_is_doubled": (
        _body(
            "x = [1]", "while True:", "    match x:", "        case [*y]:", "            x = y + y"
        ),
        "out_of_gas",
    ),
    "stars_that_are_kept": (
        _body(
            "x = [0] * 1000",
            "kept = []",
            "while True:",
            "    match x:",
            "        case [_, *y]:",
            "            kept.append(y)",
        ),
        "out_of_gas",
    ),
    "star_in_a_case_that_does_not_fit_after_all": (
        _body(
            "x = [[0] * 5000, 1]",
            "while True:",
            "    match x:",
            "        case [[*y], 2]:",
            "            return 1",
        ),
        "out_of_gas",
    ),
    "rests_of_dicts": (
        _body(
            "x = {str(i): i for i in range(1000)}",
            "while True:",
            "    match x:",
            "        case {'1': _, **y}:",
            "            x['1'] = 1",
        ),
        "out_of_gas",
    ),
    "texts_that_are_long": (
        _body(
            "x = 'b' * 300",
            "while True:",
            "    match x + 'b':",
            f"        case {_LITERALS}:",
            "            return 1",
        ),
        "out_of_gas",
    ),
    "records_in_records": (
        "@record\nclass R:\n    a: list\n"
        + _body(
            "x = R([])",
            "while True:",
            "    match x:",
            "        case R(a=[*_]) as y:",
            "            x = R([y])",
        ),
        "out_of_gas",
    ),
    # Guards.
    "guard_that_never_ends": (
        "def burn():\n    while True:\n        pass\n" + _case("_", guard=" if burn()"),
        "out_of_gas",
    ),
    "guard_that_calls_itself": (_case("_", guard=" if attack()"), "call_depth"),
    "guard_that_fails": (
        _body(
            "try:",
            "    match 1:",
            "        case _ if fail('no'):",
            "            pass",
            "except Exception:",
            "    return 'PWNED'",
        ),
        "contract_error",
    ),
    "guard_that_writes": (
        _body(
            "match 1:",
            "    case _ if put('a', 1):",
            "        pass",
            "    case x if get('a') == x:",
            "        return 1 // 0",
        ),
        "error:ZeroDivisionError",
    ),
    "guard_that_takes_the_list_away": (
        _body(
            "x = [[1, 2], 3]",
            "match x:",
            "    case [[_, *y], _] if x.clear():",
            "        return 'PWNED'",
            "    case [[_, *y], _]:",
            "        return 'PWNED'",
            "return [x, y]",
        ),
        "ok",
    ),
    "loop_by_match": (
        _body("while True:", "    match 1:", "        case 1:", "            continue"),
        "out_of_gas",
    ),
    "stop_that_is_caught_in_a_case": (
        _body(
            "while True:",
            "    try:",
            "        match [1]:",
            "            case [x] if [][x]:",
            "                pass",
            "    except Exception:",
            "        pass",
        ),
        "out_of_gas",
    ),
    # Words that are both names and syntax.
    "words_that_are_names": (
        _body(
            "match = 1",
            "case = [match]",
            "match case:",
            "    case [case]:",
            "        return match + case",
        ),
        "ok",
    ),
    "match_at_the_top": ("match 1:\n    case _:\n        pass\n", "refused:top-level"),
    "match_in_a_record": (
        "@record\nclass R:\n    match 1:\n        case _:\n            a: int = 0\n",
        "refused:record",
    ),
}
