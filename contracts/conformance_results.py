"""What the conformance programs come to, by program and number of the run.

Written by `python -m tests.vectors.make_conformance`. Each is status, error, gas, and the start of
the hash over value, writes, events and actions.
"""

from typing import Final

RESULTS: Final = {
    "numbers/1": "ok - 1322 6609bbb629e2d1e78ebf99f9146ffcd1",
    "numbers/2": "ok - 1324 7b1270d22ff2e43b067f32efd137c2cd",
    "numbers/3": "ok - 1996 94a6d64a56dc5eac38e96c96ceedcf3a",
    "numbers/4": "error ValueError 1182 4152d37b88f88cf7a36a770dc0dc7d97",
    "numbers/5": "error ZeroDivisionError 1182 4152d37b88f88cf7a36a770dc0dc7d97",
    "numbers/6": "ok - 1213 6b092c617368f00dcd8ad58c76c0c6f2",
    "numbers/7": "error OverflowError 1036 4152d37b88f88cf7a36a770dc0dc7d97",
    "numbers/8": "error ZeroDivisionError 1036 4152d37b88f88cf7a36a770dc0dc7d97",
    "numbers/9": "error TypeError 1034 4152d37b88f88cf7a36a770dc0dc7d97",
    "numbers/10": "error TypeError 1018 4152d37b88f88cf7a36a770dc0dc7d97",
    "numbers/11": "no_such_handler - 1018 4152d37b88f88cf7a36a770dc0dc7d97",
    "texts/1": "ok - 1632 6979debd743db58e9f3880f364c7660b",
    "texts/2": "ok - 1597 5eef2f0bb9855feffeb518f64220ccfa",
    "texts/3": "ok - 1236 d61a21f937850a141e5c8409d61002cf",
    "texts/4": "ok - 1236 f1122d9cfef9e5ee94755be65e0cc61e",
    "texts/5": "ok - 1062 faf645c23a56e7b8a3b2225d3992c4eb",
    "texts/6": "error ValueError 1047 4152d37b88f88cf7a36a770dc0dc7d97",
    "containers/1": "ok - 2664 2dffea46533d561882dfe1de691fcb04",
    "containers/2": "ok - 2664 2dffea46533d561882dfe1de691fcb04",
    "containers/3": "ok - 3564 4b08a8bfd00c6ffa94d6d650b85d1139",
    "containers/4": "error KeyError 1053 4152d37b88f88cf7a36a770dc0dc7d97",
    "ends/1": "call_depth - 1877 4152d37b88f88cf7a36a770dc0dc7d97",
    "ends/2": "out_of_gas - 20000 4152d37b88f88cf7a36a770dc0dc7d97",
    "ends/3": "out_of_gas - 999 4152d37b88f88cf7a36a770dc0dc7d97",
    "ends/4": "contract_error no 1052 4152d37b88f88cf7a36a770dc0dc7d97",
    "ends/5": "ok - 1101 9e1c2220b84fc9d3d08bf2a67773ebb0",
    "ends/6": "ok - 1082 d205ca7b84cb7a359bc9789f4b0822ca",
    "ends/7": "ok - 1089 a39205edc568b0985257e8271aef69f8",
    "ends/8": "error OverflowError 1034 4152d37b88f88cf7a36a770dc0dc7d97",
    "state/1": "ok - 2087 af3b6c77752cdb26242c554f1ea8a901",
    "state/2": "ok - 11165 e2022ffd3109a79e4476472a8446aaae",
    "state/3": "error ValueError 1611 4152d37b88f88cf7a36a770dc0dc7d97",
    "state/4": "ok - 3964 525bce17839615d3caf8802909e26785",
    "state/5": "error KeyError 2509 4152d37b88f88cf7a36a770dc0dc7d97",
    "state/6": "ok - 1571 8700e06cf018315633cd37a50660120f",
    "updates/1": "ok - 5252 bb48e485669d183053dc5b2ad13a7812",
    "updates/2": "ok - 2616 1f5e099c8a59c7c098e29dfc1bd696b6",
    "updates/3": "ok - 2398 60adffe4b407c982db4906e1b037b176",
}
