"""A consortium of real node processes for tests, and the commands that its users type."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from chain.genesis import Genesis, genesis_from_json
from chain.keys import SigningKey
from node.keystore import load_key

T = TypeVar("T")
WAIT_SECONDS = 30.0


def wait_for(what: Callable[[], T], seconds: float = WAIT_SECONDS, pause: float = 0.1) -> T:
    """Ask until the answer is true; give it. Fails with the last answer when time runs out."""
    ends = time.monotonic() + seconds
    while True:
        answer = what()
        if answer:
            return answer
        assert time.monotonic() < ends, f"not within {seconds} s; last answer: {answer!r}"
        time.sleep(pause)


@dataclass
class CommandResult:
    """What a command wrote and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, read as one JSON value."""
        return json.loads(self.out)


def veritwin(*words: str | Path, cwd: Path | None = None, seconds: float = 60) -> CommandResult:
    """Run the command as a user would."""
    done = subprocess.run(
        [sys.executable, "-m", "node", *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    return CommandResult(done.returncode, done.stdout, done.stderr)


@dataclass
class NodeProcess:
    """One node that a test can kill and start."""

    name: str
    home: Path
    api: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with (self.home / "node.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "node", "node", "run", "--home", self.home],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
                start_new_session=True,
            )

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal and wait for its end."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(10)

    def get(self, path: str) -> Any:
        """Read an address of its API; None when it does not answer."""
        from urllib.error import HTTPError, URLError
        from urllib.request import urlopen

        try:
            with urlopen(self.api + path, timeout=2) as answer:
                return msgspec.json.decode(answer.read())
        except HTTPError as error:
            return msgspec.json.decode(error.read())
        except (URLError, OSError, msgspec.DecodeError):
            return None

    @property
    def height(self) -> int:
        """Its height; -1 when it does not answer."""
        status = self.get("/v1/status")
        return int(status["height"]) if status else -1


@dataclass
class Network:
    """Four organisations with a node each, made by `veritwin network new`."""

    folder: Path
    nodes: list[NodeProcess] = field(default_factory=list)

    @property
    def genesis_path(self) -> Path:
        """The genesis file."""
        return self.folder / "genesis.json"

    @property
    def genesis(self) -> Genesis:
        """The genesis."""
        return genesis_from_json(self.genesis_path.read_bytes())

    def administrator(self, organisation: str) -> Path:
        """Key file of an organisation's administrator."""
        return self.folder / organisation / "keys" / "administrator.json"

    def key(self, organisation: str) -> SigningKey:
        """Key of an organisation's administrator."""
        return load_key(self.administrator(organisation)).key

    @property
    def apis(self) -> list[str]:
        """Addresses of all nodes."""
        return [node.api for node in self.nodes]

    def start(self) -> None:
        """Start all nodes and wait for the first block everywhere."""
        for node in self.nodes:
            node.start()
        wait_for(lambda: all(node.height >= 1 for node in self.nodes))

    def stop(self) -> None:
        """Kill whatever still runs."""
        for node in self.nodes:
            if node.process is not None and node.process.poll() is None:
                node.kill()

    def agree(self) -> bool:
        """Whether all nodes that answer report one state root at one height."""
        heights = [node.height for node in self.nodes if node.height >= 0]
        height = min(heights)
        blocks = [node.get(f"/v1/blocks/{height}") for node in self.nodes if node.height >= 0]
        return len({block["header"]["state_root"] for block in blocks}) == 1


def found(folder: Path, base_port: int) -> Network:
    """Make a network's folders with the command line."""
    organisations = ("alpha", "beta", "gamma", "delta")
    words = [word for name in organisations for word in ("--org", name)]
    made = veritwin(
        "network", "new", *words, "--dir", folder, "--base-port", str(base_port), "--json"
    )
    assert made.code == 0, made.err
    homes = made.json["nodes"]
    nodes = [
        NodeProcess(name, Path(home), f"http://127.0.0.1:{base_port - 1000 + index}")
        for index, (name, home) in enumerate(homes.items())
    ]
    return Network(folder, nodes)
