"""Performs what the replica wants done to the disk, in the order it says: durable, then said.

A step handles several events. The engine's state is written once for all of them, before any
message of the step leaves; a commit is written the moment it is asked for, because what follows is
decided on it.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chain.codec import encode
from chain.scalars import Hash, UnixMillis
from consensus.bft.state import HardState, encode_hard_state, encode_last_signed
from node.replica import keys
from node.replica.effects import Commit, Effect, Persist
from node.replica.events import CommitDone, Event
from node.replica.payload import KeptTransactions
from node.replica.ports import Column, Put, WritableStore, WriteBatch
from node.replica.replica import Replica, ReplicaView


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
    ) -> None:
        self.replica = replica
        self._store = store
        self._signed_file = signed_file
        self._now_ms = now_ms
        self._last_signed: bytes | None = None
        self._kept: Hash | None = None

    def step(self, events: Sequence[Event]) -> StepResult:
        """Handle events and make durable what has to be, before anything is said.

        Raises: Corruption, HostFault or an error of the disk: the node must stop.
        """
        said: list[Effect] = []
        unsaved: Persist | None = None
        queue = deque(events)
        while queue:
            effects = deque(self.replica.handle(queue.popleft()))
            while effects:
                effect = effects.popleft()
                if isinstance(effect, Persist):
                    unsaved = effect
                elif isinstance(effect, Commit):
                    self._commit(effect, unsaved)
                    unsaved = None
                    said.append(effect)
                    done = CommitDone(effect.height, effect.block, self._now_ms())
                    effects.extend(self.replica.handle(done))
                else:
                    said.append(effect)
        if unsaved is not None:
            self._save(unsaved)
        return StepResult(tuple(said), self.replica.view())

    def _commit(self, effect: Commit, unsaved: Persist | None) -> None:
        # The block before the file: a file that is ahead of the state seals the height, and a
        # power cut of all nodes just here would leave nobody to decide it.
        self._store.write(effect.batch, sync=True)
        self._kept = None
        if unsaved is not None:
            self._sign(unsaved.state)

    def _save(self, persist: Persist) -> None:
        state = persist.state
        puts = [Put(Column.META, keys.CONSENSUS, encode_hard_state(state))]
        valid = None if state.valid_value is None else state.valid_value.id
        if persist.transactions and valid != self._kept:
            kept = KeptTransactions(persist.transactions)
            puts.append(Put(Column.META, keys.VALID, encode(kept)))
            self._kept = valid
        self._store.write(WriteBatch(tuple(puts)), sync=True)
        self._sign(state)

    def _sign(self, state: HardState) -> None:
        signed = encode_last_signed(state.last_signed)
        if signed != self._last_signed:
            self._signed_file.store(signed)
            self._last_signed = signed
