"""From what is on a machine's disk to a node that can run, as `node/opening.py` does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING, Final

from chain.codec import decode
from chain.genesis import Limits
from consensus.engine import make_engine
from consensus.last_signed import decode_last_signed, encode_last_signed
from consensus.state import decode_engine_state
from node.driver import Driver
from node.replica import keys, pruning
from node.replica.commit import build_genesis_batch
from node.replica.ordering import tip_of
from node.replica.payload import KeptTransactions
from node.replica.ports import Column
from node.replica.probation import UNKNOWN_SIGNED
from node.replica.replica import Replica, Setting
from node.replica.snapshot_install import finish_install
from node.replica.sync import CatchUpSetting
from node.storage.check import check_newest

if TYPE_CHECKING:
    from tests.sim.process import Machine

CHECKED_BLOCKS: Final = 4
"""How many blocks a start checks; a real node checks 32, which is slow."""
SLACK_BLOCKS: Final = 6
RETAINED_MAX: Final = 100
"""More blocks than that, and nothing is ever deleted here."""


def open_node(machine: Machine) -> Driver:
    """Check the disk, read it, and build the replica on what is there.

    Raises: Corruption, Busy: what is there cannot be trusted, or there is no room; PowerCut.
    """
    world, disk = machine.world, machine.disk
    genesis, verify = world.genesis, world.scheme.verify
    finish_install(disk, genesis.limits)
    head = check_newest(disk, genesis, CHECKED_BLOCKS, verify=verify)
    if head is None:
        head, batch = build_genesis_batch(genesis)
        disk.write(batch, sync=True)
    signed_file = machine.signed_disk.open(must_exist=head.height > 0)
    signed = signed_file.load()
    if signed is None:
        signed = encode_last_signed(UNKNOWN_SIGNED)
        signed_file.store(signed)
    last_signed = decode_last_signed(signed)
    is_unsure = last_signed == UNKNOWN_SIGNED
    state = disk.get(Column.META, keys.CONSENSUS)
    engine = make_engine(
        genesis,
        tip=tip_of(head),
        signers=() if is_unsure else machine.keys,
        hard_state=None if state is None else decode_engine_state(state),
        last_signed=None if is_unsure else last_signed,
        verify=verify,
    )
    data = disk.get(Column.META, keys.VALID)
    setting = Setting(
        genesis,
        machine.name,
        verify=verify,
        kept=() if data is None else decode(data, KeptTransactions, len(data)).transactions,
        catch_up=machine.catch_up,
        is_unsure=is_unsure,
        signers=machine.keys,
    )
    return Driver(
        Replica(setting, engine, head, disk, world.executor),
        disk,
        signed_file,
        machine.clock.read,
    )


def draw_catch_up(random: Random, limits: Limits) -> CatchUpSetting:
    """Draw from how far behind a node loads a snapshot, how often it can give one, what it keeps.

    Blocks are deleted only where the chain's limits let that happen within a run.
    """
    least = limits.expiry_window_blocks + SLACK_BLOCKS
    return CatchUpSetting(
        retain_blocks=random.choice((0, least, least + 6)) if least < RETAINED_MAX else 0,
        snapshot_interval_blocks=random.choice((2, 4, 8)),
        snapshot_behind_blocks=random.choice((3, 6, 12, 1_000)),
        snapshot_behind_transactions=random.choice((0, 10, 20_000)),
    )


@contextmanager
def little_slack() -> Iterator[None]:
    """Let nodes keep fewer blocks for those who load a snapshot: a run has a few dozen in all."""
    names = vars(pruning)
    kept, names["SNAPSHOT_SLACK_BLOCKS"] = names["SNAPSHOT_SLACK_BLOCKS"], SLACK_BLOCKS
    try:
        yield
    finally:
        names["SNAPSHOT_SLACK_BLOCKS"] = kept
