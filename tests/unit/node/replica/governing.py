"""Short ways to govern a chain of whole replicas."""

from chain.changes import AnyChange, possession_hash
from chain.operations import AnyOperation, ApproveChange, ProposeChange, RotateVoteKey
from chain.scalars import Hash, NodeName
from chain.transaction import Transaction
from chain.validators import ValidatorSet
from consensus.messages import sender_of
from contracts import state_keys
from contracts.governance_records import CommitteeRecord, EvidenceRecord
from contracts.state import decode_record
from node.replica import keys
from node.replica.commit import BlockReceipts
from node.replica.messages import ConsensusMessage
from node.replica.ports import Column
from tests.unit.node.replica.network import World, key_of


class Consortium(World):
    """A world whose members propose and approve."""

    salt = 0

    def send(self, index: int, operation: AnyOperation, at: int = 0) -> Transaction:
        """Let organisation `index` hand in an operation at node `at`."""
        self.salt += 1
        transaction = self.transaction(index, operation, self.salt)
        self.submit(at, transaction)
        return transaction

    def decide(self, *changes: AnyChange, voices: int = 3) -> None:
        """Propose and approve changes, all of them in as few blocks as may be."""
        proposals = [self.send(0, ProposeChange(change)) for change in changes]
        for voice in range(1, voices):
            for proposal in proposals:
                self.send(voice, ApproveChange(proposal.id))
        assert self.run(20_000, lambda: all(self.is_final(p.id) for p in proposals))
        last = self.transaction_count
        assert self.run(20_000, lambda: self.nodes[0].head.transactions_total >= last)

    @property
    def transaction_count(self) -> int:
        """How many transactions were handed in."""
        return self.salt

    def rotate(self, index: int, new: str) -> RotateVoteKey:
        """Give the operation that makes `new` the vote key of node `index`."""
        node, key = NodeName(f"node{index}"), key_of(new)
        old = key_of(f"vote{index}").public_key
        signed = possession_hash(self.genesis_hash, node, old, key.public_key)
        return RotateVoteKey(node, key.public_key, key.sign(signed))

    def is_final(self, transaction: Hash, at: int = 0) -> bool:
        """Tell whether a block of node `at` holds the transaction."""
        return self.nodes[at].store.get(Column.INDEX, keys.transaction(transaction)) is not None

    def code_of(self, transaction: Hash, at: int = 0) -> str:
        """Give what became of a final transaction."""
        store = self.nodes[at].store
        place = store.get(Column.INDEX, keys.transaction(transaction))
        assert place is not None
        height, position = keys.decode_place(place)
        data = store.get(Column.BLOCKS, keys.receipts(height))
        assert data is not None
        return decode_record(data, BlockReceipts).receipts[position].code

    def reach(self, height: int, *indexes: int, within_ms: int = 60_000) -> None:
        """Let the named nodes, all that run unless given, come to a height."""
        chosen = indexes or tuple(node.index for node in self.nodes if node.is_up)
        reached = self.run(
            within_ms, lambda: all(self.nodes[i].head.height >= height for i in chosen)
        )
        assert reached, self.heights()

    def committee(self, at: int = 0) -> dict[str, int]:
        """Give who decides the next height at node `at`, by name."""
        members = self.nodes[at].head.validators.members
        return {member.node: member.weight for member in members}

    def committees(self, at: int = 0) -> list[tuple[int, ValidatorSet]]:
        """Give all sets that were ever planned at node `at`, each with its first height."""
        start, stop = state_keys.prefix_range(state_keys.committees_prefix())
        rows = self.nodes[at].store.range(Column.STATE, start, stop, reverse=True)
        records = [decode_record(value, CommitteeRecord) for _, value in rows]
        return [(record.height, record.validators) for record in records]

    def evidence(self, at: int = 0) -> list[EvidenceRecord]:
        """Give all evidence on record at node `at`."""
        start, stop = state_keys.prefix_range(b"evidence/")
        rows = self.nodes[at].store.range(Column.STATE, start, stop)
        return [decode_record(value, EvidenceRecord) for _, value in rows]

    def voters_of(self, height: int, at: int = 0) -> set[str]:
        """Name those whose precommits are in the certificate of a height."""
        from chain.certificate import QuorumCertificate

        data = self.nodes[at].store.get(Column.BLOCKS, keys.certificate(height))  # type: ignore[arg-type]
        assert data is not None
        validators = [found for first, found in self.committees(at) if first <= height][-1]
        signatures = decode_record(data, QuorumCertificate).signatures
        return {validators.members[one.validator].node for one in signatures}

    def spoke(self, index: int, since: int) -> bool:
        """Tell whether node `index` signed any message at or above a height."""
        name = self.nodes[index].name
        for sender, _, message in self.sent:
            if sender != name or not isinstance(message, ConsensusMessage):
                continue
            inner = message.message
            if inner.height < since:
                continue
            validators = [found for first, found in self.committees() if first <= inner.height][-1]
            if validators.members[sender_of(inner)].node == name:
                return True
        return False

    def check_agreement(self) -> None:
        """Check that no two nodes hold different blocks, and nobody signed twice."""
        for height in range(1, max(self.heights()) + 1):
            blocks = {
                node.store.get(Column.BLOCKS, keys.block(height))  # type: ignore[arg-type]
                for node in self.nodes
                if node.head.height >= height
            }
            assert len(blocks) == 1, height
        assert self.find_double_votes() == []
