"""Views of the node itself, of errors and of the events in a stream."""

from chain.catalogue_entry import Entry
from node.api.views.common import View


class PeerView(View, frozen=True, kw_only=True):
    """Another node as this one sees it."""

    node: str
    organisation: str
    connected: bool
    height: int | None
    last_seen_ms: int | None
    address: str


class MempoolView(View, frozen=True, kw_only=True):
    """What waits for a block."""

    transactions: int
    bytes: int


class StatusView(View, frozen=True, kw_only=True):
    """How the node and the chain are, as this node sees it.

    `last_commit_ms` is when this node committed its head; `commit_latency_ms` the median time from
    first seeing a transaction to its commit.
    """

    chain_id: str
    genesis: str
    engine: str
    organisation: str
    node: str
    version: str
    height: int
    state_root: str
    block_hash: str
    block_time_ms: int
    last_commit_ms: int | None
    commit_latency_ms: int | None
    round: int
    step: str
    peers: list[PeerView]
    validators: int
    quorum: int
    mempool: MempoolView
    transactions_total: int
    twins_total: int
    updates_per_second: float
    ready: bool
    reasons: list[str]


class ReadyView(View, frozen=True, kw_only=True):
    """Whether commits are progressing; `reasons` says in sentences why not."""

    ready: bool
    reasons: list[str]


class ProblemView(View, frozen=True, kw_only=True, omit_defaults=True):
    """An error, as RFC 9457 has it, with the catalogue's explanation."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    why: str
    fix: str
    retryable: bool
    tx_id: str | None = None


class ErrorView(View, frozen=True, kw_only=True):
    """An entry of the error catalogue."""

    code: str
    name: str
    title: str
    why: str
    fix: str


class ErrorList(View, frozen=True, kw_only=True):
    """The whole error catalogue."""

    items: list[ErrorView]


class BlockEvent(View, frozen=True, kw_only=True):
    """A block was committed; `commit_ms` is when this node did, null for older blocks."""

    height: int
    hash: str
    time_ms: int
    transactions: int
    commit_ms: int | None


class TransactionEvent(View, frozen=True, kw_only=True):
    """A transaction became final or was rejected."""

    id: str
    height: int
    operation: str
    organisation: str | None
    twins: list[str]
    code: str


class ActionEvent(View, frozen=True, kw_only=True):
    """An action was opened or answered; `title` is empty for answers."""

    id: str
    kind: str
    twin: str
    status: str
    title: str


class AttestationEvent(View, frozen=True, kw_only=True):
    """An attestation was recorded."""

    id: str
    twin: str
    issuer: str


def view_error(entry: Entry) -> ErrorView:
    """Make the view of a catalogue entry; `why` shows the names of its values in braces."""
    return ErrorView(
        code=entry.code, name=entry.name, title=entry.title, why=entry.why, fix=entry.fix
    )
