"""A small real chain: real transactions, execution, certificates and batches, in any store.

Four organisations, one validator each, as in the demonstration. Blocks are signed by all of them
or by those asked for, so receipts verify and the start-up check holds.
"""

from collections.abc import Sequence
from hashlib import sha256

from chain import dsse
from chain.certificate import CommitSignature, QuorumCertificate, precommit_hash
from chain.changes import AnyChange
from chain.evidence import Evidence, VoteSigned, put_in_order
from chain.genesis import (
    ContractPolicy,
    Genesis,
    Governance,
    Limits,
    Organisation,
    compute_genesis_hash,
    genesis_to_json,
)
from chain.keys import SigningKey
from chain.operations import (
    Acknowledge,
    AnyOperation,
    ApproveChange,
    Attest,
    DeployContract,
    PropertyDefinition,
    ProposeChange,
    Reading,
    RegisterTwin,
    ReportEvidence,
    Telemetry,
    TwinReadings,
)
from chain.scalars import (
    Hash,
    Height,
    NodeName,
    OrganisationId,
    PublicKey,
    Round,
    TwinId,
    UnixMillis,
    Weight,
)
from chain.transaction import Transaction, TransactionBody, sign
from chain.validators import Validator, ValidatorSet, compute_proposer
from chain.values import encode_value
from chain.votes import prevote_hash
from contracts import state_keys
from contracts.executor import Execution, Executor, Host, Invocation
from contracts.inprocess import InProcessExecutor
from contracts.records import TwinRecord
from contracts.state import decode_record
from node.replica.commit import build_batch, build_genesis_batch, next_head
from node.replica.ports import Column, MemoryStore, Put, WritableStore, WriteBatch
from node.replica.transition import ExecutedBlock, Ledger

ORGANISATIONS = ("borne-energie", "gridlink", "windcare", "certis")
START_MS = UnixMillis(1_517_443_200_000)
"""Time of the first reading; the chain begins a day later."""
TURBINE = TwinId("R80711")
PROPERTIES = (
    PropertyDefinition("active_power", "KWT", "IEC 61400-25 WTUR.W"),
    PropertyDefinition("wind_speed", "MTS"),
)


def seed_of(name: str) -> bytes:
    """Give the secret of a test key."""
    return sha256(name.encode()).digest()


class NoContracts:
    """An executor for chains without contracts."""

    def execute(self, invocation: Invocation, host: Host) -> Execution:
        raise AssertionError(f"no contract was expected to run: {invocation.handler}")

    def close(self) -> None:
        """Nothing to release."""

    def fences(self) -> tuple[str, ...]:
        return ()


def make_genesis() -> Genesis:
    """Give the genesis of the test chain."""
    return Genesis(
        version=1,
        chain_id="haute-borne",
        created_ms=UnixMillis(START_MS + 86_400_000),
        organisations=tuple(
            Organisation(
                OrganisationId(name), name.title(), SigningKey(seed_of(name)).public_key, b"DER"
            )
            for name in ORGANISATIONS
        ),
        validators=ValidatorSet(
            tuple(
                Validator(
                    node=NodeName(f"{name}-1"),
                    organisation=OrganisationId(name),
                    vote_key=SigningKey(seed_of(f"vote {name}")).public_key,
                    weight=Weight(1),
                    tls_issuer=Hash(seed_of(f"issuer {name}")),
                    tls_key=Hash(seed_of(f"tls {name}")),
                )
                for name in ORGANISATIONS
            )
        ),
        limits=Limits(),
        governance=Governance(contracts=ContractPolicy(approvals=1)),
    )


class ChainBuilder:
    """Makes blocks one after the other and stores them."""

    def __init__(
        self,
        store: WritableStore | None = None,
        executor: Executor | None = None,
        genesis: Genesis | None = None,
    ) -> None:
        self.store: WritableStore = store if store is not None else MemoryStore()
        self.genesis = genesis or make_genesis()
        self.genesis_hash = compute_genesis_hash(self.genesis)
        self.genesis_json = genesis_to_json(self.genesis)
        self.ledger = Ledger(self.genesis, self.store, executor or NoContracts())
        self.head, batch = build_genesis_batch(self.genesis)
        self.store.write(batch, sync=True)
        self.blocks: list[ExecutedBlock] = []
        self.certificates: list[QuorumCertificate] = []
        self._salt = 0
        self.vote_keys: dict[PublicKey, SigningKey] = {}
        for name in ORGANISATIONS:
            self.add_vote_key(name)

    def add_vote_key(self, name: str) -> SigningKey:
        """Make the vote key called `name`; blocks are signed with it where a set names it."""
        key = SigningKey(seed_of(f"vote {name}"))
        self.vote_keys[key.public_key] = key
        return key

    def govern(self, *changes: AnyChange) -> Height:
        """Let three members decide changes in one block, and go on until they are in force."""
        proposals = [self.transaction(ProposeChange(change, "because")) for change in changes]
        approvals = [
            self.transaction(ApproveChange(proposal.id), name)
            for name in ORGANISATIONS[1:3]
            for proposal in proposals
        ]
        decided = self.add_block(*proposals, *approvals)
        assert all(receipt.is_ok for receipt in decided.receipts), decided.receipts
        for _ in range(len(changes) + 1):
            self.add_block()
        return decided.header.height

    def signer(self, name: str) -> SigningKey:
        """Give an organisation's administrator key."""
        return SigningKey(seed_of(name))

    def transaction(
        self,
        operation: AnyOperation,
        organisation: str = "borne-energie",
        *,
        expiry: int | None = None,
        key: SigningKey | None = None,
    ) -> Transaction:
        """Sign an operation as an organisation; every call makes another transaction."""
        signer = key or self.signer(organisation)
        self._salt += 1
        body = TransactionBody(
            self.genesis_hash,
            PublicKey(signer.public_key),
            operation,
            Height(self.head.height + 500 if expiry is None else expiry),
            self._salt.to_bytes(8, "big"),
        )
        return sign(body, signer)

    def add_block(
        self, *transactions: Transaction, signers: Sequence[int] | None = None
    ) -> ExecutedBlock:
        """Execute, decide and store one block; its certificate's votes are a second later.

        Args: signers: indexes in the set of its height, all that have a vote unless given.
        """
        validators = self.head.validators
        proposer = compute_proposer(validators, self.head.next_height, Round(0))
        executed = self.ledger.execute_block(
            self.head, proposer, transactions, self.head.certificate
        )
        voters = [index for index, one in enumerate(validators.members) if one.weight > 0]
        certificate = self.decide(executed, voters if signers is None else signers)
        self.store.write(build_batch(executed, certificate), sync=True)
        self.head = next_head(executed, certificate)
        self.blocks.append(executed)
        self.certificates.append(certificate)
        return executed

    def damage(self, changes: dict[bytes, bytes]) -> None:
        """Change values of the state on the disk, as a node finds them that starts again."""
        puts = [Put(Column.STATE, key, value) for key, value in changes.items()]
        self.store.write(WriteBatch(tuple(puts)), sync=True)
        self.ledger.reread()

    def put(self, *transactions: Transaction) -> None:
        """Let a block hold these transactions."""
        self.add_block(*transactions)

    def equivocate(self, name: str, round_: int = 0) -> ReportEvidence:
        """Let the vote key called `name` prevote two blocks at the present height."""
        key = SigningKey(seed_of(f"vote {name}"))
        place = self.head.height, Round(round_)

        def vote(block: Hash | None) -> VoteSigned:
            signed = prevote_hash(self.genesis_hash, *place, block)
            return VoteSigned(block, UnixMillis(0), key.sign(signed))

        votes = vote(None), vote(Hash(seed_of("another block")))
        evidence = Evidence(key.public_key, *place, "prevote", *votes)
        return ReportEvidence(put_in_order(evidence, self.genesis_hash))

    def decide(self, executed: ExecutedBlock, signers: Sequence[int]) -> QuorumCertificate:
        """Sign the precommits of a block, each with the key that its height's set names."""
        members = executed.validators[0].members
        time_ms = UnixMillis(executed.header.time_ms + 1000)
        height = executed.header.height
        message = precommit_hash(self.genesis_hash, height, Round(0), executed.hash, time_ms)
        return QuorumCertificate(
            height,
            Round(0),
            executed.hash,
            tuple(
                CommitSignature(
                    index,
                    time_ms,
                    self.vote_keys[members[index].vote_key].sign(message),
                )
                for index in signers
            ),
        )

    def open_actions(self, twin: str = TURBINE) -> tuple[Hash, ...]:
        """Give the actions of a twin that wait for an answer."""
        data = self.store.get(Column.STATE, state_keys.twin_key(TwinId(twin)))
        assert data is not None
        return decode_record(data, TwinRecord).open_actions

    def register_turbine(self, twin: str = TURBINE, parent: str | None = None) -> Transaction:
        """Sign the registration of a turbine."""
        return self.transaction(
            RegisterTwin(
                TwinId(twin),
                "system",
                "wind-turbine",
                TwinId(parent) if parent else None,
                PROPERTIES,
                "Senvion MM82",
            )
        )

    def power(
        self, *values: str, first_ms: int = START_MS, step_ms: int = 600_000, twin: str = TURBINE
    ) -> Transaction:
        """Sign a batch of power readings; an empty value is one that is missing."""
        readings = tuple(
            Reading(
                "active_power",
                value,
                UnixMillis(first_ms + number * step_ms),
                "KWT",
                0 if value else 0x809B0000,
                number,
            )
            for number, value in enumerate(values)
        )
        return self.transaction(Telemetry((TwinReadings(TwinId(twin), readings),)))


CONTRACT = '''
"""Orders an inspection when a turbine makes hardly any power."""

from contracts.author import Decimal, call, ctx, on_update


@on_update(model="wind-turbine", properties=["active_power"])
def watch(update):
    for reading in update.readings:
        if reading.value is not None and reading.value < Decimal("1"):
            ctx.open_action(
                kind="inspection", twin=update.twin, key="low-power", title="Hardly any power",
                addressee="windcare", details={"value": reading.value},
            )


@call
def reset(reason: str):
    """Say why."""
    ctx.emit("reset", {"reason": reason})
'''


def envelope(twin: str, files: dict[str, bytes], signer: SigningKey) -> bytes:
    """Make a signed statement about a twin and files, as a partner's tool does."""
    payload = dsse.build_statement(
        TwinId(twin),
        "https://example.org/inspection/v1",
        {"result": "passed", "screws": 12},
        [
            dsse.FileSubject(name, Hash(sha256(data).digest()), len(data))
            for name, data in files.items()
        ],
    )
    return dsse.build_envelope(signer, payload)


def build_demo(store: WritableStore | None = None) -> ChainBuilder:
    """Build a chain of seven blocks in which everything happens once.

    1 a farm, two turbines and the contract; 2 good power; 3 nothing; 4 low power opens an action,
    and a reading of an unknown twin is refused; 5 an attestation; 6 the action is acknowledged;
    7 more power, one reading late and one missing.
    """
    builder = ChainBuilder(store, InProcessExecutor())
    farm = RegisterTwin(TwinId("haute-borne"), "environment", "wind-farm", None, ())
    builder.add_block(
        builder.transaction(farm),
        builder.transaction(DeployContract("low-power", CONTRACT, encode_value({}))),
        builder.register_turbine(parent="haute-borne"),
        builder.register_turbine("R80721", parent="haute-borne"),
    )
    builder.add_block(builder.power("100", "2000.5", "1500"))
    builder.add_block(signers=(1, 2, 3))
    builder.add_block(
        builder.power("0.5", first_ms=START_MS + 1_800_000), builder.power("1", twin="R9")
    )
    partner = builder.signer("certis")
    statement = envelope(TURBINE, {"report.pdf": b"all good"}, partner)
    builder.add_block(builder.transaction(Attest(TURBINE, statement), "certis"))
    action = builder.open_actions()[0]
    builder.add_block(
        builder.transaction(Acknowledge(action, "acknowledged", "we come"), "windcare")
    )
    builder.add_block(
        builder.power("", "300", first_ms=START_MS + 2_400_000),
        builder.power("99", first_ms=START_MS + 300_000),
    )
    return builder
