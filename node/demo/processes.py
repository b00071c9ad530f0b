"""Node processes of the demo: started, watched, killed, and never left behind.

Each node is told to stop when its standard input closes, so even if the demo itself is killed its
nodes end.
"""

import asyncio
import contextlib
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chain.scalars import NodeName

STOP_SECONDS: Final = 2.0
LOG_NAME: Final = "node.log"


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
    def pid(self) -> int | None:
        """The process id, while it lives."""
        return self.process.pid if self.process and self.is_running else None

    async def start(self) -> None:
        """Start the node; its log goes to a file in its home."""
        with (self.home / LOG_NAME).open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "node",
                "node",
                "run",
                "--home",
                str(self.home),
                "--stop-on-eof",
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def kill(self) -> None:
        """Kill the node the hard way, as a power cut would."""
        if self.process is not None and self.is_running:
            self.process.kill()
            await self.process.wait()

    def read_last_words(self, lines: int = 5) -> str:
        """Give the end of the node's log."""
        path = self.home / LOG_NAME
        if not path.exists():
            return ""
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


async def stop_all(nodes: list[NodeProcess]) -> None:
    """Ask all nodes to stop, and kill those that do not within two seconds."""
    running = [node.process for node in nodes if node.process is not None and node.is_running]
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            for process in running:
                await process.wait()
    except TimeoutError:
        for process in running:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
