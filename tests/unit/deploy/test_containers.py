"""The containers of `compose.yaml`, without an engine: their command lines as plain processes.

Each node has a loopback address of its own in place of a container's, and its settings name these
where a container would ask the engine's name server. Ports are the same in all four, as there.
"""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import pytest
import yaml

from tests.e2e.network import NodeProcess, veritwin, wait_for

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(25),
    pytest.mark.skipif(
        not sys.platform.startswith("linux"),
        reason="only Linux gives every address under 127.0.0.0/8 to a program that asks",
    ),
]
DEPLOY: Final = Path(__file__).resolve().parents[3] / "deploy"
DOCKERFILE: Final = (DEPLOY / "Dockerfile").read_text()
COMPOSE: Final = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
HOME: Final = "/var/lib/veritwin"
NODES: Final = [name for name in COMPOSE["services"] if name != "prometheus"]
ADDRESSES: Final = {name: f"127.0.1.{index}" for index, name in enumerate(NODES, start=1)}
ENVIRONMENT: Final = {"PATH": f"{Path(sys.executable).parent}:{os.defpath}", "HOME": "/"}
"""What a process sees in a container whose user has no entry in /etc/passwd."""


def instruction(pattern: str) -> list[str]:
    """The words of an instruction of the Dockerfile in its JSON form."""
    (found,) = re.findall(rf"{pattern} (\[.+\])$", DOCKERFILE, re.MULTILINE)
    return list(json.loads(found))


def is_free(port: int) -> bool:
    """Whether this port and that of the API can be had at all four addresses."""
    try:
        for address in ADDRESSES.values():
            for one in (port, port - 1000):
                with socket.socket() as probe:
                    probe.bind((address, one))
    except OSError:
        return False
    return True


def place(home: Path, address: str) -> None:
    """Give a node its address, and its peers theirs, where names would be looked up."""
    path = home / "node.yaml"
    settings: dict[str, Any] = yaml.safe_load(path.read_text())
    for listen in (settings["p2p"], settings["api"]):
        assert listen["host"] == "0.0.0.0"
        listen["host"] = address
    for peer in settings["peers"]:
        peer["host"] = ADDRESSES[peer["host"]]
    path.write_text(yaml.safe_dump(settings))


def start(node: NodeProcess) -> None:
    """Start what the image starts, with nothing but its home replaced."""
    words = instruction("^ENTRYPOINT") + instruction("^CMD")
    assert HOME in words
    with (node.home / "node.log").open("wb") as log:
        node.process = subprocess.Popen(
            [str(node.home) if word == HOME else word for word in words],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )


def is_healthy(check: list[str], node: NodeProcess) -> bool:
    """Run a health check of the files against a node."""
    assert any("http://127.0.0.1:8000/" in word for word in check)
    words = [word.replace("http://127.0.0.1:8000", node.api) for word in check]
    done = subprocess.run(words, env=ENVIRONMENT, capture_output=True, check=False, timeout=10)
    return done.returncode == 0


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[NodeProcess]]:
    """The four nodes, founded by the command line and not started yet."""
    port = next(base for base in (9000, *range(21_000, 60_000, 500)) if is_free(base))
    organisations = [name.removesuffix("-1") for name in NODES]
    words = [word for name in organisations for word in ("--org", name)]
    made = veritwin(
        "network", "new", "--container", *words,
        "--dir", tmp_path / "network", "--base-port", str(port), "--json",
    )  # fmt: skip
    assert made.code == 0, made.err
    found = []
    for name, address in ADDRESSES.items():
        home = Path(made.json["nodes"][name])
        place(home, address)
        found.append(NodeProcess(name, home, f"http://{address}:{port - 1000}"))
    try:
        yield found
    finally:
        for node in found:
            if node.process is not None and node.process.poll() is None:
                node.kill()


def test_what_the_image_starts_makes_blocks_with_three_others(nodes: list[NodeProcess]) -> None:
    alive = instruction(r"^HEALTHCHECK [^\[]+\\\n    CMD")
    ready = COMPOSE["services"][NODES[0]]["healthcheck"]["test"][1:]
    assert not is_healthy(alive, nodes[0])
    start(nodes[0])
    wait_for(lambda: is_healthy(alive, nodes[0]))
    assert not is_healthy(ready, nodes[0])
    for node in nodes[1:]:
        start(node)
    wait_for(lambda: all(node.height >= 1 for node in nodes))
    wait_for(lambda: all(is_healthy(ready, node) for node in nodes))
    with urlopen(f"{nodes[0].api}/metrics", timeout=5) as answer:
        metrics = answer.read().decode()
    for peer in NODES[1:]:
        assert f'veritwin_peer_connected{{peer="{peer}"}} 1.0' in metrics
    assert "veritwin_ready 1.0" in metrics
    for node in nodes:
        assert node.process is not None
        node.process.terminate()
    assert [node.process.wait(10) for node in nodes if node.process] == [0, 0, 0, 0]
