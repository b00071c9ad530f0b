"""What happened on a chain, to be played again with another source."""

from typing import Any

from chain.operations import AnyOperation, Reading, RunTimers, Telemetry, TwinReadings
from chain.scalars import UnixMillis
from contracts.kit.chain import Chain
from contracts.kit.members import KitContract, propose
from contracts.kit.rehearsal import WhatIf, rehearse
from contracts.kit.twins import KitTwin, Twins
from contracts.native.timers import find_due

WATCH = """
from contracts.author import Update, ctx, on_update, Map

last = Map(int)

@on_update(model="pump", properties=["flow"])
def watch(update: Update) -> None:
    for reading in update.readings:
        if reading.value is None:
            ctx.open_action(kind="look", twin=update.twin, key=str(reading.time_ms),
                title="no value", addressee="workshop")
        else:
            last[update.twin] = reading.time_ms
"""
LIMITED = '''"""Ask for a look above a limit."""

from contracts.author import Decimal, Update, ctx, on_update

LIMIT = Decimal("80")


@on_update(model="pump", properties=["temperature"])
def watch(update: Update) -> None:
    """Ask once for each reading."""
    for reading in update.readings:
        if reading.value is not None and reading.value > LIMIT:
            ctx.open_action(
                kind="look",
                twin=update.twin,
                key=f"at-{reading.time_ms}",
                title=f"{reading.value}",
                addressee="workshop",
            )
'''
NAME = "watch"


def limited(limit: int) -> str:
    """Give the source with another limit."""
    return LIMITED.replace('"80"', f'"{limit}"')


class Story:
    """A chain on which a contract is in force, and what is recorded from then on."""

    def __init__(self, source: str, chain: Chain | None = None, **proposal: Any) -> None:
        self.chain = chain or Chain()
        propose(self.chain, NAME, source, {}, **proposal)
        self.contract = KitContract(self.chain, NAME)
        self.pump: KitTwin = Twins(self.chain).add("pump-7", "pump", temperature="CEL")
        self.mark()

    def mark(self) -> None:
        """What is played again begins here."""
        self.before, self.first = self.chain.state.copy(), len(self.chain.blocks)

    def read(self, *values: int) -> None:
        """Send readings, a minute apart."""
        for value in values:
            self.chain.forward(60_000)
            self.pump.read(temperature=value)

    def titles(self) -> list[str]:
        """What the orders say that were really opened."""
        return [one.title for one in self.contract.actions()]

    def try_source(self, source: str, approvers: list[str] | None = None) -> WhatIf:
        """Play it again with another source."""
        recorded, genesis = self.chain.blocks[self.first :], self.chain.genesis
        return rehearse(genesis, self.before, recorded, NAME, source, None, approvers)


def titles(found: WhatIf) -> list[str]:
    """What the orders say that would be opened."""
    return [one.title for one in found.after.decisions]


TIMED = '''"""Ask for a look some minutes after a reading, with a deadline."""

from contracts.author import ActionChange, Timer, Update, ctx, on_action, on_timer, on_update

MINUTES = 3


@on_update(model="pump", properties=["temperature"])
def watch(update: Update) -> None:
    """Set a timer for each reading."""
    for reading in update.readings:
        ctx.set_timer(f"{update.twin}.{reading.value}", ctx.time_ms + MINUTES * 60_000)


@on_timer
def ring(timer: Timer) -> None:
    """Ask for a look, within one and a half minutes."""
    twin, value = timer.name.split(".")
    ctx.open_action(
        kind="look",
        twin=twin,
        key=f"late-{value}",
        title=value,
        addressee="workshop",
        deadline_ms=ctx.time_ms + 90_000,
    )


@on_action
def told(change: ActionChange) -> None:
    """Ask for another look when nobody came."""
    if change.change == "overdue" and change.key.startswith("late"):
        ctx.open_action(
            kind="look", twin=change.twin, key=f"2-{change.key}", title="again", addressee="grid"
        )
'''


class Beating(Story):
    """A chain whose blocks come once a minute, each with what a member of the committee sends.

    `lag`: how many blocks later than possible it lets happen what is due.
    """

    def __init__(self, source: str, lag: int = 0, chain: Chain | None = None) -> None:
        super().__init__(source, chain)
        self.lag, self.waited = lag, 0

    def read(self, *values: int) -> None:
        """Send readings, a minute apart."""
        for value in values:
            self.beat(Telemetry((TwinReadings(self.pump.name, (self.reading(value),)),)))

    def reading(self, value: int) -> Reading:
        """Give a reading of the next block's time."""
        return Reading("temperature", str(value), UnixMillis(self.chain.time_ms + 60_000), "CEL")

    def beat(self, *operations: AnyOperation) -> None:
        """Make the next block."""
        self.chain.time_ms += 60_000
        due = find_due(self.chain.state)
        rings: tuple[AnyOperation, ...] = ()
        if due is not None and due <= self.chain.time_ms:
            self.waited += 1
            if self.waited > self.lag:
                rings, self.waited = (RunTimers(),), 0
        self.chain.block(*rings, *operations)


CALLER = '''"""Ask the other contract for its limit, and ask for a look above it."""

from contracts.author import Update, ctx, on_update


@on_update(model="pump", properties=["temperature"])
def watch(update: Update) -> None:
    """Ask once."""
    limit = ctx.call("watch", "limit")
    if update.readings[-1].value > limit:
        ctx.open_action(
            kind="look", twin=update.twin, key="b", title="b", addressee="grid"
        )
'''
CALLED = '''

@call
def limit() -> Decimal:
    """Give the limit."""
    return LIMIT
'''


def called(limit: int) -> str:
    """Give the source with a method that others call."""
    return limited(limit).replace("import Decimal", "import call, Decimal") + CALLED


def beside() -> Story:
    """Give a story in which another contract asks for a look, too, and asks this one when."""
    story = Story(called(80))
    propose(story.chain, "beside", CALLER, {})
    story.mark()
    story.read(85)
    return story
