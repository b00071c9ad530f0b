"""The sample chain goes on: members change, and evidence is reported, each with fixed bytes."""

from functools import cache

from msgspec.structs import replace

from chain.changes import (
    AddOrganisation,
    AddValidator,
    AnyChange,
    InstallContract,
    PauseContract,
    RemoveValidator,
    ResumeContract,
    RollBackContract,
    SetContractPolicy,
    SetEngine,
    SetWeight,
    possession_hash,
)
from chain.codec import encode
from chain.committee_steps import CommitteeStep
from chain.evidence import Evidence, ProposalSigned, VoteSigned, put_in_order
from chain.genesis import ContractPolicy, Organisation, compute_genesis_hash
from chain.hashing import hash_tagged
from chain.operations import (
    AnyOperation,
    ApproveChange,
    Consent,
    ProposeChange,
    ProposeContract,
    ReportEvidence,
    RotateVoteKey,
    RunTimers,
    WithdrawChange,
)
from chain.package import Package, compute_build, compute_package_hash
from chain.scalars import Hash, Height, NodeName, OrganisationId, Round, UnixMillis, Weight
from chain.transaction import Transaction
from chain.validators import Validator, ValidatorSet
from chain.votes import SignedKind, proposal_hash, vote_hash
from tests.vectors.sample import (
    CREATED_MS,
    SampleChain,
    make_certificate,
    make_chain,
    make_genesis,
    make_header,
    make_key,
    make_transaction,
)

OWNER, GRID, WIND = (
    f"administrator of {name}" for name in ("borne-energie", "gridlink", "windcare")
)
LIAR = "vote of certis"
NEW_KEY = "new vote of windcare"
WITHOUT_CERTIS = (0, 1, 2)


def make_committees() -> tuple[ValidatorSet, ValidatorSet, ValidatorSet]:
    """Give the validators up to height 5, of height 6 and from height 7 on.

    At height 6 certis-1 has lost its vote, at height 7 windcare-1 has a new vote key.
    """
    first = make_genesis().validators
    members = list(first.members)
    members[3] = replace(members[3], weight=Weight(0))
    second = ValidatorSet(tuple(members))
    members[2] = replace(members[2], vote_key=make_key(NEW_KEY).public_key)
    return first, second, ValidatorSet(tuple(members))


def make_evidence(kind: SignedKind, height: int = 3, round_: int = 1) -> Evidence:
    """Give evidence against certis-1: two messages of one kind at one place."""
    genesis, key = compute_genesis_hash(make_genesis()), make_key(LIAR)
    place = Height(height), Round(round_)
    block, other = hash_tagged("header", b"one"), hash_tagged("header", b"other")

    def vote(voted: Hash | None, time_ms: int) -> VoteSigned:
        assert kind != "proposal"
        time = UnixMillis(time_ms)
        return VoteSigned(voted, time, key.sign(vote_hash(genesis, kind, *place, voted, time)))

    def proposal(proposed: Hash, valid_round: int) -> ProposalSigned:
        digest = hash_tagged("value", proposed)
        signed = proposal_hash(genesis, *place, proposed, Round(valid_round), digest)
        return ProposalSigned(proposed, Round(valid_round), digest, key.sign(signed))

    time_ms = CREATED_MS if kind == "precommit" else 0
    pair = (
        (proposal(block, -1), proposal(other, 0))
        if kind == "proposal"
        else (vote(block, time_ms), vote(None, time_ms))
    )
    return put_in_order(Evidence(key.public_key, *place, kind, *pair), genesis)


def make_changes() -> list[ProposeChange]:
    """Give a proposal of each change."""
    added = Validator(
        NodeName("borne-energie-2"),
        OrganisationId("borne-energie"),
        make_key("vote of borne-energie-2").public_key,
        Weight(0),
        make_genesis().validators.members[0].tls_issuer,
        hash_tagged("sample", b"tls key of borne-energie-2"),
    )
    organisation = Organisation(
        OrganisationId("vents-du-nord"),
        "Vents du Nord",
        make_key("administrator of vents-du-nord").public_key,
        b"certificate of vents-du-nord",
    )
    return [
        ProposeChange(AddOrganisation(organisation), "Fifth member — welcome"),
        ProposeChange(AddValidator(added, "node2.borne-energie.example", 9000)),
        ProposeChange(RemoveValidator(NodeName("gridlink-1")), "moves to another machine"),
        ProposeChange(SetWeight(NodeName("certis-1"), Weight(0))),
        ProposeChange(SetEngine("bft")),
    ]


@cache
def make_governance_transactions() -> tuple[Transaction, ...]:
    """Give one transaction of each operation, and of each change; keys sign as `make_key` says."""
    genesis = compute_genesis_hash(make_genesis())
    old, new = make_key("vote of windcare"), make_key(NEW_KEY)
    node = NodeName("windcare-1")
    proof = new.sign(possession_hash(genesis, node, old.public_key, new.public_key))
    made: list[Transaction] = []

    def add(sender: str, operation: AnyOperation) -> Transaction:
        made.append(make_transaction(sender, operation, 20 + len(made)))
        return made[-1]

    proposals = [add(OWNER, change) for change in make_changes()]
    add(GRID, ApproveChange(proposals[3].id))
    add(OWNER, WithdrawChange(proposals[2].id))
    add(WIND, RotateVoteKey(node, new.public_key, proof))
    for kind in ("prevote", "precommit", "proposal"):
        add("vote of gridlink", ReportEvidence(make_evidence(kind)))
    add("vote of gridlink", RunTimers())
    add(OWNER, Consent("maintenance", hash_tagged("contract-source", b"")))
    parts = ("maintenance", "veritwin-python/1", "x = 1\n", "def test(): ...\n", "")
    package = Package(*parts, "accepted\n", "", compute_build(*parts))
    add(OWNER, ProposeContract(package, b"\x80", 0, Height(500), "why"))
    changes: tuple[AnyChange, ...] = (
        InstallContract("maintenance", compute_package_hash(package), b"\x80", 1, Height(0)),
        PauseContract("maintenance"),
        ResumeContract("maintenance"),
        RollBackContract("maintenance", 1, 2),
        SetContractPolicy(ContractPolicy(2, (), (OrganisationId("certis"),))),
    )
    for change in changes:
        add(GRID, ProposeChange(change, "why"))
    return tuple(made)


@cache
def make_governed_chain() -> SampleChain:
    """Give seven blocks: the sample's three, and four in which others come to decide."""
    chain = make_chain()
    first, second, third = make_committees()
    transactions = make_governance_transactions()
    blocks = list(chain.blocks)
    for part, validators, voters, names in (
        (transactions[:6], (first, first), (0, 1, 3), {}),
        (transactions[6:8], (first, second), (0, 1, 3), {}),
        (transactions[8:9], (second, third), WITHOUT_CERTIS, {}),
        (transactions[9:], (third, third), WITHOUT_CERTIS, {2: NEW_KEY}),
    ):
        header, block = make_header(chain.genesis, blocks, part, validators)
        certificate = make_certificate(header, chain.genesis, voters, key_names=names)
        blocks.append(block(certificate))
    return SampleChain(chain.genesis, chain.genesis_hash, tuple(blocks))


def make_steps() -> list[CommitteeStep]:
    """Give the two steps from the validators of genesis to those of height 7."""
    _, second, third = make_committees()
    blocks = make_governed_chain().blocks
    return [
        CommitteeStep(decided.block.header, decided.certificate, validators)
        for decided, validators in ((blocks[4], second), (blocks[5], third))
    ]


def encode_steps() -> tuple[bytes, ...]:
    """Give the steps as a receipt holds them."""
    return tuple(encode(step) for step in make_steps())
