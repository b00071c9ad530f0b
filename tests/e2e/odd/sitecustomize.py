"""Makes one Python process odd in a way that a node itself has no switch for.

Python imports a module of this name at its start. So a test puts this folder on PYTHONPATH of one
node, and says in the environment what is odd:

* SKEW_MS: its wall clock is off by so many milliseconds, as that of a badly set machine is;
* SILENCE_MS: it keeps a connection on which it hears nothing for so long.
"""

import os
import time
from dataclasses import astuple, replace

_OFF_NS = int(os.environ.get("SKEW_MS", "0")) * 1_000_000
_read_ns = time.time_ns


def _time_ns() -> int:
    return _read_ns() + _OFF_NS


def _time() -> float:
    return _time_ns() / 1_000_000_000


time.time_ns = _time_ns
time.time = _time

if "SILENCE_MS" in os.environ:
    from node.p2p.settings import Timeouts

    _patient = replace(Timeouts(), silence_ms=int(os.environ["SILENCE_MS"]))
    Timeouts.__init__.__defaults__ = astuple(_patient)  # type: ignore[attr-defined]
