"""State, events and what outlives a run: sizes, keys, aliases, defaults, order, side effects.

Every contract is called twice, so what the first call leaves is seen by the second.
"""

from typing import Final

ATTACKS: Final = {
    # Values that are too large or cannot be kept.
    "value_too_large": (
        "many = Map(str)\ndef attack():\n    many['a'] = 'x' * 16384\n",
        "error:OverflowError",
    ),
    "value_as_large_as_can_be": (
        "many = Map(str)\ndef attack():\n    many['a'] = 'x' * 16380\n    return len(many['a'])\n",
        "ok",
    ),
    "value_wide_and_too_large": (
        "many = Map(str)\ndef attack():\n    many['a'] = '\\u4e00' * 6000\n",
        "error:OverflowError",
    ),
    "value_of_many_nothings": (
        "many = Map(list)\ndef attack():\n    many['a'] = [None] * 20000\n",
        "error:OverflowError",
    ),
    "value_nested_too_deeply": (
        "many = Map(list)\ndef attack():\n    x = []\n    for i in range(17):\n        x = [x]\n"
        "    many['a'] = x\n",
        "error:ValueError",
    ),
    "value_of_another_type": ("def attack():\n    state['a'] = '1'\n", "error:TypeError"),
    "value_that_is_a_bool": ("def attack():\n    state['a'] = True\n", "error:TypeError"),
    "value_that_is_none": ("def attack():\n    state['a'] = None\n", "error:TypeError"),
    "value_that_is_a_tuple": (
        "many = Map(list)\ndef attack():\n    many['a'] = (1, 2)\n",
        "error:TypeError",
    ),
    "value_with_a_range_inside": (
        "many = Map(list)\ndef attack():\n    many['a'] = [range(3)]\n",
        "error:TypeError",
    ),
    "value_with_a_map_inside": (
        "many = Map(list)\ndef attack():\n    many['a'] = [many]\n",
        "error:TypeError",
    ),
    "value_with_ctx_inside": (
        "many = Map(dict)\ndef attack():\n    many['a'] = {'c': ctx}\n",
        "error:TypeError",
    ),
    "result_that_is_a_range": ("def attack():\n    return range(3)\n", "error:TypeError"),
    "result_that_is_a_twin": ("def attack():\n    return ctx.twin('a')\n", "ok"),
    "result_too_large": ("def attack():\n    return 'x' * 16384\n", "error:OverflowError"),
    "result_of_many_parts": ("def attack():\n    return [0] * 16384\n", "error:OverflowError"),
    "result_after_writes_that_is_wrong": (
        "def attack():\n    put('a', 1)\n    emit('e', 1)\n    return state\n",
        "error:TypeError",
    ),
    "event_too_large": ("def attack():\n    emit('e', 'x' * 4096)\n", "error:OverflowError"),
    "event_of_a_map": ("def attack():\n    emit('e', state)\n", "error:TypeError"),
    "event_without_a_name": ("def attack():\n    emit('', 1)\n", "error:ValueError"),
    "event_name_that_is_a_number": ("def attack():\n    emit(1, 1)\n", "error:TypeError"),
    "events_65": (
        "def attack():\n    for i in range(65):\n        emit('e', i)\n",
        "error:OverflowError",
    ),
    "writes_257": (
        "def attack():\n    for i in range(257):\n        put(str(i), i)\n",
        "error:OverflowError",
    ),
    "writes_256": ("def attack():\n    for i in range(256):\n        put(str(i), i)\n", "ok"),
    "actions_17": (
        "def attack():\n    for i in range(17):\n        ctx.open_action(kind='k', twin='t', "
        "key=str(i), title='t', addressee='a')\n",
        "error:OverflowError",
    ),
    "action_without_words": ("def attack():\n    ctx.open_action(kind='k')\n", "error:TypeError"),
    "action_with_other_words": (
        "def attack():\n    ctx.open_action(kind='k', twin='t', key='k', title='t', "
        "addressee='a', cause='another')\n",
        "error:TypeError",
    ),
    "action_by_position": (
        "def attack():\n    ctx.open_action('k', 't', 'k', 't', 'a')\n",
        "error:TypeError",
    ),
    "action_due_before_time_began": (
        "def attack():\n    ctx.open_action(kind='k', twin='t', key='k', title='t', "
        "addressee='a', deadline_ms=-1)\n",
        "error:ValueError",
    ),
    "action_of_huge_details": (
        "def attack():\n    ctx.open_action(kind='k', twin='t', key='k', title='t', "
        "addressee='a', details={'x': 'x' * 5000})\n",
        "error:OverflowError",
    ),
    # Keys.
    "key_of_201_bytes": ("def attack():\n    put('k' * 201, 1)\n", "error:ValueError"),
    "key_of_wide_letters": ("def attack():\n    put('\\u4e00' * 67, 1)\n", "error:ValueError"),
    "key_of_nothing": ("def attack():\n    put('', 1)\n", "error:ValueError"),
    "key_that_is_a_number": ("def attack():\n    put(1, 1)\n", "error:TypeError"),
    "key_of_null_bytes": (
        "def attack():\n    put('\\x00', 1)\n    put('\\x00\\x00', 2)\n    return state.items()\n",
        "ok",
    ),
    "key_that_walks_into_another_map": (
        "a = Map(int)\nb = Map(int)\ndef attack():\n    a['x/../b/y'] = 1\n    a['/b/y'] = 2\n"
        "    return b.items()\n",
        "ok",
    ),
    "map_whose_name_begins_like_another": (
        "row = Map(int)\nrows = Map(int)\ndef attack():\n    rows['a'] = 1\n    row['s/a'] = 2\n"
        "    return [row.items(), rows.items(), 'a' in row]\n",
        "ok",
    ),
    "var_named_like_a_map_s_key": (
        "a = Var(int, 0)\nb = Map(int)\ndef attack():\n    b['a'] = 5\n    a.set(a.get() + 1)\n"
        "    return [a.get(), b['a']]\n",
        "ok",
    ),
    "keys_at_the_end_of_the_alphabet": (
        "def attack():\n    put('\\uffff', 1)\n    put('~', 2)\n    return state.keys()\n",
        "ok",
    ),
    "keys_that_unicode_calls_equal": (
        "def attack():\n    put('\\u00e9', 1)\n    put('e\\u0301', 2)\n    return state.items()\n",
        "ok",
    ),
    "keys_that_differ_by_a_null": (
        "def attack():\n    put('a', 1)\n    put('a\\x00', 2)\n    return state.items()\n",
        "ok",
    ),
    "dict_keys_of_one_hash": (
        "def attack():\n    x = {}\n    for i in range(3):\n        x[i] = i\n",
        "error:TypeError",
    ),
    "dict_key_that_is_a_decimal": (
        "def attack():\n    x = {}\n    x[Decimal(1)] = 1\n",
        "error:TypeError",
    ),
    "dict_key_that_is_bytes": ("def attack():\n    x = {}\n    x[b'a'] = 1\n", "error:TypeError"),
    "dict_key_that_is_a_list": ("def attack():\n    x = {}\n    x[[]] = 1\n", "error:TypeError"),
    "dict_key_that_is_a_record": (
        "@record\nclass R:\n    a: int\ndef attack():\n    x = {}\n    x[R(1)] = 1\n",
        "error:TypeError",
    ),
    "dict_key_of_a_default": (
        "def attack():\n    x = {}\n    x.setdefault(1, 2)\n",
        "error:TypeError",
    ),
    "dict_order_is_that_of_insertion": (
        "def attack():\n    x = {'b': 1, 'a': 2}\n    x['c'] = 3\n    del x['b']\n    x['b'] = 4\n"
        "    return list(x)\n",
        "ok",
    ),
    # Ranges over state.
    "range_of_state_without_end": (
        "def attack():\n    state.items('', 1001)\n",
        "error:ValueError",
    ),
    "range_of_state_of_nothing": ("def attack():\n    state.items('', 0)\n", "error:ValueError"),
    "range_of_state_backwards": ("def attack():\n    state.items('', -5)\n", "error:ValueError"),
    "range_of_state_by_a_bool": ("def attack():\n    state.items('', True)\n", "error:TypeError"),
    "range_of_state_that_grows": (
        "def attack():\n    n = 0\n    while n < 200:\n        for k, v in state.items('', 50):\n"
        "            put(k + 'x', 1)\n        put(str(n), n)\n        n += 1\n",
        "out_of_gas",
    ),
    "loop_over_ever_growing_state": (
        "log = Var(list, [])\ndef attack():\n    x = log.get()\n"
        "    for i in x:\n        x.append(i)\n"
        "    x.append(1)\n    log.set(x)\n    return len(x)\n",
        "ok",
    ),
    "range_sees_its_own_deletions": (
        "def attack():\n    for i in range(5):\n        put(str(i), i)\n    del state['2']\n"
        "    return state.keys('1', 3)\n",
        "ok",
    ),
    # Aliases and what is shared.
    "alias_of_a_kept_list": (
        "many = Map(list)\ndef attack():\n    x = [1]\n    many['a'] = x\n    x.append(2)\n"
        "    y = many['a']\n    y.append(3)\n    return many['a']\n",
        "ok",
    ),
    "alias_of_a_kept_record": (
        "@record\nclass R:\n    a: list\nrows = Map(R)\ndef attack():\n    r = R([1])\n"
        "    rows['a'] = r\n    r.a.append(2)\n    rows['a'].a.append(3)\n    return rows['a'].a\n",
        "ok",
    ),
    "alias_of_a_var_s_default": (
        "kept = Var(list, [1])\ndef attack():\n    x = kept.get()\n    x.append(2)\n"
        "    return kept.get()\n",
        "ok",
    ),
    "alias_of_a_var_s_default_by_a_constant": (
        "BASE = [1]\nkept = Var(list, BASE)\ndef attack():\n    BASE.append(2)\n"
        "    return [BASE, kept.get()]\n",
        "ok",
    ),
    "alias_of_a_default_of_get": (
        "BASE = [1]\nmany = Map(list)\ndef attack():\n    x = many.get('a', BASE)\n"
        "    x.append(2)\n"
        "    return BASE\n",
        "ok",
    ),
    "alias_of_a_module_list": (
        "SEEN = []\ndef attack():\n    SEEN.append(1)\n    return len(SEEN)\n",
        "ok",
    ),
    "alias_of_a_module_dict_in_a_tuple": (
        "SEEN = ({},)\ndef attack():\n    x = SEEN[0]\n    x['a'] = x.get('a', 0) + 1\n"
        "    return x['a']\n",
        "ok",
    ),
    "alias_of_a_module_list_in_a_dict": (
        "A = [0]\nB = {'a': A}\ndef attack():\n    B['a'].append(1)\n    return [A, B]\n",
        "ok",
    ),
    "alias_of_a_parameter": (
        "def attack():\n    x = ctx.parameter('none', [1])\n    x.append(2)\n    return x\n",
        "ok",
    ),
    "alias_of_a_record_s_default": (
        "@record\nclass R:\n    a: dict\n    n: int = 0\ndef attack():\n    r = R({})\n"
        "    r.n += 1\n    r.a['x'] = 1\n    return [R({}), r]\n",
        "ok",
    ),
    "alias_of_repeated_lists": (
        "def attack():\n    x = [[]] * 3\n    x[0].append(1)\n    return x\n",
        "ok",
    ),
    "alias_of_a_sliced_list": (
        "def attack():\n    x = [[1], 2]\n    y = x[:]\n    y[0].append(3)\n    y.append(4)\n"
        "    return [x, y]\n",
        "ok",
    ),
    "list_added_to_itself_in_place": (
        "def attack():\n    x = [1]\n    y = x\n    x += (2,)\n    return y\n",
        "ok",
    ),
    "tuple_with_a_list_inside_changed": (
        "def attack():\n    x = ([1],)\n    x[0].append(2)\n    return x\n",
        "ok",
    ),
    "item_of_a_tuple_set": ("def attack():\n    x = (1,)\n    x[0] = 2\n", "error:TypeError"),
    "item_of_a_text_set": ("def attack():\n    x = 'a'\n    x[0] = 'b'\n", "error:TypeError"),
    # Side effects in the middle of things.
    "sort_key_that_writes": (
        "def f(x):\n    put(str(x), x)\n    return -x\n"
        "def attack():\n    return [sorted([1, 2, 3], key=f), state.keys()]\n",
        "ok",
    ),
    "sort_key_that_clears_the_list": (
        "X = [3, 1, 2]\ndef f(x):\n    X.clear()\n    return x\n"
        "def attack():\n    X.sort(key=f)\n    return X\n",
        "ok",
    ),
    "sort_key_that_grows_the_list": (
        "X = [3, 1, 2]\ndef f(x):\n    X.append(x)\n    return x\n"
        "def attack():\n    return [sorted(X, key=f), X]\n",
        "ok",
    ),
    "sort_key_of_another_kind_each_time": (
        "X = []\ndef f(x):\n    X.append(1)\n    return 'a' if len(X) > 1 else 1\n"
        "def attack():\n    return sorted([1, 2], key=f)\n",
        "error:TypeError",
    ),
    "sort_key_that_gives_nothing": (
        "def f(x):\n    return None\ndef attack():\n    return sorted([1, 2], key=f)\n",
        "error:TypeError",
    ),
    "sort_key_that_gives_a_list": (
        "def f(x):\n    return [x]\ndef attack():\n    return sorted([1, 2], key=f)\n",
        "error:TypeError",
    ),
    "sort_key_without_parameters": (
        "def f():\n    return 1\ndef attack():\n    return sorted([1, 2], key=f)\n",
        "error:TypeError",
    ),
    "largest_by_a_key_that_clears": (
        "X = [1, 2, 3]\ndef f(x):\n    X.clear()\n    return x\n"
        "def attack():\n    return [max(X, key=f), X]\n",
        "ok",
    ),
    "sorting_records": (
        "@record\nclass R:\n    a: int\ndef attack():\n    return sorted([R(2), R(1)])\n",
        "error:TypeError",
    ),
    "comparing_a_record_with_another_kind": (
        "@record\nclass R:\n    a: int\n@record\nclass S:\n    a: int\n"
        "def attack():\n    return [R(1) == S(1), R(1) == R(1), R(1) == 1, R(1) == {'a': 1}]\n",
        "ok",
    ),
    "ordering_records": (
        "@record\nclass R:\n    a: int\ndef attack():\n    return R(1) < R(2)\n",
        "error:TypeError",
    ),
    "record_field_of_a_subtype": (
        "@record\nclass R:\n    a: int\ndef attack():\n    return R(True)\n",
        "error:TypeError",
    ),
    "record_field_set_to_another_type": (
        "@record\nclass R:\n    a: int\ndef attack():\n    r = R(1)\n    r.a = 'x'\n",
        "error:TypeError",
    ),
    "dict_changed_while_walked": (
        "def attack():\n    x = {'a': 1, 'b': 2}\n    for k in x:\n        x.pop(k)\n"
        "        x[k + k] = 1\n    return x\n",
        "ok",
    ),
    "dict_changed_in_its_comprehension": (
        "X = {'a': 1}\ndef f(k):\n    X[k + 'a'] = 1\n    return k\n"
        "def attack():\n    return [f(k) for k in X]\n",
        "ok",
    ),
    "state_changed_while_walked": (
        "def attack():\n    for i in range(4):\n        put(str(i), i)\n    n = 0\n"
        "    for k, v in state.items():\n        del state[k]\n        n += 1\n"
        "    return [n, state.keys()]\n",
        "ok",
    ),
    "item_added_to_while_its_list_is_replaced": (
        "X = [[1]]\ndef f():\n    X[0] = [9]\n    return 2\n"
        "def attack():\n    X[0] += [f()]\n    return X\n",
        "ok",
    ),
    "item_added_to_after_its_list_shrank": (
        "X = [1, 2]\ndef f():\n    X.clear()\n    return 2\n"
        "def attack():\n    X[1] += f()\n    return X\n",
        "error:IndexError",
    ),
    "order_of_evaluation": (
        "X = []\ndef f(i):\n    X.append(i)\n    return i\n"
        "def attack():\n    d = {}\n    d[str(f(2))] = f(1)\n    y = [0] * 9\n"
        "    y[f(3)] += f(4)\n    z = f(5) + f(6) * f(7) if f(8) else f(9)\n    return X\n",
        "ok",
    ),
    "writes_then_an_error": (
        "def attack():\n    put('a', 1)\n    emit('e', 1)\n    return 1 // 0\n",
        "error:ZeroDivisionError",
    ),
    "writes_then_a_failure": (
        "def attack():\n    put('a', 1)\n    emit('e', 1)\n    fail('no')\n",
        "contract_error",
    ),
    "deletes_what_is_not_there": ("def attack():\n    del state['a']\n", "error:KeyError"),
    "takes_what_is_not_there": ("def attack():\n    return state.pop('a', 7)\n", "ok"),
    "counts_calls_in_state": (
        "n = Var(int, 0)\ndef attack():\n    n.set(n.get() + 1)\n    return n.get()\n",
        "ok",
    ),
    # Words for the host and the worker.
    "twin_with_a_strange_id": (
        "def attack():\n    return [ctx.twin('../etc'), ctx.twin('\\x00'), ctx.twin('')]\n",
        "ok",
    ),
    "parameter_with_a_strange_name": (
        "def attack():\n    return [ctx.parameter('__class__', 1), ctx.parameter(1, 2)]\n",
        "ok",
    ),
    "event_name_of_65_letters": ("def attack():\n    emit('e' * 65, 1)\n", "error:ValueError"),
    "event_that_looks_like_a_frame": (
        "def attack():\n    emit('Done', {'execution': {'status': 'ok'}, 'writes': [['a', b'']]})\n"
        "    return b'\\xff\\xff\\xff\\xff'\n",
        "ok",
    ),
    "questions_for_ever": ("def attack():\n    while True:\n        ctx.twin('a')\n", "out_of_gas"),
    "reads_for_ever": (
        "def attack():\n    i = 0\n    while True:\n        state.get(str(i))\n        i += 1\n",
        "out_of_gas",
    ),
    "reads_of_one_key_for_ever": (
        "def attack():\n    while True:\n        get('a')\n",
        "out_of_gas",
    ),
    "ranges_for_ever": ("def attack():\n    while True:\n        state.keys()\n", "out_of_gas"),
    "writes_of_one_key_for_ever": (
        "def attack():\n    while True:\n        put('a', 1)\n",
        "out_of_gas",
    ),
}
