"""The network of a simulation: connections between machines, and all that becomes of a frame.

A connection carries frames both ways while it is up. What is on the way when it ends is lost. Each
way may lose frames, copy them, let them overtake each other, hold them, be slow, or be cut. A way
that is cut for `SILENCE_MS` takes its connection down, as the silence would on a real one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from random import Random
from typing import TYPE_CHECKING, Final

from chain.scalars import NodeName
from tests.sim.streams import draw_ms

if TYPE_CHECKING:
    from tests.sim.process import Machine
    from tests.sim.world import World

SILENCE_MS: Final = 8_000
"""As long as a node waits to hear anything at all of a peer (`node/p2p/settings.py`)."""
ANYBODY: Final = -1
Kind = tuple[str, int]
"""What a message is, and the index of its author: ("prevote", 2), ("status", ANYBODY)."""
DIAL_MS: Final = 500
HANDSHAKE_MS: Final = 20


@dataclass(frozen=True, slots=True)
class Weather:
    """How a way treats frames: delays in milliseconds, the others are chances."""

    delay_least_ms: int = 1
    delay_most_ms: int = 10
    loss: float = 0.0
    copies: float = 0.0
    is_ordered: bool = True


CALM: Final = Weather()


@dataclass(slots=True)
class Way:
    """One direction between two machines."""

    source: Machine
    target: Machine
    weather: Weather = CALM
    cuts: int = 0
    """How many faults cut it at present."""
    cut_since_ms: int = 0
    clogged_until_ms: int = 0
    slow_ms: int = 0
    last_arrival_ms: int = 0
    is_healed: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether nothing passes."""
        return self.cuts > 0 and not self.is_healed


@dataclass(slots=True)
class Link:
    """The connection between two machines, both ways of it."""

    ways: tuple[Way, Way]
    is_up: bool = False
    is_dialling: bool = False
    epoch: int = 0
    """Counts connections: a frame arrives on the one that it was sent on, or not at all."""

    @property
    def machines(self) -> tuple[Machine, Machine]:
        """The two ends."""
        return self.ways[0].source, self.ways[0].target


@dataclass(slots=True)
class Network:
    """All links of a world."""

    world: World
    random: Random
    weather: Weather = CALM
    links: list[Link] = field(default_factory=list)
    ways: dict[tuple[int, int], Way] = field(default_factory=dict)
    unheard: dict[int, frozenset[Kind]] = field(default_factory=dict)
    """What each machine does not hear, whoever passes it on."""
    _of: dict[tuple[int, int], Link] = field(default_factory=dict)

    def build(self) -> None:
        """Lay a link between any two machines of different names, and begin to dial."""
        for one, other in combinations(self.world.machines, 2):
            if one.name == other.name:
                continue
            link = Link((Way(one, other, self.weather), Way(other, one, self.weather)))
            self.links.append(link)
            for way in link.ways:
                place = (way.source.index, way.target.index)
                self.ways[place] = way
                self._of[place] = link
        self._dial()

    def send(self, source: Machine, peer: NodeName, frame: bytes, what: Kind) -> None:
        """Send a frame to the machine that is connected under that name; else it is lost."""
        target = source.peers.get(peer)
        if target is None:
            return
        way = self.ways[source.index, target.index]
        link = self._of[source.index, target.index]
        weather, random = way.weather, self.random
        if way.is_cut or random.random() < weather.loss:
            return
        if self.unheard and not way.is_healed:
            unheard = self.unheard.get(target.index, frozenset())
            if what in unheard or (what[0], ANYBODY) in unheard:
                return
        self._carry(way, link, frame)
        if weather.copies and random.random() < weather.copies:
            self._carry(way, link, frame)

    def cut(self, ways: Iterable[Way]) -> None:
        """Let nothing pass any more."""
        for way in ways:
            if not way.cuts:
                way.cut_since_ms = self.world.now_ms
            way.cuts += 1

    def mend(self, ways: Iterable[Way]) -> None:
        """Take one `cut` back."""
        for way in ways:
            way.cuts -= 1

    def between(self, some: Iterable[Machine], others: Iterable[Machine]) -> list[Way]:
        """Give the ways from the one set of machines to the other."""
        targets = list(others)
        return [
            self.ways[source.index, target.index]
            for source in some
            for target in targets
            if (source.index, target.index) in self.ways
        ]

    def heal(self, machines: Iterable[Machine]) -> None:
        """Let everything pass between these machines from now on, soon and in order."""
        healed = list(machines)
        for way in self.between(healed, healed):
            way.weather, way.is_healed = CALM, True
            way.slow_ms = way.clogged_until_ms = 0

    def hang_up(self, one: Machine, other: Machine) -> None:
        """End a connection, from either side; it is dialled again after a while."""
        link = self._of.get((one.index, other.index))
        if link is None or not link.is_up:
            return
        link.is_up = False
        link.epoch += 1
        for machine, peer in ((one, other), (other, one)):
            del machine.peers[peer.name]
            machine.note_peer(peer.name, is_up=False)

    def hang_up_all(self, machine: Machine) -> None:
        """End all connections of a machine."""
        for peer in list(machine.peers.values()):
            self.hang_up(machine, peer)

    def _carry(self, way: Way, link: Link, frame: bytes) -> None:
        weather = way.weather
        delay_ms = draw_ms(self.random, weather.delay_least_ms, weather.delay_most_ms)
        arrival_ms = max(self.world.now_ms + delay_ms + way.slow_ms, way.clogged_until_ms)
        if weather.is_ordered:
            arrival_ms = max(arrival_ms, way.last_arrival_ms)
            way.last_arrival_ms = arrival_ms
        self.world.at(arrival_ms, self._arrive, way, link, link.epoch, frame)

    def _arrive(self, way: Way, link: Link, epoch: int, frame: bytes) -> None:
        if link.epoch == epoch:
            way.target.receive(way.source.name, frame)

    def _dial(self) -> None:
        """Connect whom nothing keeps apart; give up connections that were silent for too long."""
        now_ms = self.world.now_ms
        for link in self.links:
            if link.is_up:
                if any(way.is_cut and now_ms - way.cut_since_ms >= SILENCE_MS for way in link.ways):
                    self.hang_up(*link.machines)
            elif not link.is_dialling and self._may_connect(link):
                link.is_dialling = True
                delay_ms = self.random.randint(1, HANDSHAKE_MS)
                self.world.after(delay_ms, self._connect, link)
        self.world.after(DIAL_MS, self._dial)

    def _may_connect(self, link: Link) -> bool:
        one, other = link.machines
        return (
            one.is_up
            and other.is_up
            and not any(way.is_cut for way in link.ways)
            and one.name not in other.peers
            and other.name not in one.peers
            and self.world.may_meet(one, other)
        )

    def _connect(self, link: Link) -> None:
        link.is_dialling = False
        if link.is_up or not self._may_connect(link):
            return
        link.is_up = True
        one, other = link.machines
        one.peers[other.name], other.peers[one.name] = other, one
        one.note_peer(other.name, is_up=True)
        other.note_peer(one.name, is_up=True)
