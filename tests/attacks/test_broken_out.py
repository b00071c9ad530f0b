"""A worker that a contract broke out into: the node stays bounded and calls it a fault of its own.

Each script stands in for the worker's code. It speaks on the channel what it likes.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator

import pytest

from contracts.executor import ActionRequest, HostFault
from contracts.sandbox import SandboxExecutor, client
from tests.unit.contracts.memory_host import Deployed, MemoryHost

SOURCE = "from contracts.author import call\n@call\ndef attack():\n    return 1\n"

START = """
import sys, time, socket
sys.path.insert(0, sys.argv[1])
from contracts.executor import ActionRequest, Execution
from contracts.sandbox import frames
channel = socket.socket(fileno=int(sys.argv[2]))
def say(frame):
    channel.sendall(frames.pack(frame))
def hear():
    size = int.from_bytes(channel.recv(4, socket.MSG_WAITALL), "big")
    return channel.recv(size, socket.MSG_WAITALL)
say(frames.Ready(("none",)))
hear()
"""

SCRIPTS = {
    "a_length_that_lies": "channel.sendall(b'\\xff\\xff\\xff\\xff' + bytes(100))",
    "a_length_that_is_never_reached": "channel.sendall(b'\\x00\\x10\\x00\\x00abc'); time.sleep(60)",
    "one_byte_at_a_time": (
        "channel.sendall(b'\\x00\\x00\\x10\\x00')\n"
        "while True:\n    channel.sendall(b'x'); time.sleep(0.1)"
    ),
    "nothing_but_noise": "channel.sendall(b'\\x00\\x00\\x00\\x05noise')",
    "the_nodes_own_frame": "say(frames.Abort())",
    "ready_again": "say(frames.Ready(('none',)))",
    "silence": "time.sleep(60)",
    "endless_keys": "while True:\n    say(frames.AskKey('k')); hear()",
    "endless_twins": "while True:\n    say(frames.AskTwin('t')); hear()",
    "endless_sources": "while True:\n    say(frames.AskSource(bytes(32))); hear()",
    "a_foreign_source": "say(frames.AskSource(bytes(32))); hear()",
    "a_range_without_limit": "say(frames.AskRange('', 'z', 1 << 40)); hear()",
    "a_range_below_nothing": "say(frames.AskRange('', 'z', -1)); hear()",
    "a_huge_key": "say(frames.AskKey('k' * 1000000)); hear()",
    "a_huge_twin": "say(frames.AskTwin('k' * 1000000)); hear()",
    "endless_actions": (
        "request = ActionRequest(kind='k', twin='t', key='k', title='t', details=b'\\x80',\n"
        "                        addressee='a', deadline_ms=None)\n"
        "while True:\n    say(frames.AskAction(request)); hear()"
    ),
    "a_huge_action": (
        "request = ActionRequest(kind='k', twin='t', key='k', title='t' * 1000000,\n"
        "                        details=b'\\x80', addressee='a', deadline_ms=None)\n"
        "say(frames.AskAction(request)); hear()"
    ),
    "endless_calls": ("while True:\n    say(frames.AskCall('other', 'm', b'\\x80', 5)); hear()"),
    "a_call_that_never_began": "say(frames.EndCall([('k', b'')], [], [])); hear()",
    "a_call_with_huge_arguments": "say(frames.AskCall('o', 'm', bytes(100000), 5)); hear()",
    "endless_statements": "while True:\n    say(frames.AskAttestations('t', 0, 100)); hear()",
    "endless_histories": "while True:\n    say(frames.AskHistory('t', 'p', 256)); hear()",
    "a_timer_at_no_time": (
        "say(frames.Done(Execution(status='ok', gas_used=1), [], [], [('t', -1)]))"
    ),
    "too_many_timers": (
        "say(frames.Done(Execution(status='ok', gas_used=1), [], [], [('t', 1)] * 1000))"
    ),
    "more_gas_than_there_is": (
        "say(frames.Done(Execution(status='ok', value=b'\\x01', gas_used=10**9), [], []))"
    ),
    "less_gas_than_nothing": (
        "say(frames.Done(Execution(status='ok', value=b'\\x01', gas_used=-1), [], []))"
    ),
    "a_huge_value": (
        "say(frames.Done(Execution(status='ok', value=bytes(100000), gas_used=1), [], []))"
    ),
    "a_huge_error": "say(frames.Done(Execution(status='error', error='x' * 1000), [], []))",
    "a_status_of_its_own": "say(frames.Done(Execution(status='fine'), [], []))",
    "too_many_writes": (
        "say(frames.Done(Execution(status='ok', gas_used=1), [('k', b'')] * 1000000, []))"
    ),
    "a_huge_write": (
        "say(frames.Done(Execution(status='ok', gas_used=1), [('k', bytes(1000000))], []))"
    ),
    "too_many_events": (
        "say(frames.Done(Execution(status='ok', gas_used=1), [], [('k', b'')] * 1000))"
    ),
    "writes_of_a_run_that_failed": (
        "say(frames.Done(Execution(status='error', gas_used=1), [('k', b'\\x01')], []))"
    ),
}


class CountingHost(MemoryHost):
    """Counts the questions, and how much it is asked to write."""

    def open_action(self, request: ActionRequest) -> str | None:
        assert len(request.title) < 1000
        return super().open_action(request)


@pytest.fixture
def hostile(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[SandboxExecutor]:
    script = START + SCRIPTS[request.param] + "\ntime.sleep(60)\n"
    monkeypatch.setattr(client, "_START", script)
    executor = SandboxExecutor(stall_seconds=1)
    yield executor
    executor.close()


@pytest.mark.parametrize("hostile", SCRIPTS, indirect=True)
def test_a_worker_that_is_no_longer_ours_is_a_host_fault(hostile: SandboxExecutor) -> None:
    deployed = Deployed(SOURCE, hostile)
    deployed.host = CountingHost(SOURCE)
    begin = time.monotonic()
    tracemalloc.start()
    try:
        with pytest.raises(HostFault):
            deployed.call("attack")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert time.monotonic() - begin < 20
    assert peak < 60_000_000
    assert deployed.host.state == {}
    assert deployed.host.events == []
    assert len(deployed.host.actions) <= 16
