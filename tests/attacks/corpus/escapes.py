"""Ways out of the language: attributes, formats, frames, classes, patterns, decorators, scopes."""

from typing import Final

ATTACKS: Final = {
    # Attributes and dunder names, in every place where a name may stand.
    "dunder_of_an_int": ("def attack():\n    return (1).__class__\n", "refused:attribute"),
    "dunder_method_call": ("def attack():\n    return [].__len__()\n", "refused:method"),
    "dunder_of_a_record": (
        "@record\nclass R:\n    a: int\ndef attack():\n    return R(1).__class__\n",
        "refused:attribute",
    ),
    "dunder_as_field": ("@record\nclass R:\n    __class__: int\n", "refused:name"),
    "dunder_as_field_reached_by_name": (
        "@record\nclass R:\n    __dict__: dict\ndef attack():\n    return state.__dict__\n",
        "refused:name",
    ),
    "field_named_like_an_internal": (
        "@record\nclass R:\n    values: int\n    kind: int\n    set: int\n    get: int\n"
        "def attack():\n    r = R(1, 2, 3, 4)\n    r.values = r.kind + r.set\n    r.set = 9\n"
        "    return [r.values, r.kind, r.set, r.get, r, r == R(5, 2, 9, 4)]\n",
        "ok",
    ),
    "field_named_like_a_method": (
        "@record\nclass R:\n    append: int\ndef attack():\n    return R(1).append(2)\n",
        "error:TypeError",
    ),
    "field_named_kind_on_a_map": (
        "@record\nclass R:\n    kind: int\ndef attack():\n    return state.kind\n",
        "error:TypeError",
    ),
    "field_named_prefix_on_a_map": (
        "@record\nclass R:\n    prefix: str\ndef attack():\n    state.prefix = 'other/'\n",
        "error:TypeError",
    ),
    "field_named_session_on_ctx": (
        "@record\nclass R:\n    session: int\ndef attack():\n    return ctx.session\n",
        "error:TypeError",
    ),
    "setting_a_field_of_ctx": (
        "@record\nclass R:\n    sender: str\ndef attack():\n    ctx.sender = 'another'\n",
        "error:TypeError",
    ),
    "setting_a_field_of_a_list": (
        "@record\nclass R:\n    a: int\ndef attack():\n    x = []\n    x.a = 1\n",
        "error:TypeError",
    ),
    "dunder_as_variable": ("def attack():\n    __x__ = 1\n    return __x__\n", "refused:name"),
    "dunder_as_parameter": ("def f(__class__):\n    return 1\n", "refused:name"),
    "dunder_as_keyword": (
        "@record\nclass R:\n    a: int\ndef attack():\n    return R(__class__=1)\n",
        "error:TypeError",
    ),
    "dunder_as_function": ("def __getattr__(name):\n    return 1\n", "refused:name"),
    "dunder_as_record": ("@record\nclass __R:\n    a: int\n", "refused:name"),
    "dunder_as_constant": ("__builtins__ = 1\n", "refused:name"),
    "dunder_as_loop_variable": (
        "def attack():\n    for __builtins__ in [1]:\n        pass\n",
        "refused:name",
    ),
    "dunder_in_a_comprehension": (
        "def attack():\n    return [__m for __m in [1]]\n",
        "refused:name",
    ),
    "dunder_as_unpacked": ("def attack():\n    a, _m = (1, 2)\n", "refused:name"),
    "method_without_a_call": ("def attack():\n    f = [].append\n    f(1)\n", "refused:attribute"),
    "method_of_a_type": ("def attack():\n    return str.upper('a')\n", "refused:name"),
    "method_of_a_decimal_class": (
        "def attack():\n    return Decimal.from_float(1)\n",
        "refused:method",
    ),
    "a_context_of_decimals": (
        "def attack():\n    return Decimal('1').compare_total_mag(1)\n",
        "refused:method",
    ),
    "helper_called_by_name": ("def attack():\n    return _add(1, 2)\n", "refused:name"),
    "rebuild_called_by_name": ("def attack():\n    _rebuild()\n", "refused:name"),
    "meter_refilled": ("def attack():\n    _m.left += 10 ** 9\n", "refused:attribute"),
    "temporary_read_by_name": (
        "def attack():\n    x = [1]\n    x[0] += 1\n    return _t1\n",
        "refused:name",
    ),
    "caught_classes_by_name": (
        "def attack():\n    try:\n        pass\n    except _E_Exception:\n        pass\n",
        "refused:except",
    ),
    # Formats and f-strings.
    "format_method": ("def attack():\n    return '{0.__class__}'.format(1)\n", "refused:method"),
    "percent_format": ("def attack():\n    return '%s' % ctx\n", "error:TypeError"),
    "percent_format_with_width": (
        "def attack():\n    return '%*d' % (10 ** 9, 1)\n",
        "error:TypeError",
    ),
    "f_string_attribute": ("def attack():\n    return f'{ctx.__class__}'\n", "refused:attribute"),
    "f_string_conversion": ("def attack():\n    x = 1\n    return f'{x!r}'\n", "refused:f-string"),
    "f_string_debug": ("def attack():\n    x = 1\n    return f'{x=}'\n", "refused:f-string"),
    "f_string_of_a_map": ("def attack():\n    return f'{state}'\n", "error:TypeError"),
    "f_string_of_a_record": (
        "@record\nclass R:\n    a: int\ndef attack():\n    r = R(1)\n    return f'{r}'\n",
        "error:TypeError",
    ),
    "f_string_nested_width": (
        "def attack():\n    n = 9\n    return f'{1:{n}}'\n",
        "refused:f-string",
    ),
    "f_string_fill_is_a_brace": ("def attack():\n    return f'{1:x<5}'\n", "refused:f-string"),
    "f_string_of_locale": ("def attack():\n    return f'{1:n}'\n", "refused:f-string"),
    "f_string_of_characters": ("def attack():\n    return f'{97:c}'\n", "refused:f-string"),
    "f_string_grouping_of_a_text": (
        "def attack():\n    x = 'a'\n    return f'{x:,}'\n",
        "error:TypeError",
    ),
    "f_string_lambda": ("def attack():\n    return f'{(lambda: 1)()}'\n", "refused:call"),
    "f_string_walrus": ("def attack():\n    return f'{(x:=1)}'\n", "refused:namedexpr"),
    "f_string_of_width_100": ("def attack():\n    return f'{1:100}'\n", "refused:f-string"),
    # Exceptions and frames.
    "exception_as_a_name": (
        "def attack():\n    try:\n        x = 1 // 0\n"
        "    except ValueError as e:\n        return 1\n",
        "refused:except",
    ),
    "exception_arguments": (
        "def attack():\n    e = ValueError('x')\n    return e.args\n",
        "refused:call",
    ),
    "exception_with_a_cause": (
        "def attack():\n    raise ValueError('x') from None\n",
        "refused:raise",
    ),
    "exception_class_as_value": ("def attack():\n    x = ValueError\n", "refused:name"),
    "exception_is_raised_bare": ("def attack():\n    raise ValueError\n", "refused:raise"),
    "exception_that_a_contract_may_not_name": (
        "def attack():\n    raise RecursionError('x')\n",
        "refused:raise",
    ),
    "exception_group": ("def attack():\n    raise ExceptionGroup('x', [])\n", "refused:raise"),
    "exception_text_is_an_object": (
        "def attack():\n    raise ValueError(ctx)\n",
        "error:TypeError",
    ),
    "failure_text_is_an_object": ("def attack():\n    fail(state)\n", "error:TypeError"),
    "generator_frame": (
        "def attack():\n    return (x for x in [1]).gi_frame\n",
        "refused:attribute",
    ),
    "generator_function": ("def f():\n    yield 1\n", "refused:statement"),
    "generator_that_is_sent_to": ("def f():\n    x = yield 1\n", "refused:yield"),
    "await_at_the_top": ("await put('a', 1)\n", "refused:top-level"),
    "async_comprehension": (
        "async def f():\n    return [x async for x in y]\n",
        "refused:asyncfunctiondef",
    ),
    # Classes.
    "record_with_a_base": ("@record\nclass R(int):\n    a: int\n", "refused:class"),
    "record_with_a_metaclass": ("@record\nclass R(metaclass=type):\n    a: int\n", "refused:class"),
    "record_with_a_method": (
        "@record\nclass R:\n    a: int\n    def __eq__(self, other):\n        return True\n",
        "refused:record",
    ),
    "record_with_slots": ("@record\nclass R:\n    a: int\n    b = 1\n", "refused:record"),
    "record_with_a_post_init": (
        "@record\nclass R:\n    a: int\n    __post_init__: int\n",
        "refused:name",
    ),
    "record_decorated_twice": ("@record\n@record\nclass R:\n    a: int\n", "refused:class"),
    "record_decorated_by_a_call": (
        "@record(frozen=False)\nclass R:\n    a: int\n",
        "refused:class",
    ),
    "record_inside_a_function": (
        "def attack():\n    class R:\n        a = 1\n",
        "refused:classdef",
    ),
    "record_as_a_value": (
        "@record\nclass R:\n    a: int\ndef attack():\n    x = R\n    return x(1)\n",
        "refused:name",
    ),
    "record_called_like_a_builtin": ("@record\nclass len:\n    a: int\n", "refused:shadow"),
    "record_whose_default_is_another_type": (
        "@record\nclass R:\n    a: int = 'x'\n",
        "refused:constant",
    ),
    "record_with_a_shared_list": ("@record\nclass R:\n    a: list = []\n", "refused:record"),
    "record_with_a_shared_list_by_name": (
        "X = [1]\n@record\nclass R:\n    a: list = X\n",
        "refused:record",
    ),
    "record_with_a_shared_list_in_a_tuple": (
        "X = ([],)\n@record\nclass R:\n    a: int | None = X\n",
        "refused:record",
    ),
    "method_of_a_record": (
        "@record\nclass R:\n    a: int\ndef attack():\n    r = R(1)\n    r.set('a', 'text')\n",
        "error:TypeError",
    ),
    "make_of_a_record": (
        "@record\nclass R:\n    a: int\ndef attack():\n    return R(1).make((), {})\n",
        "refused:method",
    ),
    # Decorators that lie.
    "decorator_of_another_name": ("@property\ndef attack():\n    return 1\n", "refused:decorator"),
    "decorator_that_is_called": ("@call()\ndef f():\n    return 1\n", "refused:decorator"),
    "decorator_that_is_a_lambda": ("@(lambda f: f)\ndef f():\n    return 1\n", "refused:decorator"),
    "decorator_that_is_an_attribute": ("@ctx.emit\ndef f():\n    return 1\n", "refused:decorator"),
    "decorator_that_subscripts": ("@[call][0]\ndef f():\n    return 1\n", "refused:decorator"),
    "decorator_on_update_with_a_call": (
        "@on_update(model=str(1), properties=['a'])\ndef f(u):\n    pass\n",
        "refused:decorator",
    ),
    "decorator_twice": ("@call\n@initial\ndef f():\n    return 1\n", "refused:decorator"),
    "decorator_imported_under_another_name": (
        "from contracts.author import fail as record\n",
        "refused:import",
    ),
    "two_functions_of_one_name": (
        "def f():\n    return 1\ndef f():\n    return 2\n",
        "refused:shadow",
    ),
    "two_initial_handlers": (
        "from contracts.author import initial\n@initial\ndef f():\n    pass\n"
        "@initial\ndef g():\n    pass\n",
        "refused:decorator",
    ),
    "import_of_everything": ("from contracts.author import *\n", "refused:import"),
    "import_of_a_private_name": ("from contracts.author import Context\n", "refused:import"),
    "import_of_a_submodule": ("from contracts.author.os import path\n", "refused:import"),
    "import_inside_a_function": ("def attack():\n    import os\n", "refused:import"),
    "import_by_levels": ("from ..contracts.author import fail\n", "refused:import"),
    "import_of_the_future": ("from __future__ import annotations\n", "refused:import"),
    # Defaults, lambdas, scopes.
    "default_is_a_call": ("def f(x=get('a')):\n    return x\n", "refused:default"),
    "default_is_a_list": ("def f(x=[]):\n    return x\n", "refused:default"),
    "default_is_a_constant_list": ("X = [1]\ndef f(x=X):\n    return x\n", "refused:default"),
    "default_of_a_keyword": ("def f(*, x=get):\n    return x\n", "refused:default"),
    "default_is_a_tuple_of_calls": ("def f(x=(get('a'),)):\n    return x\n", "refused:default"),
    "default_is_a_huge_minus": ("def f(x=-" + "9" * 90 + "):\n    return x\n", "refused:int"),
    "lambda_as_sort_key": (
        "def attack():\n    return sorted([1], key=lambda x: x)\n",
        "refused:key",
    ),
    "lambda_in_a_default": ("def f(x=lambda: 1):\n    return x\n", "refused:default"),
    "builtin_as_sort_key": ("def attack():\n    return sorted(['a'], key=len)\n", "refused:key"),
    "method_as_sort_key": ("def attack():\n    return sorted([1], key=ctx.emit)\n", "refused:key"),
    "parameter_as_sort_key": ("def f(x, k):\n    return sorted(x, key=k)\n", "refused:key"),
    "function_inside_a_function": (
        "def attack():\n    def inner():\n        return 1\n    return inner()\n",
        "refused:def",
    ),
    "global_statement": ("X = 1\ndef attack():\n    global X\n    X = 2\n", "refused:global"),
    "global_of_a_new_name": ("def attack():\n    global y\n    y = 2\n", "refused:global"),
    "nonlocal_statement": ("def attack():\n    nonlocal x\n", "refused:nonlocal"),
    "comprehension_variable_after_it": (
        "def attack():\n    y = [x for x in [1, 2]]\n    return x\n",
        "error:NameError",
    ),
    "comprehension_over_its_own_variable": (
        "def attack():\n    return [x for x in x]\n",
        "error:NameError",
    ),
    "comprehension_walrus": (
        "def attack():\n    y = [z := i for i in [1]]\n    return z\n",
        "refused:namedexpr",
    ),
    "comprehension_of_ctx": ("def attack():\n    return [x for x in ctx]\n", "error:TypeError"),
    "star_in_a_call": ("def attack():\n    return get(*['a'])\n", "refused:starred"),
    "star_star_in_a_call": ("def attack():\n    return get(**{'key': 'a'})\n", "refused:call"),
    "star_in_a_display": ("def attack():\n    return [*range(10 ** 9)]\n", "out_of_gas"),
    "star_in_a_tuple": ("def attack():\n    return (*[1], 2)\n", "refused:starred"),
    "star_star_in_a_dict": ("def attack():\n    return {**{'a': 1}}\n", "ok"),
    "star_star_of_the_context": ("def attack():\n    return {**ctx}\n", "error:TypeError"),
    "star_of_state": ("def attack():\n    return [*state]\n", "error:TypeError"),
    "star_of_a_constant": (
        "TABLE = [1]\ndef attack():\n    [*TABLE].append(2)\n    return len([*TABLE, *TABLE])\n",
        "ok",
    ),
    "star_in_an_assignment": ("def attack():\n    a, *b = [1, 2]\n", "refused:assign"),
    "chained_assignment": ("def attack():\n    a = b = []\n", "refused:assign"),
    "assignment_to_a_function": ("def attack():\n    get = 1\n", "refused:shadow"),
    "assignment_to_a_map": ("def attack():\n    state = {}\n", "refused:shadow"),
    "assignment_to_a_slice": ("def attack():\n    x = [1]\n    x[:] = x\n", "refused:assign"),
    "deletion_of_a_name": ("def attack():\n    x = 1\n    del x\n", "refused:del"),
    "deletion_of_a_function": ("def attack():\n    del get\n", "refused:del"),
    "deletion_of_a_field": (
        "@record\nclass R:\n    a: int\ndef attack():\n    r = R(1)\n    del r.a\n",
        "refused:del",
    ),
    "loop_over_a_subscript_target": (
        "def attack():\n    x = [0]\n    for x[0] in [1]:\n        pass\n",
        "refused:assign",
    ),
    "call_of_a_call": ("def attack():\n    return get('a')()\n", "refused:call"),
    "call_of_a_subscript": ("def attack():\n    return [get][0]('a')\n", "refused:call"),
    "call_of_a_condition": ("def attack():\n    return (get if 1 else put)('a')\n", "refused:call"),
    "call_of_a_variable": ("def attack():\n    f = 1\n    return f()\n", "refused:call"),
    "state_inside_a_function": ("def attack():\n    x = Map(int)\n", "refused:state"),
    "state_of_a_foreign_type": ("x = Map(object)\n", "refused:state"),
    "state_with_a_call_as_default": ("x = Var(int, get('a'))\n", "refused:constant"),
    "constant_by_a_comprehension": ("X = [i for i in range(10)]\n", "refused:constant"),
    "constant_by_a_method": ("X = 'a'.upper()\n", "refused:constant"),
    "constant_that_costs_too_much": ("X = [0] * 10 ** 6\n", "refused:constant"),
    "constants_that_cost_too_much_together": (
        "A = 'a' * 500000\nB = A + A\n",
        "refused:constant",
    ),
    "statement_at_the_top": ("put('a', 1)\n", "refused:top-level"),
    "loop_at_the_top": ("while True:\n    pass\n", "refused:top-level"),
    "condition_at_the_top": ("if True:\n    X = 1\n", "refused:top-level"),
    "assert_with_an_effect": ("def attack():\n    assert get('a')\n", "refused:assert"),
    "with_a_map": ("def attack():\n    with state:\n        pass\n", "refused:with"),
    "annotation_that_calls": ("def attack():\n    x: get('a') = 1\n", "refused:type"),
    "annotation_that_is_a_text": ("def f(x: 'get(1)'):\n    return 1\n", "refused:type"),
    "annotation_of_an_item": ("def attack():\n    x = [1]\n    x[0]: int = 2\n", "refused:assign"),
    "annotation_without_a_value": ("def attack():\n    x: int\n", "refused:assign"),
}
