"""A consortium of real node processes for tests, and the commands that its users type."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

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
    """One node that a test can kill, pause, move and start; it ends when the test does.

    `prefix` are words before the command, such as those that enter a network namespace; `log_home`
    is where its log goes when that is not its home.
    """

    name: str
    home: Path
    api: str
    process: subprocess.Popen[bytes] | None = None
    prefix: tuple[str, ...] = ()
    log_home: Path | None = None

    @property
    def log(self) -> Path:
        """What it wrote."""
        return (self.log_home or self.home) / "node.log"

    @property
    def p2p_port(self) -> int:
        """Where it listens for other nodes."""
        settings = yaml.safe_load((self.home / "node.yaml").read_text(encoding="utf-8"))
        return int(settings["p2p"]["port"])

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it."""
        assert not self.is_running
        self._let_go()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(*self.prefix, sys.executable, "-m", "node", "node", "run"),
                    *("--home", self.home, "--stop-on-eof"),
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
                start_new_session=True,
            )

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal, to its workers too when it is the hard one, and wait for its end."""
        assert self.process is not None
        if number == signal.SIGKILL:
            self._signal_all(number)
        else:
            self.process.send_signal(number)
        self.process.wait(10)
        self._let_go()

    def _let_go(self) -> None:
        """Close the pipe to a process that has ended."""
        if self.process is not None and self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()

    def pause(self) -> None:
        """Freeze it with its workers."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: int) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def change_settings(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change its node.yaml; it reads it at its next start."""
        path = self.home / "node.yaml"
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(settings)
        path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")

    def move_home(self, folder: Path) -> None:
        """Move its home into a folder that exists, such as one on another disk; its log stays."""
        assert not self.is_running
        self.log_home = self.home
        self.home = Path(shutil.copytree(self.home, folder / self.name))

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
        """Kill whatever still runs, paused or not."""
        for node in self.nodes:
            if node.process is not None:
                node.kill()

    @property
    def height(self) -> int:
        """The greatest height of all nodes; -1 when none answers."""
        return max(node.height for node in self.nodes)

    def agree(self) -> bool:
        """Whether all nodes that answer report one state root at one height."""
        heights = [node.height for node in self.nodes if node.height >= 0]
        height = min(heights)
        blocks = [node.get(f"/v1/blocks/{height}") for node in self.nodes if node.height >= 0]
        return len({block["header"]["state_root"] for block in blocks}) == 1


def found(folder: Path, base_port: int, engine: str = "bft", approvals: int = 1) -> Network:
    """Make a network's folders with the command line.

    Most tests are about nodes: one administrator deploys the contracts that they need. With
    `approvals` 0 more than two thirds of the organisations approve them.
    """
    organisations = ("alpha", "beta", "gamma", "delta")
    members = [word for name in organisations for word in ("--org", name)]
    words = ["--dir", str(folder), "--base-port", str(base_port), "--engine", engine, "--json"]
    words += ["--contract-approvals", str(approvals)]
    made = veritwin("network", "new", *members, *words)
    assert made.code == 0, made.err
    homes = made.json["nodes"]
    nodes = [
        NodeProcess(name, Path(home), f"http://127.0.0.1:{base_port - 1000 + index}")
        for index, (name, home) in enumerate(homes.items())
    ]
    return Network(folder, nodes)
