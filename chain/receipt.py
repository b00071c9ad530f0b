"""What a transaction did: its result, recorded in the block that ordered it."""

from typing import Annotated

from msgspec import Meta, Struct

from chain.codec import encode
from chain.merkle import hash_leaves, root_of_hashes
from chain.scalars import CountField, GasField, Hash, HashField, NameField

OK = "ok"


class Event(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Something that happened while a transaction was executed.

    `source` is "native" or the contract's name; `name` is the event's; `subject` is the twin,
    action or key it is about; `payload` is an encoded value (`chain.values`).
    """

    source: NameField
    name: NameField
    subject: Annotated[str, Meta(max_length=128)]
    payload: bytes


class Receipt(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """The result of one transaction.

    `code` is "ok" or the catalogue code of why it changed nothing; `result` is an encoded value.
    """

    transaction: HashField
    code: str
    message: Annotated[str, Meta(max_length=512)]
    gas_used: GasField
    result: bytes
    events: tuple[Event, ...]
    index: CountField
    """Position in the block, from 0."""

    @property
    def is_ok(self) -> bool:
        """Whether the transaction changed the state."""
        return self.code == OK


def compute_receipts_root(receipts: tuple[Receipt, ...]) -> Hash:
    """Compute the RFC 9162 root over the encoded receipts of one block."""
    return root_of_hashes(hash_leaves(map(encode, receipts)))
