"""Who watches a simulation: checkers are told what machines do, and the recorder notes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chain.scalars import Hash, Height
from node.replica import effects, events
from node.replica.messages import AnyPeerMessage

if TYPE_CHECKING:
    from tests.sim.process import Machine


@dataclass(frozen=True, slots=True)
class Promise:
    """What a client was told: the place of its transaction, or None for "never"."""

    transaction: Hash
    place: tuple[Height, int] | None

    def __str__(self) -> str:
        where = "never" if self.place is None else f"final at {self.place[0]}, {self.place[1]}"
        return f"{self.transaction.hex()[:6]} is {where}"


class Watcher:
    """Is told what happens to machines, the faulty ones too; heeds what it has methods for."""

    def started(self, machine: Machine) -> None:
        """A node was opened from its disk."""

    def committed(self, machine: Machine, commit: effects.Commit) -> None:
        """A block is on a machine's disk; the node has said nothing of it yet."""

    def installed(self, machine: Machine, height: Height) -> None:
        """A node has put a snapshot in place."""

    def published(self, machine: Machine, commit: effects.Commit) -> None:
        """A node tells its subscribers of a block."""

    def said(self, machine: Machine, message: AnyPeerMessage) -> None:
        """A replica's message leaves a machine that does not twist it."""

    def answered(self, machine: Machine, answer: effects.Answer) -> None:
        """A client gets the answer to what it handed in."""

    def asked(self, machine: Machine, ticket: int) -> None:
        """A client asks a node for a read that sees all that is final now."""

    def read(self, machine: Machine, ready: effects.ReadReady) -> None:
        """A node says that what it has on disk is as new as that."""

    def accused(self, machine: Machine, accuse: effects.Accuse) -> None:
        """A node accuses a validator."""

    def refused(self, machine: Machine, disconnect: effects.Disconnect) -> None:
        """A node disconnects a peer for what it sent."""

    def halted(self, machine: Machine, error: Exception) -> None:
        """A node stopped itself."""

    def promised(self, machine: Machine, promise: Promise) -> None:
        """A correct node told a client that its transaction is final, or that it never will be."""

    def healed(self, core: Sequence[Machine]) -> None:
        """The faults have ended for these machines, which are a quorum."""

    def finished(self, core: Sequence[Machine], *, is_live: bool) -> None:
        """The run is over; `is_live`: the healed machines went on in time."""


class Audience:
    """All who watch, and the note of what they see."""

    def __init__(self, note: Callable[..., None]) -> None:
        self._note = note
        self._watchers: dict[str, list[Watcher]] = {hook: [] for hook in _HOOKS}

    def join(self, watcher: Watcher) -> None:
        """Tell one more, from now on."""
        for hook, watchers in self._watchers.items():
            if getattr(type(watcher), hook) is not getattr(Watcher, hook):
                watchers.append(watcher)

    def handling(self, machine: Machine, taken: Sequence[events.Event]) -> None:
        """A node handles events."""
        for event in taken:
            match event:
                case events.FrameReceived():
                    self._note(machine.index, f"gets from {event.peer}", event.frame)
                case events.TimerFired():
                    self._note(machine.index, "hears that", event)
                case events.PeerUp(peer):
                    self._note(machine.index, f"meets {peer}")
                case events.PeerDown(peer):
                    self._note(machine.index, f"loses {peer}")
                case _:
                    pass

    def started(self, machine: Machine) -> None:
        """A node was opened from its disk."""
        self._note(machine.index, f"is open at height {machine.head.height}")
        for watcher in self._watchers["started"]:
            watcher.started(machine)

    def committed(self, machine: Machine, commit: effects.Commit) -> None:
        """A block is on disk."""
        self._note(machine.index, f"has {commit.block.hex()}:", commit)
        for watcher in self._watchers["committed"]:
            watcher.committed(machine, commit)

    def installed(self, machine: Machine, height: Height) -> None:
        """A snapshot is in place."""
        self._note(machine.index, f"has the snapshot of height {height}")
        for watcher in self._watchers["installed"]:
            watcher.installed(machine, height)

    def published(self, machine: Machine, commit: effects.Commit) -> None:
        """Subscribers hear of a block."""
        for watcher in self._watchers["published"]:
            watcher.published(machine, commit)

    def said(self, machine: Machine, message: AnyPeerMessage, frame: bytes) -> None:
        """A message leaves a machine."""
        self._note(machine.index, "says", frame)
        for watcher in self._watchers["said"]:
            watcher.said(machine, message)

    def answered(self, machine: Machine, answer: effects.Answer) -> None:
        """A client gets an answer."""
        self._note(machine.index, "answers", answer)
        for watcher in self._watchers["answered"]:
            watcher.answered(machine, answer)

    def asked(self, machine: Machine, ticket: int) -> None:
        """A client asks."""
        self._note(machine.index, f"is asked for read {ticket}")
        for watcher in self._watchers["asked"]:
            watcher.asked(machine, ticket)

    def read(self, machine: Machine, ready: effects.ReadReady) -> None:
        """A client may read."""
        self._note(machine.index, f"confirms read {ready.ticket} at {ready.height}")
        for watcher in self._watchers["read"]:
            watcher.read(machine, ready)

    def accused(self, machine: Machine, accuse: effects.Accuse) -> None:
        """A node accuses."""
        self._note(machine.index, "", accuse)
        for watcher in self._watchers["accused"]:
            watcher.accused(machine, accuse)

    def refused(self, machine: Machine, disconnect: effects.Disconnect) -> None:
        """A node ends a connection."""
        self._note(machine.index, "", disconnect)
        for watcher in self._watchers["refused"]:
            watcher.refused(machine, disconnect)

    def halted(self, machine: Machine, error: Exception) -> None:
        """A node stopped itself."""
        self._note(machine.index, f"stops: {type(error).__name__}: {error}")
        for watcher in self._watchers["halted"]:
            watcher.halted(machine, error)

    def promised(self, machine: Machine, promise: Promise) -> None:
        """A client is told what became of a transaction."""
        self._note(machine.index, "promises", promise)
        for watcher in self._watchers["promised"]:
            watcher.promised(machine, promise)

    def healed(self, core: Sequence[Machine]) -> None:
        """The faults end."""
        self._note(-1, f"is healed for {', '.join(str(machine.index) for machine in core)}")
        for watcher in self._watchers["healed"]:
            watcher.healed(core)

    def finished(self, core: Sequence[Machine], *, is_live: bool) -> None:
        """The run is over."""
        self._note(-1, "stops")
        for watcher in self._watchers["finished"]:
            watcher.finished(core, is_live=is_live)


_HOOKS = tuple(name for name in vars(Watcher) if not name.startswith("_"))
