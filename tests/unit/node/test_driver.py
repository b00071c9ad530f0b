"""Durable, then said: the order of writes, signatures and messages."""

from collections.abc import Callable, Iterator
from typing import cast

import pytest
from msgspec.structs import replace

from chain.codec import decode
from chain.errors import Corruption
from chain.scalars import Hash, Height, NodeName, Round, UnixMillis
from consensus.bft.checks import kind_of, sender_of
from consensus.bft.state import (
    NEVER_SIGNED,
    HardState,
    decode_last_signed,
    initial_state,
)
from consensus.last_signed import LastSigned, Position, SignedStep
from consensus.state import decode_engine_state
from consensus.value import Value
from node.driver import Driver
from node.replica import effects, events, keys
from node.replica.commit import build_commit
from node.replica.messages import ConsensusMessage, Have
from node.replica.payload import KeptTransactions
from node.replica.ports import Column, MemoryStore, Put, WriteBatch
from node.replica.replica import Replica, ReplicaView
from tests.unit.node.chain_builder import ChainBuilder
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import Node, World, make_genesis

NOW_MS = UnixMillis(1_000)
TICK = events.Tick(NOW_MS)
SAID = effects.SendTo(NodeName("peer"), Have((Hash(bytes(32)),)))
DIGEST = Hash(bytes(32))


def state_at(round_: int, valid: Value | None = None) -> HardState:
    last = LastSigned(Height(1), Round(round_), SignedStep.PREVOTE, DIGEST)
    return replace(initial_state(Height(1), last), round=Round(round_), valid_value=valid)


def persist(round_: int) -> effects.Persist:
    return effects.Persist(state_at(round_))


def commit(*, is_catch_up: bool = False) -> effects.Commit:
    chain = ChainBuilder()
    executed = chain.add_block()
    return build_commit(executed, chain.certificates[0], is_catch_up=is_catch_up)


VIEW = "the view"


class ScriptedReplica:
    """Answers each event with what stands next in the script."""

    def __init__(self, *script: list[effects.Effect]) -> None:
        self.script = list(script)
        self.heard: list[events.Event] = []
        self.followed: list[bool] = []

    def handle(self, event: events.Event, *, more: bool = False) -> list[effects.Effect]:
        self.heard.append(event)
        self.followed.append(more)
        return self.script.pop(0)

    def view(self) -> str:
        return VIEW


class Journal:
    """A store and a signed file that write down what they are asked to do, in order."""

    def __init__(self, *script: list[effects.Effect]) -> None:
        self.lines: list[str] = []
        self.memory = MemoryStore()
        self.fail_at: str | None = None
        self.replica = ScriptedReplica(*script)
        self.driver = Driver(cast(Replica, self.replica), self, self, lambda: UnixMillis(2_000))

    def get(self, column: Column, key: bytes) -> bytes | None:
        return self.memory.get(column, key)

    def range(
        self, column: Column, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        return self.memory.range(column, start, stop, reverse=reverse)

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        names = {put.key.decode() for put in batch.puts if put.column is Column.META}
        assert sync or "head" in names
        line = "commit" if "head" in names else "write " + " ".join(sorted(names))
        self._note(line if sync else f"{line} unsynced")
        self.memory.write(batch, sync=sync)

    def store(self, payload: bytes) -> None:
        self._note(f"sign round {decode_last_signed(payload).round}")

    def _note(self, line: str) -> None:
        if line == self.fail_at:
            raise Corruption("VT-6005", path="disk", reason="it broke")
        self.lines.append(line)

    def step(self, count: int = 1) -> tuple[effects.Effect, ...]:
        return self.driver.step([TICK] * count).effects


def test_a_vote_is_on_disk_and_in_the_signed_file_before_it_is_said() -> None:
    journal = Journal([persist(0), SAID])
    assert journal.step() == (SAID,)
    assert journal.lines == ["write consensus", "sign round 0"]
    stored = journal.get(Column.META, keys.CONSENSUS)
    assert stored is not None
    assert decode_engine_state(stored) == state_at(0)


def test_of_blocks_that_are_fetched_one_after_the_other_only_the_last_is_synced() -> None:
    fetched = commit(is_catch_up=True)
    journal = Journal([fetched], [fetched], [fetched], [SAID])
    assert journal.step() == (fetched, fetched, fetched, SAID)
    assert journal.lines == ["commit unsynced"] * 3 + ["commit"]


def test_what_was_signed_before_a_fetched_block_is_durable_with_it() -> None:
    fetched = commit(is_catch_up=True)
    journal = Journal([persist(0), fetched], [fetched], [persist(1), SAID])
    assert journal.step() == (fetched, fetched, SAID)
    assert journal.lines == [
        "commit", "sign round 0", "commit unsynced", "commit", "write consensus", "sign round 1"
    ]  # fmt: skip


def test_a_fetched_block_is_synced_before_anything_else_is_written() -> None:
    """Synced later, it would undo what was written after it."""
    fetched = commit(is_catch_up=True)
    later = effects.Write(WriteBatch((Put(Column.META, b"later", b""),)), sync=True)
    journal = Journal([fetched], [later], [SAID], [SAID])
    journal.step()
    assert journal.lines == ["commit unsynced", "commit", "write later"]


def test_a_fetched_block_that_cannot_be_synced_is_told_to_nobody() -> None:
    journal = Journal([commit(is_catch_up=True)], [SAID])
    journal.fail_at = "commit"
    with pytest.raises(Corruption):
        journal.step()


@pytest.mark.parametrize("line", ["write consensus", "sign round 0"])
def test_nothing_is_said_when_the_disk_fails(line: str) -> None:
    journal = Journal([SAID, persist(0), SAID])
    journal.fail_at = line
    with pytest.raises(Corruption, match=r"^VT-6005"):
        journal.step()
    assert "sign round 0" not in journal.lines


def test_what_comes_before_a_persist_waits_with_the_rest() -> None:
    journal = Journal([SAID, persist(0)], [persist(1), SAID], [SAID])
    assert journal.step(3) == (SAID, SAID, SAID)
    assert journal.lines == ["write consensus", "sign round 1"], "one write for the whole step"


def test_a_step_that_signs_nothing_writes_nothing() -> None:
    journal = Journal([SAID])
    result = journal.driver.step([TICK])
    assert result.effects == (SAID,)
    assert result.view is cast(ReplicaView, VIEW)
    assert journal.lines == []


def test_the_same_position_is_not_signed_twice() -> None:
    journal = Journal([persist(0)], [persist(0)], [persist(1)])
    for _ in range(3):
        journal.step()
    assert journal.lines == [
        "write consensus",
        "sign round 0",
        "write consensus",
        "write consensus",
        "sign round 1",
    ]


def test_a_commit_is_written_at_once_and_what_follows_is_decided_on_it() -> None:
    decided = commit()
    after = effects.Expired(())
    journal = Journal([persist(0), SAID, decided, SAID], [after, persist(1)], [SAID])
    assert journal.step(2) == (SAID, decided, SAID, after, SAID)
    done = events.CommitDone(decided.height, decided.block, UnixMillis(2_000))
    assert journal.replica.heard == [TICK, done, TICK]
    assert journal.lines == ["commit", "sign round 0", "write consensus", "sign round 1"]


def test_what_the_engine_wants_kept_goes_with_the_block() -> None:
    journal = Journal([persist(3), commit()], [])
    journal.step()
    stored = journal.get(Column.META, keys.CONSENSUS)
    assert stored is not None
    assert decode_engine_state(stored) == state_at(3)
    assert journal.lines == ["commit", "sign round 3"], "one write for both"


def test_a_block_is_written_before_the_signed_file_runs_ahead() -> None:
    journal = Journal([persist(0), commit()])
    journal.fail_at = "commit"
    with pytest.raises(Corruption):
        journal.step()
    assert journal.lines == [], "a file ahead of the state would seal the height"


def test_no_event_is_handled_between_a_commit_and_its_confirmation() -> None:
    decided = commit()
    journal = Journal([decided], [decided], [], [])
    journal.step(2)
    kinds = [type(event).__name__ for event in journal.replica.heard]
    assert kinds == ["Tick", "CommitDone", "CommitDone", "Tick"]
    assert journal.lines == ["commit", "commit"]


def test_the_replica_is_told_when_more_of_a_kind_follows() -> None:
    submitted = events.Submitted(1, b"raw", NOW_MS)
    journal = Journal([], [], [], [], [])
    journal.driver.step([TICK, submitted, submitted, submitted, TICK])
    assert journal.replica.followed == [False, True, True, False, False]


def valid_value(number: int) -> Value:
    return Value(Hash(bytes([number]) * 32), b"payload", NOW_MS)


def test_transactions_of_a_lock_are_stored_with_it_once() -> None:
    one = effects.Persist(state_at(0, valid_value(1)), (b"first",))
    again = effects.Persist(state_at(1, valid_value(1)), (b"first",))
    other = effects.Persist(state_at(2, valid_value(2)), (b"second",))
    unknown = effects.Persist(state_at(3, valid_value(3)), ())
    journal = Journal([one], [again], [other], [unknown])
    for _ in range(4):
        journal.step()
    writes = [line for line in journal.lines if line.startswith("write")]
    assert writes == [
        "write consensus valid",
        "write consensus",
        "write consensus valid",
        "write consensus",
    ]
    stored = journal.get(Column.META, keys.VALID)
    assert stored is not None
    assert decode(stored, KeptTransactions, 100).transactions == (b"second",)


def test_a_new_height_stores_the_transactions_of_its_own_lock() -> None:
    lock = effects.Persist(state_at(0, valid_value(1)), (b"first",))
    journal = Journal([lock], [commit()], [], [lock])
    for _ in range(3):
        journal.step()
    assert journal.lines.count("write consensus valid") == 2


def position_of(message: ConsensusMessage) -> Position:
    inner = message.message
    step = SignedStep[kind_of(inner).upper()]
    return Position(inner.height, inner.round, step)


def test_no_message_of_its_own_leaves_a_node_before_the_file_covers_it() -> None:
    world = World(make_genesis())
    seen: list[Position] = []

    def watch(node: Node, effect: effects.Effect) -> None:
        message = getattr(effect, "message", None)
        if not isinstance(message, ConsensusMessage) or sender_of(message.message) != node.index:
            return
        assert node.signed.payload is not None
        last = decode_last_signed(node.signed.payload)
        seen.append(position_of(message))
        assert last.position >= seen[-1]

    world.watch = watch
    for number in range(6):
        world.submit(number % 4, world.transaction(0, TWIN, salt=number))
        world.run(2_000)
    assert len(seen) > 40
    assert NEVER_SIGNED.position not in seen


def test_the_clock_is_read_when_a_block_is_on_disk() -> None:
    decided = commit()
    replica = ScriptedReplica([decided], [])
    lines: list[str] = []

    class Store(MemoryStore):
        def write(self, batch: WriteBatch, *, sync: bool) -> None:
            lines.append("written")
            super().write(batch, sync=sync)

    def clock() -> UnixMillis:
        lines.append("clock")
        return NOW_MS

    signed: Callable[[bytes], None] = lambda payload: None  # noqa: E731
    file = type("File", (), {"store": staticmethod(signed)})()
    Driver(cast(Replica, replica), Store(), file, clock).step([TICK])
    assert lines == ["written", "clock"]


def test_a_key_that_signed_nothing_in_this_life_leaves_the_file_alone() -> None:
    """The file may say that nobody knows what an earlier life signed."""
    silent = effects.Persist(initial_state(Height(1), NEVER_SIGNED))
    journal = Journal([silent, SAID])
    assert journal.step() == (SAID,)
    assert journal.lines == ["write consensus"]


def test_a_write_is_done_in_its_place_and_confirmed_before_anything_else() -> None:
    batch = WriteBatch((Put(Column.META, b"snapshot", b"plan"),))
    journal = Journal([persist(0), SAID, effects.Write(batch, sync=True), SAID], [SAID], [SAID])
    assert journal.step(2) == (SAID, SAID, SAID, SAID)
    assert journal.replica.heard == [TICK, events.WriteDone(UnixMillis(2_000)), TICK]
    assert journal.lines == ["write snapshot", "write consensus", "sign round 0"]
