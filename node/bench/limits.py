"""What this machine could do if nothing but one thing were to be done."""

import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

from chain.keys import SigningKey, verify
from chain.scalars import Signature

SECONDS: Final = 1.0
SYNCS: Final = 300
MESSAGE_SIZE_BYTES: Final = 256


@dataclass(frozen=True, slots=True)
class MachineLimits:
    """The machine's own limits, measured in the same run.

    `signature_checks_per_s` and `hashes_per_s` (SHA-256 of 256 bytes) are of all cores together;
    `fsync_ms_p50` is one appended page made durable.
    """

    cores: int
    signature_checks_per_s: float
    hashes_per_s: float
    fsync_ms_p50: float

    def meet(self, other: "MachineLimits") -> "MachineLimits":
        """Give what lies half-way: of a machine whose speed changes, measured before and after."""
        mine, theirs = astuple(self), astuple(other)
        return MachineLimits(
            self.cores, *((one + two) / 2 for one, two in zip(mine[1:], theirs[1:], strict=True))
        )


def measure_limits(folder: Path, seconds: float = SECONDS) -> MachineLimits:
    """Measure; takes about twice `seconds`.

    Args: folder: on the disk that nodes would use.
    """
    cores = count_cores()
    with ProcessPoolExecutor(cores) as pool:
        list(
            pool.map(_count_hashes, [0.05] * cores)
        )  # All processes are up before the first count.
        checks = sum(pool.map(_count_checks, [seconds] * cores))
        hashes = sum(pool.map(_count_hashes, [seconds / 2] * cores))
    return MachineLimits(cores, checks, hashes, measure_fsync_ms(folder))


def count_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def measure_fsync_ms(folder: Path, count: int = SYNCS) -> float:
    """Give the median time of one small append and fdatasync."""
    sync = getattr(os, "fdatasync", os.fsync)
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(count):
            file.write(bytes(MESSAGE_SIZE_BYTES))
            begun = time.perf_counter()
            file.flush()
            sync(file.fileno())
            times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


def _count_checks(seconds: float) -> float:
    key = SigningKey(bytes(32))
    message = bytes(MESSAGE_SIZE_BYTES)
    signature = Signature(key.sign(message))
    return _per_second(lambda: verify(key.public_key, message, signature), seconds)


def _count_hashes(seconds: float) -> float:
    message = bytes(MESSAGE_SIZE_BYTES)
    return _per_second(lambda: hashlib.sha256(message).digest(), seconds)


def _per_second(work: Callable[[], object], seconds: float) -> float:
    begun = time.perf_counter()
    end, count = begun + seconds, 0
    while (now := time.perf_counter()) < end:
        for _ in range(50):
            work()
        count += 50
    return count / (now - begun)
