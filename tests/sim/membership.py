"""Governance in a simulation: members let a node in, change weights and keys, or the engine.

A proposal goes to a node like any transaction; once it is final the other organisations approve it.
Changes are chosen so that the suspects of the run keep less than a third of the weight.
"""

from __future__ import annotations

from typing import Final

from chain.changes import (
    AddValidator,
    AnyChange,
    RemoveValidator,
    SetEngine,
    SetWeight,
    possession_hash,
)
from chain.genesis import Genesis
from chain.operations import ApproveChange, ProposeChange, RotateVoteKey
from chain.scalars import Weight
from chain.validators import Validator
from tests.sim.audience import Promise
from tests.sim.process import Machine
from tests.sim.streams import Streams
from tests.sim.workload import Workload
from tests.sim.world import World
from tests.unit.node.replica.network import make_member

GOVERNED_SHARE: Final = 0.3
"""Of all seeds."""
WINDOW: Final = 900
WEIGHT_MAX: Final = 4
VOTERS_MIN: Final = 3


def draw_joiner(streams: Streams, genesis: Genesis) -> Validator | None:
    """Draw whether members change their committee, and give the node that they may let in."""
    if streams.of("joiner").random() >= GOVERNED_SHARE:
        return None
    return make_member(len(genesis.validators), organisation=0)


class Membership:
    """The administrators of all organisations, as far as they govern.

    Args: suspects: machines that may lie or lose their disk; they must not become too heavy.
    """

    def __init__(self, world: World, workload: Workload, suspects: set[int]) -> None:
        self._world = world
        self._workload = workload
        self._suspects = suspects
        self._random = world.streams.of("membership")
        self._pause_ms = self._random.choice((4_000, 12_000, 30_000))
        self._organisations = [one.id for one in world.genesis.organisations]

    def begin(self) -> None:
        """Govern from now on, until the network is healed."""
        self._world.after(self._random.randint(1_000, 10_000), self._go_on)

    def _go_on(self) -> None:
        if self._world.is_healed:
            return
        if self._random.random() < 0.3:
            self._rotate()
        else:
            self._propose(self._choose())
        self._world.after(self._random.randint(1_000, 2 * self._pause_ms), self._go_on)

    def _choose(self) -> AnyChange:
        """Choose a change; it may turn out to be impossible, and then is refused."""
        random, joiner = self._random, self._world.joiner
        assert joiner is not None
        validators = self._world.newest.next_validators
        name = random.choice(self._sound()).name
        member = next((one for one in validators.members if one.node == name), None)
        if validators.index_of(joiner.node) is None and random.random() < 0.5:
            return AddValidator(joiner)
        voters = sum(one.weight > 0 for one in validators.members)
        if not self._suspects and voters > VOTERS_MIN and random.random() < 0.4:
            return RemoveValidator(name) if random.random() < 0.5 else SetWeight(name, Weight(0))
        if not self._suspects and validators.engine == "raft" and random.random() < 0.3:
            return SetEngine("bft")
        weight = 1 if member is None else min(WEIGHT_MAX, member.weight + 1)
        return SetWeight(name, Weight(1 if validators.engine == "raft" else weight))

    def _propose(self, change: AnyChange) -> None:
        """Propose a change for one organisation, and approve it for the others when it is final."""
        first = self._random.randrange(len(self._organisations))

        def approve(promise: Promise) -> None:
            for index in range(len(self._organisations)):
                if index != first and promise.place is not None:
                    self._workload.send(index, ApproveChange(promise.transaction), WINDOW)

        self._workload.send(first, ProposeChange(change), WINDOW, then=approve)

    def _rotate(self) -> None:
        """Give a correct node another vote key, which it holds before anybody hears of it."""
        machine = self._random.choice(self._sound())
        validators = self._world.newest.next_validators
        member = next((one for one in validators.members if one.node == machine.name), None)
        if member is None:
            return
        new = self._world.scheme.key(f"vote{machine.index}-{len(machine.keys)}")
        machine.keys.append(new)
        proof = new.sign(
            possession_hash(self._world.genesis_hash, member.node, member.vote_key, new.public_key)
        )
        index = self._organisations.index(member.organisation)
        operation = RotateVoteKey(member.node, new.public_key, proof)
        self._workload.send(index, operation, WINDOW)

    def _sound(self) -> list[Machine]:
        return [one for one in self._world.correct if one.index not in self._suspects]
