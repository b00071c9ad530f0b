"""Memory of a process that runs for months: what was freed goes back, and stays bounded."""

import asyncio
import ctypes
import gc
from typing import Final

LARGE_BYTES: Final = 1 << 20
KEPT_AT_TOP_BYTES: Final = 4 << 20
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
"""`M_TRIM_THRESHOLD` and `M_MMAP_THRESHOLD` of the GNU C library's malloc.h."""
GC_THRESHOLDS: Final = (50_000, 20, 20)
"""Objects that are made and kept before the youngest generation is looked at, and so on."""
TRIM_SECONDS: Final = 60.0


async def keep_small(pause_s: float = TRIM_SECONDS) -> None:
    """Give freed memory back from time to time, until cancelled."""
    while True:
        await asyncio.sleep(pause_s)
        await asyncio.to_thread(return_freed_memory)


def return_freed_memory() -> bool:
    """Give memory that was freed back to the machine; False where the C library cannot.

    Whenever the database merges files it takes and frees some 20 MB in small pieces. The GNU C
    library keeps the pages, in a pool for each thread: 60 MB in half an hour of load. Giving them
    back takes milliseconds. (Never keeping any, by `mallopt`, takes 15 % more time for writing.)

    Source: malloc_trim(3).
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return False
    trim(0)
    return True


def keep_large_apart() -> bool:
    """Give what is large pages of its own, which go back at once when it is freed.

    Returns: False where the C library cannot.

    The database's buffers, pieces of a megabyte, come and go all the time. As soon as the first was
    freed, the GNU C library takes room for the next ones from among all the rest, and what the
    database keeps for hours comes to lie in their holes: 14 MB after ten minutes of load. Who sets
    one of its limits sets both, or half a megabyte at the end of the heap would go back and be
    asked for again each time, which takes 0.2 ms.

    Source: mallopt(3), `M_MMAP_THRESHOLD` and `M_TRIM_THRESHOLD`.
    """
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    is_set = set_option(_TRIM_THRESHOLD, KEPT_AT_TOP_BYTES)
    return bool(is_set and set_option(_MMAP_THRESHOLD, LARGE_BYTES))


def ease_garbage_collection() -> None:
    """Look for cyclic garbage less often.

    Nearly all that a node makes is trees of frozen records, which counting references frees; what
    it holds, blocks and waiting transactions, a full collection would walk for tens of ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
