"""Sources that are aimed at the reader: letters, null bytes, nesting, huge literals, encodings."""

from typing import Final


def _body(expression: str) -> str:
    return f"def attack():\n    return {expression}\n"


def _wrapped(parts: list[str]) -> str:
    return "(\n" + "\n".join(parts) + "\n)"


ATTACKS: Final = {
    # Letters that look like others.
    "cyrillic_a_in_a_name": ("def \u0430ttack():\n    return 1\n", "refused:ascii"),
    "greek_question_mark": ("X = 1\u037e Y = 2\n", "refused:ascii"),
    "ligature_in_a_name": ("def attack():\n    \ufb01le = 1\n", "refused:ascii"),
    "mathematical_letters": (_body("\U0001d4f8\U0001d4f9\U0001d4ee\U0001d4f7(1)"), "refused:ascii"),
    "full_width_underscores": (_body("().\uff3f\uff3fclass\uff3f\uff3f"), "refused:ascii"),
    "right_to_left_override": ("X = 1  # \u202e dnuof\n", "refused:ascii"),
    "zero_width_space": ("def attack():\n    re\u200bturn 1\n", "refused:ascii"),
    "no_break_space": ("def attack():\n    return\u00a01\n", "refused:ascii"),
    "byte_order_mark": ("\ufeffX = 1\n", "refused:ascii"),
    "line_separator": ("X = 1\u2028import os\n", "refused:ascii"),
    "next_line": ("X = 1\u0085import os\n", "refused:ascii"),
    "letter_outside_the_first_plane": ("X = '\U0001f4a3'\n", "refused:ascii"),
    "combining_letter": ("e\u0301 = 1\n", "refused:ascii"),
    "lone_surrogate": ("X = '\ud800'\n", "refused:ascii"),
    # Control characters and the shape of lines.
    "null_byte_in_a_text": ("X = 'a\0b'\n", "refused:ascii"),
    "null_byte_at_the_end": ("X = 1\n\0", "refused:ascii"),
    "null_byte_alone": ("\0", "refused:ascii"),
    "null_escape_in_a_text": (_body("len('a\\x00b')"), "ok"),
    "null_escape_in_octal": (_body("'\\0'"), "refused:string"),
    "escape_by_name": (_body("'\\N{LATIN SMALL LETTER A}'"), "refused:string"),
    "escape_of_eight_digits": (_body("'\\U0001f4a3'"), "refused:string"),
    "escape_at_the_end_of_a_line": ("X = 'a\\\nb'\n", "refused:string"),
    "vertical_tab": ("X = 1\v\n", "refused:ascii"),
    "end_of_file_letter": ("X = 1\x1a\n", "refused:ascii"),
    "bell": ("X = '\a'\n", "refused:ascii"),
    "delete_letter": ("X = '\x7f'\n", "refused:ascii"),
    "windows_lines": ("X = 1\r\nY = 2\r\n", "refused:ascii"),
    "two_statements_on_a_line": ("X = 1; Y = 2\n", "refused:semicolon"),
    "lines_joined_by_a_backslash": ("X = 1 + \\\n    2\n", "refused:backslash"),
    "line_of_401_letters": ("X = '" + "a" * 396 + "'\n", "refused:line-length"),
    "line_of_400_letters": (f"X = '{'a' * 394}'\ndef attack():\n    return len(X)\n", "ok"),
    "no_new_line_at_the_end": ("def attack():\n    return 1", "ok"),
    "spaces_after_the_end": ("def attack():\n    return 1\n        \n   ", "ok"),
    "nothing_but_a_comment": ("# attack\n", "no_such_handler"),
    "coding_line": ("# coding: utf-7\n# +AGkAbQBwAG8AcgB0-\ndef attack():\n    return 1\n", "ok"),
    "coding_line_that_is_unknown": ("# coding: nothing\ndef attack():\n    return 1\n", "ok"),
    "type_comment": ("def attack():  # type: (...) -> os.system\n    return 1\n", "ok"),
    # Nesting.
    "brackets_41_deep": (_body("(" * 41 + "1" + ")" * 41), "refused:shape"),
    "brackets_40_deep": (_body("[" * 40 + "]" * 40), "error:ValueError"),
    "brackets_16_deep": (_body("[" * 16 + "]" * 16), "ok"),
    "brackets_17_deep": (_body("[" * 17 + "]" * 17), "error:ValueError"),
    "brackets_that_do_not_close": ("X = " + "(" * 39 + "\n", "refused:syntax"),
    "brackets_that_close_only": ("X = " + ")" * 300 + "\n", "refused:syntax"),
    "braces_in_braces": (_body("{'a': " * 20 + "1" + "}" * 20), "error:ValueError"),
    "subscripts_in_subscripts": (_body("[0][" * 30 + "0" + "]" * 30), "ok"),
    "calls_in_calls": (_body("abs(" * 39 + "1" + ")" * 39), "ok"),
    "conditions_in_conditions": (
        _body(_wrapped(["1 if 0 else"] * 110 + ["2"])),
        "refused:shape",
    ),
    "ors_in_a_row": (_body(_wrapped(["0 or"] * 100 + ["1"])), "ok"),
    "ors_that_are_too_many": (
        _body(_wrapped(["0 or"] * 119 + ["0 or 0 or " * 30 + "1"])),
        "refused:shape",
    ),
    "powers_in_a_row": (_body(_wrapped(["1 **"] * 99 + ["1"])), "refused:shape"),
    "minuses_in_a_row": (_body("-" * 99 + "1"), "refused:shape"),
    "comparisons_in_a_row": (_body("1" + " < 2 < 3" * 45), "ok"),
    "ifs_in_ifs": (
        "def attack():\n"
        + "".join(" " * (level + 1) + "if 1:\n" for level in range(58))
        + " " * 60
        + "return 1\n",
        "ok",
    ),
    "elifs_41": (
        "def attack():\n    if 0:\n        pass\n" + "    elif 0:\n        pass\n" * 41,
        "refused:shape",
    ),
    "else_ifs_in_a_row": (
        "def attack():\n    x = 0\n"
        + "".join("    if x == 9:\n        x = 1\n    else:\n        x = 0\n" for _ in range(300))
        + "    return x\n",
        "ok",
    ),
    "statement_of_121_lines": (_body(_wrapped(["1,"] * 121)), "refused:shape"),
    "decorators_in_a_row": ("@call\n" * 100 + "def f():\n    return 1\n", "refused:decorator"),
    "text_of_many_lines": (f"def attack():\n    return len('''{chr(10) * 500}''')\n", "ok"),
    "types_in_types": (
        "def f(x: " + "list[" * 35 + "int" + "]" * 35 + "):\n    return 1\n"
        "def attack():\n    return f(1)\n",
        "ok",
    ),
    "types_joined_in_a_row": (
        "def f(x: " + "int | " * 60 + "None):\n    return 1\n" + _body("f(1)"),
        "ok",
    ),
    # Literals and sizes.
    "int_literal_of_257_bits": (_body("0x1" + "0" * 64), "refused:int"),
    "int_literal_of_256_bits": (_body("0x" + "f" * 64), "ok"),
    "int_literal_of_380_digits": (_body("9" * 380), "refused:int"),
    "int_literal_of_thousands_of_digits": ("X = " + "9" * 5000 + "\n", "refused:line-length"),
    "int_literal_across_lines": (_body("(" + "9" * 380 + "\n" + "9" * 380 + ")"), "refused:syntax"),
    "int_literal_in_octal": (_body("0o" + "7" * 86), "refused:int"),
    "int_literal_in_binary": (_body("0b" + "1" * 300), "refused:int"),
    "float_literal": (_body("1.5"), "refused:float"),
    "float_literal_that_is_infinite": (_body("1e999"), "refused:float"),
    "complex_literal": (_body("1j"), "refused:float"),
    "number_with_a_keyword_stuck": (_body("1and 2"), "refused:number"),
    "ellipsis": (_body("..."), "refused:ellipsis"),
    "text_that_never_ends": ("X = '" + "a" * 300 + "\n", "refused:string"),
    "text_that_never_ends_in_three": ("X = '''" + "a\n" * 300, "refused:string"),
    "texts_side_by_side": (_body("len(" + "'ab' " * 70 + ")"), "ok"),
    "raw_text": (_body("r'a'"), "refused:string"),
    "u_text": (_body("u'a'"), "refused:string"),
    "raw_f_text": (_body("rf'{1}'"), "refused:string"),
    "bytes_outside_ascii": (_body("len(b'\\xff' + b'\\x00')"), "ok"),
    "f_text_in_three_quotes": (_body("f'''{1}'''"), "refused:f-string"),
    "f_text_that_does_not_close": (_body("f'{1'"), "refused:f-string"),
    "f_text_with_a_backslash": (_body("f'{1 + \\n 2}'"), "refused:f-string"),
    "source_of_65536_letters": (("#" + "a" * 78 + "\n") * 800 + _body("1"), "ok"),
    "source_that_is_too_long": (("#" + "a" * 78 + "\n") * 820, "refused:size"),
    "source_of_too_many_nodes": (
        "".join(f"X{i} = [" + "1," * 190 + "]\n" for i in range(160)),
        "refused:size",
    ),
    "name_of_65_letters": (f"def attack():\n    {'a' * 65} = 1\n", "refused:name"),
    "name_of_64_letters": (f"def attack():\n    {'a' * 64} = 1\n    return {'a' * 64}\n", "ok"),
    "record_of_65_fields": (
        "@record\nclass R:\n" + "".join(f"    a{i}: int\n" for i in range(65)),
        "refused:record",
    ),
    "function_of_110_parameters": (
        "def f(" + ",\n".join(f"a{i}" for i in range(110)) + "):\n    return 1\n" + _body("f(1)"),
        "error:TypeError",
    ),
    "call_with_110_arguments": (
        "def f(x):\n    return x\ndef attack():\n    return f(\n"
        + ",\n".join("1" for _ in range(110))
        + ")\n",
        "error:TypeError",
    ),
    "trigger_of_65_properties": (
        "from contracts.author import on_update\n@on_update(model='m', properties=[\n"
        + ",\n".join(f"'p{i}'" for i in range(65))
        + "])\ndef f(u):\n    pass\n",
        "refused:decorator",
    ),
    "grammar_of_match_as_a_name": ("def attack():\n    match = 1\n    return match\n", "ok"),
    "grammar_of_type_as_a_name": ("def attack():\n    type = 1\n", "refused:shadow"),
    "grammar_of_old_print": ("def attack():\n    print 'a'\n", "refused:syntax"),
    "grammar_of_old_backticks": ("def attack():\n    return `1`\n", "refused:syntax"),
    "grammar_of_parenthesised_with": (
        "def attack():\n    with (state as x, state as y):\n        pass\n",
        "refused:with",
    ),
    "grammar_of_star_subscripts": (_body("[1][*[0]]"), "refused:starred"),
    "grammar_of_except_star": (
        "def attack():\n    try:\n        pass\n    except* ValueError:\n        pass\n",
        "refused:trystar",
    ),
    "grammar_of_positional_only": ("def f(a, /):\n    return 1\n", "refused:parameters"),
    "grammar_of_star_parameters": ("def f(*a):\n    return 1\n", "refused:parameters"),
    "grammar_of_keyword_parameters": ("def f(**a):\n    return 1\n", "refused:parameters"),
    "matrix_product": (_body("[1] @ [2]"), "refused:operator"),
}
