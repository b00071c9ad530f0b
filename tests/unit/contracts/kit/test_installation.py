"""A source is put in force in a rehearsal as a real chain would do it."""

from typing import Any

import pytest

from chain.errors import ContractError, Refused
from chain.operations import Consent
from chain.scalars import Hash
from contracts.kit.chain import Chain, Rejected
from contracts.kit.installation import Tried, install_source
from contracts.kit.members import KitContract, propose
from contracts.kit.rehearsal import Rehearsal
from contracts.kit.twins import Twins
from contracts.manifest import compute_source_hash
from tests.unit.contracts.kit.stories import NAME, Story, limited
from tests.unit.contracts.native.lifecycle import FIRST, SECOND


def test_only_what_is_deployed_is_replaced():
    chain = Chain()
    chain.empty_block()
    tried = Rehearsal(chain.genesis, chain.state.copy())
    with pytest.raises(Refused, match="VT-2040"):
        tried.install(Tried(NAME, FIRST), chain.blocks[0])


def test_it_gets_a_number_of_its_own_when_another_version_waits():
    chain = Chain()
    propose(chain, NAME, FIRST, {})
    propose(chain, NAME, SECOND, {}, 1, chain.height + 50)
    tried = Chain(genesis=chain.genesis)
    tried.state.write(dict(chain.state.range(b"", b"\xff" * 40, 100_000)))
    other = Rehearsal(chain.genesis, tried.state)
    context = other.context(chain.blocks[-1])
    install_source(Tried(NAME, SECOND), context, other.executor, tried.state)
    assert KitContract(tried, NAME).record.version == 3


CHANGED = limited(90)


class Asked(Story):
    """A story of twins of all members: each sends one reading that is worth an order."""

    def __init__(self, *consenting: str, **proposal: Any) -> None:
        super().__init__(limited(80), **proposal)
        for one in consenting:
            self.contract.consent(one)
        owners = self.chain.organisations
        self.pumps = [
            Twins(self.chain).add(f"pump-{one}", "pump", owner=one, temperature="CEL")
            for one in owners
        ]
        self.mark()

    def play(self) -> list[str]:
        """Send the readings; give the owners of the twins that orders were opened at."""
        for pump in self.pumps:
            pump.read(temperature=95)
        return [one.twin.removeprefix("pump-") for one in self.contract.actions()]


def test_consent_to_the_old_source_is_none_to_the_tried_one():
    real = Asked("grid")
    real.contract.upgrade(CHANGED)
    story = Asked("grid")
    assert story.play() == ["owner", "workshop", "inspector", "grid"]
    found = story.try_source(CHANGED)
    assert [one.twin.removeprefix("pump-") for one in found.after.decisions] == real.play()
    assert [one.change for one in found.differences] == ["not_opened"]
    assert found.notes == (
        "taken to be approved by owner, workshop, inspector, as version 1 was",
        "grid consented to version 1 and not to this source, which hears nothing of its twins",
    )


def test_consent_to_the_tried_source_itself_holds():
    story = Asked()
    tried = Hash(compute_source_hash(CHANGED))
    story.chain.apply(Consent(NAME, tried), "grid")
    story.mark()
    assert story.play() == ["owner", "workshop", "inspector"]
    found = story.try_source(CHANGED)
    assert [one.decision.twin for one in found.differences] == ["pump-grid"]
    assert len(found.notes) == 1


def test_who_would_approve_can_be_said():
    approvers = ["workshop", "inspector", "grid"]
    real = Asked()
    real.contract.upgrade(CHANGED, sender="workshop", approvers=approvers[1:])
    story = Asked()
    story.play()
    found = story.try_source(CHANGED, approvers)
    assert [one.twin.removeprefix("pump-") for one in found.after.decisions] == real.play()
    assert found.notes == (
        "taken to be approved by workshop, inspector, grid",
        "owner consented to version 1 and not to this source, which hears nothing of its twins",
    )
    assert "that is not enough to put it in force" in story.try_source(CHANGED, ["grid"]).notes
    with pytest.raises(ValueError, match="nobody is no member; members are grid, inspector"):
        story.try_source(CHANGED, ["nobody"])


def test_a_version_that_was_rolled_back_to_was_approved_when_it_came_first():
    approvers = ["workshop", "inspector"]
    story = Asked(sender="grid", approvers=approvers)
    story.contract.upgrade(limited(99))
    story.contract.roll_back(1)
    story.mark()
    assert story.play() == ["workshop", "inspector", "grid"]
    found = story.try_source(CHANGED)
    assert found.differences == ()
    assert found.notes == ("taken to be approved by grid, workshop, inspector, as version 1 was",)


ASKING = (
    limited(80).replace(
        "from contracts.author import Decimal, Update, ctx, on_update",
        "from contracts.author import Decimal, Update, ctx, on_update, upgrade",
    )
    + '''

@upgrade(from_version=1)
def from_first() -> None:
    """Ask for a first look."""
    ctx.emit("began", {})
    ctx.open_action(kind="look", twin="pump-7", key="first", title="first", addressee="grid")
'''
)


def test_what_a_migration_asks_for_is_told():
    story = Story(limited(80))
    story.read(85)
    found = story.try_source(ASKING)
    assert [(one.change, one.decision.title) for one in found.differences] == [("opened", "first")]
    assert found.after.events == {"began": 1}


def test_a_migration_gets_no_more_gas_than_its_proposal_leaves():
    story = Story(limited(80))
    story.read(85)
    burning = ASKING.replace("ctx.emit(", "for _ in range(1_950_000):\n        pass\n    ctx.emit(")
    burning += "\n# who reads all this pays for it, too, before the migration is tried" * 850
    with pytest.raises(Rejected, match="VT-4103"):
        story.contract.upgrade(burning)
    with pytest.raises(ContractError, match="VT-4103"):
        story.try_source(burning)
