"""From what is on a machine's disk to a node that can run, as `node/opening.py` does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chain.codec import decode
from consensus.engine import make_engine
from consensus.last_signed import NEVER_SIGNED, decode_last_signed, encode_last_signed
from consensus.state import decode_engine_state
from node.driver import Driver
from node.replica import keys
from node.replica.commit import build_genesis_batch
from node.replica.ordering import tip_of
from node.replica.payload import KeptTransactions
from node.replica.ports import Column
from node.replica.replica import Replica, Setting
from node.storage.check import check_newest

if TYPE_CHECKING:
    from tests.sim.process import Machine

CHECKED_BLOCKS: Final = 4
"""How many blocks a start checks; a real node checks 32, which is slow."""


def open_node(machine: Machine) -> Driver:
    """Check the disk, read it, and build the replica on what is there.

    Raises: Corruption, Busy: what is there cannot be trusted, or there is no room; PowerCut.
    """
    world = machine.world
    head = check_newest(machine.disk, world.genesis, CHECKED_BLOCKS, verify=world.scheme.verify)
    if head is None:
        head, batch = build_genesis_batch(world.genesis)
        machine.disk.write(batch, sync=True)
    signed_file = machine.signed_disk.open(must_exist=head.height > 0)
    signed = signed_file.load()
    if signed is None:
        signed = encode_last_signed(NEVER_SIGNED)
        signed_file.store(signed)
    state = machine.disk.get(Column.META, keys.CONSENSUS)
    engine = make_engine(
        world.genesis,
        tip=tip_of(head),
        signers=(machine.key,),
        hard_state=None if state is None else decode_engine_state(state),
        last_signed=decode_last_signed(signed),
        verify=world.scheme.verify,
    )
    data = machine.disk.get(Column.META, keys.VALID)
    kept = () if data is None else decode(data, KeptTransactions, len(data)).transactions
    setting = Setting(world.genesis, machine.name, verify=world.scheme.verify, kept=kept)
    replica = Replica(setting, engine, head, machine.disk, world.executor)
    return Driver(replica, machine.disk, signed_file, machine.clock.read)
