"""Whatever is sent ends as a receipt, on every node the same.

An exception that leaves `apply_transaction` would stop all nodes at once; a receipt that depends
on the machine would stop them too, as no two would sign the same header.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from typing import Final

from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from chain.changes import InstallContract, RollBackContract
from chain.codec import decode, encode
from chain.errors import InvalidInput
from chain.operations import (
    Acknowledge,
    AnyOperation,
    ApproveChange,
    Call,
    DeployContract,
    PropertyDefinition,
    ProposeChange,
    ProposeContract,
    RegisterKey,
    WithdrawChange,
)
from chain.receipt import Receipt
from chain.scalars import Hash
from contracts.inprocess import InProcessExecutor
from contracts.lifecycle_keys import contract_package_key
from contracts.lifecycle_records import PackageRecord
from contracts.records import ContractRecord
from contracts.state_keys import contract_key, prefix_range
from tests.property import replay
from tests.property.hostile import STEPS
from tests.unit.contracts.native.lifecycle import make_proposal
from tests.unit.contracts.support import NOW, Ledger, make_key, make_transaction, make_turbine

RECEIPT_SIZE_MAX: Final = 4 << 20
TURBINE_PARTS: Final = (PropertyDefinition("a", "KWT"), PropertyDefinition("b", ""))
SLOW: Final = [HealthCheck.too_slow, HealthCheck.data_too_large]


BEGINNING: Final = (
    (RegisterKey(make_key("device").public_key, "device", ("gateway",)), "borne-energie"),
    (RegisterKey(make_key("inspector").public_key, "i", ("partner", "operator")), "certis"),
    (make_turbine("t1", properties=TURBINE_PARTS), "borne-energie"),
    (make_proposal(name="c2"), "borne-energie"),
)
"""A twin, keys in all roles, and a contract that was published and is in force."""
DEEP: Final = DeployContract("deep", "pass", b"\x91" * 600 + b"\x90")
"""A decoder can take it when there is enough stack left, and not otherwise."""
COUNTER: Final = DeployContract(
    "counter",
    '"""C."""\nfrom contracts.author import call\n@call\ndef check():\n    return 1\n',
    b"\x80",
)
UNKNOWN: Final = Call("counter", "missing", b"\x80")
"""What chance does not always find: a good contract, and a call of what it does not have."""


def make_ledger() -> Ledger:
    """Give a ledger to send hostile things to."""
    ledger = Ledger(executor=InProcessExecutor())  # type: ignore[arg-type]
    for operation, sender in BEGINNING:
        ledger.apply_ok(operation, sender)
    return ledger


def as_received(operation: AnyOperation) -> AnyOperation | None:
    """Give the operation as a node decodes it; None when it does not get that far."""
    try:
        return decode(encode(operation), AnyOperation, 1 << 20)  # type: ignore[arg-type]
    except InvalidInput:
        return None


def aim(operation: AnyOperation, ledger: Ledger) -> AnyOperation:
    """Let an operation name an action, a proposal or a package that there is."""

    def find(prefix: bytes, otherwise: Hash) -> Hash:
        found = ledger.overlay.range(*prefix_range(prefix), 1)
        return Hash(found[0][0][-len(otherwise) :]) if found else otherwise

    match operation:
        case Acknowledge(action):
            return replace(operation, action=find(b"action/", action))
        case ApproveChange(proposal) | WithdrawChange(proposal):
            return replace(operation, proposal=find(b"open-proposal/", proposal))
        case ProposeContract(package) if operation.replaces == 1:
            return replace(operation, replaces=version_of(package.name, ledger))
        case ProposeChange(InstallContract() as change):
            package = find(contract_package_key(Hash(b"")), change.package)
            record = ledger.overlay.get_record(contract_package_key(package), PackageRecord)
            name = change.name if record is None else record.name
            version = version_of(name, ledger) if change.replaces == 1 else change.replaces
            aimed = replace(change, name=name, package=package, replaces=version)
            return replace(operation, change=aimed)
        case ProposeChange(RollBackContract(name) as change) if change.replaces == 1:
            return replace(operation, change=replace(change, replaces=version_of(name, ledger)))
        case _:
            return operation


def version_of(name: str, ledger: Ledger) -> int:
    """Give the version of a contract that is in force, 0 for none."""
    record = ledger.overlay.get_record(contract_key(name), ContractRecord)
    return 0 if record is None else record.version


@settings(suppress_health_check=SLOW)
@given(STEPS)
def test_whatever_is_sent_ends_as_a_receipt(steps):
    ledger = make_ledger()
    for sent, sender, is_last in steps:
        operation = as_received(sent)
        if operation is None:
            continue
        before = ledger.overlay.writes()
        receipt = ledger.apply(aim(operation, ledger), sender)
        assert ledger.overlay.depth == 0
        assert decode(encode(receipt), Receipt, RECEIPT_SIZE_MAX) == receipt
        after = ledger.overlay.writes()
        assert receipt.is_ok or (after == before and receipt.events == ())
        if is_last:
            ledger.begin_block(NOW + 1)


def make_chains() -> list[replay.Chain]:
    """Give chains of random transactions, always the same."""
    genesis, chains = make_ledger().hash, []
    first = [
        make_transaction(genesis, operation, sender)
        for operation, sender in (
            *BEGINNING,
            *((operation, "borne-energie") for operation in (DEEP, COUNTER, UNKNOWN)),
        )
    ]

    @settings(max_examples=150, derandomize=True, database=None, suppress_health_check=SLOW)
    @given(STEPS)
    def collect(steps):
        chain = [[transaction.raw.hex() for transaction in first]]
        for number, (sent, sender, is_last) in enumerate(steps):
            operation = as_received(sent)
            if operation is not None:
                salt = number.to_bytes(8, "big")
                chain[-1].append(make_transaction(genesis, operation, sender, salt).raw.hex())
            if is_last:
                chain.append([])
        chains.append(chain)

    collect()
    return chains


def run_replay(chains: list[replay.Chain], depth: int, **environment: str) -> list[list[str]]:
    """Replay in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.property.replay", str(depth)],
        input=json.dumps(chains).encode(),
        capture_output=True,
        check=True,
        env={**os.environ, **environment},
        timeout=60,
    )
    return json.loads(done.stdout)


def test_two_processes_get_the_same_roots():
    chains = make_chains()
    one = run_replay(chains, 0, PYTHONHASHSEED="1", LC_ALL="C", TZ="UTC")
    other = run_replay(chains, 550, PYTHONHASHSEED="2", LC_ALL="C.UTF-8", TZ="Asia/Tokyo")
    assert one == other
    codes = Counter(code for roots in one for code in roots)
    assert codes["ok"] > 500
    assert {"VT-1205", "VT-2010", "VT-2030", "VT-2045", "VT-4105"} <= codes.keys()
