"""The last fault that stopped this node, in a file: what `diagnose` and the next start read.

A node that cannot trust its own state stops, and with it goes all that it knew. So it leaves what
happened in `alarm.json` in its home; after a divergence also its own result of the block, small
enough to keep and enough to find, against any healthy node, the first key that differs. The file
is put aside as `alarm.past.json` when the node is past the height where it stopped.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from chain.block import compute_block_hash
from chain.catalogue import CATALOGUE
from chain.codec import encode
from chain.errors import ChainError, Corruption
from chain.merkle import leaf_hash
from chain.scalars import Hash, Height, UnixMillis
from chain.wording import format_time
from contracts.executor import HostFault
from contracts.state_keys import show_key
from node.config import NodeConfig
from node.home import write_whole
from node.logs import get_log
from node.replica.divergence import Diverged, Divergence
from node.replica.head import Head
from node.replica.ports import Store
from node.storage.damage import find_damaged

FORMAT: Final = "veritwin-alarm/1"
NAME: Final = "alarm.json"
PAST_NAME: Final = "alarm.past.json"
DISK_FULL: Final = "VT-6004"
UNEXPECTED: Final = "VT-8130"
WORKER_FAILED: Final = "VT-8131"
KEYS_MAX: Final = 16_384
NODES_SIZE_MAX: Final = 8 << 20
TRANSACTIONS_MAX: Final = 16_384
VALUES_SIZE_MAX: Final = 16 << 20
_FILE_SIZE_MAX: Final = 64 << 20
_WHY_MAX: Final = 1_000
log = get_log(__name__)


class TransactionResult(Struct, frozen=True, kw_only=True):
    """What this node made of one transaction; `receipt` is the hash of its encoded receipt."""

    id: str
    code: str
    receipt: str


class BlockDifference(Struct, frozen=True, kw_only=True):
    """A block of which this node gets another result than the quorum.

    `keys` are the state keys that it wrote here, in hex and key order; `nodes` the nodes that its
    own state tree got by them, joined, in base64. `values` are those of the first of
    these keys, in base64, null where one was deleted, up to `VALUES_SIZE_MAX` bytes; `writers` the
    places in the block of the transactions that wrote the keys last, -1 for what none did.
    `keys_left_out` counts keys over `KEYS_MAX`; nodes of more than `NODES_SIZE_MAX` bytes are left
    out, all of them. `damaged` are keys whose value on this disk is not what the last state root
    says, so the disk is to blame.
    """

    block: str
    decided_root: str
    own_root: str
    fields: list[str]
    transactions: list[TransactionResult]
    keys: list[str]
    keys_left_out: int
    nodes: str
    damaged: list[str]
    values: list[str | None] = []
    writers: list[int] = []


class Alarm(Struct, frozen=True, kw_only=True):
    """Why a node stopped by itself; times in Unix milliseconds.

    `first_ms` is the first of `count` stops for the same reason at the same height.
    """

    format: str
    node: str
    version: str
    code: str
    why: str
    height: int | None
    first_ms: int
    last_ms: int
    count: int = 1
    difference: BlockDifference | None = None

    @property
    def title(self) -> str:
        """What the code means."""
        entry = CATALOGUE.get(self.code)
        return self.code if entry is None else entry.title


class AlarmFile:
    """The alarm of one home. Nothing here fails: there is a fault already."""

    def __init__(self, config: NodeConfig) -> None:
        self._node = config.node
        self._path = config.home_path / NAME
        self._past = config.home_path / PAST_NAME
        self.last = load_alarm(config.home_path)
        """Why the node stopped the last time; None once it is past that height."""
        self.height: Height | None = None
        """The height that is worked on; None while the node is not that far."""
        self.difference: BlockDifference | None = None
        """What is known of the block that stops the node now, after a divergence."""

    def tell_last(self) -> None:
        """Say in the log why the node stopped the last time."""
        if self.last is not None:
            damaged = self.last.difference.damaged if self.last.difference is not None else ()
            log.warning(
                "this node stopped by itself before",
                code=self.last.code,
                why=self.last.why,
                height=self.last.height,
                at=format_time(UnixMillis(self.last.last_ms)),
                times=self.last.count,
                damaged=[show_key(bytes.fromhex(key)) for key in damaged],
            )

    def note(self, error: BaseException, head: Head, store: Store) -> None:
        """Gather what `ring` will write, while the store is still open to be asked why."""
        self.height = head.next_height
        if isinstance(error, Diverged):
            self.difference = describe_difference(error.divergence, head, store)

    def ring(self, error: BaseException, version: str, now_ms: UnixMillis) -> None:
        """Write down what stops the node, unless it is no fault of machine or program.

        An alarm for the same reason as the last keeps when that began.
        """
        told = explain_fault(error)
        if told is None:
            return
        code, why = told
        before = self.last if self._is_again(code) else None
        alarm = Alarm(
            format=FORMAT,
            node=self._node,
            version=version,
            code=code,
            why=why[:_WHY_MAX],
            height=self.height,
            first_ms=now_ms if before is None else before.first_ms,
            last_ms=now_ms,
            count=1 if before is None else before.count + 1,
            difference=self.difference,
        )
        try:
            write_whole(self._path, msgspec.json.encode(alarm))
        except OSError as failure:
            log.error("the alarm could not be written", path=str(self._path), why=str(failure))

    def _is_again(self, code: str) -> bool:
        """Tell whether the node stops for the same reason as the last time."""
        before = self.last
        if before is None or before.height != self.height:
            return False
        return before.code == code or None not in (before.difference, self.difference)

    def passed(self, height: Height) -> None:
        """A height was committed; an alarm of it, or of one below, is over and put aside."""
        self.height = Height(height + 1)
        if self.last is None or height < (self.last.height or 0):
            return
        log.info("past the height where this node stopped", code=self.last.code, height=height)
        self.last = None
        try:
            self._path.replace(self._past)
        except OSError as failure:
            log.warning("the alarm stays", path=str(self._path), why=str(failure))


def load_alarm(home: Path) -> Alarm | None:
    """Read the alarm of a home; None when there is none that can be read."""
    path = home / NAME
    try:
        if path.stat().st_size > _FILE_SIZE_MAX:
            return None
        alarm = msgspec.json.decode(path.read_bytes(), type=Alarm)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return alarm if alarm.format == FORMAT else None


def find_cause(error: BaseException) -> BaseException:
    """Give what a group of failed tasks is about: an error with a code, or one of the system."""
    leaves = list(_leaves(error))
    for kind in (ChainError, OSError):
        for leaf in leaves:
            if isinstance(leaf, kind):
                return leaf
    return leaves[0]


def explain_fault(error: BaseException) -> tuple[str, str] | None:
    """Give code and cause of a fault that stops a node; None for what is no fault of its own.

    Wrong settings, a port in use or a database that another process holds are told to whoever
    starts the node, and are no alarm.
    """
    cause = find_cause(error)
    if isinstance(cause, ChainError):
        is_fault = isinstance(cause, Corruption) or cause.code == DISK_FULL
        return (cause.code, cause.why) if is_fault else None
    if isinstance(cause, OSError):
        return None
    code = WORKER_FAILED if isinstance(cause, HostFault) else UNEXPECTED
    return code, f"{type(cause).__name__}: {cause}"


def describe_difference(divergence: Divergence, head: Head, store: Store) -> BlockDifference:
    """Give what is kept of a block that has two results.

    Args: head, store: the state that the block was executed on.
    """
    executed = divergence.executed
    written = sorted(executed.writes)
    nodes = b"".join(data for _, data in executed.tree.nodes)
    return BlockDifference(
        block=compute_block_hash(divergence.decided).hex(),
        decided_root=divergence.decided.state_root.hex(),
        own_root=executed.header.state_root.hex(),
        fields=list(divergence.fields),
        transactions=[
            TransactionResult(
                id=receipt.transaction.hex(),
                code=receipt.code,
                receipt=leaf_hash(encode(receipt)).hex(),
            )
            for receipt in executed.receipts[:TRANSACTIONS_MAX]
        ],
        keys=[key.hex() for key in written[:KEYS_MAX]],
        keys_left_out=max(0, len(written) - KEYS_MAX),
        nodes=base64.b64encode(nodes).decode() if len(nodes) <= NODES_SIZE_MAX else "",
        values=list(_encode_values(executed.writes, written[:KEYS_MAX])),
        writers=[executed.writers.get(key, -1) for key in written[:KEYS_MAX]],
        damaged=[key.hex() for key in _find_damaged(store, head.state_root, written[:KEYS_MAX])],
    )


def _encode_values(
    writes: Mapping[bytes, bytes | None], keys: Sequence[bytes]
) -> Iterator[str | None]:
    """Give the values of the keys, in their order, until they are too many bytes."""
    size = 0
    for key in keys:
        value = writes[key]
        size += len(value or b"")
        if size > VALUES_SIZE_MAX:
            return
        yield None if value is None else base64.b64encode(value).decode()


def _find_damaged(store: Store, root: Hash, written: Sequence[bytes]) -> Sequence[bytes]:
    try:
        return find_damaged(store, root, written)
    except ChainError as error:
        log.error("the state cannot be read through", error=error)
        return ()


def _leaves(error: BaseException) -> Sequence[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        return (error,)
    return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
