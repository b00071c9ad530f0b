"""A running demo, and what a test asks of it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.e2e.network import wait_for

REPOSITORY = Path(__file__).parents[2]


class Demo:
    """A running demo: its events as they come, its ready file, its keys."""

    def __init__(self, folder: Path, *words: str | Path, keys: int | None = None) -> None:
        self.ready_file = folder / "ready.json"
        self.errors = folder / "errors"
        self._output = folder / "output"
        with self._output.open("w") as output, self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "node", "demo", "--no-open"),
                    *("--ready-file", self.ready_file, *words),
                ],
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL if keys is None else keys,
                stdout=output,
                stderr=errors,
            )

    @property
    def text(self) -> str:
        """What it wrote so far."""
        return self._output.read_text()

    @property
    def events(self) -> list[dict[str, Any]]:
        """All whole lines of JSON so far."""
        return [
            json.loads(line) for line in self.text.splitlines(keepends=True) if line[-1] == "\n"
        ]

    def named(self, name: str) -> list[dict[str, Any]]:
        """The events of one name so far."""
        return [event for event in self.events if event["event"] == name]

    @property
    def summary(self) -> dict[str, Any]:
        """The last event of a demo that has ended."""
        assert self.events[-1]["event"] == "summary"
        return self.events[-1]

    def wait_ready(self) -> dict[str, Any]:
        """Wait for the ready file."""

        def has_begun() -> bool:
            assert self.process.poll() is None, self.errors.read_text()
            return self.ready_file.exists()

        wait_for(has_begun, 60)
        ready: dict[str, Any] = json.loads(self.ready_file.read_text())
        return ready

    def end(self, seconds: float = 20) -> int:
        """Wait for the end; give the exit code. No node may be left."""
        code = self.process.wait(seconds)
        if self.ready_file.exists():
            nodes = json.loads(self.ready_file.read_text())["nodes"]
            assert not [node["pid"] for node in nodes if is_alive(node["pid"])]
        return code


@contextmanager
def running(folder: Path, *words: str | Path, keys: int | None = None) -> Iterator[Demo]:
    """Run a demo, and stop it if the test did not."""
    demo = Demo(folder, *words, keys=keys)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                demo.process.wait(10)
            demo.process.kill()


def is_alive(pid: int) -> bool:
    """Tell whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
