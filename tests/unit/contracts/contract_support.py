"""A contract for tests that run it by a fake executor, and how it is deployed."""

from typing import Final

from msgspec.structs import replace

from chain.operations import DeployContract
from chain.values import encode_value
from contracts import state_keys
from contracts.records import ContractRecord
from tests.unit.contracts.support import Ledger

CONTRACT: Final = "watcher"
SOURCE: Final = '''
"""Watches turbines."""
from contracts.author import call, initial, on_update

@initial
def start():
    pass

@on_update(model="wind-turbine", properties=["active_power"])
def watch(update):
    pass

@call
def check():
    return None
'''


def make_deploy(name: str = CONTRACT, source: str = SOURCE, **parameters: object) -> DeployContract:
    """Give the operation that deploys a contract."""
    return DeployContract(name, source, encode_value(parameters))


def deactivate(ledger: Ledger, name: str = CONTRACT) -> None:
    """Pause a contract without asking anybody."""
    key = state_keys.contract_key(name)
    record = ledger.overlay.get_record(key, ContractRecord)
    assert record is not None
    ledger.overlay.put_record(key, replace(record, is_active=False))


def deploy_watcher(ledger: Ledger, name: str = CONTRACT) -> None:
    """Deploy the contract, by borne-energie."""
    ledger.apply_ok(make_deploy(name))
