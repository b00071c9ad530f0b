"""A chain in memory: real transactions, contracts, state tree and certificates.

It plays a made-up wind farm with the names of the demo. R80790 stands still for two days of good
wind, so the standard contract opens a maintenance order, which the workshop acknowledges.
"""

import math
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from chain import dsse
from chain.block import Block, Header, compute_block_hash, hash_previous_certificate
from chain.certificate import CommitSignature, QuorumCertificate, precommit_hash
from chain.genesis import ContractPolicy, Genesis, Governance, compute_genesis_hash
from chain.hashing import EMPTY_HASH
from chain.keys import SigningKey
from chain.merkle import leaf_hash, root_of_hashes
from chain.operations import (
    Acknowledge,
    AnyOperation,
    Attest,
    DeployContract,
    PropertyDefinition,
    Reading,
    RegisterKey,
    RegisterTwin,
    Telemetry,
    TwinReadings,
    UpdateTwin,
)
from chain.receipt import Receipt, compute_receipts_root
from chain.scalars import Hash, Height, Round, TwinId, UnixMillis
from chain.state_tree import update
from chain.transaction import Transaction, TransactionBody, log_leaf, sign
from chain.validators import compute_validators_root
from chain.values import encode_value
from contracts.apply import apply_transaction
from contracts.context import BlockContext
from contracts.genesis_state import initial_writes
from contracts.inprocess import InProcessExecutor
from contracts.standard import maintenance_by_power_curve
from contracts.state import MemoryView, Overlay
from tests.vectors.sample import ORGANISATIONS, REPORT, REPORT_NAME, make_genesis, make_key

START_MS: Final = UnixMillis(1_423_180_800_000)
"""2015-02-06T00:00:00Z: the first reading."""
STOP_MS: Final = 1_423_306_800_000
"""2015-02-07T11:00:00Z: R80790 stands still from here."""
RUN_MS: Final = 1_423_450_800_000
"""2015-02-09T03:00:00Z: it runs again."""
STEP_MS: Final = 600_000
TURBINES: Final = ("R80711", "R80721", "R80736", "R80790")
PROPERTIES: Final = (
    ("active_power", "KWT"),
    ("wind_speed", "MTS"),
    ("outdoor_temperature", "CEL"),
    ("nacelle_direction", "DD"),
    ("wind_direction", "DD"),
    ("vane_angle", "DD"),
)
CURVE: Final = ((0, 0), (3, 0), (5, 129), (7, 572), (9, 1118), (11, 1602), (13, 1920), (20, 2045))
BLOCK_GAP_MS: Final = 1_500


@dataclass(frozen=True, slots=True)
class Decided:
    """A block with what came of it."""

    block: Block
    hash: Hash
    certificate: QuorumCertificate
    transactions: tuple[Transaction, ...]
    receipts: tuple[Receipt, ...]
    state: MemoryView


@dataclass(slots=True)
class FakeChain:
    """Blocks, the state after each of them, and the nodes of all state trees."""

    genesis: Genesis
    genesis_hash: Hash
    now_ms: int
    blocks: list[Decided] = field(default_factory=list)
    tree: dict[Hash, bytes] = field(default_factory=dict)
    executor: InProcessExecutor = field(default_factory=InProcessExecutor)
    _salt: int = 0

    @property
    def height(self) -> int:
        """Height of the newest block."""
        return len(self.blocks)

    @property
    def log(self) -> list[Transaction]:
        """All transactions in order."""
        return [transaction for block in self.blocks for transaction in block.transactions]

    def sign(self, signer: SigningKey, operation: AnyOperation) -> Transaction:
        """Make a transaction that no other is like."""
        self._salt += 1
        salt = sha256(b"salt %d" % self._salt).digest()[:12]
        expiry = Height(self.height + 500)
        return sign(
            TransactionBody(self.genesis_hash, signer.public_key, operation, expiry, salt), signer
        )

    def commit(self, *transactions: Transaction) -> Decided:
        """Execute transactions as the next block and let three of four validators sign it."""
        height = Height(self.height + 1)
        time_ms = UnixMillis(self.now_ms)
        self.now_ms += BLOCK_GAP_MS
        before = self.blocks[-1].state if self.blocks else MemoryView(initial_writes(self.genesis))
        overlay = Overlay(before)
        context = BlockContext.create(height, time_ms, self.genesis_hash, self.genesis.limits)
        receipts = tuple(
            apply_transaction(transaction, overlay, context, self.executor, index)
            for index, transaction in enumerate(transactions)
        )
        header = self._make_header(height, time_ms, transactions, receipts, overlay)
        certificate = self._certify(header)
        previous = self.blocks[-1].certificate if self.blocks else None
        block = Block(header, tuple(t.raw for t in transactions), previous)
        decided = Decided(
            block,
            compute_block_hash(header),
            certificate,
            transactions,
            receipts,
            before.apply(overlay.writes()),
        )
        self.blocks.append(decided)
        return decided

    def _make_header(
        self,
        height: Height,
        time_ms: UnixMillis,
        transactions: tuple[Transaction, ...],
        receipts: tuple[Receipt, ...],
        overlay: Overlay,
    ) -> Header:
        log = [*self.log, *transactions]
        root, writes = EMPTY_HASH, dict(overlay.writes())
        if self.blocks:
            root = self.blocks[-1].block.header.state_root
        else:
            writes = {**initial_writes(self.genesis), **writes}
        tree = update(root, writes, self.tree.get)
        self.tree.update(tree.nodes)
        last = self.blocks[-1] if self.blocks else None
        validators_root = compute_validators_root(self.genesis.validators)
        return Header(
            version=1,
            genesis=self.genesis_hash,
            height=height,
            time_ms=time_ms,
            proposer=height % 4,
            previous=last.hash if last else self.genesis_hash,
            previous_certificate=hash_previous_certificate(last.certificate if last else None),
            tx_log_size=len(log),
            tx_log_root=root_of_hashes([leaf_hash(log_leaf(one)) for one in log]),
            state_root=tree.root,
            receipts_root=compute_receipts_root(receipts),
            validators_root=validators_root,
            next_validators_root=validators_root,
        )

    def _certify(self, header: Header) -> QuorumCertificate:
        block = compute_block_hash(header)
        absent = (header.height * 7) % 5
        signatures = []
        for index, organisation in enumerate(ORGANISATIONS):
            if index == absent:
                continue
            time_ms = UnixMillis(header.time_ms + 9 + 4 * index)
            message = precommit_hash(header.genesis, header.height, Round(0), block, time_ms)
            signer = make_key(f"vote of {organisation}")
            signatures.append(CommitSignature(index, time_ms, signer.sign(message)))
        return QuorumCertificate(header.height, Round(0), block, tuple(signatures))


def make_fake_chain(now_ms: int, hours: int = 96) -> FakeChain:
    """Play `hours` hours of the wind farm; the newest block is of about `now_ms`."""
    genesis = replace(
        make_genesis(),
        chain_id="haute-borne",
        governance=Governance(contracts=ContractPolicy(approvals=1)),
    )
    start = now_ms - (hours + 12) * BLOCK_GAP_MS
    chain = FakeChain(genesis, compute_genesis_hash(genesis), start)
    owner = make_key("administrator of borne-energie")
    _register(chain, owner)
    for hour in range(hours):
        chain.commit(*(play_hour(chain, turbine, hour) for turbine in TURBINES))
        opened = find_opened(chain.blocks[-1])
        if opened is not None:
            note = "Crew on site tomorrow morning: pitch system of blade 2."
            workshop = make_key("administrator of windcare")
            chain.commit(chain.sign(workshop, Acknowledge(opened, "acknowledged", note)))
    certifier = make_key("administrator of certis")
    chain.commit(chain.sign(certifier, Attest(TwinId("R80790"), _inspect(certifier))))
    # Nobody but the addressee may answer: this one is refused, and stays on record as refused.
    stranger = Acknowledge(Hash(bytes(32)), "completed", "")
    chain.commit(chain.sign(certifier, stranger))
    return chain


def find_opened(decided: Decided) -> Hash | None:
    """Give the action that was opened in a block, or None."""
    for receipt in decided.receipts:
        for event in receipt.events:
            if event.name == "action_opened":
                return Hash(bytes.fromhex(event.subject))
    return None


def play_hour(chain: FakeChain, turbine: str, hour: int) -> Transaction:
    """Give the readings of one turbine and its rotor in one hour, signed by its gateway."""
    readings: list[Reading] = []
    rotor: list[Reading] = []
    for number in range(6 * hour, 6 * hour + 6):
        time_ms = UnixMillis(START_MS + STEP_MS * number)
        for (name, unit), value in zip(PROPERTIES, _measure(turbine, time_ms), strict=True):
            quality = 0 if value else 0x809B0000
            readings.append(Reading(name, value, time_ms, unit, quality, number))
        rotor.append(Reading("pitch_angle", _pitch(turbine, time_ms), time_ms, "DD", 0, number))
    batches = (
        TwinReadings(TwinId(turbine), tuple(readings)),
        TwinReadings(TwinId(f"{turbine}-rotor"), tuple(rotor)),
    )
    return chain.sign(make_key(f"gateway of {turbine}"), Telemetry(batches))


def _inspect(certifier: SigningKey) -> bytes:
    report = dsse.FileSubject(REPORT_NAME, Hash(sha256(REPORT).digest()), len(REPORT))
    claims = {"result": "passed", "inspector": "M. Laurent", "scope": "main bearing, gearbox"}
    kind = "https://veritwin.dev/predicates/inspection/v1"
    return dsse.build_envelope(
        certifier, dsse.build_statement(TwinId("R80790"), kind, claims, [report])
    )


def _register(chain: FakeChain, owner: SigningKey) -> None:
    site, generation = TwinId("haute-borne-site"), TwinId("haute-borne-generation")
    chain.commit(
        chain.sign(
            owner,
            RegisterTwin(
                site, "environment", "wind-farm-site", None, (), "La Haute Borne, Lorraine, France"
            ),
        ),
        chain.sign(
            owner,
            RegisterTwin(
                generation, "process", "power-generation", site, (), "Feeding into the grid"
            ),
        ),
    )
    turbines = tuple(PropertyDefinition(name, unit, _semantic(name)) for name, unit in PROPERTIES)
    rotors = (PropertyDefinition("pitch_angle", "DD", ""),)
    for turbine in TURBINES:
        twin, rotor = TwinId(turbine), TwinId(f"{turbine}-rotor")
        text = f"Senvion MM82 wind turbine {turbine}, 2.05 MW, hub at 80 m"
        gateway = make_key(f"gateway of {turbine}").public_key
        chain.commit(
            chain.sign(
                owner, RegisterTwin(twin, "system", "wind-turbine", generation, turbines, text)
            ),
            chain.sign(owner, RegisterTwin(rotor, "component", "rotor", twin, rotors)),
            chain.sign(owner, RegisterKey(gateway, f"gateway-{turbine}", ("gateway",))),
            chain.sign(owner, UpdateTwin(twin, attributes=(("commissioned", "2009"),))),
        )
    source = Path(maintenance_by_power_curve.__file__).read_text()
    deploy = DeployContract("maintenance_by_power_curve", source, encode_value({}))
    chain.commit(chain.sign(owner, deploy))


def _semantic(name: str) -> str:
    known = {"active_power": "WTUR.W", "wind_speed": "WMET.HorWdSpd"}
    return f"urn:iec:61400-25:{known[name]}" if name in known else ""


def _wind(turbine: str, time_ms: int) -> float:
    hours = (time_ms - START_MS) / 3_600_000
    gust = sha256(f"{turbine} {time_ms}".encode()).digest()[0] / 255
    return max(0.4, 7.6 + 2.2 * math.sin(hours / 9) + 1.1 * math.sin(hours / 2.3) + gust - 0.5)


def _stands(turbine: str, time_ms: int) -> bool:
    return turbine == "R80790" and STOP_MS <= time_ms < RUN_MS


def _measure(turbine: str, time_ms: int) -> tuple[str, ...]:
    if turbine == "R80721" and 30 < (time_ms - START_MS) / 3_600_000 < 34:
        return ("",) * len(PROPERTIES)
    wind = _wind(turbine, time_ms)
    power = 0.0
    for (left, low), (right, high) in pairwise(CURVE):
        if left <= wind < right:
            power = low + (high - low) * (wind - left) / (right - left)
    if _stands(turbine, time_ms):
        power = -3.4
    hours = (time_ms - START_MS) / 3_600_000
    direction = (205 + 25 * math.sin(hours / 20)) % 360
    values = (power, wind, 3.1 + 4 * math.sin(hours / 3.8), direction, direction + 2.5, -2.5)
    return tuple(f"{value:.2f}".removesuffix("0").removesuffix(".0") for value in values)


def _pitch(turbine: str, time_ms: int) -> str:
    return "89.5" if _stands(turbine, time_ms) else "-0.9"
