"""Disks that fill up, and disks that lose power: what was called final is still there."""

import asyncio
import errno
import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chain.errors import Busy
from chain.operations import Call
from chain.values import encode_value
from node.client import AsyncClient
from tests.e2e import disks, power_cut
from tests.e2e.marks import raft_in_long
from tests.e2e.network import Network, NodeProcess
from tests.e2e.power_cut import Blob, Folder, VolatileDisk
from tests.e2e.running import caught_up, grow, say, under_load, until

on_processes = pytest.mark.e2e
CUTS = 2


# ---------------------------------------------------------------- a full disk


def keep_little_room(settings: dict[str, Any]) -> None:
    settings["storage"] = {
        "free_bytes_min": 12 * disks.MIB,
        "ballast_size_bytes": 2 * disks.MIB,
    }


async def is_refused(network: Network, node: NodeProcess) -> bool:
    """Whether a node takes no transaction because its disk is too full."""
    signer = network.key("alpha")
    async with AsyncClient([node.api], network.genesis, signer, retry_seconds=0.0) as client:
        try:
            await client.submit(Call("register", "read", encode_value({"key": "x"})))
        except Busy as error:
            return error.code == "VT-6004"
    return False


@on_processes
@pytest.mark.timeout(300)
@raft_in_long
def test_a_full_disk_stops_one_node_and_harms_nobody(stopped: Network, tmp_path: Path) -> None:
    if reason := disks.why_not():
        pytest.skip(reason)
    node = stopped.nodes[3]

    async def run(disk: Path) -> None:
        async with under_load(stopped, tmp_path, seed=8):
            await grow(stopped, 3)
            filler = disks.fill(disk, 8 * disks.MIB)
            ends = asyncio.get_running_loop().time() + 30
            while not await is_refused(stopped, node):
                assert asyncio.get_running_loop().time() < ends, "it takes transactions"
                await asyncio.sleep(0.1)
            await grow(stopped, 3)
            say("with little room it takes no transaction, and follows")

            disks.fill(disk, 0)
            await until(lambda: disks.room_in(disk) == 0 and not node.is_running)
            assert node.process is not None
            say(f"with no room it stops, with code {node.process.returncode}")
            assert node.process.returncode > 0
            await grow(stopped, 3, 0, 1, 2)
            filler.unlink()
            node.start()
            await caught_up(node, stopped)
            say("with room again it follows")

    with disks.small_disk(tmp_path / "disk", 96 * disks.MIB) as disk:
        node.move_home(disk)
        node.change_settings(keep_little_room)
        try:
            stopped.start()
            asyncio.run(run(disk))
        finally:
            stopped.stop()


# ---------------------------------------------------------------- a power cut


@on_processes
@pytest.mark.timeout(300)
@raft_in_long
@pytest.mark.parametrize(
    "is_torn", [False, pytest.param(True, marks=pytest.mark.long)], ids=["lost", "torn"]
)
def test_a_power_cut_for_all_loses_nothing_final(
    stopped: Network, tmp_path: Path, is_torn: bool
) -> None:
    """All four nodes stand on one disk that loses power under load, again and again."""
    if reason := power_cut.why_not():
        pytest.skip(reason)

    async def run(disk: Path) -> None:
        random = Random(9)
        async with under_load(stopped, tmp_path, seed=9) as workload:
            for cut in range(1, CUTS + 1):
                await grow(stopped, 3)
                await asyncio.sleep(random.uniform(0.0, 1.0))
                stopped.stop()
                await asyncio.to_thread(power_cut.switch, disk, f"cut {cut}" if is_torn else "cut")
                await asyncio.to_thread(stopped.start)
                say(f"cut {cut} of {CUTS}; {len(workload.unknown)} without an answer")

    with power_cut.mounted(tmp_path / "disk") as disk:
        for node in stopped.nodes:
            node.move_home(disk)
        power_cut.switch(disk, "keep")
        try:
            stopped.start()
            asyncio.run(run(disk))
        finally:
            stopped.stop()


def test_the_model_keeps_what_was_synced_and_nothing_else() -> None:
    disk = VolatileDisk()
    disk.make("/folder", Folder())
    disk.make("/folder/a", Blob())
    disk.blob("/folder/a").change(0, b"one")
    disk.switch("keep")
    disk.blob("/folder/a").change(3, b" two")
    disk.blob("/folder/a").sync()
    disk.blob("/folder/a").change(0, b"X")
    disk.make("/folder/b", Blob())
    disk.blob("/folder/b").sync()
    disk.rename("/folder/a", "/folder/c")
    disk.switch("cut")
    assert [*disk.folder("/folder").now] == ["a"]
    assert disk.blob("/folder/a").now == b"one two"

    disk.rename("/folder/a", "/folder/c")
    disk.folder("/folder").sync()
    disk.blob("/folder/c").change(2, None)
    disk.switch("cut")
    assert [*disk.folder("/folder").now] == ["c"]
    assert disk.blob("/folder/c").now == b"one two"


def test_a_torn_cut_keeps_the_beginning_of_what_was_written() -> None:
    kept = set()
    for seed in range(100):
        disk = VolatileDisk()
        disk.make("/a", Blob())
        disk.switch("keep")
        for offset, data in ((0, b"ab"), (2, b"cd"), (4, b"ef")):
            disk.blob("/a").change(offset, data)
        disk.switch(f"cut {seed}")
        kept.add(bytes(disk.blob("/a").now))
    assert kept == {b"abcdef"[:length] for length in range(7)}


@pytest.mark.parametrize(
    ("path", "error"),
    [("/none", errno.ENOENT), ("/file/below", errno.ENOTDIR), ("/folder", errno.EISDIR)],
)
def test_the_model_refuses_as_a_disk_does(path: str, error: int) -> None:
    disk = VolatileDisk()
    disk.make("/file", Blob())
    disk.make("/folder", Folder())
    with pytest.raises(OSError, match=path) as caught:
        disk.blob(path)
    assert caught.value.errno == error


@on_processes
def test_a_mounted_disk_behaves_as_its_model(tmp_path: Path) -> None:
    if reason := power_cut.why_not():
        pytest.skip(reason)
    with power_cut.mounted(tmp_path / "disk") as disk:
        power_cut.switch(disk, "keep")
        (disk / "synced").write_bytes(b"1")
        (disk / "not").write_bytes(b"2")
        for path in (disk / "synced", disk):
            opened = os.open(path, os.O_RDONLY)
            os.fsync(opened)
            os.close(opened)
        (disk / "later").write_bytes(b"3")
        assert sorted(os.listdir(disk)) == ["later", "not", "synced"]
        power_cut.switch(disk, "cut")
        assert sorted(os.listdir(disk)) == ["not", "synced"]
        assert (disk / "synced").read_bytes() == b"1"
        assert (disk / "not").read_bytes() == b""
