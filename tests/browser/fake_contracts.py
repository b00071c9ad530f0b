"""How contracts of the fake chain change: proposed, upgraded, rolled back, paused, and waiting."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from chain.changes import (
    AnyChange,
    PauseContract,
    RollBackContract,
    SetContractPolicy,
)
from chain.genesis import ContractPolicy
from chain.operations import ApproveChange, Consent, ProposeChange, ProposeContract
from chain.scalars import Hash, OrganisationId
from chain.transaction import Transaction
from chain.values import encode_value
from contracts.manifest import compute_source_hash
from contracts.packaging import make_package
from contracts.standard import maintenance_by_power_curve
from tests.unit.node.chain_builder import ChainBuilder

NAME: Final = "frost_watch"
WAITING: Final = "wake_watch"
REPORT: Final = "Blocks 1 to 20: 3 more orders, none less.\nGas: 4 % more for each batch.\n"
TESTS: Final = "def test_frost_is_noticed(deploy):\n    deploy('frost_watch.py')\n"
FIRST: Final = '''"""Remember how often somebody reported frost on a blade."""

from contracts.author import Var, call

reports = Var(int, 0)


@call
def report(twin: str) -> int:
    """Count one report; the number so far is the answer."""
    reports.set(reports.get() + 1)
    return reports.get()
'''
SECOND: Final = FIRST.replace(
    "    reports.set(reports.get() + 1)\n",
    '    if twin == "":\n        fail("no twin is named")\n    reports.set(reports.get() + 1)\n',
).replace("Var, call", "Var, call, fail")


def play_contracts(chain: ChainBuilder, hour: int) -> list[Transaction]:
    """Give the transactions about contracts in the block of an hour.

    Contracts need two approvals, certis among them. Version 1 of frost_watch is deployed, 2 an
    upgrade, 3 a roll-back to 1, and it is paused. A new contract waits, and an upgrade of
    maintenance_by_power_curve.
    """
    make = _SCRIPT.get(hour)
    return [] if make is None else list(make(chain))


def _decide_policy(chain: ChainBuilder) -> Iterator[Transaction]:
    policy = ContractPolicy(approvals=2, required=(OrganisationId("certis"),))
    yield from _propose(chain, SetContractPolicy(policy), "gridlink", "certis")


def _deploy(chain: ChainBuilder) -> Iterator[Transaction]:
    yield from _hand_in(chain, NAME, FIRST, 0, "frost is not noticed in time", "certis")


def _upgrade(chain: ChainBuilder) -> Iterator[Transaction]:
    yield from _hand_in(chain, NAME, SECOND, 1, "reports without a twin came in", "certis")


def _roll_back(chain: ChainBuilder) -> Iterator[Transaction]:
    yield from _propose(chain, RollBackContract(NAME, 1, 2), "certis")


def _pause(chain: ChainBuilder) -> Iterator[Transaction]:
    yield from _propose(chain, PauseContract(NAME), "certis")


def _consent(chain: ChainBuilder) -> Iterator[Transaction]:
    yield chain.transaction(Consent(NAME, compute_source_hash(FIRST)), "gridlink")


def _wait(chain: ChainBuilder) -> Iterator[Transaction]:
    source = Path(maintenance_by_power_curve.__file__).read_text()
    later = source.replace("POOR_MINUTES = 180", "POOR_MINUTES = 240")
    yield from _hand_in(chain, "maintenance_by_power_curve", later, 1, "fewer orders in storms")
    yield from _hand_in(chain, WAITING, FIRST.replace("frost", "wake loss"), 0, "")


def _hand_in(
    chain: ChainBuilder, name: str, source: str, replaces: int, note: str, *approving: str
) -> Iterator[Transaction]:
    package = make_package(name, source, TESTS, REPORT)
    operation = ProposeContract(package, encode_value({}), replaces, note=note)
    yield from _approve(chain, chain.transaction(operation), *approving)


def _propose(chain: ChainBuilder, change: AnyChange, *approving: str) -> Iterator[Transaction]:
    yield from _approve(chain, chain.transaction(ProposeChange(change)), *approving)


def _approve(chain: ChainBuilder, proposal: Transaction, *approving: str) -> Iterator[Transaction]:
    yield proposal
    for name in approving:
        yield chain.transaction(ApproveChange(Hash(proposal.id)), name)


_SCRIPT: Final[Mapping[int, Callable[[ChainBuilder], Iterator[Transaction]]]] = {
    4: _decide_policy,
    8: _deploy,
    10: _consent,
    20: _upgrade,
    24: _roll_back,
    30: _pause,
    60: _wait,
}
