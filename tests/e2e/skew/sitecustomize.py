"""Puts the wall clock of a Python process off, as that of a badly set machine is.

Python imports a module of this name at its start. So a test puts this folder on PYTHONPATH of one
node and says in SKEW_MS by how many milliseconds; the node itself has no switch for it.
"""

import os
import time

_OFF_NS = int(os.environ["SKEW_MS"]) * 1_000_000
_read_ns = time.time_ns


def _time_ns() -> int:
    return _read_ns() + _OFF_NS


def _time() -> float:
    return _time_ns() / 1_000_000_000


time.time_ns = _time_ns
time.time = _time
