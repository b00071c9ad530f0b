"""Contracts that try to swallow the stop: gas, call depth and `fail` pass every handler."""

from typing import Final

BURN: Final = "def burn():\n    while True:\n        pass\n"
DIVE: Final = "def dive(n):\n    return dive(n + 1)\n"
CLASSES: Final = (
    "Exception", "ArithmeticError", "LookupError", "ValueError", "TypeError", "KeyError",
    "IndexError", "ZeroDivisionError", "OverflowError",
)  # fmt: skip


def _guarded(head: str, body: str, caught: str, after: str = "return 'PWNED'") -> str:
    return f"{head}def attack():\n    try:\n        {body}\n    except {caught}:\n        {after}\n"


ATTACKS: Final = {
    **{
        f"gas_under_except_{name}": (_guarded(BURN, "burn()", name), "out_of_gas")
        for name in CLASSES
    },
    **{
        f"depth_under_except_{name}": (_guarded(DIVE, "dive(0)", name), "call_depth")
        for name in CLASSES
    },
    **{
        f"failure_under_except_{name}": (_guarded("", "fail('stop')", name), "contract_error")
        for name in CLASSES
    },
    "except_of_everything": (_guarded(BURN, "burn()", "BaseException"), "refused:except"),
    "except_without_a_class": (
        f"{BURN}def attack():\n    try:\n        burn()\n    except:\n        return 1\n",
        "refused:except",
    ),
    "except_of_a_tuple": (_guarded(BURN, "burn()", "(ValueError, Exception)"), "refused:except"),
    "except_of_a_call": (_guarded(BURN, "burn()", "get('a')"), "refused:except"),
    "except_of_a_variable": (
        "def attack():\n    x = 1\n    try:\n        pass\n    except x:\n        pass\n",
        "refused:except",
    ),
    "except_of_recursion": (_guarded(DIVE, "dive(0)", "RecursionError"), "refused:except"),
    "except_of_memory": (_guarded(BURN, "burn()", "MemoryError"), "refused:except"),
    "except_of_the_keyboard": (_guarded(BURN, "burn()", "KeyboardInterrupt"), "refused:except"),
    "finally_that_returns": (
        f"{BURN}def attack():\n    try:\n        burn()\n    finally:\n        return 1\n",
        "refused:finally",
    ),
    "finally_that_goes_on": (
        "def attack():\n    while True:\n        try:\n            return 1\n"
        "        finally:\n            continue\n",
        "refused:finally",
    ),
    "finally_that_breaks": (
        f"{BURN}def attack():\n    for i in [1]:\n        try:\n            burn()\n"
        "        finally:\n            break\n    return 1\n",
        "refused:finally",
    ),
    "finally_that_writes": (
        f"{BURN}def attack():\n    try:\n        burn()\n    finally:\n        put('a', 1)\n",
        "refused:finally",
    ),
    "with_that_swallows": (
        f"{BURN}def attack():\n    with ctx:\n        burn()\n    return 1\n",
        "refused:with",
    ),
    "generator_that_swallows": (
        "def g():\n    try:\n        yield 1\n    except Exception:\n        pass\n",
        "refused:statement",
    ),
    "else_after_the_stop": (
        f"{BURN}def attack():\n    try:\n        burn()\n    except Exception:\n        pass\n"
        "    else:\n        put('a', 1)\n    return 1\n",
        "out_of_gas",
    ),
    "handler_that_burns": (
        _guarded(BURN, "raise ValueError('x')", "ValueError", "burn()"),
        "out_of_gas",
    ),
    "handler_in_a_handler": (
        f"{BURN}def attack():\n    try:\n        x = 1 // 0\n    except ZeroDivisionError:\n"
        "        try:\n            burn()\n        except Exception:\n            return 1\n",
        "out_of_gas",
    ),
    "stop_in_a_loop_s_else": (
        f"{BURN}def attack():\n    for i in []:\n        pass\n    else:\n        try:\n"
        "            burn()\n        except Exception:\n            return 1\n",
        "out_of_gas",
    ),
    "stop_in_a_comprehension": (
        "def attack():\n    try:\n        return [i for i in range(10 ** 9)]\n"
        "    except Exception:\n        return []\n",
        "out_of_gas",
    ),
    "stop_in_a_dict_comprehension": (
        "def attack():\n    try:\n        return {str(i): i for i in range(10 ** 9)}\n"
        "    except Exception:\n        return {}\n",
        "out_of_gas",
    ),
    "stop_in_a_condition": (
        f"{BURN}def attack():\n    try:\n        if burn():\n            pass\n"
        "    except Exception:\n        return 1\n",
        "out_of_gas",
    ),
    "stop_in_a_loop_s_test": (
        f"{BURN}def attack():\n    try:\n        while burn():\n            pass\n"
        "    except Exception:\n        return 1\n",
        "out_of_gas",
    ),
    "stop_in_a_sort_key": (
        f"{BURN}def f(x):\n    burn()\ndef attack():\n    try:\n"
        "        return sorted([1, 2], key=f)\n    except Exception:\n        return 1\n",
        "out_of_gas",
    ),
    "stop_in_an_argument": (_guarded(BURN, "put('a', burn())", "Exception"), "out_of_gas"),
    "stop_in_a_chain_of_comparisons": (
        f"{BURN}def attack():\n    x = 1\n    try:\n        return 1 < burn() < x\n"
        "    except Exception:\n        return 1\n",
        "out_of_gas",
    ),
    "stop_in_an_f_string": (
        f"{BURN}def attack():\n    try:\n        return f'{{burn()}}'\n"
        "    except Exception:\n        return 1\n",
        "out_of_gas",
    ),
    "stop_while_raising": (
        f"{BURN}def attack():\n    try:\n        raise ValueError(burn())\n"
        "    except ValueError:\n        return 1\n",
        "out_of_gas",
    ),
    "stop_while_failing": (_guarded(BURN, "fail(burn())", "Exception"), "out_of_gas"),
    "failure_in_a_sort_key": (
        "def f(x):\n    fail('stop')\ndef attack():\n    try:\n        return sorted([1], key=f)\n"
        "    except Exception:\n        return 1\n",
        "contract_error",
    ),
    "failure_of_a_long_text": ("def attack():\n    fail('x' * 100000)\n", "contract_error"),
    "failure_of_a_wide_text": (
        "def attack():\n    fail('\\u4e00' * 100000)\n",
        "contract_error",
    ),
    "failure_of_nothing": ("def attack():\n    fail('')\n", "contract_error"),
    "depth_is_given_back": (
        "def f(n):\n    if n == 0:\n        n = 1 // 0\n    f(n - 1)\n"
        "def attack():\n    for i in range(20):\n        try:\n            f(40)\n"
        "        except ZeroDivisionError:\n            pass\n    return 1\n",
        "ok",
    ),
    "errors_for_ever": (
        "def attack():\n    while True:\n        try:\n            x = 1 // 0\n"
        "        except ZeroDivisionError:\n            continue\n",
        "out_of_gas",
    ),
    "errors_of_helpers_for_ever": (
        "def attack():\n    x = {}\n    while True:\n        try:\n            y = x['a']\n"
        "        except KeyError:\n            pass\n",
        "out_of_gas",
    ),
    "errors_of_reads_for_ever": (
        "def attack():\n    while True:\n        try:\n            y = state['a']\n"
        "        except KeyError:\n            pass\n",
        "out_of_gas",
    ),
    "handlers_that_raise_again_and_again": (
        "def f(n):\n    try:\n        f(n - 1)\n    except Exception:\n"
        "        raise ValueError('x')\n"
        "def attack():\n    try:\n        f(1000)\n    except Exception:\n        return 1\n",
        "call_depth",
    ),
    "loop_that_counts_down_to_nothing": (
        "def attack():\n    x = 1\n    while x != 0:\n        x = -x\n",
        "out_of_gas",
    ),
    "loop_over_a_list_that_grows": (
        "def attack():\n    x = [1]\n    for i in x:\n        x.append(1)\n        x.append(1)\n",
        "out_of_gas",
    ),
    "loop_over_a_list_that_shrinks": (
        "def attack():\n    x = [1, 2, 3, 4]\n    n = 0\n    for i in x:\n        x.pop()\n"
        "        n += 1\n    return n\n",
        "ok",
    ),
    "loop_over_a_list_that_is_cleared": (
        "def attack():\n    x = [1, 2, 3, 4]\n    for i in x:\n        x.clear()\n    return x\n",
        "ok",
    ),
    "loop_that_goes_on_for_ever": (
        "def attack():\n    while True:\n        continue\n",
        "out_of_gas",
    ),
    "loop_of_breaks": (
        "def attack():\n    while True:\n        while True:\n            break\n",
        "out_of_gas",
    ),
    "comprehension_over_a_list_that_grows": (
        "def f(x):\n    x.append(1)\n    return 1\n"
        "def attack():\n    x = [1]\n    return [f(x) for i in x]\n",
        "out_of_gas",
    ),
}
