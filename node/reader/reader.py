"""The one object that answers read-only questions; its parts are named after what they read."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from chain.genesis import Genesis, compute_genesis_hash
from chain.scalars import Hash, Height, NodeName, UnixMillis
from chain.validators import Validator
from node.reader.blocks import BlockReader
from node.reader.committees import CommitteeReader
from node.reader.governance import GovernanceReader
from node.reader.lifecycle import LifecycleReader
from node.reader.proofs import ProofReader
from node.reader.records import RecordReader
from node.reader.series import SeriesReader
from node.reader.state import StateReader
from node.reader.twins import TwinReader
from node.replica.ports import Store
from node.replica.transition import genesis_state

VOTES_WINDOW: Final = 100


@dataclass(frozen=True, slots=True)
class ValidatorRecord:
    """How a validator voted in the newest certificates; None: it signed none of them.

    `missed` counts certificates without it, of heights at which it had a vote.
    """

    index: int
    validator: Validator
    last_signed_height: Height | None
    missed: int
    offences: int
    """How many are on record against its node."""
    suspended_height: Height | None
    """From where its node was last suspended, whether it still is or not."""


class Reader:
    """Reads what is committed; it never writes and may be used from several threads.

    Args: store: of a node that was begun with this genesis, so it has a head.
    """

    def __init__(self, store: Store, genesis: Genesis) -> None:
        self.store = store
        self.genesis = genesis
        self.genesis_hash = compute_genesis_hash(genesis)
        self.blocks = BlockReader(store)
        self.twins = TwinReader(store, self.blocks)
        self.committees = CommitteeReader(store)
        self.governance = GovernanceReader(store)
        self.lifecycle = LifecycleReader(store, genesis, self.blocks, self.governance)
        self.proofs = ProofReader(store, self.blocks, self.committees)
        self.records = RecordReader(store, self.blocks)
        self.series = SeriesReader(store, self.blocks)
        self.state = StateReader(store)
        self._first_root = genesis_state(genesis)[0].state_root

    def state_root(self, height: Height) -> Hash:
        """Give the root of the state after a height that is decided."""
        if height == 0:
            return self._first_root
        return self.blocks.header(height).state_root

    def time_of(self, height: Height) -> UnixMillis:
        """Give the agreed time of a height that is decided."""
        if height == 0:
            return self.genesis.created_ms
        return self.blocks.header(height).time_ms

    def validators(self, height: Height) -> tuple[ValidatorRecord, ...]:
        """Give who decides a height, with their votes in the newest certificates before it."""
        newest = min(self.blocks.head().height, Height(height - 1))
        last: dict[NodeName, Height] = {}
        missed: Counter[NodeName] = Counter()
        for number in range(newest, max(0, newest - VOTES_WINDOW), -1):
            certificate = self.blocks.certificate(Height(number))
            if certificate is None:
                continue
            voters = {signature.validator for signature in certificate.signatures}
            for index, member in enumerate(self.committees.at(Height(number)).members):
                if index in voters:
                    last.setdefault(member.node, Height(number))
                elif member.weight > 0:
                    missed[member.node] += 1
        standings = self.governance.standings()
        records = []
        for index, member in enumerate(self.committees.at(height).members):
            standing = standings.get(member.node)
            records.append(
                ValidatorRecord(
                    index,
                    member,
                    last.get(member.node),
                    missed[member.node],
                    standing.offences if standing is not None else 0,
                    standing.suspended_height if standing is not None else None,
                )
            )
        return tuple(records)
