"""Node processes on this machine: started, watched, killed, and never left behind.

Each node is told to stop when its standard input closes, so nodes end even if whoever started them
is killed.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chain.scalars import NodeName

STOP_SECONDS: Final = 1.5
LOG_NAME: Final = "node.log"
LAST_WORDS_SIZE_BYTES: Final = 4096
STOPS: Final = frozenset({0, *(-number for number in (signal.SIGINT, signal.SIGTERM))})
KILLS: Final = frozenset({-signal.SIGKILL})
"""Return codes of a node that somebody stopped or killed; others mean that it failed."""


@dataclass(slots=True)
class NodeProcess:
    """One node: its home, its address and, while it runs, its process."""

    name: NodeName
    organisation: str
    home: Path
    api: str
    process: asyncio.subprocess.Process | None = field(default=None)

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.returncode is None

    @property
    def has_failed(self) -> bool:
        """Whether the process ended although nobody stopped or killed it."""
        if self.process is None or self.process.returncode is None:
            return False
        return self.process.returncode not in STOPS | KILLS

    @property
    def pid(self) -> int | None:
        """The process id, while it lives."""
        return self.process.pid if self.process and self.is_running else None

    async def start(self) -> None:
        """Start the node; its log goes to a file in its home.

        Raises: OSError: the log cannot be written or no process can be made.
        """
        with (self.home / LOG_NAME).open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                # -P: a folder named node where the user stands is none of our business.
                *(sys.executable, "-P", "-m", "node", "node", "run"),
                *("--home", str(self.home), "--stop-on-eof"),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                # Ctrl-C on the terminal is for the demo alone, which then stops the nodes.
                start_new_session=True,
            )

    async def kill(self) -> None:
        """Kill the node and its workers the hard way, as a power cut would."""
        if self.process is not None and self.is_running:
            _kill_group(self.process.pid)
            await self.process.wait()

    def read_last_words(self) -> str:
        """Give why the node ended, or else the last line of its log; empty when there is none."""
        try:
            with (self.home / LOG_NAME).open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - LAST_WORDS_SIZE_BYTES))
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        said = [line.strip() for line in lines if line.strip()]
        whys = [line.removeprefix("why:").strip() for line in said[-4:] if line.startswith("why:")]
        return (whys or said or [""])[-1]


async def stop_all(nodes: Sequence[NodeProcess], seconds: float = STOP_SECONDS) -> None:
    """Ask all nodes to stop, and kill those that do not in time."""
    running = [node.process for node in nodes if node.process is not None and node.is_running]
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    try:
        async with asyncio.timeout(seconds):
            for process in running:
                await process.wait()
    except TimeoutError:
        for process in running:
            if process.returncode is None:
                _kill_group(process.pid)
        for process in running:
            await process.wait()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
