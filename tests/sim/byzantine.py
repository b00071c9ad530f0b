"""Machines that lie: each runs the real node, and something between it and the network twists it.

A liar signs whatever it wants, but with its own key only. How many there may be, and who, is drawn
in `faults.py`. Twins are two whole nodes under one name and key; each meets some of the others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from random import Random
from typing import Final

from msgspec.structs import replace

from chain.certificate import QuorumCertificate
from chain.errors import ChainError
from chain.hashing import hash_tagged
from chain.scalars import Hash, Height, NodeName
from consensus.bft.checks import hash_of
from consensus.bft.messages import Proposal, Vote
from consensus.messages import sender_of
from consensus.value import Value
from node.replica.messages import (
    AnyPeerMessage,
    Blocks,
    BlocksRequest,
    ConsensusMessage,
    DecidedBlock,
    Have,
    Status,
    encode_frame,
)
from node.replica.payload import Payload, from_value, to_value
from node.replica.transition import Ledger
from tests.sim.faults import LIE_KINDS, Faults
from tests.sim.mutation import mutate
from tests.sim.process import Behaviour, Machine
from tests.sim.world import World

Said = AnyPeerMessage | bytes
Leaving = list[tuple[tuple[NodeName, ...], Said]]
REPLAYED_MAX: Final = 64


class Liar(ABC):
    """What all liars have: their machine, chance, and how often they lie."""

    def __init__(self, machine: Machine, random: Random) -> None:
        self.machine = machine
        self.world = machine.world
        self.random = random
        self.rate = random.choice((0.05, 0.3, 0.8))

    def twist(self, peers: tuple[NodeName, ...], said: Said) -> Leaving:
        """Lie now and then; say the rest as it is."""
        if isinstance(said, bytes) or self.random.random() >= self.rate:
            return [(peers, said)]
        return self.lie(peers, said)

    @abstractmethod
    def lie(self, peers: tuple[NodeName, ...], said: AnyPeerMessage) -> Leaving:
        """Give what is said instead."""

    def split(self, peers: tuple[NodeName, ...]) -> tuple[tuple[NodeName, ...], ...]:
        """Draw two sides."""
        sides = [self.random.random() < 0.5 for _ in peers]
        return tuple(
            tuple(peer for peer, is_here in zip(peers, sides, strict=True) if is_here is side)
            for side in (True, False)
        )

    def own(self, said: AnyPeerMessage) -> Proposal | Vote | None:
        """Give the proposal or vote in a message when it is this machine's own."""
        if not isinstance(said, ConsensusMessage):
            return None
        member = self.machine.head.validators.get(sender_of(said.message))
        is_own = member is not None and member.node == self.machine.name
        return said.message if is_own else None

    def sign(self, message: Proposal | Vote) -> ConsensusMessage:
        """Sign whatever it is with the own key."""
        digest = hash_of(message, self.world.genesis_hash)
        return ConsensusMessage(replace(message, signature=self.machine.keys[-1].sign(digest)))


class Equivocator(Liar):
    """Says one thing to some and another to the others, or both to all."""

    def lie(self, peers: tuple[NodeName, ...], said: AnyPeerMessage) -> Leaving:
        message = self.own(said)
        other = None if message is None else self._other(message)
        if other is None:
            return [(peers, said)]
        if self.random.random() < 0.3:
            return [(peers, said), (peers, other)]
        some, others = self.split(peers)
        return [(some, said), (others, other)]

    def _other(self, message: Proposal | Vote) -> ConsensusMessage | None:
        if isinstance(message, Proposal):
            value = self._other_value(message.value)
            return None if value is None else self.sign(replace(message, value=value))
        invented = hash_tagged("invented", self.random.randbytes(8))
        block = self.random.choice([None, None, invented])
        if block == message.block:
            return None
        return self.sign(replace(message, block=block))

    def _other_value(self, value: Value) -> Value | None:
        """Build another valid block for the same place: without transactions."""
        head = self.machine.head
        try:
            payload = from_value(value, self.world.genesis.limits)
            ledger = Ledger(self.world.genesis, self.machine.disk, self.world.executor)
            certificate = self._other_certificate(head.certificate)
            executed = ledger.execute_block(head, payload.header.proposer, (), certificate)
        except ChainError:
            return None
        other = to_value(Payload(executed.header, (), certificate))
        return None if other.id == value.id else other

    def _other_certificate(self, certificate: QuorumCertificate | None) -> QuorumCertificate | None:
        """Leave out a signature; it may still be a quorum."""
        if certificate is None or self.random.random() < 0.5:
            return certificate
        kept = list(certificate.signatures)
        kept.pop(self.random.randrange(len(kept)))
        return replace(certificate, signatures=tuple(kept))


class Selector(Liar):
    """Tells only some of its peers."""

    def lie(self, peers: tuple[NodeName, ...], said: AnyPeerMessage) -> Leaving:
        return [(self.split(peers)[0], said)]


class Withholder(Liar):
    """Keeps its votes and proposals, or some kinds of them, to itself."""

    def lie(self, peers: tuple[NodeName, ...], said: AnyPeerMessage) -> Leaving:
        return [] if self.own(said) is not None else [(peers, said)]


class Boaster(Liar):
    """Lies about its height, its votes, and what it can give."""

    def lie(self, peers: tuple[NodeName, ...], said: AnyPeerMessage) -> Leaving:
        by = self.random.choice((-3, -1, 1, 2, 10**9))
        height = Height(max(0, self.machine.head.height + by))
        match said:
            case Status():
                summary = replace(said.summary, height=Height(height + 1))
                lied = replace(said, height=height, block=_invent(self.random))
                return [(peers, self.random.choice((lied, replace(lied, summary=summary))))]
            case Blocks():
                return [(peers, Blocks(height, said.blocks[: self.random.randrange(2)]))]
            case BlocksRequest():
                return [(peers, replace(said, first=height))]
            case Have():
                names = tuple(_invent(self.random) for _ in range(self.random.randint(1, 20)))
                return [(peers, Have(names))]
            case _:
                return [(peers, said)]


class Historian(Liar):
    """Sends old certificates, certificates of too few, and what it said long ago."""

    def __init__(self, machine: Machine, random: Random) -> None:
        super().__init__(machine, random)
        self._old: list[bytes] = []
        self._certificates: list[QuorumCertificate] = []

    def lie(self, peers: tuple[NodeName, ...], said: AnyPeerMessage) -> Leaving:
        self._remember(said)
        leaving: Leaving = [(peers, said)]
        if isinstance(said, Blocks) and said.blocks and self._certificates:
            leaving = [(peers, replace(said, blocks=tuple(map(self._age, said.blocks))))]
        message = self.own(said)
        if isinstance(message, Proposal) and self._certificates:
            leaving = [(peers, self._age_proposal(message))]
        if self._old and self.random.random() < 0.3:
            leaving.append((peers, self.random.choice(self._old)))
        return leaving

    def _remember(self, said: AnyPeerMessage) -> None:
        self._old = [*self._old, encode_frame(said)][-REPLAYED_MAX:]
        certificate = self.machine.head.certificate
        if certificate is not None and certificate not in self._certificates[-3:]:
            self._certificates.append(certificate)

    def _age(self, decided: DecidedBlock) -> DecidedBlock:
        return replace(decided, certificate=self._draw(decided.certificate))

    def _age_proposal(self, proposal: Proposal) -> AnyPeerMessage:
        try:
            payload = from_value(proposal.value, self.world.genesis.limits)
        except ChainError:
            return ConsensusMessage(proposal)
        aged = replace(payload, previous_certificate=self._draw(payload.previous_certificate))
        return self.sign(replace(proposal, value=to_value(aged)))

    def _draw(self, certificate: QuorumCertificate | None) -> QuorumCertificate:
        if certificate is None or self.random.random() < 0.5:
            return self.random.choice(self._certificates)
        count = self.random.randrange(len(certificate.signatures))
        return replace(certificate, signatures=certificate.signatures[:count])


class Mutator(Liar):
    """Changes a field of what it says, a little, and signs it anew where it is its own."""

    def lie(self, peers: tuple[NodeName, ...], said: AnyPeerMessage) -> Leaving:
        if self.random.random() < 0.05:
            frame = bytearray(encode_frame(said))
            frame[self.random.randrange(len(frame))] ^= 1 << self.random.randrange(8)
            return [(peers, bytes(frame))]
        message = self.own(said)
        if message is None:
            return [(peers, mutate(said, self.random))]
        mutated = mutate(message, self.random)
        try:
            return [(peers, self.sign(mutated))]
        except (OverflowError, TypeError, ValueError, AttributeError):
            return [(peers, ConsensusMessage(mutated))]  # Not even signable.


_LIARS: Final[dict[str, Callable[[Machine, Random], Behaviour]]] = {
    "equivocation": Equivocator,
    "selection": Selector,
    "withholding": Withholder,
    "false-heights": Boaster,
    "stale-certificates": Historian,
    "mutation": Mutator,
}


def corrupt(faults: Faults) -> None:
    """Make liars of the suspects that the plan names. The network is not built yet."""
    world = faults.world
    for index, kind in faults.plan.suspects:
        if kind not in LIE_KINDS:
            continue
        machine = world.machines[index]
        machine.is_faulty = True
        random = world.streams.of(f"liar/{kind}/{index}")
        if kind == "twins":
            _pair(world, machine, random)
        elif kind == "amnesia":
            _forget_later(machine, random)
        else:
            machine.behaviours.append(_LIARS[kind](machine, random))


def _pair(world: World, machine: Machine, random: Random) -> None:
    twin = world.add_twin(machine.index)
    twin.is_faulty = True
    others = [other for other in world.machines if other.name != machine.name]

    def draw() -> None:
        for other in others:
            face = random.choice((machine, twin))
            if world.faces.get((machine.name, other.index)) != face.index:
                world.faces[machine.name, other.index] = face.index
                world.network.hang_up(other, twin if face is machine else machine)
        world.after(random.randint(500, 20_000), draw)

    draw()


def _forget_later(machine: Machine, random: Random) -> None:
    """Lose everything but the key, again and again."""

    def forget() -> None:
        if machine.is_up:
            machine.cut_power()
        machine.wipe({}, with_signed=True)
        world = machine.world
        world.after(random.randint(10, 2_000), machine.start)
        world.after(random.randint(3_000, 30_000), forget)

    machine.world.after(random.randint(1_000, 20_000), forget)


def _invent(random: Random) -> Hash:
    return Hash(random.randbytes(32))
