"""Short ways to propose and approve contracts on the small ledger of these tests."""

from chain.changes import AnyContractChange
from chain.genesis import ContractPolicy, Governance
from chain.operations import ApproveChange, Call, ProposeChange, ProposeContract
from chain.package import Package, compute_build
from chain.receipt import Receipt
from chain.scalars import Hash, Height
from chain.values import decode_value, encode_value
from contracts import lifecycle_keys, state_keys
from contracts.inprocess import InProcessExecutor
from contracts.language import ENGINE
from contracts.lifecycle_records import VersionRecord
from contracts.records import ContractRecord
from tests.unit.contracts.support import ORGANISATIONS, Ledger

NAME = "tally"
FIRST = '''
"""Adds up."""
from contracts.author import Var, call

total = Var(int, 0)


@call
def add(amount: int) -> int:
    total.set(total.get() + amount)
    return total.get()
'''
SECOND = '''
"""Adds up, and counts how often."""
from contracts.author import Var, call, fail, upgrade

total = Var(int, 0)
times = Var(int, 0)


@call
def add(amount: int) -> int:
    total.set(total.get() + amount)
    times.set(times.get() + 1)
    return total.get() * 1000 + times.get()


@upgrade(from_version=1)
def from_first() -> None:
    """Nobody counted before; a total over a hundred cannot be taken over."""
    total.set(total.get() * 2)
    if total.get() > 200:
        fail("too much to take over")
'''
ALL = Governance()
"""More than two thirds of the organisations approve contracts."""


def make_ledger(policy: ContractPolicy | None = None) -> Ledger:
    """A ledger of four organisations on which contracts really run."""
    governance = Governance(contracts=policy or ContractPolicy())
    return Ledger(executor=InProcessExecutor(), governance=governance)  # type: ignore[arg-type]


def make_package(source: str = FIRST, name: str = NAME, **parts: str) -> Package:
    """Give a package whose build is right."""
    tests, stubs = parts.get("tests", "def test_it(): ..."), parts.get("stubs", "")
    build = compute_build(name, ENGINE, source, tests, stubs)
    return Package(
        name, ENGINE, source, tests, stubs, "no findings", parts.get("report", ""), build
    )


def make_proposal(
    source: str = FIRST, replaces: int = 0, not_before: int = 0, name: str = NAME
) -> ProposeContract:
    """Give the operation that proposes a source."""
    return ProposeContract(
        make_package(source, name), encode_value({}), replaces, Height(not_before), "because"
    )


def propose(ledger: Ledger, operation: ProposeContract | AnyContractChange) -> Hash:
    """Propose a contract or a change of one; give the proposal's id."""
    if not isinstance(operation, ProposeContract):
        operation = ProposeChange(operation, "because")  # type: ignore[assignment]
    return ledger.apply_ok(operation, ORGANISATIONS[0]).transaction  # type: ignore[arg-type]


def approve(ledger: Ledger, proposal: Hash, *organisations: str) -> Receipt:
    """Let organisations approve, and give the last one's receipt; two unless named."""
    receipts = [
        ledger.apply(ApproveChange(proposal), one) for one in organisations or ORGANISATIONS[1:3]
    ]
    return receipts[-1]


def decide(ledger: Ledger, operation: ProposeContract | AnyContractChange) -> Receipt:
    """Propose and let two others approve: three of four."""
    return approve(ledger, propose(ledger, operation))


def add(ledger: Ledger, amount: int) -> object:
    """Call the contract; give what it returned."""
    receipt = ledger.apply_ok(Call(NAME, "add", encode_value({"amount": amount})))
    return decode_value(receipt.result)


def contract_of(ledger: Ledger, name: str = NAME) -> ContractRecord:
    """Give the contract as it is in force."""
    record = ledger.overlay.get_record(state_keys.contract_key(name), ContractRecord)
    assert record is not None
    return record


def version_of(ledger: Ledger, number: int, name: str = NAME) -> VersionRecord:
    """Give a version of the contract."""
    key = lifecycle_keys.contract_version_key(name, number)
    record = ledger.overlay.get_record(key, VersionRecord)
    assert record is not None
    return record
