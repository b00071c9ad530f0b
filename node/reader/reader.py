"""The one object that answers read-only questions; its parts are named after what they read."""

from dataclasses import dataclass
from typing import Final

from chain.genesis import Genesis, compute_genesis_hash
from chain.scalars import Hash, Height, UnixMillis
from chain.validators import Validator
from node.reader.blocks import BlockReader
from node.reader.proofs import ProofReader
from node.reader.records import RecordReader
from node.reader.series import SeriesReader
from node.reader.twins import TwinReader
from node.replica.ports import Store
from node.replica.transition import genesis_state

VOTES_WINDOW: Final = 100


@dataclass(frozen=True, slots=True)
class ValidatorRecord:
    """How a validator voted in the newest certificates; None: it signed none of them."""

    index: int
    validator: Validator
    last_signed_height: Height | None
    missed: int


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
        self.proofs = ProofReader(store, self.blocks)
        self.records = RecordReader(store, self.blocks)
        self.series = SeriesReader(store, self.blocks)
        self._first_root = genesis_state(genesis)[0].state_root

    def state_root(self, height: Height) -> Hash:
        """Give the root of the state after a height that is decided."""
        if height == 0:
            return self._first_root
        return self.blocks.require(height).header.state_root

    def time_of(self, height: Height) -> UnixMillis:
        """Give the agreed time of a height that is decided."""
        if height == 0:
            return self.genesis.created_ms
        return self.blocks.require(height).header.time_ms

    def validators(self) -> tuple[ValidatorRecord, ...]:
        """Give the validators with their votes in the newest certificates."""
        head = self.blocks.head().height
        members = self.genesis.validators.members
        signed: list[list[Height]] = [[] for _ in members]
        heights = [Height(n) for n in range(head, max(0, head - VOTES_WINDOW), -1)]
        for height in heights:
            certificate = self.blocks.certificate(height)
            for signature in certificate.signatures if certificate is not None else ():
                signed[signature.validator].append(height)
        return tuple(
            ValidatorRecord(
                index,
                member,
                max(signed[index], default=None),
                len(heights) - len(signed[index]),
            )
            for index, member in enumerate(members)
        )
