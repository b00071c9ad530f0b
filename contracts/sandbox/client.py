"""The node's end of the worker: starts it, feeds it, and replaces it when it dies or stalls.

A worker's death is never a transaction result. The host forgets what the run did, and it is tried
once more in a new worker. If that fails too, `HostFault` goes up and the node decides.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from contracts.executor import Execution, Host, HostFault, Invocation
from contracts.runtime.session import Results
from contracts.sandbox.frames import (
    FRAME_SIZE_MAX,
    LENGTH_SIZE,
    TO_NODE,
    Abort,
    Answer,
    AskAction,
    AskAttestations,
    AskCall,
    AskHistory,
    AskKey,
    AskRange,
    AskSource,
    AskTwin,
    Done,
    EndCall,
    Fault,
    Frame,
    Question,
    Ready,
    Run,
    ToNode,
    pack,
)
from contracts.sandbox.guard import RunGuard, WorkerLost

STALL_SECONDS: Final = 30.0
"""A run within the gas limit takes about a second; this is a fault of the machine, not a result."""
START_SECONDS: Final = 30.0
STALLS_PER_RUN: Final = 4
"""A run that keeps asking is not stalled, but it ends after this many stalls' time."""
TRIES: Final = 2
HINTS_MAX: Final = 32
HINTS_SIZE_MAX: Final = 128 << 10

_START: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from contracts.sandbox.worker import main; main(int(sys.argv[2]))"
)


class _Worker:
    """One worker process and the channel to it."""

    def __init__(self, stall_seconds: float) -> None:
        near, far = socket.socketpair()
        with far:
            root = str(Path(__file__).resolve().parents[2])
            self.process = subprocess.Popen(  # noqa: S603 (our own interpreter, fixed arguments)
                [sys.executable, "-I", "-c", _START, root, str(far.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                pass_fds=(far.fileno(),),
                start_new_session=True,
            )
        self._channel = near
        self._stall_seconds = stall_seconds
        self._run_ends = time.monotonic() + START_SECONDS
        self._fences: tuple[str, ...] | None = None
        self._buffer = bytearray()

    def fences(self) -> tuple[str, ...]:
        """Wait until the worker is locked."""
        if self._fences is None:
            ready = self._receive(START_SECONDS)
            if not isinstance(ready, Ready):
                raise WorkerLost("it did not say that it is locked")
            self._fences = ready.fences
        return self._fences

    def begin(self, run: Run) -> None:
        """Send a run; it has a limited time from here."""
        self._run_ends = time.monotonic() + STALLS_PER_RUN * self._stall_seconds
        self.send(run)

    def send(self, frame: Frame) -> None:
        """Send a frame."""
        try:
            self._channel.settimeout(self._stall_seconds)
            self._channel.sendall(pack(frame))
        except OSError as error:
            raise WorkerLost(f"sending failed: {error}") from error

    def receive(self) -> ToNode:
        """Receive a frame of a run."""
        return self._receive(self._stall_seconds)

    def _receive(self, seconds: float) -> ToNode:
        """Receive a whole frame within `seconds`, however it comes in."""
        deadline = min(time.monotonic() + seconds, self._run_ends)
        size = int.from_bytes(self._take(LENGTH_SIZE, deadline), "big")
        if size > FRAME_SIZE_MAX:
            raise WorkerLost(f"a frame of {size} bytes")
        try:
            return TO_NODE.decode(self._take(size, deadline))
        except msgspec.DecodeError as error:
            raise WorkerLost("a frame that does not decode") from error

    def _take(self, size: int, deadline: float) -> bytes:
        while len(self._buffer) < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise WorkerLost("it stalled")
            try:
                self._channel.settimeout(left)
                part = self._channel.recv(1 << 16)
            except TimeoutError as error:
                raise WorkerLost("it stalled") from error
            except OSError as error:
                raise WorkerLost(f"receiving failed: {error}") from error
            if not part:
                raise WorkerLost("it died")
            self._buffer += part
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def stop(self) -> None:
        """End the process."""
        self._channel.close()
        self.process.kill()
        self.process.wait()


class SandboxExecutor:
    """Runs contracts in a locked worker process; one run at a time, synchronously."""

    def __init__(self, stall_seconds: float = STALL_SECONDS) -> None:
        self._stall_seconds = stall_seconds
        self._worker: _Worker | None = _Worker(stall_seconds)
        self._closed = False
        self.restarts = 0

    @property
    def process_id(self) -> int | None:
        """The worker's process id, None between workers."""
        return None if self._worker is None else self._worker.process.pid

    def fences(self) -> tuple[str, ...]:
        """Say which fences are up; waits for the worker when it is starting.

        Raises: HostFault: no worker can be started.
        """
        try:
            return ("language: allow-list, metering, output check", *self._get_worker().fences())
        except WorkerLost as lost:
            self._drop_worker()
            raise HostFault(f"the contract worker is lost: {lost}") from lost

    def execute(self, invocation: Invocation, host: Host) -> Execution:
        """Run one handler to its end; see `contracts.executor.Executor`."""
        reason = ""
        for number in range(TRIES):
            try:
                if number > 0:
                    host.restart()
                done = self._try(invocation, host)
            except WorkerLost as lost:
                self._drop_worker()
                reason = str(lost)
                continue
            Results(done.writes, done.events, done.timers).hand_over(host)
            return done.execution
        raise HostFault(f"the contract worker is lost twice: {reason}")

    def close(self) -> None:
        """Stop the worker."""
        self._closed = True
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _get_worker(self) -> _Worker:
        if self._closed:
            raise HostFault("the executor is closed")
        if self._worker is None:
            self._worker = _Worker(self._stall_seconds)
        return self._worker

    def _drop_worker(self) -> None:
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
            self.restarts += 1

    def _try(self, invocation: Invocation, host: Host) -> Done:
        """Run once."""
        worker = self._get_worker()
        worker.fences()
        guard = RunGuard(invocation)
        worker.begin(Run(invocation, _read_ahead(invocation, host)))
        while True:
            match worker.receive():
                case Done() as done:
                    guard.check_end(done)
                    return done
                case Fault(reason=reason):
                    raise WorkerLost(reason)
                case Ready():
                    raise WorkerLost("it is ready twice")
                case question:
                    guard.check_question(question)
            answer = self._serve(worker, host, question)
            if isinstance(answer, Invocation):
                guard.allow(answer.source_hash)
            worker.send(Answer(answer))

    def _serve(self, worker: _Worker, host: Host, question: Question) -> object:
        """Let the host answer; when it raises, the worker drops the run and the error goes up."""
        try:
            return _answer(host, question)
        except BaseException:
            with suppress(WorkerLost):
                worker.send(Abort())
            raise


def _read_ahead(invocation: Invocation, host: Host) -> dict[str, bytes | None]:
    """Read what is hinted at. The contract has not paid for it, so it is not much."""
    reads: dict[str, bytes | None] = {}
    size = 0
    for key in invocation.hints[:HINTS_MAX]:
        if size > HINTS_SIZE_MAX:
            break
        reads[key] = host.get(key)
        size += len(reads[key] or b"")
    return reads


def _answer(host: Host, question: Question) -> object:
    match question:
        case AskSource(source_hash=source_hash):
            return host.source(source_hash)
        case AskKey(key=key):
            return host.get(key)
        case AskRange(start=start, stop=stop, limit=limit):
            return host.range(start, stop, limit)
        case AskTwin(twin=twin):
            return host.twin(twin)
        case AskAction(request=request):
            return host.open_action(request)
        case AskAttestations(twin=twin, since=since, limit=limit):
            return host.attestations(twin, since, limit)
        case AskHistory(twin=twin, name=name, limit=limit):
            return host.history(twin, name, limit)
        case AskCall():
            return host.begin_call(
                question.contract, question.method, question.arguments, question.gas_left
            )
        case EndCall(writes=writes, events=events, timers=timers):
            Results(writes, events, timers).hand_over(host)
            host.end_call()
            return None
