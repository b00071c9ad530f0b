"""From files to a node that can run: open, check, and build the replica on what is there."""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from chain.codec import decode
from chain.errors import Corruption, InvalidInput
from chain.genesis import Genesis
from chain.keys import verify
from chain.scalars import NodeName
from consensus.engine import EngineState, make_engine
from consensus.last_signed import (
    LastSigned,
    decode_last_signed,
    encode_last_signed,
)
from consensus.own_key import find_own_key
from consensus.state import decode_engine_state
from contracts.executor import Executor
from node.config import NodeConfig
from node.cpu import CpuMeters
from node.home import authorities_of, load_genesis
from node.logs import get_log
from node.peering import check_vote_keys
from node.replica import keys
from node.replica.commit import build_genesis_batch
from node.replica.head import Head
from node.replica.mempool import MempoolLimits
from node.replica.ordering import tip_of
from node.replica.payload import KeptTransactions
from node.replica.ports import Column
from node.replica.probation import UNKNOWN_SIGNED
from node.replica.replica import Replica, Setting
from node.replica.snapshot_install import finish_install
from node.replica.sync import CatchUpSetting
from node.storage.check import check_newest
from node.storage.last_signed import LastSignedFile
from node.storage.options import RocksOptions
from node.storage.rocks import RocksStore
from node.storage.space import keep_ballast, release_ballast
from node.vote_keys import VoteKeys

log = get_log(__name__)
UNFINISHED_WRITE = "VT-6003"
UNBOUNDED = 1 << 40
"""Bytes a second that no disk writes."""
VERIFY_SAMPLED: Final = 16
"""The processor time of one signature check in so many is measured; they are all alike."""


@dataclass(frozen=True, slots=True)
class OpenNode:
    """Everything of a node that stands on its disk."""

    config: NodeConfig
    genesis: Genesis
    genesis_json: bytes
    store: RocksStore
    signed_file: LastSignedFile
    vote_keys: VoteKeys
    head: Head
    replica: Replica
    meters: CpuMeters


def open_node(config: NodeConfig, executor: Executor) -> OpenNode:
    """Open a node's store, check its newest blocks and build the replica.

    Raises: Corruption: the store or the last-signed file is damaged; InvalidInput: a file of the
    node's home is missing or wrong; Busy: another process holds the store.
    """
    genesis = load_genesis(config.genesis_path)
    authorities_of(genesis)  # A founding member's CA that cannot be read is told of here.
    with ExitStack() as opened:
        store = opened.enter_context(open_store(config))
        if finish_install(store, genesis.limits) is not None:
            log.info("a snapshot that was begun to be put in place is in place now")
        head = load_head(store, genesis, config.storage.check_blocks)
        signed_file = opened.enter_context(
            LastSignedFile(config.last_signed_path, must_exist=head.height > 0)
        )
        stored = signed_file.load()
        if stored is None:
            # The file is made with the vote key, so this home lost it. Written once, so that the
            # node can start again: no file beside a database with blocks looks like a loss anew.
            stored = encode_last_signed(UNKNOWN_SIGNED)
            signed_file.store(stored)
        last_signed = decode_last_signed(stored)
        vote_keys = VoteKeys(config)
        check_vote_keys(config, head, vote_keys)
        meters = CpuMeters()
        replica = build_replica(
            config, genesis, store, head, last_signed, vote_keys, executor, meters
        )
        opened.pop_all()
    data = config.genesis_path.read_bytes()
    return OpenNode(config, genesis, data, store, signed_file, vote_keys, head, replica, meters)


def open_store(config: NodeConfig, *, is_alone: bool = False) -> RocksStore:
    """Open the database.

    Args: is_alone: no consensus runs beside it, so merges may go as fast as they can.

    A last write that was cut short is dropped: it was never acknowledged, or, should the disk have
    lied, the last-signed file keeps this node from signing until it is past what it signed.
    """
    storage = config.storage
    options = RocksOptions(
        storage.cache_size_bytes,
        _apart_from_others(storage.write_buffers_size_bytes, config.node),
        storage.wal_size_bytes_max,
        storage.open_files_max,
        storage.background_jobs,
        UNBOUNDED if is_alone else storage.background_bytes_per_s_max,
    )
    if not keep_ballast(config.home_path, storage.ballast_size_bytes):
        log.warning("no room for the reserve on the disk", folder=str(config.home_path))
        release_ballast(config.home_path)
    try:
        return RocksStore(config.database_path, options)
    except Corruption as error:
        if error.code != UNFINISHED_WRITE:
            raise
        log.warning("dropping an unfinished write at the end of the database")
    return RocksStore(config.database_path, replace(options, accept_torn_tail=True))


def _apart_from_others(size_bytes: int, node: NodeName) -> int:
    """Give between 60 and 100 % of a size, for each node another part of it.

    All nodes write the same rows. With buffers of one size all of them would merge files in the
    same seconds, and no quorum would be left that has nothing else to do.
    """
    drawn = int.from_bytes(sha256(node.encode()).digest()[:2], "big")
    return size_bytes * 6 // 10 + size_bytes * 4 // 10 * drawn // 0xFFFF


def load_head(store: RocksStore, genesis: Genesis, check_blocks: int) -> Head:
    """Check the newest blocks and give the head; begin the chain when the store is empty.

    Raises: InvalidInput: VT-1305, the store holds another chain; Corruption: it is damaged.
    """
    fresh, batch = build_genesis_batch(genesis)
    if store.get(Column.META, keys.GENESIS) not in (None, fresh.block):
        raise InvalidInput("VT-1305", reason="the database belongs to a chain of another genesis")
    # Checked before the first write: a store that lost its head must not be begun anew.
    head = check_newest(store, genesis, check_blocks)
    if head is None:
        store.write(batch, sync=True)
        return fresh
    return head


def build_replica(
    config: NodeConfig,
    genesis: Genesis,
    store: RocksStore,
    head: Head,
    last_signed: LastSigned | None,
    vote_keys: VoteKeys,
    executor: Executor,
    meters: CpuMeters,
) -> Replica:
    """Build the replica that goes on after `head`.

    Args: last_signed: `UNKNOWN_SIGNED` when nobody knows; then it signs nothing for now.
    """
    has_vote = find_own_key(vote_keys, head.validators) is not None
    is_unsure = last_signed == UNKNOWN_SIGNED
    if is_unsure and has_vote:
        log.warning("nobody knows what this node's vote key signed: it follows and does not vote")
    engine = make_engine(
        genesis,
        tip=tip_of(head),
        signers=() if is_unsure else vote_keys,
        hard_state=load_engine_state(store),
        last_signed=None if is_unsure else last_signed,
    )
    limits = MempoolLimits(
        config.limits.mempool_size_bytes_max,
        config.limits.mempool_transactions_max,
        config.limits.mempool_share_percent,
    )
    if not has_vote:
        log.warning("this node has no vote now: it follows the chain")
    setting = Setting(
        genesis,
        config.node,
        limits,
        meters.replica.metered("verify", verify, VERIFY_SAMPLED),
        load_kept(store),
        catch_up=CatchUpSetting(
            config.storage.retain_blocks,
            config.catch_up.snapshot_interval_blocks,
            config.catch_up.snapshot_behind_blocks,
            config.catch_up.snapshot_behind_transactions,
        ),
        signers=vote_keys,
        is_unsure=is_unsure,
        meter=meters.replica,
    )
    return Replica(setting, engine, head, store, executor)


def load_engine_state(store: RocksStore) -> EngineState | None:
    """Read the engine's state; the engine judges whether it fits the chain.

    Raises: Corruption: VT-6012, it does not decode.
    """
    data = store.get(Column.META, keys.CONSENSUS)
    try:
        return None if data is None else decode_engine_state(data)
    except InvalidInput as error:
        raise Corruption("VT-6012", reason="the consensus state does not decode") from error


def load_kept(store: RocksStore) -> tuple[bytes, ...]:
    """Read the transactions that were stored with the engine's state.

    Raises: Corruption: VT-6012, they do not decode.
    """
    data = store.get(Column.META, keys.VALID)
    try:
        return () if data is None else decode(data, KeptTransactions, len(data)).transactions
    except InvalidInput as error:
        raise Corruption("VT-6012", reason="the kept transactions do not decode") from error
