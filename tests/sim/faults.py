"""What goes wrong in a run, and how often: a swarm drawn from the seed.

A quarter of the seeds has no fault at all, a quarter one kind only, the others some of all kinds,
each with an intensity of its own. A kind draws from its own stream, so leaving one out changes no
other.

Machines whose disks are damaged or that lie are suspects; together they have less than a third of
the weight, for more is not survived. Any number of others may be cut off, asleep or without power.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from chain.genesis import Genesis
from chain.scalars import Round, Weight
from chain.validators import compute_proposer
from node.replica.effects import Commit
from tests.sim.audience import Watcher
from tests.sim.disk import Content
from tests.sim.network import ANYBODY, Kind, Way, Weather
from tests.sim.process import Machine
from tests.sim.streams import Streams, draw_ms
from tests.sim.world import World

NETWORK_KINDS: Final = (
    "loss", "deafness", "hidden-decision", "copies", "reordering", "partition", "one-way",
    "isolation", "slow-link", "clog", "reset",
)  # fmt: skip
MACHINE_KINDS: Final = (
    "power-cut", "last-words", "blackout", "pause", "slow-disk", "full-disk", "skew", "jump",
    "freeze",
)  # fmt: skip
DAMAGE_KINDS: Final = ("rot", "wipe", "rollback", "disk-loss")
"""What makes a suspect of a machine, though it never lies: its database is not what it wrote."""
LIE_KINDS: Final = (
    "twins", "equivocation", "selection", "withholding", "false-heights", "stale-certificates",
    "amnesia", "mutation",
)  # fmt: skip
SUSPECT_KINDS: Final = (*DAMAGE_KINDS, *LIE_KINDS)
ALL_KINDS: Final = (*NETWORK_KINDS, *MACHINE_KINDS, *SUSPECT_KINDS)
DEAF_TO: Final = (
    ("proposal",), ("prevote",), ("precommit",), ("prevote", "precommit"), ("prevote", "blocks"),
    ("precommit", "blocks"), ("precommit", "status", "blocks"), ("transactions",), ("nothing",),
)  # fmt: skip
HIDDEN_FROM_ALL: Final = ("precommit", "status", "blocks")
HIDDEN_FROM_ONE: Final = ("proposal", "prevote")
HOUR_MS: Final = 3_600_000
OPERATOR_MS: Final = 1_000
RETURN_MS: Final = (50, 15_000)
"""How long a machine is without power."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes wrong in one run. `suspects` names a kind for each machine that may be damaged."""

    kinds: tuple[str, ...]
    suspects: tuple[tuple[int, str], ...]

    def without(self, left_out: Sequence[str]) -> Plan:
        """Give the same plan with some kinds left out."""
        kinds = tuple(kind for kind in self.kinds if kind not in left_out)
        return Plan(kinds, tuple(one for one in self.suspects if one[1] in kinds))


def draw_plan(streams: Streams, genesis: Genesis) -> Plan:
    """Draw what goes wrong."""
    random = streams.of("plan")
    is_bft = genesis.validators.engine == "bft"
    possible = [kind for kind in ALL_KINDS if is_bft or kind not in LIE_KINDS]
    share = random.random()
    if share < 0.25:
        kinds: list[str] = []
    elif share < 0.5:
        kinds = [random.choice(possible)]
    else:
        chance = random.uniform(0.1, 0.5)
        kinds = [kind for kind in possible if random.random() < chance]
    damages = [kind for kind in kinds if kind in SUSPECT_KINDS]
    suspects = _draw_suspects(random, genesis, damages)
    used = {kind for _, kind in suspects}
    return Plan(
        tuple(kind for kind in kinds if kind not in SUSPECT_KINDS or kind in used), suspects
    )


def _draw_suspects(
    random: Random, genesis: Genesis, kinds: Sequence[str]
) -> tuple[tuple[int, str], ...]:
    """Draw machines that together have less weight than the chain can stand."""
    validators = genesis.validators
    spare = validators.total_weight - validators.quorum_weight
    order = list(range(len(validators)))
    random.shuffle(order)
    suspects = []
    for index in order if kinds else ():
        weight: Weight = validators.members[index].weight
        if 0 < weight <= spare:
            spare -= weight
            suspects.append((index, random.choice(kinds)))
    return tuple(sorted(suspects))


class Faults(Watcher):
    """Lets a plan happen to a world until it is healed."""

    def __init__(self, world: World, plan: Plan) -> None:
        self.world = world
        self.plan = plan
        self._active = True
        self.suspects = {index for index, _ in plan.suspects}
        self._backups: dict[int, Content] = {}
        self._highest = 0
        self.lonely = -1
        """Who may decide a height alone, as long as others do not hear it."""
        self._of_deciders = world.streams.of("fault/last-words")
        world.audience.join(self)

    def begin(self) -> None:
        """Start all that goes wrong. The network is not built yet, so its weather can be set."""
        self.world.network.weather = self._draw_weather()
        for kind in self.plan.kinds:
            strike = _STRIKES.get(kind)
            if strike is not None:
                self._repeat(kind, strike)
        for index, kind in self.plan.suspects:
            if kind in DAMAGE_KINDS:
                self._damage_later(self.world.machines[index], kind)
        if "skew" in self.plan.kinds:
            self._skew()
        self.world.after(OPERATOR_MS, self._operate)

    def end(self, core: Sequence[Machine]) -> None:
        """Let nothing more go wrong, and repair these machines and what is between them."""
        self._active = False
        trusted = [*core, *(machine for machine in self.world.machines if machine.is_faulty)]
        self.world.network.heal(trusted)
        for machine in core:
            machine.power.disarm()
            machine.clock.thaw()
            machine.disk.sync_ms = 0
            machine.disk.is_full = machine.signed_disk.is_full = False
            machine.resume()
            machine.start()

    def committed(self, machine: Machine, commit: Commit) -> None:
        """Strike when a height is decided for the first time: see "last-words" in the plan."""
        if commit.height <= self._highest:
            return
        self._highest = commit.height
        random = self._of_deciders
        if not self._active:
            return
        if "last-words" in self.plan.kinds and random.random() < 0.15:
            machine.power.arm(0)
            self.bring_back(random, machine)
        if machine.index == self.lonely and random.random() < 0.3:
            self.note(f"takes the power from all but {machine.index}, which decided alone")
            for other in self.world.machines:
                if other is not machine and other.is_up:
                    other.cut_power()
                    self.later(random.randint(10, 500), other.start)

    def draw_core(self) -> list[Machine]:
        """Draw the machines that will be healed: a quorum that was never damaged, or more.

        Where the committee changes, all of those are healed: who is a quorum may change meanwhile.
        """
        random = self.world.streams.of("core")
        members = self.world.genesis.validators.members
        sound = [machine for machine in self.world.correct if machine.index not in self.suspects]
        random.shuffle(sound)
        core = list(sound)
        quorum = self.world.genesis.validators.quorum_weight
        if random.random() < 0.5 and self.world.joiner is None:
            while sum(members[m.index].weight for m in core[:-1]) >= quorum:
                core.pop()
        return sorted(core, key=lambda machine: machine.index)

    # ---------------------------------------------------------------- the beat of a fault

    def _repeat(self, kind: str, strike: Callable[[Faults, Random], None]) -> None:
        """Strike again and again, at times around a mean that the seed decides."""
        random = self.world.streams.of(f"fault/{kind}")
        mean_ms = random.choice((3_000, 8_000, 20_000, 40_000))

        def beat() -> None:
            if self._active:
                strike(self, random)
                self.world.after(1 + int(random.expovariate(1 / mean_ms)), beat)

        self.world.after(int(random.expovariate(1 / mean_ms)), beat)

    def note(self, what: str) -> None:
        """Note a fault for the trace."""
        self.world.note(-1, what)

    def later(self, delay_ms: int, happening: Callable[..., None], *arguments: object) -> None:
        """Let a fault end, unless healing has ended it before."""
        self.world.after(delay_ms, lambda: happening(*arguments) if self._active else None)

    # ---------------------------------------------------------------- the network

    def _draw_weather(self) -> Weather:
        random = self.world.streams.of("fault/weather")
        draws = (random.random(), random.random(), random.random())
        kinds = self.plan.kinds
        return Weather(
            delay_least_ms=1,
            delay_most_ms=2 + int(2_000 * draws[0] ** 4),
            loss=0.3 * draws[1] ** 2 if "loss" in kinds else 0.0,
            copies=0.5 * draws[2] if "copies" in kinds else 0.0,
            is_ordered="reordering" not in kinds,
        )

    def cut_for_a_while(self, random: Random, ways: list[Way], what: str) -> None:
        """Cut some ways, and mend them later."""
        for_ms = draw_ms(random, 200, 20_000)
        self.note(f"{what} for {for_ms} ms")
        self.world.network.cut(ways)
        self.world.after(for_ms, self.world.network.mend, ways)

    # ---------------------------------------------------------------- machines

    def bring_back(self, random: Random, machine: Machine) -> None:
        """Start a machine again, later."""
        self.later(draw_ms(random, *RETURN_MS), machine.start)

    def _skew(self) -> None:
        random = self.world.streams.of("fault/skew")
        most_ms = random.choice((200, 5_000, HOUR_MS))
        for machine in self.world.machines:
            machine.clock.jump(random.randint(-most_ms, most_ms))

    def _damage_later(self, machine: Machine, kind: str) -> None:
        random = self.world.streams.of(f"fault/{kind}/{machine.index}")
        backup_ms = random.randint(1_000, 20_000)
        self.later(backup_ms, self._back_up, machine)
        for _ in range(random.randint(1, 4)):
            at_ms = backup_ms + random.randint(1_000, 60_000)
            self.later(at_ms, self._damage, random, machine, kind)

    def _back_up(self, machine: Machine) -> None:
        self._backups[machine.index] = machine.disk.copy()

    def _damage(self, random: Random, machine: Machine, kind: str) -> None:
        if kind == "rot":
            if random.random() < 0.2:
                slots = random.choice((1, 2))
                machine.is_signed_disk_rotten = True
                machine.signed_disk.rot(random, slots=slots)
                self.note(f"{slots} slots of {machine.index} rot")
            else:
                self.note(f"{machine.disk.rot(random)} of {machine.index} rots")
            if random.random() < 0.5 and machine.is_up:
                machine.cut_power()
                self.bring_back(random, machine)
            return
        if machine.is_up:
            machine.cut_power()
        content = self._backups.get(machine.index, {}) if kind == "rollback" else {}
        machine.wipe(content, with_signed=kind == "disk-loss")
        self.bring_back(random, machine)

    def _operate(self) -> None:
        """Do what the people of a node do: free a full disk, replace a damaged database."""
        for machine in self.world.machines:
            if machine.is_up or machine.halted is None:
                continue
            if machine.is_signed_disk_rotten or (machine.is_faulty and not machine.disk.is_full):
                machine.wipe({}, with_signed=True)
            elif machine.disk.is_rotten:
                machine.wipe({}, with_signed=False)
            if not machine.disk.is_full:
                machine.start()
        self.world.after(OPERATOR_MS, self._operate)


def _partition(faults: Faults, random: Random) -> None:
    machines = faults.world.machines
    sides = [random.randrange(2) for _ in machines]
    one = [machine for machine, side in zip(machines, sides, strict=True) if side]
    other = [machine for machine, side in zip(machines, sides, strict=True) if not side]
    between = faults.world.network.between
    names = ",".join(str(machine.index) for machine in one)
    faults.cut_for_a_while(random, between(one, other) + between(other, one), f"cuts off {names}")


def _one_way(faults: Faults, random: Random) -> None:
    one, other = random.sample(faults.world.machines, 2)
    ways = faults.world.network.between([one], [other])
    faults.cut_for_a_while(random, ways, f"cuts the way from {one.index} to {other.index}")


def _isolation(faults: Faults, random: Random) -> None:
    one = random.choice(faults.world.machines)
    others = [machine for machine in faults.world.machines if machine is not one]
    between = faults.world.network.between
    ways = [*between([one], others), *between(others, [one])]
    faults.cut_for_a_while(random, ways, f"isolates {one.index}")


def _deafness(faults: Faults, random: Random) -> None:
    """Let one machine not hear some kinds of messages for a while, or each one others."""
    machines = faults.world.machines
    for_ms = draw_ms(random, 300, 8_000)
    deaf = [random.choice(machines)] if random.random() < 0.5 else machines
    for machine in deaf:
        kinds = random.choice(DEAF_TO)
        _make_deaf(faults, machine, {(kind, ANYBODY) for kind in kinds}, for_ms)


def _hidden_decision(faults: Faults, random: Random) -> None:
    """Let one machine's votes be heard by too few, so that it may decide alone.

    The others then come to a next round in which only their locks keep them from deciding something
    else. With luck, that round's proposer is the one that heard least.
    """
    machines = faults.world.machines
    for_ms = draw_ms(random, 1_500, 10_000)
    author, least = random.sample(machines, 2)
    head = faults.world.newest
    if random.random() < 0.7:
        turns = (compute_proposer(head.validators, head.next_height, Round(r)) for r in (0, 1))
        names = (head.validators.members[turn].node for turn in turns)
        author, least = (faults.world.by_name(name) for name in names)
    for machine in machines:
        hidden = HIDDEN_FROM_ALL if machine is not least else (*HIDDEN_FROM_ALL, *HIDDEN_FROM_ONE)
        if machine is not author:
            _make_deaf(faults, machine, {(kind, author.index) for kind in hidden}, for_ms)
    faults.lonely = author.index
    faults.world.after(for_ms, setattr, faults, "lonely", -1)


def _make_deaf(faults: Faults, machine: Machine, kinds: set[Kind], for_ms: int) -> None:
    unheard = faults.world.network.unheard
    names = ", ".join(f"{kind} of {author}" for kind, author in sorted(kinds))
    faults.note(f"makes {machine.index} deaf to {names} for {for_ms} ms")
    unheard[machine.index] = frozenset(kinds)
    faults.world.after(for_ms, unheard.pop, machine.index, None)


def _slow_link(faults: Faults, random: Random) -> None:
    way = random.choice(list(faults.world.network.ways.values()))
    way.slow_ms = random.choice((0, 100, 1_000, 3_000))


def _clog(faults: Faults, random: Random) -> None:
    way = random.choice(list(faults.world.network.ways.values()))
    way.clogged_until_ms = faults.world.now_ms + draw_ms(random, 100, 5_000)


def _reset(faults: Faults, random: Random) -> None:
    link = random.choice(faults.world.network.links)
    faults.world.network.hang_up(*link.machines)


def _power_cut(faults: Faults, random: Random) -> None:
    """Cut the power of a machine now, or around a write or effect to come."""
    machine = random.choice(faults.world.machines)
    if not machine.is_up:
        return
    if random.random() < 0.2:
        machine.cut_power()
    else:
        machine.power.arm(random.randint(0, 12))
    faults.bring_back(random, machine)


def _blackout(faults: Faults, random: Random) -> None:
    faults.note("goes dark")
    for machine in faults.world.machines:
        if machine.is_up:
            machine.cut_power()
            faults.bring_back(random, machine)


def _pause(faults: Faults, random: Random) -> None:
    machine = random.choice(faults.world.machines)
    machine.pause()
    faults.later(draw_ms(random, 100, 20_000), machine.resume)


def _slow_disk(faults: Faults, random: Random) -> None:
    random.choice(faults.world.machines).disk.sync_ms = random.choice((0, 5, 50, 400))


def _full_disk(faults: Faults, random: Random) -> None:
    machine = random.choice(faults.world.machines)
    faults.note(f"fills the disk of {machine.index}")
    _set_full(machine, is_full=True)
    faults.later(draw_ms(random, 1_000, 20_000), lambda: _set_full(machine, is_full=False))


def _set_full(machine: Machine, *, is_full: bool) -> None:
    machine.disk.is_full = machine.signed_disk.is_full = is_full


def _jump(faults: Faults, random: Random) -> None:
    machine = random.choice(faults.world.machines)
    by_ms = random.choice((-HOUR_MS, -60_000, -1_500, 1_500, 60_000, HOUR_MS))
    faults.note(f"sets the clock of {machine.index} by {by_ms} ms")
    machine.clock.jump(by_ms)


def _freeze(faults: Faults, random: Random) -> None:
    clock = random.choice(faults.world.machines).clock
    clock.freeze()
    faults.later(draw_ms(random, 500, 30_000), clock.thaw)


_STRIKES: Final[dict[str, Callable[[Faults, Random], None]]] = {
    "partition": _partition,
    "one-way": _one_way,
    "isolation": _isolation,
    "deafness": _deafness,
    "hidden-decision": _hidden_decision,
    "slow-link": _slow_link,
    "clog": _clog,
    "reset": _reset,
    "power-cut": _power_cut,
    "blackout": _blackout,
    "pause": _pause,
    "slow-disk": _slow_disk,
    "full-disk": _full_disk,
    "jump": _jump,
    "freeze": _freeze,
}
