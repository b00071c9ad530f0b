"""One replica without its driver: a test says when the disk is done."""

from chain.operations import PropertyDefinition, RegisterTwin
from chain.scalars import TwinId
from chain.validators import EngineName
from node.replica import effects, events
from tests.unit.node.replica.network import World, make_genesis

TWIN = RegisterTwin(
    TwinId("R80711"), "system", "wind-turbine", None, (PropertyDefinition("power", "KWT"),)
)


class Alone:
    """One replica without its driver, so that commits stay open as long as a test wants."""

    def __init__(self, engine: EngineName = "bft") -> None:
        self.world = World(make_genesis([1], engine=engine))
        self.replica = self.world.nodes[0].replica
        self.world.run(1_000)

    def handle(self, event: events.Event) -> list[effects.Effect]:
        """Let it take an event."""
        return self.replica.handle(event)

    def submit(self, number: int, *, more: bool = False) -> list[effects.Effect]:
        """Hand in the transaction of that number."""
        raw = self.world.transaction(0, TWIN, salt=number).raw
        return self.replica.handle(events.Submitted(number, raw, self.world.now_ms), more=more)

    def commit_in(self, done: list[effects.Effect]) -> effects.Commit:
        """Find the commit among effects."""
        return next(effect for effect in done if isinstance(effect, effects.Commit))

    def confirm(self, commit: effects.Commit) -> list[effects.Effect]:
        """Write a commit to the disk, and say so."""
        self.world.nodes[0].store.write(commit.batch, sync=True)
        done = events.CommitDone(commit.height, commit.block, self.world.now_ms)
        return self.replica.handle(done)
