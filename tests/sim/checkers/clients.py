"""Promises to clients: what was called final stays, and a healed network goes on."""

from collections.abc import Sequence
from typing import ClassVar, Final

from chain.scalars import Height
from node.replica import keys
from node.replica.effects import Commit, ReadReady
from node.replica.ports import Column
from tests.sim.audience import Promise
from tests.sim.checkers.base import Checker
from tests.sim.process import Machine
from tests.sim.world import World

ROUNDS_MAX: Final = 8
"""Rounds of a height, after the one that was reached before healing, in which it is decided."""


class KeptPromises(Checker):
    """What a correct node called final is in every correct chain, in one place; never is never.

    A read that is confirmed sees all that was final when it was asked for.
    """

    name: ClassVar[str] = "final"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._promises: list[Promise] = []
        self._highest = Height(0)
        self._floors: dict[int, Height] = {}
        """What was final when a client asked for a read, by ticket."""

    def promised(self, machine: Machine, promise: Promise) -> None:
        """Remember what a client was told."""
        del machine
        self._promises.append(promise)
        if promise.place is not None:
            self._highest = max(self._highest, promise.place[0])

    def asked(self, machine: Machine, ticket: int) -> None:
        """Remember what such a read has to see."""
        del machine
        self._floors[ticket] = self._highest

    def read(self, machine: Machine, ready: ReadReady) -> None:
        """See whether the node has what was final when it was asked."""
        floor = self._floors[ready.ticket]
        if not machine.is_faulty and not floor <= ready.height <= machine.head.height:
            self.fail(
                f"machine {machine.index} at height {machine.head.height} confirms a read at "
                f"{ready.height}; height {floor} was final before"
            )

    def finished(self, core: Sequence[Machine], *, is_live: bool) -> None:
        """Look for every promise on every disk that has come far enough."""
        del is_live
        heads = {machine.index: machine.head.height for machine in self.world.correct}
        for promise in self._promises:
            for machine in self.world.correct:
                if promise.place is None or promise.place[0] <= heads[machine.index]:
                    self._look(machine, promise)
            if promise.place is not None and promise.place[0] > max(heads.values()):
                self.fail(f"{promise} was promised, but no machine has come that far")

    def _look(self, machine: Machine, promise: Promise) -> None:
        data = machine.disk.peek(Column.INDEX, keys.transaction(promise.transaction))
        place = None if data is None else keys.decode_place(data)
        is_kept = promise.place is None or promise.place[0] > machine.base.reach
        if place != promise.place and (is_kept or place is not None):
            self.fail(f"{promise} was promised; machine {machine.index} has it at {place}")


class Progress(Checker):
    """Once a quorum is healed it goes on: within a number of rounds, and all of it."""

    name: ClassVar[str] = "progress"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._height: Height | None = None
        self._rounds: dict[Height, int] = {}

    def healed(self, core: Sequence[Machine]) -> None:
        """Remember the rounds that were reached under faults."""
        self._height = max(machine.head.height for machine in self.world.correct)
        for machine in core:
            summary = machine.replica.view().summary
            reached = max(self._rounds.get(summary.height, 0), summary.round)
            self._rounds[summary.height] = reached

    def committed(self, machine: Machine, commit: Commit) -> None:
        """Count the rounds of a height that was decided by the healed ones."""
        if machine.is_faulty or self._height is None or commit.height <= self._height:
            return
        self._height = commit.height
        begun = self._rounds.get(commit.height, 0)
        if commit.head.last_validators.engine == "raft":
            # Terms go on counting from height to height.
            begun = max(self._rounds.values(), default=0)
            self._rounds[commit.height] = commit.certificate.round
        if commit.certificate.round > begun + ROUNDS_MAX:
            self.fail(
                f"height {commit.height} was in round {begun} when healed and took until round "
                f"{commit.certificate.round}"
            )

    def finished(self, core: Sequence[Machine], *, is_live: bool) -> None:
        """See whether all of them went on."""
        if not is_live:
            where = ", ".join(
                f"{machine.index} at {machine.head.height} ({'up' if machine.is_up else 'down'})"
                for machine in core
            )
            self.fail(f"the healed machines do not go on: {where}")
