"""The worker: same bytes as in process, few round trips, and its death is never a result."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.executor import Execution, HostFault
from contracts.inprocess import InProcessExecutor
from contracts.sandbox import SandboxExecutor
from contracts.sandbox.client import HINTS_MAX, HINTS_SIZE_MAX
from contracts.sandbox.worker import WARM_UP
from tests.unit.contracts.memory_host import Deployed
from tests.unit.contracts.test_inprocess import SOURCE


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxExecutor]:
    executor = SandboxExecutor()
    yield executor
    executor.close()


def both(sandbox: SandboxExecutor) -> tuple[Deployed, Deployed]:
    return Deployed(SOURCE, InProcessExecutor()), Deployed(SOURCE, sandbox)


CALLS: list[tuple[str, dict[str, object]]] = [
    ("add", {"amount": 3}),
    ("add", {"amount": "3"}),
    ("remember", {"x": 1}),
    ("stop", {"reason": "why"}),
    ("divide", {"a": 1, "b": 0}),
    ("rescue", {"b": 0}),
    ("swallow", {}),
    ("dive", {"n": 0}),
    ("listing", {}),
    ("aliases", {}),
    ("around", {}),
    ("order", {"key": "a"}),
    ("order", {"key": "a"}),
    ("look", {"twin": "T"}),
    ("nothing", {}),
]


def test_both_executors_give_the_same_bytes(sandbox: SandboxExecutor) -> None:
    near, far = both(sandbox)
    results: list[tuple[Execution, Execution]] = [
        (near.call(name, **arguments), far.call(name, **arguments)) for name, arguments in CALLS
    ]
    results.append((near.update("P", ("heat", "1", 5)), far.update("P", ("heat", "1", 5))))
    for one, other in results:
        assert one == other
    assert near.host.state == far.host.state
    assert near.host.events == far.host.events
    assert near.host.actions == far.host.actions


def test_the_worker_says_which_fences_are_up(sandbox: SandboxExecutor) -> None:
    fences = sandbox.fences()
    assert fences[:2] == (
        "language: allow-list, metering, output check",
        "process: no environment, one channel, isolated interpreter",
    )
    all_left = "namespaces: users, network, mounts, message queues, host name, no files"
    assert fences[2] == all_left or fences[2].startswith("namespaces: none (the kernel says: ")
    assert fences[3] == "limits: memory, cpu, files, processes, file size, core dumps"
    assert fences[4].startswith("system calls: ")


def test_hints_are_read_ahead_and_change_nothing(
    sandbox: SandboxExecutor, repository: Path
) -> None:
    source = (repository / "contracts/standard/maintenance_by_power_curve.py").read_text()
    deployed = Deployed(source, sandbox)
    deployed.update("R1", ("active_power", "1", 5), ("wind_speed", "8", 5))
    deployed.host.asked.clear()
    deployed.update("R1", ("active_power", "1", 9), ("wind_speed", "8", 9))
    assert deployed.host.asked == {"get": 1, "put": 1}


def test_reading_ahead_is_bounded_for_it_is_not_paid(sandbox: SandboxExecutor) -> None:
    names = [f"v{number}" for number in range(200)]
    declared = "".join(f"{name} = Var(str, '')\n" for name in names)
    source = f"from contracts.author import Var, call\n{declared}@call\ndef f():\n    return 1\n"
    deployed = Deployed(source, sandbox)
    invocation = deployed._invocation("call", "f", {}, tuple(names))
    sandbox.execute(invocation, deployed.host)
    assert deployed.host.asked["get"] == HINTS_MAX
    deployed.host.state = {name: bytes(16_000) for name in names}
    deployed.host.asked.clear()
    sandbox.execute(invocation, deployed.host)
    assert deployed.host.asked["get"] <= 1 + HINTS_SIZE_MAX // 16_000


def test_a_dead_worker_is_replaced_and_the_run_repeated() -> None:
    executor = SandboxExecutor()
    try:
        deployed = Deployed(SOURCE, executor)
        assert deployed.value("add", amount=1) == 11
        assert executor.process_id is not None
        os.kill(executor.process_id, signal.SIGKILL)
        assert deployed.value("add", amount=1) == 12
        assert executor.restarts == 1
    finally:
        executor.close()


def test_a_worker_that_dies_twice_is_a_host_fault_and_changes_nothing() -> None:
    executor = SandboxExecutor()
    try:
        deployed = Deployed(SOURCE, executor)
        deployed.value("add", amount=1)
        before = dict(deployed.host.state)
        get = deployed.host.get

        def murder(key: str) -> bytes | None:
            assert executor.process_id is not None
            os.kill(executor.process_id, signal.SIGKILL)
            return get(key)

        deployed.host.get = murder  # type: ignore[method-assign]
        with pytest.raises(HostFault, match="the contract worker is lost twice"):
            deployed.call("add", amount=1)
        deployed.host.get = get  # type: ignore[method-assign]
        assert deployed.host.state == before
        assert deployed.value("add", amount=1) == 12
    finally:
        executor.close()


def test_an_action_is_opened_once_when_the_worker_dies_after_it() -> None:
    executor = SandboxExecutor()
    source = SOURCE.replace(
        '    return ctx.open_action(kind="k"',
        '    total.get()\n    return ctx.open_action(kind="k"',
    )
    source = source.replace(
        "deadline_ms=ctx.time_ms + 5)", "deadline_ms=ctx.time_ms + 5 + 0 * len(rows.items()))"
    )
    try:
        deployed = Deployed(source, executor)
        open_action = deployed.host.open_action
        killed = []

        def open_then_kill(request: object) -> str | None:
            answer = open_action(request)  # type: ignore[arg-type]
            if not killed:
                assert executor.process_id is not None
                killed.append(executor.process_id)
                os.kill(executor.process_id, signal.SIGKILL)
            return answer

        deployed.host.open_action = open_then_kill  # type: ignore[method-assign]
        assert deployed.value("order", key="a") == "action-1"
        assert (deployed.host.asked["open_action"], deployed.host.asked["restart"]) == (2, 1)
        assert len(deployed.host.actions) == 1
    finally:
        executor.close()


def test_a_stalled_worker_is_a_host_fault() -> None:
    executor = SandboxExecutor(stall_seconds=0.5)
    try:
        deployed = Deployed(SOURCE, executor)
        deployed.value("add", amount=1)
        get = deployed.host.get

        def stop_it(key: str) -> bytes | None:
            assert executor.process_id is not None
            os.kill(executor.process_id, signal.SIGSTOP)
            return get(key)

        deployed.host.get = stop_it  # type: ignore[method-assign]
        with pytest.raises(HostFault, match="it stalled"):
            deployed.call("add", amount=1)
    finally:
        executor.close()


def test_what_the_host_raises_goes_up_and_the_worker_lives(sandbox: SandboxExecutor) -> None:
    deployed = Deployed(SOURCE, sandbox)
    sandbox.fences()
    worker = sandbox.process_id
    get = deployed.host.get

    def broken(key: str) -> bytes | None:
        raise ValueError("the disk is gone")

    deployed.host.get = broken  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="the disk is gone"):
        deployed.call("add", amount=1)
    deployed.host.get = get  # type: ignore[method-assign]
    assert deployed.value("add", amount=1) == 11
    assert sandbox.process_id == worker


def test_a_closed_executor_runs_nothing() -> None:
    executor = SandboxExecutor()
    process_id = executor.process_id
    executor.close()
    with pytest.raises(HostFault, match="closed"):
        Deployed(SOURCE, executor).call("add", amount=1)
    assert process_id is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process_id, 0)


def test_the_worker_holds_one_channel_and_no_environment(sandbox: SandboxExecutor) -> None:
    sandbox.fences()
    folder = Path(f"/proc/{sandbox.process_id}")
    if not folder.is_dir():
        pytest.skip("needs /proc to look into the worker")
    opened = {os.readlink(entry) for entry in (folder / "fd").iterdir()}
    assert {name.partition(":")[0] for name in opened} == {"/dev/null", "socket"}
    assert len(list((folder / "fd").iterdir())) == 4
    assert (folder / "environ").read_bytes() == b""


LOCKED = """
import os, socket, sys
sys.path.insert(0, sys.argv[1])
from contracts.sandbox.lock import lock
fences = lock()
os.write(1, fences[-1].encode())
ATTEMPT
os.write(1, b" ESCAPED")
"""


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/hostname').read()",
        "open('/dev/shm/x', 'w')",
        "socket.socket()",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getppid(), 9)",
        "os.unlink('/dev/shm/x')",
        "os.getpriority(0, 0)",
        "os.urandom(4)",
        "bytearray(4 << 30)",
    ],
)
def test_the_lock_stops_code_that_is_already_inside(attempt: str, repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", LOCKED.replace("ATTEMPT", attempt), str(repository)],
        capture_output=True,
        check=False,
        timeout=30,
    )
    said = done.stdout.decode()
    if "seccomp," not in said:
        pytest.skip(f"this machine has no system-call filter: {said}")
    assert "ESCAPED" not in said
    assert done.returncode != 0


AWAY = """
import os, socket, sys
sys.path.insert(0, sys.argv[1])
from contracts.sandbox.lock import leave_namespaces
port = int(sys.argv[2])
left = leave_namespaces()
os.write(1, left.encode())
ATTEMPT
os.write(1, b" ESCAPED")
"""


HALF_WAY = """
import errno, os, sys
sys.path.insert(0, sys.argv[1])
from contracts.sandbox import lock

def refuse(*_):
    raise PermissionError(errno.EPERM, "no")

class Library:
    def __init__(self, library):
        self._library = library
    def __getattr__(self, name):
        if name == sys.argv[2]:
            return lambda *_: 1
        return getattr(self._library, name)

if sys.argv[2] == "chroot":
    os.chroot = refuse
lock.ctypes.get_errno = lambda: errno.EPERM
before = os.readlink("/proc/self/ns/net")
leave = lock._leave
lock._leave = lambda library: leave(Library(library))
print(lock.leave_namespaces())
print(before)
print(os.readlink("/proc/self/ns/net"))
print("files are seen" if os.path.isdir("/etc") else "no files")
"""


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.socket().connect(('127.0.0.1', port))",
        "open('/etc/hostname').read()",
        "os.listdir('/etc')",
        "os.mkdir('x')",
        "os.chroot('.')",
        "socket.sethostname('x')",
        "os.setuid(0)",
    ],
)
def test_without_a_filter_the_namespaces_keep_it_from_network_and_files(
    attempt: str, repository: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        source = AWAY.replace("ATTEMPT", attempt)
        done = subprocess.run(
            [sys.executable, "-I", "-c", source, str(repository), str(port)],
            capture_output=True,
            check=False,
            timeout=30,
        )
    said = done.stdout.decode()
    if said.startswith("none"):
        pytest.skip(f"this machine lets nobody leave its namespaces: {said}")
    assert "ESCAPED" not in said
    error = done.stderr.decode().splitlines()[-1].partition(":")[0]
    assert error in ("OSError", "PermissionError", "FileNotFoundError")


@pytest.mark.parametrize("denied", ["chroot", "capset", "unshare"])
def test_who_may_not_leave_altogether_stays_where_it_is(denied: str, repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", HALF_WAY, str(repository), denied],
        capture_output=True,
        check=False,
        timeout=30,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said, before, after, files = done.stdout.splitlines()
    assert said.startswith("none (the kernel says: ")
    assert before == after, "it is in another namespace"
    assert files == "files are seen"


def test_the_warm_up_is_a_contract() -> None:
    deployed = Deployed(WARM_UP, InProcessExecutor())
    assert deployed.value("warm_up", name="b,a") == {"rows": 1, "first": 1}
