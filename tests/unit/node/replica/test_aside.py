"""What this machine cannot execute: left out, not voted for, and never a fork or a common halt."""

from collections.abc import Callable

import pytest

from chain.errors import Busy
from chain.operations import Call, DeployContract, RegisterTwin
from chain.receipt import OK
from chain.scalars import TwinId
from chain.transaction import Transaction
from chain.values import encode_value
from contracts.executor import Execution, Host, HostFault, Invocation
from contracts.inprocess import InProcessExecutor
from node.replica.aside import ASIDE_MAX, FAULTS_MAX, SetAside
from node.replica.ports import Column
from node.replica.proposals import BUILD_FAULTS_MAX, Invalid, Valid
from node.replica.transition import Ledger
from tests.unit.node.replica.network import World, make_genesis
from tests.unit.node.replica.parts import Parts
from tests.unit.node.replica.test_gas_shares import receipts_of
from tests.unit.node.replica.test_replica import committed_everywhere

SOURCE = """from contracts.author import call, ctx


@call
def work(hard: bool) -> None:
    ctx.emit("worked", {"hard": hard})
"""


class Fragile(InProcessExecutor):
    """A worker that dies, each time again, of what `kills` says."""

    restarts = 0

    def __init__(self, kills: Callable[[Invocation], bool]) -> None:
        super().__init__()
        self.kills = kills

    def execute(self, invocation: Invocation, host: Host) -> Execution:
        if self.kills(invocation):
            raise HostFault("the contract worker is lost twice: it died")
        return super().execute(invocation, host)


def is_hard(invocation: Invocation) -> bool:
    return invocation.arguments == encode_value({"hard": True})


def work(hard: bool) -> Call:
    return Call("worker", "work", encode_value({"hard": hard}))


class Machine:
    """A replica's parts on a machine whose worker dies of hard work, and a proposer elsewhere."""

    def __init__(self) -> None:
        self.parts = Parts()
        chain = self.parts.chain
        chain.ledger._executor = InProcessExecutor()
        self.parts.ledger._executor = Fragile(is_hard)
        chain.add_block(chain.transaction(DeployContract("worker", SOURCE, encode_value({}))))
        self.elsewhere = Parts.__new__(Parts)
        self.elsewhere.__dict__.update(self.parts.__dict__)
        self.elsewhere.ledger = Ledger(chain.genesis, chain.store, InProcessExecutor())

    def sign(self, hard: bool) -> Transaction:
        return self.parts.sign(work(hard))


def test_a_proposer_leaves_out_what_it_cannot_execute() -> None:
    machine = Machine()
    easy, hard = machine.sign(False), machine.sign(True)
    machine.parts.wait(hard, easy)
    value = machine.parts.proposals.build(machine.parts.head, 0)
    assert machine.parts.names_in(value) == (easy.id,)
    assert machine.parts.check(value) == Valid()
    assert hard.id in machine.parts.proposals.aside
    assert hard.id not in machine.parts.mempool
    assert machine.parts.proposals.aside.total == 1


def test_a_machine_that_can_execute_hardly_anything_proposes_an_empty_block() -> None:
    machine = Machine()
    hard = [machine.sign(True) for _ in range(BUILD_FAULTS_MAX + 1)]
    machine.parts.wait(*hard, machine.sign(False))
    assert machine.parts.names_in(machine.parts.proposals.build(machine.parts.head, 0)) == ()
    assert len(machine.parts.mempool) == 2, "the others are tried in the next block"


def test_no_vote_for_a_block_that_could_not_be_checked() -> None:
    machine = Machine()
    hard = machine.sign(True)
    value = machine.elsewhere.propose(hard)
    machine.parts.wait(hard)
    verdict = machine.parts.check(value)
    assert isinstance(verdict, Invalid)
    assert verdict.error.code == "VT-3043"
    assert not verdict.is_mismatched
    assert machine.parts.proposals.divergence(value.id) is None, "it has no other result"
    fault = machine.parts.proposals.aside.fault_of(value.id)
    assert str(fault).startswith(f"transaction {hard.id.hex()}: the contract worker is lost twice")
    machine.parts.proposals.start_height()
    assert machine.parts.proposals.aside.fault_of(value.id) is None


def test_no_verdict_on_a_source_that_this_machine_had_no_memory_to_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = Machine()
    deploy = machine.parts.sign(DeployContract("another", SOURCE, encode_value({})))
    value = machine.elsewhere.propose(deploy)
    machine.parts.wait(deploy)

    def fail(source: str) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr("contracts.compiler.check_source", fail)
        verdict = machine.parts.check(value)
    assert isinstance(verdict, Invalid)
    assert verdict.error.code == "VT-3043"
    assert deploy.id in machine.parts.proposals.aside
    assert machine.parts.proposals.divergence(value.id) is None, "it has no other result"


def test_what_is_set_aside_is_found_for_others_and_not_taken_in_again() -> None:
    machine = Machine()
    hard = machine.sign(True)
    machine.parts.wait(hard)
    machine.parts.proposals.build(machine.parts.head, 0)
    assert machine.parts.proposals.find(hard.id) == hard
    with pytest.raises(Busy, match="VT-3043"):
        machine.parts.flow._admit(hard, machine.parts.head, machine.parts.head.time_ms)


def test_what_is_remembered_has_bounds() -> None:
    parts, aside = Parts(), SetAside()
    transactions = [parts.chain.power(str(number)) for number in range(ASIDE_MAX + 1)]
    for transaction in transactions:
        aside.add(transaction)
        aside.add(transaction)
        aside.note_block(transaction.id, HostFault("no memory"))
    assert transactions[0].id not in aside
    assert transactions[1].id in aside
    assert aside.total == ASIDE_MAX + 1
    faults = [aside.fault_of(transaction.id) is not None for transaction in transactions]
    assert faults == [False] * (ASIDE_MAX + 1 - FAULTS_MAX) + [True] * FAULTS_MAX
    assert aside.fault_of(None) is None


def make_world(kills: Callable[[int], Callable[[Invocation], bool]]) -> World:
    """Four nodes; `kills` gives what the worker of a node dies of."""
    world = World(make_genesis())
    for index in range(4):
        world.stop(index)
    for index in range(4):
        world.executor = Fragile(kills(index))
        world.start(index)
    world.run(1_000)
    deploy = world.transaction(0, DeployContract("worker", SOURCE, encode_value({})))
    world.submit(0, deploy)
    assert world.run(3_000, lambda: committed_everywhere(world, deploy.id))
    return world


def test_a_transaction_that_kills_every_worker_halts_nobody() -> None:
    world = make_world(lambda _: is_hard)
    hard = world.transaction(1, work(True), salt=1)
    world.submit(1, hard)
    world.run(5_000)
    honest = world.transaction(2, RegisterTwin(TwinId("p"), "system", "pump", None, ()), salt=2)
    easy = world.transaction(2, work(False), salt=3)
    world.submit(2, honest)
    world.submit(2, easy)
    assert world.run(20_000, lambda: committed_everywhere(world, easy.id))
    assert receipts_of(world, honest.id)[1] == OK
    assert not any(world.nodes[index].replica.is_final(hard.id) for index in range(4))
    assert all(world.nodes[index].replica.view().set_aside == 1 for index in range(4))


def test_a_machine_that_alone_cannot_execute_stops_alone_when_others_decide() -> None:
    world = make_world(lambda index: is_hard if index == 3 else lambda _: False)
    hard = world.transaction(1, work(True), salt=1)
    world.submit(1, hard)
    with pytest.raises(HostFault, match=f"transaction {hard.id.hex()}"):
        world.run(20_000)
    stopped = world.nodes[3]
    height = stopped.head.height
    world.stop(3)
    assert world.run(20_000, lambda: world.nodes[0].replica.is_final(hard.id))
    assert receipts_of(world, hard.id) == (height + 1, OK)
    world.executor = InProcessExecutor()
    world.start(3)
    assert world.run(20_000, lambda: stopped.head.height > height)
    roots = {node.head.state_root for node in world.nodes if node.head.height == height + 1}
    assert len(roots) <= 1
    assert stopped.store.get(Column.META, b"genesis") is not None
