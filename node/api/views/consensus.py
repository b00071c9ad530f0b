"""Views of what a node knows of its consensus and of its machine; `veritwin diagnose` reads them.

Times are Unix milliseconds by the clock of the node that answers; `now_ms` says what it shows.
"""

from node.api.views.common import View


class VoteView(View, frozen=True, kw_only=True):
    """The newest vote of a validator that this node counted."""

    kind: str
    height: int
    round: int
    seen_ms: int


class AttendeeView(View, frozen=True, kw_only=True):
    """A validator as this node sees it.

    `since_ms` is when the connection came to be, or was lost; for one that never was, when this
    node started. `heard_ms` is when the validator last sent anything, `height` what it then said.
    `has_prevoted` and `has_precommitted` speak of the present round. `clock_offset_ms` is by how
    much the times in its votes are ahead of the others' (negative: behind; null: too few votes).
    `mute` is why it says that it cannot vote: `unsure` (its last-signed file is lost), `no-key`
    (its vote key is not in its home), empty when it can.
    """

    node: str
    organisation: str
    weight: int
    is_self: bool
    is_configured: bool
    connected: bool
    since_ms: int
    heard_ms: int | None
    height: int | None
    mute: str = ""
    has_prevoted: bool
    has_precommitted: bool
    last_vote: VoteView | None
    clock_offset_ms: int | None
    rtt_ms: float | None
    certificate_expires_ms: int | None
    last_error: str | None


class AccusationView(View, frozen=True, kw_only=True):
    """A validator that was seen signing two different messages at one place."""

    node: str
    kind: str
    height: int
    round: int
    seen_ms: int


class RefusalView(View, frozen=True, kw_only=True):
    """A proposed block that this node found invalid, at the height it was working on."""

    height: int
    block: str
    why: str
    seen_ms: int


class SnapshotView(View, frozen=True, kw_only=True):
    """A snapshot that is being loaded: of which height, and how much of it is here.

    `parts_done` of the `parts_known` are here; more become known meanwhile. `state_permille` says
    how much of the state that is.
    """

    height: int
    parts_done: int
    parts_known: int
    size_bytes: int
    state_permille: int


class CatchUpView(View, frozen=True, kw_only=True):
    """A node that fetches blocks: where it began, and the height that enough peers say they have.

    `first_height` is where it was at `since_ms`. `snapshot` comes before the blocks, to a node that
    is far behind.
    """

    target: int
    first_height: int
    since_ms: int
    snapshot: SnapshotView | None


class ConsensusView(View, frozen=True, kw_only=True):
    """How far consensus is at this node, and who takes part.

    `height` is being decided, since `committed_ms` (null: none was committed since the start);
    blocks above `base` are kept; `first_height` is where the node was at its start.
    `round_since_ms` is when the present round began. Under Raft the round is the term, `proposer`
    the leader (empty while none is known), nobody prevotes, and a follower precommits what it
    acknowledges. Weights count towards `quorum`. A chain is overdue when no block came for
    `interval_ms_max`.
    """

    node: str
    organisation: str
    engine: str
    now_ms: int
    started_ms: int
    first_height: int
    base: int
    height: int
    committed_ms: int | None
    interval_ms_max: int
    round: int
    round_since_ms: int
    step: str
    proposer: str
    has_proposal: bool
    quorum: int
    honest: int
    validators: list[AttendeeView]
    accusations: list[AccusationView]
    refusals: list[RefusalView]
    catch_up: CatchUpView | None


class CertificateExpiryView(View, frozen=True, kw_only=True):
    """When a TLS certificate ends: this node's own, or that of a member's CA."""

    name: str
    expires_ms: int


class FaultView(View, frozen=True, kw_only=True):
    """Why the node stopped the last time, while it is not yet past that height."""

    code: str
    why: str
    height: int | None
    first_ms: int
    last_ms: int
    count: int


class MachineView(View, frozen=True, kw_only=True):
    """What the node has and uses of its machine, and the limits that it was given.

    `transactions_set_aside` are those whose contracts it could not run since its start.
    """

    node: str
    version: str
    now_ms: int
    started_ms: int
    disk_free_bytes: int
    disk_free_bytes_min: int
    database_bytes: int
    mempool_transactions: int
    mempool_transactions_max: int
    mempool_bytes: int
    mempool_bytes_max: int
    worker_restarts: int
    worker_restarted_ms: int | None
    transactions_set_aside: int
    certificates: list[CertificateExpiryView]
    fault: FaultView | None
