"""Node processes: stand-ins that behave, and some that do not."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from chain.scalars import NodeName
from node.local.processes import LOG_NAME, NodeProcess, stop_all
from tests.unit.node.demo.fakes import until

GOOD = "cat >/dev/null"
DEAF = "while true; do sleep 0.05; done"
FAILING = "echo 'error VT-6004: The disk is full'; echo 'why:  No room.'; echo 'fix:  x'; exit 1"


@pytest.fixture
def node(tmp_path: Path) -> NodeProcess:
    return NodeProcess(NodeName("acme-1"), "acme", tmp_path, "http://127.0.0.1:1")


def stand_in(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Let a shell script run in the place of a node."""
    path = folder / "stand-in"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(path))


async def wait_for_end(node: NodeProcess) -> None:
    assert node.process is not None
    async with asyncio.timeout(5):
        await node.process.wait()


async def test_a_node_runs_until_it_is_told_to_stop(
    node: NodeProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, tmp_path, f'echo "$@"; {GOOD}')
    assert (node.is_running, node.pid) == (False, None)
    await node.start()
    assert node.is_running
    assert node.process is not None
    assert node.pid == node.process.pid
    await stop_all([node])
    assert (node.is_running, node.has_failed, node.pid) == (False, False, None)


async def test_a_node_ends_when_the_demo_dies(
    node: NodeProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, tmp_path, GOOD)
    await node.start()
    assert node.process is not None
    assert node.process.stdin is not None
    node.process.stdin.close()  # As the system does for a process that is killed.
    await wait_for_end(node)
    assert not node.has_failed


async def test_a_node_that_does_not_listen_is_killed_in_time(
    node: NodeProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, tmp_path, f"trap '' TERM; echo deaf; {DEAF}")
    await node.start()
    await until(lambda: node.read_last_words() == "deaf")
    began = time.monotonic()
    await stop_all([node], seconds=0.2)
    assert 0.15 < time.monotonic() - began < 2
    assert not node.is_running


async def test_a_killed_node_dies_with_all_that_it_started(
    node: NodeProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, tmp_path, "sleep 60 & echo $!; wait")
    await node.start()
    await until(lambda: node.read_last_words() != "")
    child = int(node.read_last_words())
    await node.kill()
    assert not node.is_running
    assert not node.has_failed  # It was killed, it did not fail.
    await until(lambda: not _lives(child))
    await node.kill()  # Once more does nothing.


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_a_node_that_fails_says_why(
    node: NodeProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, tmp_path, FAILING)
    await node.start()
    await wait_for_end(node)
    assert node.has_failed
    assert node.read_last_words() == "No room."


def test_last_words_are_the_last_line_or_nothing(node: NodeProcess, tmp_path: Path) -> None:
    assert node.read_last_words() == ""
    (tmp_path / LOG_NAME).write_bytes(b"x" * 9_000 + b"\nlast \xff word\n\n")
    assert node.read_last_words() == "last \ufffd word"


async def test_a_log_that_cannot_be_written_starts_nothing(tmp_path: Path) -> None:
    node = NodeProcess(NodeName("a"), "a", tmp_path / "missing", "http://127.0.0.1:1")
    with pytest.raises(FileNotFoundError):
        await node.start()
    assert node.process is None
