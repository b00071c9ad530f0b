"""Memory of a node: what was freed goes back to the machine, and garbage is looked for seldom."""

import asyncio
import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from node import memory
from node.memory import GC_THRESHOLDS, ease_garbage_collection, keep_small, return_freed_memory
from tests.unit.node.api.fake_node import until

SCRIPT = """
import os
from node.memory import return_freed_memory

def resident_mb():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

small = resident_mb()
pieces = [bytearray(5_000) for _ in range(10_000)]
kept = pieces[::100]
del pieces
freed = resident_mb() - small
return_freed_memory()
print(freed, resident_mb() - small)
"""


@pytest.mark.skipif(not return_freed_memory(), reason="this C library keeps nothing or cannot tell")
def test_holes_among_what_is_kept_go_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, check=True, text=True
    )
    before, after = map(float, done.stdout.split())
    assert before > 40, "the C library keeps the pages"
    assert after < 10


LARGE = """
import os, sys
from node.memory import keep_large_apart

def resident_mb():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

if sys.argv[1] == "apart":
    assert keep_large_apart()
first = bytearray(8 << 20)
del first
large, kept = [], []
for _ in range(20):
    large.append(bytearray(2 << 20))
    kept.append(bytearray(100_000))
before = resident_mb()
del large
print(before - resident_mb())
"""


@pytest.mark.skipif(not return_freed_memory(), reason="this C library keeps nothing or cannot tell")
@pytest.mark.parametrize(("how", "least_mb", "most_mb"), [("apart", 35, 45), ("as it is", -1, 10)])
def test_what_is_large_goes_back_at_once(how: str, least_mb: float, most_mb: float) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LARGE, how], capture_output=True, check=True, text=True
    )
    assert least_mb < float(done.stdout) < most_mb


async def test_it_goes_on_until_it_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[None] = []
    monkeypatch.setattr(memory, "return_freed_memory", lambda: calls.append(None))
    keeping = asyncio.create_task(keep_small(0.001))
    await until(lambda: len(calls) >= 3)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping


@pytest.fixture
def _with_thresholds_of_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("_with_thresholds_of_before")
def test_what_is_there_at_the_start_is_not_walked_again() -> None:
    ease_garbage_collection()
    assert gc.get_threshold() == GC_THRESHOLDS
    assert gc.get_freeze_count() > 0
