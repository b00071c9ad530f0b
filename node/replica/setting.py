"""What a replica is told at its start, and what it shows of itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chain import keys
from chain.genesis import Genesis
from chain.scalars import GENESIS_HEIGHT, Height, NodeName
from consensus.engine import Summary
from node.replica.head import Head
from node.replica.mempool import MempoolLimits
from node.replica.messages import Muteness
from node.replica.ports import NO_METER, Meter
from node.replica.snapshot_work import SnapshotProgress
from node.replica.sync import CatchUpSetting


@dataclass(frozen=True, slots=True)
class ReplicaView:
    """What a replica looks like from outside, for status pages and metrics."""

    head: Head
    summary: Summary
    waiting: int
    waiting_bytes: int
    peer_heights: tuple[tuple[NodeName, Height], ...]
    is_catching_up: bool
    base: Height = GENESIS_HEIGHT
    """Blocks are kept above it, and the state from there on."""
    snapshot: SnapshotProgress | None = None
    """The snapshot that is being loaded."""
    snapshots: int = 0
    """How many were put in place since the start."""
    set_aside: int = 0
    """How many transactions this machine could not execute since the start."""
    mute: Muteness = ""
    """Why this node cannot vote although it is a member with a vote."""
    mute_peers: tuple[tuple[NodeName, Muteness], ...] = ()
    """Connected peers that say so of themselves."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a replica is told about its chain and about itself.

    `signers` are its vote keys: with the one that its committee names it reports evidence. `kept`
    are the encoded transactions that were stored with the engine's state. `is_unsure`: nobody
    knows what its vote keys signed before; then the engine has none of them.
    """

    genesis: Genesis
    own_name: NodeName
    mempool_limits: MempoolLimits = field(default_factory=MempoolLimits)
    verify: keys.Verifier = keys.verify
    kept: tuple[bytes, ...] = ()
    catch_up: CatchUpSetting = field(default_factory=CatchUpSetting)
    is_unsure: bool = False
    signers: Sequence[keys.Signer] = ()
    meter: Meter = NO_METER
