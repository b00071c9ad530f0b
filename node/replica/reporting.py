"""Reporting evidence: what the engine saw becomes a transaction, until somebody's is on the chain.

A node signs it with the vote key that its committee names. Members take turns, so that one offence
costs one transaction where nothing goes wrong. What is known is in memory only: should this node
die before, others who saw both messages report them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chain import keys as signing
from chain.evidence import Evidence, compute_evidence_id
from chain.genesis import Genesis, compute_genesis_hash
from chain.operations import ReportEvidence
from chain.scalars import Hash, Height, UnixMillis, to_bytes
from chain.transaction import Transaction, TransactionBody, sign
from consensus.bft.evidence import make_evidence
from consensus.messages import BftMessage
from consensus.own_key import find_own_key
from contracts import state_keys
from contracts.native.evidence import EVIDENCE_HEIGHTS
from node.replica import keys
from node.replica.effects import Effect
from node.replica.head import Head
from node.replica.ports import Column, Store
from node.replica.transactions import TransactionFlow

CASES_MAX: Final = 64
CASES_PER_KEY_MAX: Final = 4
"""Offences of one validator that wait here; a few are enough to judge it."""
EXPIRY_BLOCKS: Final = 50
"""A report that no block took for so long is made anew."""


@dataclass(slots=True)
class _Case:
    id: Hash
    evidence: Evidence
    ticks: int = 0
    """How long it is known."""
    report: Transaction | None = None
    """The last one that this node made of it."""


class Reporter:
    """Knows the offences that are not on the chain yet, and reports them in its turn."""

    def __init__(
        self,
        genesis: Genesis,
        signers: Sequence[signing.Signer],
        store: Store,
        transactions: TransactionFlow,
    ) -> None:
        self._signers = signers
        self._genesis = compute_genesis_hash(genesis)
        self._expiry_blocks = min(EXPIRY_BLOCKS, genesis.limits.expiry_window_blocks)
        self._store = store
        self._transactions = transactions
        self._cases: dict[Hash, _Case] = {}

    def accuse(self, first: BftMessage, second: BftMessage, head: Head) -> None:
        """Take in two messages that contradict each other; what proves nothing is let go."""
        validators = head.validators_of(first.height)
        if validators is None:
            return
        evidence = make_evidence(first, second, self._genesis, validators)
        if evidence is None or evidence.key in {one.public_key for one in self._signers}:
            return
        known = Counter(case.evidence.key for case in self._cases.values())
        id_ = compute_evidence_id(evidence)
        is_full = len(self._cases) >= CASES_MAX or known[evidence.key] >= CASES_PER_KEY_MAX
        if id_ not in self._cases and not is_full:
            self._cases[id_] = _Case(id_, evidence)

    def report(self, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """A tick has passed: send the reports that are due."""
        out: list[Effect] = []
        for case in tuple(self._cases.values()):
            if self._is_closed(case, head):
                del self._cases[case.id]
                continue
            case.ticks += 1
            own = find_own_key(self._signers, head.validators, only_voters=False)
            if own is None or self._is_under_way(case, head):
                continue
            turn = (own.index - case.evidence.height) % len(head.validators)
            if case.ticks > turn:
                case.report = self._make(case, own.signer, head)
                out.extend(self._transactions.originate(case.report, head, now_ms))
        return out

    def _is_closed(self, case: _Case, head: Head) -> bool:
        """Tell whether nothing is left to do: it is on the chain, too old, or was refused."""
        if self._store.get(Column.STATE, state_keys.evidence_key(case.id)) is not None:
            return True
        if head.next_height - case.evidence.height > EVIDENCE_HEIGHTS:
            return True
        report = case.report
        return (
            report is not None
            and self._store.get(Column.INDEX, keys.transaction(report.id)) is not None
        )

    def _is_under_way(self, case: _Case, head: Head) -> bool:
        return (
            case.report is not None
            and case.report.body.expiry_height >= head.next_height
            and self._transactions.is_waiting(case.report.id)
        )

    def _make(self, case: _Case, signer: signing.Signer, head: Head) -> Transaction:
        body = TransactionBody(
            self._genesis,
            signer.public_key,
            ReportEvidence(case.evidence),
            Height(head.next_height + self._expiry_blocks),
            case.id[:8] + to_bytes(head.next_height),
        )
        return sign(body, signer)
