"""A small ledger for tests: four organisations, their keys, and a block to apply operations in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from chain.genesis import (
    ContractPolicy,
    Genesis,
    Governance,
    Limits,
    Organisation,
    compute_genesis_hash,
)
from chain.keys import SigningKey
from chain.operations import (
    AnyOperation,
    PropertyDefinition,
    Reading,
    RegisterKey,
    RegisterTwin,
    Role,
    Telemetry,
    TwinReadings,
)
from chain.receipt import Event, Receipt
from chain.scalars import (
    Hash,
    Height,
    NodeName,
    OrganisationId,
    TwinId,
    UnixMillis,
    Weight,
)
from chain.transaction import Transaction, TransactionBody, sign
from chain.validators import EngineName, Validator, ValidatorSet
from chain.values import decode_value
from contracts import state_keys
from contracts.apply import apply_transaction
from contracts.context import BlockContext
from contracts.executor import Execution, Host, Invocation
from contracts.genesis_state import initial_writes
from contracts.native.prices import BASE_GAS, BATCH_GAS, KEY_GAS, PROPERTY_GAS, READING_GAS
from contracts.native.starts import begin_block
from contracts.records import ActionRecord, TwinRecord
from contracts.state import MemoryView, Overlay

NOW: Final = UnixMillis(1_420_070_400_000)
ORGANISATIONS: Final = ("borne-energie", "gridlink", "windcare", "certis")
TURBINE: Final = TwinId("R80711")

Run = Callable[[Invocation, Host], Execution]


def make_key(name: str) -> SigningKey:
    """Give the key of a person or device in the tests, always the same."""
    return SigningKey(name.encode().ljust(32, b".")[:32])


def make_organisation(name: str) -> Organisation:
    """Give a member organisation; its administrator's key has its name."""
    return Organisation(
        OrganisationId(name), name.title(), make_key(name).public_key, f"CA of {name}".encode()
    )


def make_member(name: str, organisation: str = "gridlink", weight: int = 1) -> Validator:
    """Give a validator; its vote key is called `vote <name>`."""
    return Validator(
        NodeName(name),
        OrganisationId(organisation),
        make_key(f"vote {name}").public_key,
        Weight(weight),
        make_hash(1),
        Hash(sha256(name.encode()).digest()),
    )


def make_committee(*weights: int, engine: EngineName = "bft") -> ValidatorSet:
    """Give node-1, node-2, .. of the organisations in turn."""
    return ValidatorSet(
        tuple(
            make_member(f"node-{index + 1}", ORGANISATIONS[index % len(ORGANISATIONS)], weight)
            for index, weight in enumerate(weights)
        ),
        engine,
    )


def make_genesis(
    limits: Limits | None = None,
    validators: ValidatorSet | None = None,
    governance: Governance | None = None,
) -> Genesis:
    """Give the genesis of the test chain; one validator decides unless told otherwise.

    An administrator deploys contracts alone, unless `governance` says otherwise.
    """
    return Genesis(
        1,
        "test",
        NOW,
        tuple(make_organisation(name) for name in ORGANISATIONS),
        validators or make_committee(1),
        limits or Limits(),
        governance=governance or Governance(contracts=ContractPolicy(approvals=1)),
    )


def make_hash(number: int) -> Hash:
    """Give a hash that is easy to recognise."""
    return Hash(bytes([number]) * 32)


def make_transaction(
    genesis: Hash, operation: AnyOperation, sender: str, salt: bytes = b"salt salt"
) -> Transaction:
    """Give an operation signed by the key called `sender`."""
    key = make_key(sender)
    return sign(TransactionBody(genesis, key.public_key, operation, Height(100), salt), key)


class FakeExecutor:
    """Runs a Python function instead of a contract, and remembers every invocation."""

    def __init__(self, run: Run | None = None) -> None:
        self.run: Run = run or (lambda invocation, host: Execution(status="ok", value=b"\xc0"))
        self.invocations: list[Invocation] = []

    def execute(self, invocation: Invocation, host: Host) -> Execution:
        self.invocations.append(invocation)
        return self.run(invocation, host)

    def close(self) -> None:
        pass

    def fences(self) -> tuple[str, ...]:
        return ()


@dataclass
class Ledger:
    """State, one open block, and the executor; `apply` signs and applies an operation."""

    limits: Limits = field(default_factory=Limits)
    executor: FakeExecutor = field(default_factory=FakeExecutor)
    validators: ValidatorSet | None = None
    governance: Governance | None = None

    def __post_init__(self) -> None:
        self.genesis = make_genesis(self.limits, self.validators, self.governance)
        self.hash = compute_genesis_hash(self.genesis)
        self.view = MemoryView(initial_writes(self.genesis))
        self.height = 0
        self.begin_block()

    def begin_block(self, time_ms: int = NOW) -> None:
        """Commit what the open block wrote and open the next one."""
        if self.height:
            self.view = self.view.apply(self.overlay.writes())
        self.height += 1
        self.overlay = Overlay(self.view)
        self.block = BlockContext.create(
            Height(self.height),
            UnixMillis(time_ms),
            self.hash,
            self.limits,
            self.genesis.governance,
        )
        begin_block(self.overlay, self.block, self.executor)
        self.count = 0

    def apply(self, operation: AnyOperation, sender: str = "borne-energie") -> Receipt:
        """Apply an operation signed by the key called `sender`."""
        salt = self.height.to_bytes(4, "big") + self.count.to_bytes(4, "big")
        transaction = make_transaction(self.hash, operation, sender, salt)
        receipt = apply_transaction(
            transaction, self.overlay, self.block, self.executor, self.count
        )
        self.count += 1
        return receipt

    def apply_ok(self, operation: AnyOperation, sender: str = "borne-energie") -> Receipt:
        """Apply an operation that must succeed."""
        receipt = self.apply(operation, sender)
        assert receipt.is_ok, f"{receipt.code}: {receipt.message}"
        return receipt

    def register_key(self, name: str, organisation: str, *roles: Role) -> None:
        """Register the key called `name`, by its organisation's administrator."""
        self.apply_ok(RegisterKey(make_key(name).public_key, name, roles), organisation)

    def register_turbine(self, twin: str = TURBINE, **changes: object) -> None:
        """Register a wind turbine of borne-energie."""
        self.apply_ok(make_turbine(twin, **changes))

    def twin(self, twin: str = TURBINE) -> TwinRecord:
        """Give a twin that is there."""
        record = self.overlay.get_record(state_keys.twin_key(TwinId(twin)), TwinRecord)
        assert record is not None
        return record

    def only_action(self) -> ActionRecord:
        """Give the only action that there is."""
        pairs = self.overlay.range(*state_keys.prefix_range(b"action/"), 10)
        assert len(pairs) == 1
        action = self.overlay.get_record(pairs[0][0], ActionRecord)
        assert action is not None
        return action


def make_turbine(twin: str = TURBINE, **changes: object) -> RegisterTwin:
    """Give the operation that registers a wind turbine."""
    fields = {
        "twin": twin,
        "kind": "system",
        "model": "wind-turbine",
        "parent": None,
        "properties": (
            PropertyDefinition("active_power", "KWT"),
            PropertyDefinition("wind_speed", "MTS"),
        ),
        "description": "Senvion MM82",
    }
    return RegisterTwin(**(fields | changes))  # type: ignore[arg-type]


def make_reading(**changes: object) -> Reading:
    """Give a good reading of the turbine's power, measured now."""
    fields = {
        "property": "active_power",
        "value": "1500.5",
        "time_ms": NOW,
        "unit": "KWT",
        "quality": 0,
        "sequence": 1,
    }
    return Reading(**(fields | changes))  # type: ignore[arg-type]


def make_telemetry(*readings: Reading, twin: str = TURBINE) -> Telemetry:
    """Give a batch of readings of one twin; one good reading when none are given."""
    return Telemetry((TwinReadings(TwinId(twin), readings or (make_reading(),)),))


def telemetry_gas(batches: int = 1, readings: int = 1, properties: int = 2) -> int:
    """Give what telemetry costs before it wakes anything, with so many readings in each batch."""
    each = BATCH_GAS + PROPERTY_GAS * properties + READING_GAS * readings + KEY_GAS
    return BASE_GAS + batches * each


def result_of(receipt: Receipt) -> object:
    """Decode the result of a receipt that is ok."""
    assert receipt.is_ok, f"{receipt.code}: {receipt.message}"
    return decode_value(receipt.result)


def payload_of(event: Event) -> object:
    """Decode what an event carries."""
    return decode_value(event.payload)


def check_refused(ledger: Ledger, receipt: Receipt, code: str, message: str) -> None:
    """Check a refusal's whole text, and that it did nothing."""
    assert (receipt.code, receipt.message) == (code, message)
    assert receipt.events == ()
    assert receipt.result == b""
    assert ledger.overlay.depth == 0
