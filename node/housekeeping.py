"""What becomes of the past on this machine: told in the log and in metrics, and the disk freed.

The replica decides what to delete and which snapshot to load. Here is seen how far it has come, and
after enough blocks were deleted the database is asked to give the disk back, off the event loop.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from chain.scalars import Height
from node.logs import get_log
from node.metrics import Metrics
from node.replica.replica import ReplicaView
from node.replica.snapshot_work import SnapshotProgress

FREE_EVERY_BLOCKS: Final = 1_000
TOLD_EVERY_PERMILLE: Final = 100
log = get_log(__name__)


class Housekeeping:
    """Follows the replica's views. `run` frees the disk until it is cancelled.

    Args: free: gives the disk back what was deleted; it may take seconds and runs in a thread.
    """

    def __init__(self, metrics: Metrics, free: Callable[[], None]) -> None:
        self._metrics = metrics
        self._free = free
        self._freed = Height(0)
        self._jumps = 0
        self._told: tuple[Height, int] | None = None
        self._is_due = asyncio.Event()

    def observe(self, view: ReplicaView) -> bool:
        """Take note of where the replica stands; tell whether a snapshot was put in place."""
        self._metrics.base_height.set(view.base)
        self._observe_snapshot(view.snapshot)
        has_jumped = self._jumps != view.snapshots
        if has_jumped:
            log.info("joined from a snapshot; blocks follow", height=view.base)
        self._jumps = view.snapshots
        if view.base - self._freed >= FREE_EVERY_BLOCKS:
            self._freed = view.base
            self._is_due.set()
        return has_jumped

    async def run(self) -> None:
        """Free the disk whenever enough was deleted.

        Raises: Corruption: the database is damaged.
        """
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            log.info("giving the disk back what was deleted")
            await asyncio.to_thread(self._free)

    def _observe_snapshot(self, progress: SnapshotProgress | None) -> None:
        metrics = self._metrics
        if progress is None:
            if self._told is not None:
                metrics.snapshot_parts.labels(state="done").set(0)
                metrics.snapshot_parts.labels(state="known").set(0)
                metrics.snapshot_size.set(0)
            self._told = None
            return
        metrics.snapshot_parts.labels(state="done").set(progress.done)
        metrics.snapshot_parts.labels(state="known").set(progress.known)
        metrics.snapshot_size.set(progress.size_bytes)
        stage = (progress.height, progress.state_permille // TOLD_EVERY_PERMILLE)
        if stage != self._told:
            self._told = stage
            log.info(
                "loading a snapshot",
                height=progress.height,
                parts=f"{progress.done} of {progress.known} known",
                state_percent=progress.state_permille // 10,
                size_bytes=progress.size_bytes,
            )
