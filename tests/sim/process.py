"""One machine: a whole node's process on a disk and a clock, that can die, sleep and start again.

The node is the real one: `Replica` under `Driver`, opened from what is on the disk (`opening.py`).
Events wait in an inbox while the process is busy writing, and are then handled in one step, as
`node/runtime.py` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from chain.codec import decode
from chain.errors import ChainError
from chain.keys import Signer
from chain.scalars import Height, NodeName
from consensus.value import Timer
from node.batching import join_transactions
from node.driver import Driver
from node.replica import effects, events, keys
from node.replica.head import HEAD_SIZE_BYTES_MAX, Head
from node.replica.messages import AnyPeerMessage, encode_frame
from node.replica.past import Base
from node.replica.ports import Column
from node.replica.replica import Replica
from tests.sim.clock import Clock
from tests.sim.disk import Content, Disk
from tests.sim.files import SignedDisk
from tests.sim.network import Kind
from tests.sim.opening import draw_catch_up, open_node
from tests.sim.power import Power, PowerCut
from tests.sim.words import author_of, kind_of

if TYPE_CHECKING:
    from tests.sim.world import World

TICKS_MS: Final = (500, 1_000, 1_500)
"""The beat of a real node (`node/runtime.py`), and slower ones, as of nodes that are busy."""
STEP_EVENTS_MAX: Final = 512


class Behaviour(Protocol):
    """What a dishonest program does to what a replica says."""

    def twist(
        self, peers: tuple[NodeName, ...], said: AnyPeerMessage | bytes
    ) -> list[tuple[tuple[NodeName, ...], AnyPeerMessage | bytes]]:
        """Give what leaves the machine instead; bytes are a frame."""
        ...


class Machine:
    """A node's process, its disk, its clock and its power."""

    def __init__(self, world: World, index: int, name: NodeName, signers: list[Signer]) -> None:
        random = world.streams.of(f"disk/{index}")
        self.world = world
        self.index = index
        self.name = name
        self.keys = signers
        """Its vote keys, the newest last."""
        self.power = Power()
        self.clock = Clock(lambda: world.now_ms)
        self.disk = Disk(self.power, random, world.genesis_content)
        self.signed_disk = SignedDisk(self.power, random)
        self.signed_disk.found()
        of_catch_up = world.streams.of(f"catch-up/{index}")
        self.catch_up = draw_catch_up(of_catch_up, world.genesis.limits)
        self.peers: dict[NodeName, Machine] = {}
        self.behaviours: list[Behaviour] = []
        self.is_faulty = False
        """Whether it may lie; nothing is demanded of it."""
        self.is_paused = False
        self.is_signed_disk_rotten = False
        self.wipes = 0
        """How often its database was taken from it."""
        self.halted: Exception | None = None
        """Why the node stopped itself."""
        self.driver: Driver | None = None
        self.life = 0
        self._head = (b"", world.genesis_head)
        """The head that was decoded last, behind its bytes."""
        self._inbox: list[events.Event] = []
        self._backlog: list[tuple[Callable[..., events.Event], tuple[object, ...]]] = []
        self._unperformed: list[effects.Effect] = []
        self._is_planned = False
        self._busy_until_ms = 0

    # ---------------------------------------------------------------- what it is

    @property
    def is_up(self) -> bool:
        """Whether the process exists, awake or paused."""
        return self.driver is not None

    @property
    def replica(self) -> Replica:
        """The running replica."""
        assert self.driver is not None
        return self.driver.replica

    @property
    def head(self) -> Head:
        """The head on disk, which is the genesis when there is none."""
        data = self.disk.peek(Column.META, keys.HEAD)
        if data is None:
            return self.world.genesis_head
        if data is not self._head[0]:
            self._head = data, decode(data, Head, HEAD_SIZE_BYTES_MAX)
        return self._head[1]

    @property
    def base(self) -> Base:
        """Where what is kept on disk begins."""
        data = self.disk.peek(Column.META, keys.BASE)
        return Base() if data is None else decode(data, Base, HEAD_SIZE_BYTES_MAX)

    @property
    def is_damaged(self) -> bool:
        """Whether its disk gives it a reason to stop."""
        return self.disk.is_rotten or self.disk.is_full or self.is_signed_disk_rotten

    # ---------------------------------------------------------------- what happens to it

    def start(self) -> None:
        """Start the process, unless it runs."""
        if self.is_up:
            return
        self.life += 1
        self.halted = None
        self._is_planned = False
        self._busy_until_ms = self.world.now_ms
        self.world.note(self.index, "starts")
        try:
            self.driver = open_node(self)
        except PowerCut:
            self.cut_power()
            return
        except ChainError as error:
            self._halt(error)
            return
        self.world.audience.started(self)
        self._take(events.Started)
        self.world.after(self.world.tick_ms, self._tick, self.life)

    def cut_power(self) -> None:
        """Lose all that is not on disk."""
        self.world.note(self.index, "loses power")
        self._end()
        self.disk.lose_power()
        self.signed_disk.lose_power()

    def pause(self) -> None:
        """Stop for a while as under SIGSTOP: what comes in waits outside."""
        if self.is_up and not self.is_paused:
            self.world.note(self.index, "is paused")
            self.is_paused = True

    def resume(self) -> None:
        """Go on after `pause`."""
        if not self.is_paused:
            return
        self.world.note(self.index, "goes on")
        self.is_paused = False
        unperformed, self._unperformed = self._unperformed, []
        self._perform(self.life, unperformed)
        backlog, self._backlog = self._backlog, []
        for make, arguments in backlog:
            self._take(make, *arguments)
        if self._inbox:
            self._plan()

    def wipe(self, content: Content, *, with_signed: bool) -> None:
        """Lose the database, or go back to a copy of it; with the last-signed file or without.

        Who lies makes itself a new file, as if its key had signed nothing.
        """
        assert not self.is_up, "nobody takes a disk from a running node"
        blocks = len(content.get(Column.BLOCKS, {})) // 3
        self.world.note(self.index, f"has another database, of {blocks} blocks")
        self.wipes += 1
        self.disk.replace(content)
        if with_signed:
            self.signed_disk.remove()
            if self.is_faulty:
                self.signed_disk.found()
            self.is_signed_disk_rotten = False

    def receive(self, peer: NodeName, frame: bytes) -> None:
        """Take a frame off the network."""
        self._take(events.FrameReceived, peer, frame)

    def note_peer(self, peer: NodeName, *, is_up: bool) -> None:
        """Learn that a connection begins or ends."""
        self._take(events.PeerUp if is_up else events.PeerDown, peer)

    def submit(self, ticket: int, raw: bytes) -> bool:
        """Take a client's transaction; false when nobody is there to take it."""
        self._take(events.Submitted, ticket, raw)
        return self.is_up

    def ask_to_read(self, ticket: int) -> bool:
        """Take a client's wish for a read that is up to date; false when nobody is there."""
        self._take(events.ReadRequested, ticket)
        return self.is_up

    # ---------------------------------------------------------------- inside

    def _take(self, make: Callable[..., events.Event], *arguments: object) -> None:
        if self.driver is None:
            return
        if self.is_paused:
            self._backlog.append((make, arguments))
            return
        self._inbox.append(make(*arguments, self.clock.read()))
        self._plan()

    def _plan(self) -> None:
        if not self._is_planned:
            self._is_planned = True
            at_ms = max(self.world.now_ms, self._busy_until_ms)
            self.world.at(at_ms, self._step, self.life)

    def _step(self, life: int) -> None:
        if life != self.life or self.driver is None:
            return
        self._is_planned = False
        if self.is_paused:
            return
        if self.world.now_ms < self._busy_until_ms:
            self._plan()  # Something happened while the last step was under way.
            return
        taken, self._inbox = self._inbox[:STEP_EVENTS_MAX], self._inbox[STEP_EVENTS_MAX:]
        self.world.audience.handling(self, taken)
        height = self.head.height
        try:
            done = self.driver.perform(taken)
        except PowerCut:
            self.cut_power()
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends a node
            self._halt(error)
            return
        for effect in done:
            if isinstance(effect, effects.Commit):
                height = self._follow(height, Height(effect.height - 1))
                self.world.audience.committed(self, effect)
                height = effect.height
                self.clock.forget(event.now_ms for event in taken)
        self._follow(height, self.head.height)
        delay_ms = self.disk.take_delay_ms()
        done = tuple(join_transactions(done))
        self._busy_until_ms = self.world.now_ms + delay_ms
        if delay_ms:
            self.world.after(delay_ms, self._perform, life, done)
        else:
            self._perform(life, done)
        if self._inbox and life == self.life:
            self._plan()

    def _follow(self, height: Height, present: Height) -> Height:
        """Tell of a snapshot, which is what brings a node to another height without a commit."""
        if height != present and self.base.height == present:
            self.world.audience.installed(self, present)
        return present

    def _perform(self, life: int, done: Sequence[effects.Effect]) -> None:
        """Do what the step wants, until the power fails."""
        if life != self.life:
            return
        if self.is_paused:
            self._unperformed.extend(done)
            return
        for effect in done:
            try:
                self.power.pass_point()
            except PowerCut:
                self.cut_power()
                return
            self._perform_one(effect)
            if life != self.life:
                return

    def _perform_one(self, effect: effects.Effect) -> None:
        match effect:
            case effects.SendTo(peer, message):
                self._send((peer,), message)
            case effects.SendToAll(peers, message):
                self._send(peers, message)
            case effects.SetTimer(timer, delay_ms):
                self.world.after(delay_ms, self._fire, self.life, timer)
            case effects.Disconnect(peer):
                self.world.audience.refused(self, effect)
                if peer in self.peers:
                    self.world.network.hang_up(self, self.peers[peer])
            case effects.Commit():
                self.world.audience.published(self, effect)
            case effects.Answer():
                self.world.audience.answered(self, effect)
            case effects.ReadReady():
                self.world.audience.read(self, effect)
            case effects.Accuse():
                self.world.audience.accused(self, effect)
            case _:
                self.world.note(self.index, "tells", effect)

    def _send(self, peers: tuple[NodeName, ...], message: AnyPeerMessage) -> None:
        if not self.behaviours:
            frame = encode_frame(message)
            self.world.audience.said(self, message, frame)
            self._transmit(peers, frame, self._kind(message))
            return
        leaving: list[tuple[tuple[NodeName, ...], AnyPeerMessage | bytes]] = [(peers, message)]
        for behaviour in self.behaviours:
            leaving = [twisted for one in leaving for twisted in behaviour.twist(*one)]
        for receivers, said in leaving:
            frame = said if isinstance(said, bytes) else encode_frame(said)
            self.world.note(self.index, "lies", frame)
            self._transmit(receivers, frame, self._kind(said))

    def _transmit(self, peers: tuple[NodeName, ...], frame: bytes, what: Kind) -> None:
        for peer in peers:
            self.world.network.send(self, peer, frame, what)

    def _kind(self, message: AnyPeerMessage | bytes) -> Kind:
        author = author_of(message)
        return kind_of(message), self.index if author is None else author

    def _fire(self, life: int, timer: Timer) -> None:
        if life == self.life:
            self._take(events.TimerFired, timer)

    def _tick(self, life: int) -> None:
        if life != self.life or not self.is_up:
            return
        if not self.is_paused:
            self._take(events.Tick)
        self.world.after(self.world.tick_ms, self._tick, life)

    def _halt(self, error: Exception) -> None:
        """Stop as a node does that cannot go on; the machine itself stays on."""
        self._end()
        self.halted = error
        self.world.audience.halted(self, error)

    def _end(self) -> None:
        self.driver = None
        self.life += 1
        self.is_paused = False
        self.power.disarm()
        self._inbox.clear()
        self._backlog.clear()
        self._unperformed.clear()
        self.world.network.hang_up_all(self)
