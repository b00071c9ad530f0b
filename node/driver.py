"""Performs what the replica wants done to the disk, in the order it says: durable, then said.

A step handles several events. The engine's state is written once for all of them, before any
message of the step leaves; a commit is written the moment it is asked for, because what follows is
decided on it.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from chain.codec import encode
from chain.scalars import Hash, UnixMillis
from consensus.last_signed import NEVER_SIGNED, encode_last_signed
from consensus.state import EngineState, encode_engine_state, kept_value
from node.replica import keys
from node.replica.effects import Commit, Effect, Install, Persist, Write
from node.replica.events import (
    CommitDone,
    Event,
    FrameReceived,
    InstallDone,
    Submitted,
    WriteDone,
)
from node.replica.messages import is_gossip
from node.replica.payload import KeptTransactions
from node.replica.ports import NO_METER, Column, Meter, Part, Put, WritableStore, WriteBatch
from node.replica.replica import Replica, ReplicaView
from node.replica.snapshot_install import install


class SignedFile(Protocol):
    """Keeps the last signed position; see `node/storage/last_signed.py`."""

    def store(self, payload: bytes) -> None:
        """Write and sync."""
        ...


@dataclass(frozen=True, slots=True)
class StepResult:
    """What is left to do after a step: everything that is not a matter of the disk."""

    effects: tuple[Effect, ...]
    view: ReplicaView


class Driver:
    """Owns the replica and the store; `step` runs in the replica's thread."""

    def __init__(
        self,
        replica: Replica,
        store: WritableStore,
        signed_file: SignedFile,
        now_ms: Callable[[], UnixMillis],
        meter: Meter = NO_METER,
    ) -> None:
        self.replica = replica
        self._store = store
        self._signed_file = signed_file
        self._now_ms = now_ms
        self._meter = meter
        self._last_signed: bytes | None = None
        self._kept: Hash | None = None
        self._unsynced: WriteBatch | None = None
        """The last block that was fetched and written in this step."""

    def step(self, events: Sequence[Event]) -> StepResult:
        """Handle events and make durable what has to be, before anything is said.

        Raises: Corruption, HostFault or an error of the disk: the node must stop.
        """
        return StepResult(self.perform(events), self.replica.view())

    def perform(self, events: Sequence[Event]) -> tuple[Effect, ...]:
        """Do what `step` does, for callers that need no view of the replica after each step."""
        said: list[Effect] = []
        unsaved: Persist | None = None
        for part, alike in groupby(events, _part_of):
            with self._meter.section(part):
                group = list(alike)
                for number, event in enumerate(group, 1):
                    unsaved = self._follow(event, said, unsaved, more=number < len(group))
        self._sync_fetched()
        if unsaved is not None:
            with self._meter.section("commit"):
                self._save(unsaved)
        return tuple(said)

    def _follow(
        self, event: Event, said: list[Effect], unsaved: Persist | None, *, more: bool
    ) -> Persist | None:
        """Let the replica handle an event, and do what it wants done to the disk.

        Args: said: gets all other effects; unsaved: the engine's state that is not written yet;
        more: another event of its kind follows.
        Returns: the state that is not written then.
        """
        effects = deque(self.replica.handle(event, more=more))
        while effects:
            effect = effects.popleft()
            if isinstance(effect, Persist):
                unsaved = effect
            elif isinstance(effect, Write):
                self._sync_fetched()
                with self._meter.section("commit"):
                    self._store.write(effect.batch, sync=effect.sync)
                effects.extend(self.replica.handle(WriteDone(self._now_ms())))
            elif isinstance(effect, Install):
                self._sync_fetched()
                head = install(self._store, self.replica.limits)
                effects.extend(self.replica.handle(InstallDone(head, self._now_ms())))
            elif isinstance(effect, Commit):
                with self._meter.section("commit"):
                    self._commit(effect, unsaved)
                unsaved = None
                said.append(effect)
                done = CommitDone(effect.height, effect.block, self._now_ms())
                effects.extend(self.replica.handle(done))
            else:
                said.append(effect)
        return unsaved

    def _commit(self, effect: Commit, unsaved: Persist | None) -> None:
        # The block before the file: a file that is ahead of the state seals the height, and a
        # power cut of all nodes just here would leave nobody to decide it. The state goes with the
        # block: what Raft promised in its term outlives the height.
        batch = effect.batch
        if unsaved is not None:
            state = Put(Column.META, keys.CONSENSUS, encode_engine_state(unsaved.state))
            batch = WriteBatch((*batch.puts, state))
        self._kept = None
        if effect.is_catch_up and unsaved is None:
            # A quorum has it: with the power go only blocks that are fetched again, the newest
            # first, and nobody hears of them before the end of the step.
            self._store.write(batch, sync=False)
            self._unsynced = batch
            return
        self._store.write(batch, sync=True)
        self._unsynced = None
        if unsaved is not None:
            self._sign(unsaved.state)

    def _sync_fetched(self) -> None:
        # Written again, as only a write can sync: it makes all before it durable, too. Always
        # before anything else is written, which this must not undo.
        if self._unsynced is not None:
            with self._meter.section("commit"):
                self._store.write(self._unsynced, sync=True)
            self._unsynced = None

    def _save(self, persist: Persist) -> None:
        state = persist.state
        puts = [Put(Column.META, keys.CONSENSUS, encode_engine_state(state))]
        value = kept_value(state)
        if value is not None and persist.transactions and value.id != self._kept:
            kept = KeptTransactions(persist.transactions)
            puts.append(Put(Column.META, keys.VALID, encode(kept)))
            self._kept = value.id
        self._store.write(WriteBatch(tuple(puts)), sync=True)
        self._sign(state)

    def _sign(self, state: EngineState) -> None:
        if state.last_signed == NEVER_SIGNED:
            return  # What an earlier life signed, if anybody knows, stands in the file.
        signed = encode_last_signed(state.last_signed)
        if signed != self._last_signed:
            self._signed_file.store(signed)
            self._last_signed = signed


def _part_of(event: Event) -> Part:
    match event:
        case Submitted():
            return "gossip"
        case FrameReceived(_, frame) if is_gossip(frame):
            return "gossip"
        case _:
            return "consensus"
