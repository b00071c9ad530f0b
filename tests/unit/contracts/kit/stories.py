"""What happened on a chain, to be played again with another source."""

from contracts.kit.chain import Chain
from contracts.kit.members import KitContract, KitTwin, Twins, propose
from contracts.kit.rehearsal import WhatIf, rehearse

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

    def __init__(self, source: str) -> None:
        self.chain = Chain()
        propose(self.chain, NAME, source, {})
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

    def try_source(self, source: str) -> WhatIf:
        """Play it again with another source."""
        recorded = self.chain.blocks[self.first :]
        return rehearse(self.chain.genesis, self.before, recorded, NAME, source)


def titles(found: WhatIf) -> list[str]:
    """What the orders say that would be opened."""
    return [one.title for one in found.after.decisions]
