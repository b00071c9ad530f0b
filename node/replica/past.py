"""What a store still knows of the past: where it begins, headers, ids, validators of any height.

`Base.height` is that of the oldest state that is kept; blocks are kept from the next height on. A
chain that is kept whole has base 0, the state of genesis. Headers and ids of transactions are kept
further back, to `Base.reach`, as long as a transaction can be repeated.
"""

from collections.abc import Iterator
from typing import Final, TypeVar

from msgspec import Struct

from chain.block import Block, Header
from chain.certificate import QuorumCertificate
from chain.codec import decode
from chain.committee_steps import CommitteeStep
from chain.errors import Corruption, InvalidInput
from chain.genesis import Genesis
from chain.scalars import HASH_SIZE, CountField, Hash, Height, HeightField
from chain.validators import ValidatorSet
from node.replica import keys
from node.replica.head import HEAD_SIZE_BYTES_MAX, Head
from node.replica.ports import Column, Store

T = TypeVar("T")

_ROW_SIZE_MAX: Final = 1 << 30


class Base(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where what is kept begins.

    `height` is that of the oldest state; blocks are kept above it. Ids of transactions are known
    above `reach`, and headers from there on; it is the base or below it.
    """

    height: HeightField = Height(0)
    reach: HeightField = Height(0)


class Swept(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """How far deleting has come after the base.

    Blocks up to `height` are gone, and what `position` transactions of the next one left behind;
    ids up to `reach`; of the log, what nothing after its first `log_size` leaves needs. `log_end`
    is the size at which the stored log ends when a snapshot took the place of what came then.
    """

    height: HeightField = Height(0)
    position: CountField = 0
    reach: HeightField = Height(0)
    log_size: CountField = 0
    log_end: CountField | None = None


def load_head(store: Store) -> Head | None:
    """Read the tip of the chain, or None in a store that was never begun.

    Raises: Corruption: VT-6012, it does not decode.
    """
    data = store.get(Column.META, keys.HEAD)
    return None if data is None else _decode_record(data, Head, "head")


def load_base(store: Store) -> Base:
    """Read where what is kept begins.

    Raises: Corruption: VT-6012, it does not decode.
    """
    data = store.get(Column.META, keys.BASE)
    return Base() if data is None else _decode_record(data, Base, "base")


def load_swept(store: Store) -> Swept:
    """Read how far deleting has come.

    Raises: Corruption: VT-6012, it does not decode.
    """
    data = store.get(Column.META, keys.SWEPT)
    return Swept() if data is None else _decode_record(data, Swept, "swept")


def load_block(store: Store, height: Height) -> Block | None:
    """Read a block, or None where it is not kept.

    Raises: Corruption: VT-3040, it does not decode.
    """
    data = store.get(Column.BLOCKS, keys.block(height))
    return None if data is None else _decode_row(data, Block, height)


def load_certificate(store: Store, height: Height) -> QuorumCertificate | None:
    """Read the certificate that decided a height, or None where it is not kept.

    Raises: Corruption: VT-3040, it does not decode.
    """
    data = store.get(Column.BLOCKS, keys.certificate(height))
    return None if data is None else _decode_row(data, QuorumCertificate, height)


def load_header(store: Store, height: Height) -> Header | None:
    """Read the header of a height, or None where it is not kept; genesis has none.

    Raises: Corruption: VT-3040, it does not decode.
    """
    data = store.get(Column.BLOCKS, keys.header(height))
    return None if data is None else _decode_row(data, Header, height)


def load_ids(store: Store, height: Height) -> tuple[Hash, ...] | None:
    """Read the ids of the transactions of a height, in order, or None where they are not kept."""
    data = store.get(Column.BLOCKS, keys.ids(height))
    return None if data is None else split_hashes(data)


def load_log_size(store: Store, height: Height) -> int:
    """Give the number of transactions up to a height whose header is kept, or of genesis.

    Raises: Corruption: VT-3040, the header is missing.
    """
    if height == 0:
        return 0
    header = load_header(store, height)
    if header is None:
        raise Corruption("VT-3040", height=height)
    return header.tx_log_size


def split_hashes(data: bytes) -> tuple[Hash, ...]:
    """Take apart hashes that were joined."""
    return tuple(Hash(data[start : start + HASH_SIZE]) for start in range(0, len(data), HASH_SIZE))


def load_steps(store: Store, after: Height, last: Height) -> Iterator[CommitteeStep]:
    """Read the steps above `after` and up to `last` by which the validators changed, in order.

    Raises: Corruption: VT-6012, one does not decode.
    """
    start, stop = keys.committee_step(Height(after + 1)), keys.committee_step(Height(last + 1))
    for _, data in store.range(Column.BLOCKS, start, stop):
        yield _decode_record(data, CommitteeStep, "committee step")


def load_committee(store: Store, genesis: Genesis, height: Height) -> ValidatorSet:
    """Give who decides a height that is at most two above the head.

    Raises: Corruption: VT-6012, a step does not decode.
    """
    stop = keys.committee_step(height)
    for _, data in store.range(Column.BLOCKS, keys.committee_step(Height(0)), stop, reverse=True):
        return _decode_record(data, CommitteeStep, "committee step").validators
    return genesis.validators


def _decode_record(data: bytes, kind: type[T], name: str) -> T:
    try:
        return decode(data, kind, HEAD_SIZE_BYTES_MAX)
    except InvalidInput as error:
        raise Corruption("VT-6012", reason=f"the {name} does not decode") from error


def _decode_row(data: bytes, kind: type[T], height: Height) -> T:
    try:
        return decode(data, kind, _ROW_SIZE_MAX)
    except InvalidInput as error:
        raise Corruption("VT-3040", height=height) from error
