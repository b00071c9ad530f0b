"""The worker process: reads frames, runs contracts, asks the node for what they read.

It is started with `python -I`, an empty environment and one channel. It imports and warms up
everything, then locks itself, and only then sees its first contract.
"""

from __future__ import annotations

import os

import msgspec

from contracts.executor import ActionRequest, HostFault, Invocation
from contracts.inprocess import ContractCache
from contracts.manifest import compute_source_hash
from contracts.runtime.run import run
from contracts.runtime.session import Results
from contracts.sandbox.frames import (
    LENGTH_SIZE,
    TO_WORKER,
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
    ToWorker,
    pack,
)
from contracts.sandbox.lock import close_other_descriptors, lock

WARM_UP = '''"""Touches every part of the engine before the lock."""
from contracts.author import Decimal, Map, Var, call, ctx, record

TABLE = {"a": [1, 2], "b": []}

@record
class Row:
    """A row."""
    name: str
    amount: Decimal = Decimal("1.5")

total = Var(Decimal, Decimal("0"))
rows = Map(Row)

@call
def warm_up(name: str) -> dict[str, int]:
    """Use everything once."""
    row = rows.get(name)
    if row is None:
        row = Row(name)
    row.amount += Decimal("1") / 3
    rows[name] = row
    total.set(total.get() + row.amount)
    texts = [f"{item.upper():>8}" for item in name.split(",") if item]
    try:
        texts.append(texts[99])
    except IndexError:
        texts.append(f"{row.amount:.2f} {ctx.height:04d}")
    ctx.emit("warm", {"texts": sorted(texts), "big": 2 ** 200})
    return {"rows": len(rows.items()), "first": TABLE["a"][0]}
'''


class _Aborted(Exception):
    """The node's host raised; this run is dropped."""


class _ChannelClosed(Exception):
    """The node is gone."""


class _Channel:
    """Frames over a descriptor, blocking."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def send(self, frame: Frame) -> None:
        data = memoryview(pack(frame))
        while data:
            data = data[os.write(self._descriptor, data) :]

    def receive(self) -> ToWorker:
        size = int.from_bytes(self._read(LENGTH_SIZE), "big")
        return TO_WORKER.decode(self._read(size))

    def ask(self, question: Question) -> object:
        self.send(question)
        match self.receive():
            case Answer(value=value):
                return value
            case Abort() | Run():
                raise _Aborted

    def _read(self, size: int) -> bytes:
        parts = []
        while size:
            part = os.read(self._descriptor, min(size, 1 << 20))
            if not part:
                raise _ChannelClosed
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


class _RemoteHost:
    """The host as the worker sees it: what was read ahead, else a question to the node."""

    def __init__(self, channel: _Channel, reads: dict[str, bytes | None]) -> None:
        self._channel = channel
        self._reads = [reads]
        """What was read ahead, for each contract that runs: the caller's, then the called."""
        self._left = Results([], [], [])
        """What a called contract leaves behind, until the call ends."""

    def source(self, source_hash: bytes) -> str:
        answer = self._channel.ask(AskSource(source_hash))
        assert isinstance(answer, str), "the node answers as the frames say"
        return answer

    def get(self, key: str) -> bytes | None:
        known = self._reads[-1]
        if key in known:
            return known[key]
        answer = self._channel.ask(AskKey(key))
        assert answer is None or isinstance(answer, bytes), "the node answers as the frames say"
        return answer

    def range(self, start: str, stop: str, limit: int) -> list[tuple[str, bytes]]:
        answer = self._channel.ask(AskRange(start, stop, limit))
        assert isinstance(answer, list), "the node answers as the frames say"
        return [(key, value) for key, value in answer]

    def twin(self, twin_id: str) -> bytes | None:
        answer = self._channel.ask(AskTwin(twin_id))
        assert answer is None or isinstance(answer, bytes), "the node answers as the frames say"
        return answer

    def open_action(self, request: ActionRequest) -> str | None:
        answer = self._channel.ask(AskAction(request))
        assert answer is None or isinstance(answer, str), "the node answers as the frames say"
        return answer

    def history(self, twin_id: str, name: str, limit: int) -> bytes:
        answer = self._channel.ask(AskHistory(twin_id, name, limit))
        assert isinstance(answer, bytes), "the node answers as the frames say"
        return answer

    def attestations(self, twin_id: str, since: int, limit: int) -> bytes:
        answer = self._channel.ask(AskAttestations(twin_id, since, limit))
        assert isinstance(answer, bytes), "the node answers as the frames say"
        return answer

    def put(self, key: str, value: bytes | None) -> None:
        self._left.writes.append((key, value))

    def emit(self, name: str, payload: bytes) -> None:
        self._left.events.append((name, payload))

    def set_timer(self, name: str, due_ms: int | None) -> None:
        self._left.timers.append((name, due_ms))

    def begin_call(
        self, contract: str, method: str, arguments: bytes, gas_left: int
    ) -> Invocation | None:
        answer = self._channel.ask(AskCall(contract, method, arguments, gas_left))
        if answer is None:
            return None
        self._reads.append({})
        return msgspec.convert(answer, Invocation)

    def end_call(self) -> None:
        left, self._left = self._left, Results([], [], [])
        self._reads.pop()
        self._channel.ask(EndCall(*left))

    def restart(self) -> None:
        raise AssertionError("the node begins again with another worker")


def _serve_one(channel: _Channel, cache: ContractCache, request: Run) -> None:
    host = _RemoteHost(channel, request.reads)
    try:
        load = cache.loader(host)
        outcome = run(load(request.invocation.source_hash), request.invocation, host, load)
    except _Aborted:
        return
    except HostFault as fault:
        channel.send(Fault(str(fault)))
        return
    except (MemoryError, RecursionError) as fault:
        channel.send(Fault(type(fault).__name__))
        return
    if outcome.execution.status == "ok":
        channel.send(Done(outcome.execution, *outcome.session.results()))
    else:
        channel.send(Done(outcome.execution, [], [], []))


class _EmptyHost(_RemoteHost):
    """Answers the warm-up without a node."""

    def __init__(self) -> None:
        self._reads = [{}]

    def get(self, key: str) -> bytes | None:
        return None

    def range(self, start: str, stop: str, limit: int) -> list[tuple[str, bytes]]:
        return []


def warm_up() -> None:
    """Check, compile and run a contract, so that nothing is imported after the lock."""
    source_hash = compute_source_hash(WARM_UP)
    loaded = ContractCache().load(source_hash, WARM_UP)
    invocation = Invocation(
        contract="warm-up",
        source_hash=source_hash,
        kind="call",
        handler="warm_up",
        arguments=b"\x81\xa4name\xa3a,b",
        sender="",
        transaction="",
        height=1,
        time_ms=0,
        gas_limit=100_000,
        parameters=b"\x80",
    )
    host = _EmptyHost()
    outcome = run(loaded, invocation, host, ContractCache().loader(host))
    assert outcome.execution.status == "ok", outcome.execution
    pack(Done(outcome.execution, *outcome.session.results()))
    TO_WORKER.decode(pack(Run(invocation, {}))[LENGTH_SIZE:])


def main(descriptor: int) -> None:
    """Serve the node at the other end of `descriptor` until it closes."""
    close_other_descriptors(descriptor)
    warm_up()
    channel = _Channel(descriptor)
    channel.send(Ready(lock()))
    cache = ContractCache()
    try:
        while True:
            request = channel.receive()
            if isinstance(request, Run):
                _serve_one(channel, cache, request)
    except (_ChannelClosed, BrokenPipeError, ConnectionResetError):
        os._exit(0)
