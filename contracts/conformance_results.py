"""What the conformance programs come to, by program and number of the run.

Written by `python -m tests.vectors.make_conformance`. Each is status, error, gas, and the start of
the hash over value, writes, events and actions.
"""

from typing import Final

RESULTS: Final = {
    "numbers/1": "ok - 1306 6609bbb629e2d1e78ebf99f9146ffcd1",
    "numbers/2": "ok - 1308 7b1270d22ff2e43b067f32efd137c2cd",
    "numbers/3": "ok - 1980 94a6d64a56dc5eac38e96c96ceedcf3a",
    "numbers/4": "error ValueError 1166 4152d37b88f88cf7a36a770dc0dc7d97",
    "numbers/5": "error ZeroDivisionError 1166 4152d37b88f88cf7a36a770dc0dc7d97",
    "numbers/6": "ok - 1197 6b092c617368f00dcd8ad58c76c0c6f2",
    "numbers/7": "error OverflowError 1020 4152d37b88f88cf7a36a770dc0dc7d97",
    "numbers/8": "error ZeroDivisionError 1020 4152d37b88f88cf7a36a770dc0dc7d97",
    "numbers/9": "error TypeError 1018 4152d37b88f88cf7a36a770dc0dc7d97",
    "numbers/10": "error TypeError 1002 4152d37b88f88cf7a36a770dc0dc7d97",
    "numbers/11": "no_such_handler - 1002 4152d37b88f88cf7a36a770dc0dc7d97",
    "texts/1": "ok - 1616 6979debd743db58e9f3880f364c7660b",
    "texts/2": "ok - 1581 5eef2f0bb9855feffeb518f64220ccfa",
    "texts/3": "ok - 1220 d61a21f937850a141e5c8409d61002cf",
    "texts/4": "ok - 1220 f1122d9cfef9e5ee94755be65e0cc61e",
    "texts/5": "ok - 1046 faf645c23a56e7b8a3b2225d3992c4eb",
    "texts/6": "error ValueError 1031 4152d37b88f88cf7a36a770dc0dc7d97",
    "containers/1": "ok - 2648 2dffea46533d561882dfe1de691fcb04",
    "containers/2": "ok - 2648 2dffea46533d561882dfe1de691fcb04",
    "containers/3": "ok - 3548 4b08a8bfd00c6ffa94d6d650b85d1139",
    "containers/4": "error KeyError 1037 4152d37b88f88cf7a36a770dc0dc7d97",
    "ends/1": "call_depth - 1861 4152d37b88f88cf7a36a770dc0dc7d97",
    "ends/2": "out_of_gas - 20000 4152d37b88f88cf7a36a770dc0dc7d97",
    "ends/3": "out_of_gas - 999 4152d37b88f88cf7a36a770dc0dc7d97",
    "ends/4": "contract_error no 1036 4152d37b88f88cf7a36a770dc0dc7d97",
    "ends/5": "ok - 1085 9e1c2220b84fc9d3d08bf2a67773ebb0",
    "ends/6": "ok - 1066 d205ca7b84cb7a359bc9789f4b0822ca",
    "ends/7": "ok - 1073 a39205edc568b0985257e8271aef69f8",
    "ends/8": "error OverflowError 1018 4152d37b88f88cf7a36a770dc0dc7d97",
    "state/1": "ok - 2071 af3b6c77752cdb26242c554f1ea8a901",
    "state/2": "ok - 11149 e2022ffd3109a79e4476472a8446aaae",
    "state/3": "error ValueError 1595 4152d37b88f88cf7a36a770dc0dc7d97",
    "state/4": "ok - 3948 525bce17839615d3caf8802909e26785",
    "state/5": "error KeyError 2493 4152d37b88f88cf7a36a770dc0dc7d97",
    "state/6": "ok - 1555 8700e06cf018315633cd37a50660120f",
    "updates/1": "ok - 5236 bb48e485669d183053dc5b2ad13a7812",
    "updates/2": "ok - 2600 1f5e099c8a59c7c098e29dfc1bd696b6",
    "updates/3": "ok - 2382 60adffe4b407c982db4906e1b037b176",
}
