"""Two results of one block: kept together, by whichever way they are found."""

import pytest

from chain.errors import Corruption
from chain.scalars import Height
from consensus import effects as engine_effects
from consensus import events as engine_events
from consensus.value import Value
from node.replica.divergence import Diverged
from node.replica.ordering import Ordering
from node.replica.ports import Column
from node.replica.proposals import EXECUTED_COUNT_MAX, Invalid
from tests.unit.node.replica.parts import NOW_MS, OWN, Parts
from tests.unit.node.replica.test_ordering import ScriptedEngine


def proposed_elsewhere(parts: Parts, number: int = 0) -> Value:
    """A block of another node, whose disk holds what ours does not."""
    transaction = parts.chain.power(str(number + 1))
    value = parts.propose(transaction)
    parts.wait(transaction)
    return value


def damage(parts: Parts) -> bytes:
    """Change the turbine's record on the disk; gives its key."""
    store = parts.chain.store
    key, data = next(iter(store.range(Column.STATE, b"twin/", b"twin0")))
    assert data.count(b"Senvion") == 1
    parts.chain.damage({key: data.replace(b"Senvion", b"Sanvion")})
    parts.ledger.reread()
    return key


def test_a_proposal_with_another_result_is_refused_and_both_results_are_kept() -> None:
    parts = Parts()
    value = proposed_elsewhere(parts)
    key = damage(parts)
    verdict = parts.check(value)
    assert isinstance(verdict, Invalid)
    assert verdict.error.why == (
        "The block cannot be voted for: this node gets another state_root."
    )
    kept = parts.proposals.divergence(value.id)
    assert kept is not None
    assert kept.fields == ("state_root",)
    assert kept.decided.height == kept.executed.header.height == parts.head.next_height
    assert key in kept.executed.writes
    assert parts.proposals.divergence(b"\0" * 32) is None
    assert parts.proposals.divergence(None) is None


def test_what_was_kept_is_forgotten_with_its_height_and_is_bounded() -> None:
    parts = Parts()
    values = [proposed_elsewhere(parts, number) for number in range(EXECUTED_COUNT_MAX + 1)]
    damage(parts)
    for value in values:
        parts.check(value)
    kept = [parts.proposals.divergence(value.id) is not None for value in values]
    assert kept == [False] + [True] * EXECUTED_COUNT_MAX
    parts.proposals.start_height()
    assert parts.proposals.divergence(values[-1].id) is None


class Decided:
    """An engine that learns that a quorum decided a value which it was told is invalid."""

    def __init__(self, parts: Parts, value: Value) -> None:
        self.parts = parts
        self.value = value
        engine = ScriptedEngine(self.script)
        self.ordering = Ordering(engine, OWN, parts.proposals, parts.flow, parts.neighbours)

    def script(self, event: engine_events.Event) -> list[engine_effects.Effect]:
        match event:
            case engine_events.Started():
                height = self.parts.head.next_height
                return [engine_effects.CheckPayload(height, 0, self.value)]  # type: ignore[arg-type]
            case engine_events.PayloadChecked(is_valid=False):
                raise Corruption("VT-3028", block=self.value.id, height=event.height)
            case _:
                return []

    def start(self) -> None:
        self.ordering.handle(engine_events.Started(NOW_MS), self.parts.head)


def test_a_decision_for_another_result_tells_all_that_is_known() -> None:
    parts = Parts()
    value = proposed_elsewhere(parts)
    damage(parts)
    with pytest.raises(Diverged) as caught:
        Decided(parts, value).start()
    assert caught.value.code == "VT-3028"
    assert caught.value.values["block"] == value.id
    assert caught.value.divergence.executed.header.height == Height(parts.head.height + 1)


def test_a_decision_for_a_block_that_breaks_a_rule_is_no_divergence() -> None:
    parts = Parts()
    value = proposed_elsewhere(parts)
    parts.chain.add_block()  # The block belongs on top of another one now.
    with pytest.raises(Corruption) as caught:
        Decided(parts, value).start()
    assert type(caught.value) is Corruption
