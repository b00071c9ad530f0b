"""Four organisations, each with a whole replica, that run a standard contract together.

The replicas are those of `tests.unit.node.replica.network`: they order, execute, vote and store as
nodes do, in virtual time. What tests look at is read from the first one's disk, as the API does,
after all of them have the same state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from msgspec.structs import replace

from chain.operations import (
    Acknowledge,
    AnyOperation,
    Call,
    Consent,
    DeployContract,
    Outcome,
    PropertyDefinition,
    Reading,
    RegisterTwin,
    Telemetry,
    TwinKind,
    TwinReadings,
)
from chain.receipt import Receipt
from chain.scalars import Height, OrganisationId, TwinId, UnixMillis
from chain.transaction import Transaction, TransactionBody, sign
from chain.validators import ValidatorSet
from chain.values import Value, decode_value, encode_value
from contracts.inprocess import InProcessExecutor
from contracts.records import ActionRecord, TwinRecord
from node.reader import Reader
from node.reader.paging import PageRequest
from tests.unit.contracts.standard.bench import BAD, Row, read_standard
from tests.unit.node.replica.network import World, key_of, make_genesis

PATIENCE_MS: Final = 20_000


class Plant:
    """A chain of four organisations; each of them has one administrator, who sends for it."""

    def __init__(self, *organisations: str) -> None:
        assert len(organisations) == 4, "four members make the smallest chain that loses a node"
        self._index = {name: index for index, name in enumerate(organisations)}
        genesis = make_genesis()
        names = [OrganisationId(name) for name in organisations]
        members = zip(genesis.validators.members, names, strict=True)
        self.world = World(
            replace(
                genesis,
                organisations=tuple(
                    replace(one, id=name)
                    for one, name in zip(genesis.organisations, names, strict=True)
                ),
                validators=ValidatorSet(
                    tuple(replace(member, organisation=name) for member, name in members)
                ),
            )
        )
        self.world.executor = InProcessExecutor()
        for index in range(4):
            self.world.stop(index)
        for index in range(4):
            self.world.start(index)
        self.reader = Reader(self.world.nodes[0].store, self.world.genesis)
        self._salt = 0
        self._units: dict[str, dict[str, str]] = {}

    # ---------------------------------------------------------------- what organisations do

    def deploy(self, contract: str, by: str, **parameters: Any) -> None:
        """Deploy a standard contract under its own name."""
        self.do(by, DeployContract(contract, read_standard(contract), encode_value(parameters)))

    def consent(self, by: str, contract: str) -> None:
        """Let a contract that is deployed act on an organisation's twins."""
        found = self.reader.records.contract(contract)
        assert found is not None
        self.do(by, Consent(contract, found[0].source_hash))

    def register(
        self,
        by: str,
        twin: str,
        kind: TwinKind,
        model: str,
        parent: str | None = None,
        **units: str,
    ) -> None:
        """Register a twin; `units` are its properties."""
        self._units[twin] = units
        properties = tuple(PropertyDefinition(name, unit) for name, unit in units.items())
        above = None if parent is None else TwinId(parent)
        self.do(by, RegisterTwin(TwinId(twin), kind, model, above, properties))

    def measure(self, by: str, twin: str, rows: Iterable[Row]) -> Receipt:
        """Send readings of a twin in one transaction."""
        return self.do(by, Telemetry((self.batch(twin, rows),)))

    def batch(self, twin: str, rows: Iterable[Row]) -> TwinReadings:
        """Make the readings of a twin; those without a value are bad."""
        units = self._units[twin]
        readings = tuple(
            Reading(name, value, UnixMillis(time_ms), units[name], 0 if value else BAD)
            for name, value, time_ms in rows
        )
        return TwinReadings(TwinId(twin), readings)

    def call(self, by: str, contract: str, method: str, /, **arguments: Any) -> Value:
        """Call a method that must end well; give what it returned."""
        receipt = self.do(by, Call(contract, method, encode_value(arguments)))
        return decode_value(receipt.result)

    def answer(self, by: str, action: ActionRecord, outcome: Outcome, note: str = "") -> None:
        """Answer an action."""
        self.do(by, Acknowledge(action.id, outcome, note))

    def do(self, by: str, operation: AnyOperation) -> Receipt:
        """Send an operation that must end well."""
        receipt = self.attempt(by, operation)
        assert receipt.is_ok, f"{receipt.code}: {receipt.message}"
        failed = [event for event in receipt.events if event.name == "contract_failed"]
        assert not failed, [decode_value(event.payload) for event in failed]
        return receipt

    def attempt(self, by: str, operation: AnyOperation) -> Receipt:
        """Send an operation to its organisation's node; wait until all four have it in a block."""
        index = self._index[by]
        transaction = self._sign(index, operation)
        self.world.submit(index, transaction)
        stores = [Reader(node.store, self.world.genesis) for node in self.world.nodes]
        agreed = self.world.run(
            PATIENCE_MS, lambda: all(one.blocks.kept(transaction.id) for one in stores)
        )
        assert agreed, "not all replicas have it"
        found = self.reader.blocks.kept(transaction.id)
        assert found is not None
        roots = {one.state_root(found.height) for one in stores}
        assert len(roots) == 1, "the replicas computed different states"
        return found.receipt

    def refuse(self, by: str, contract: str, method: str, /, **arguments: Any) -> str:
        """Call a method that must be refused; give the contract's reason."""
        receipt = self.attempt(by, Call(contract, method, encode_value(arguments)))
        assert receipt.code == "VT-4101", f"{receipt.code}: {receipt.message}"
        return receipt.message.partition(": ")[2]

    def _sign(self, index: int, operation: AnyOperation) -> Transaction:
        key = key_of(f"admin{index}")
        self._salt += 1
        body = TransactionBody(
            self.world.genesis_hash,
            key.public_key,
            operation,
            Height(self.height + 500),
            self._salt.to_bytes(8, "big"),
        )
        return sign(body, key)

    # ---------------------------------------------------------------- what everybody sees

    @property
    def height(self) -> Height:
        """The newest height."""
        return self.reader.blocks.head().height

    @property
    def now_ms(self) -> int:
        """The time of the newest block."""
        return self.reader.time_of(self.height)

    def twin(self, twin: str) -> TwinRecord:
        """Give a twin."""
        found = self.reader.twins.get(TwinId(twin), self.height)
        assert found is not None
        return found

    def busy_parts(self, twin: str) -> list[str]:
        """Give the parts of a twin, at whatever depth, with unfinished actions."""
        found = self.reader.twins.get_with_parts(TwinId(twin), self.height)
        assert found is not None
        return [part.id for part in found.busy_parts]

    def actions(self, twin: str | None = None) -> Sequence[ActionRecord]:
        """Give all actions, or those of a twin, the oldest first; inside a block by their ids."""
        page = self.reader.records.actions(
            PageRequest(500), twin=None if twin is None else TwinId(twin)
        )
        assert page.next is None, "more actions than a test looks at"
        return page.items[::-1]

    def orders(self) -> list[tuple[str, str, str]]:
        """Give kind, twin and addressee of all actions, as `actions` does."""
        return [(one.kind, one.twin, one.addressee) for one in self.actions()]

    def events(self, name: str) -> list[dict[str, Any]]:
        """Give what contracts said under a name, the oldest first."""
        found = []
        for height in range(1, self.height + 1):
            for receipt in self.reader.blocks.require(Height(height)).receipts:
                for event in receipt.events:
                    if event.name == name:
                        payload = decode_value(event.payload)
                        assert isinstance(payload, dict)
                        found.append(payload)
        return found
