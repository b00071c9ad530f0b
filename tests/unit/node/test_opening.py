"""From files to a node that can run, and everything that must keep one from running."""

import shutil
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from chain.catalogue import CATALOGUE
from chain.codec import encode
from chain.errors import Busy, Corruption, InvalidInput
from chain.genesis import genesis_to_json
from chain.scalars import Height, NodeName, UnixMillis
from consensus.bft.state import NEVER_SIGNED, initial_state
from consensus.last_signed import LastSigned, SignedStep, encode_last_signed
from consensus.state import encode_engine_state
from node.config import NodeConfig, StorageConfig
from node.driver import Driver
from node.keystore import create_key
from node.opening import OpenNode, open_node, open_store
from node.replica import effects, events, keys
from node.replica.blocks import BlockServer
from node.replica.messages import BlocksRequest, Status, encode_frame
from node.replica.payload import KeptTransactions
from node.replica.ports import Column, Put, WriteBatch
from node.replica.probation import UNKNOWN_SIGNED
from node.storage.last_signed import LastSignedFile
from node.storage.options import RocksOptions
from node.storage.rocks import RocksStore
from tests.unit.node.conftest import IdleExecutor, Place, found

NOW_MS = UnixMillis(1_700_000_100_000)


class Opened:
    """An open node and its driver; closes as a stopped process would."""

    def __init__(self, config: NodeConfig) -> None:
        self.node: OpenNode = open_node(config, IdleExecutor())
        self.driver = Driver(
            self.node.replica, self.node.store, self.node.signed_file, lambda: NOW_MS
        )

    def __enter__(self) -> "Opened":
        return self

    def __exit__(self, *_: object) -> None:
        self.node.store.close()
        self.node.signed_file.close()

    def step(self, *happened: events.Event) -> list[effects.Effect]:
        return list(self.driver.step(happened).effects)


def run_some(place: Place, blocks: int = 3) -> None:
    """Let a node alone commit some blocks."""
    with Opened(place.config) as opened:
        opened.step(events.Started(NOW_MS))
        for number in range(1, blocks):
            opened.step(events.Submitted(number, place.sign(number).raw, NOW_MS))
        assert opened.node.replica.view().head.height == blocks


def change(config: NodeConfig, *puts: Put) -> None:
    with RocksStore(config.database_path) as store:
        store.write(WriteBatch(puts), sync=True)


def refuse(config: NodeConfig) -> str:
    """Open and be refused; the store must be free afterwards."""
    with pytest.raises((Corruption, InvalidInput)) as caught:
        open_node(config, IdleExecutor())
    RocksStore(config.database_path).close()
    return f"{type(caught.value).__name__} {caught.value}"


def test_a_new_node_begins_with_genesis(alone: Place) -> None:
    with Opened(alone.config) as opened:
        head = opened.node.head
        assert (head.height, head.block) == (0, opened.node.replica.genesis_hash)
        assert opened.node.genesis == alone.network.genesis
        assert opened.node.genesis_json == alone.config.genesis_path.read_bytes()
        stored = opened.node.store.get(Column.META, keys.GENESIS)
        assert stored == head.block


def test_a_node_goes_on_where_it_was(alone: Place) -> None:
    run_some(alone)
    with Opened(alone.config) as opened:
        assert opened.node.head.height == 3
        opened.step(events.Started(NOW_MS))
        opened.step(events.Submitted(9, alone.sign(9).raw, NOW_MS))
        assert opened.node.replica.view().head.height == 4


def test_nodes_of_a_network_do_not_merge_files_in_the_same_seconds(
    alone: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def note(path: Path, options: RocksOptions) -> RocksStore:
        sizes.append(options.write_buffers_size_bytes)
        return RocksStore(path, options)

    monkeypatch.setattr("node.opening.RocksStore", note)
    for number in range(4):
        open_store(replace(alone.config, node=NodeName(f"acme-{number}"))).close()
    configured = alone.config.storage.write_buffers_size_bytes
    assert configured * 0.6 <= min(sizes) <= max(sizes) <= configured
    assert max(sizes) - min(sizes) > configured * 0.1
    assert len(set(sizes)) == 4


def test_two_processes_cannot_run_one_node(alone: Place) -> None:
    with Opened(alone.config), pytest.raises(Busy, match=r"^VT-6002"):
        open_node(alone.config, IdleExecutor())


def test_a_database_of_another_chain_is_refused(alone: Place) -> None:
    run_some(alone)
    other = replace(alone.network.genesis, created_ms=UnixMillis(1))
    alone.config.genesis_path.write_bytes(genesis_to_json(other))
    assert refuse(alone.config) == (
        "InvalidInput VT-1305: the database belongs to a chain of another genesis."
    )


def test_a_founding_node_with_a_key_that_genesis_does_not_know_follows(alone: Place) -> None:
    path = alone.config.home_path / "keys" / "vote.json"
    path.unlink()
    create_key(path, "vote-acme-1", "acme")
    with Opened(alone.config) as opened:
        opened.step(events.Started(NOW_MS))
        opened.step(events.Submitted(1, alone.sign(1).raw, NOW_MS))
        assert opened.node.replica.view().head.height == 0
        assert opened.node.signed_file.load() == encode_last_signed(NEVER_SIGNED)


def test_a_missing_vote_key_is_refused(alone: Place) -> None:
    (alone.config.home_path / "keys" / "vote.json").unlink()
    assert refuse(alone.config).startswith("InvalidInput VT-1302: ")


def test_a_node_that_is_no_validator_observes_without_a_key(alone: Place) -> None:
    (alone.config.home_path / "keys" / "vote.json").unlink()
    config = msgspec.structs.replace(alone.config, node=NodeName("observer"))
    with Opened(config) as opened:
        opened.step(events.Started(NOW_MS))
        assert opened.step(events.Submitted(1, alone.sign(1).raw, NOW_MS))
        assert opened.node.replica.view().head.height == 0
        assert opened.node.signed_file.load() == encode_last_signed(NEVER_SIGNED)


def test_a_lost_last_signed_file_is_refused_once_there_are_blocks(alone: Place) -> None:
    run_some(alone)
    alone.config.last_signed_path.unlink()
    assert refuse(alone.config).startswith("Corruption VT-6021: ")
    assert not alone.config.last_signed_path.exists(), "a refusal must not make an empty one"


def test_a_home_that_lost_everything_but_its_keys_follows_and_signs_nothing(alone: Place) -> None:
    run_some(alone)
    shutil.rmtree(alone.config.database_path)
    alone.config.last_signed_path.unlink()
    for _ in range(2):
        with Opened(alone.config) as opened:
            opened.step(events.Started(NOW_MS))
            opened.step(events.Submitted(1, alone.sign(1).raw, NOW_MS))
            view = opened.node.replica.view()
            assert (view.mute, view.head.height) == ("unsure", 0)
            assert opened.node.signed_file.load() == encode_last_signed(UNKNOWN_SIGNED)


@pytest.mark.parametrize("damaged", [True, False])
def test_what_a_refusal_says_lets_the_node_start(alone: Place, damaged: bool) -> None:
    run_some(alone)
    path = alone.config.last_signed_path
    if damaged:
        path.write_bytes(b"\0" * path.stat().st_size)
    else:
        path.unlink()
    code = "VT-6020" if damaged else "VT-6021"
    assert refuse(alone.config).startswith(f"Corruption {code}: ")
    fix = CATALOGUE[code].fix
    assert "Under BFT move database/ away and start" in fix
    assert "Under Raft it never votes again: members remove it with `veritwin member" in fix
    if damaged:
        assert "take it away" in fix
        path.unlink()
    shutil.rmtree(alone.config.database_path)
    with Opened(alone.config) as opened:
        assert opened.node.replica.view().mute == "unsure"


def test_a_node_whose_key_was_just_made_knows_that_it_signed_nothing(alone: Place) -> None:
    with Opened(alone.config) as opened:
        assert opened.node.replica.view().mute == ""
        assert opened.node.signed_file.load() == encode_last_signed(NEVER_SIGNED)


def test_a_retention_that_forgets_too_soon_is_refused(alone: Place) -> None:
    storage = StorageConfig(retain_blocks=100)
    config = msgspec.structs.replace(alone.config, storage=storage)
    assert refuse(config) == (
        "InvalidInput VT-6030: storage.retain_blocks: 100 blocks are too few; keep at least 1256. "
        "Transactions can be repeated for 1000 blocks, and joining nodes need some more."
    )


def test_a_snapshot_that_power_cut_short_is_put_in_place_at_the_start(alone: Place) -> None:
    run_some(alone)
    change(alone.config, Put(Column.META, keys.INSTALLING, b""))
    assert refuse(alone.config) == (
        "Corruption VT-6012: a snapshot without a plan was to be put in place."
    )


def test_a_damaged_last_signed_file_is_refused(alone: Place) -> None:
    run_some(alone)
    size = alone.config.last_signed_path.stat().st_size
    alone.config.last_signed_path.write_bytes(b"x" * size)
    assert refuse(alone.config).startswith("Corruption VT-6020: ")


def test_a_database_older_than_the_last_signature_keeps_silent_until_it_is_past_it(
    alone: Place,
) -> None:
    run_some(alone, 2)
    copy = alone.config.home_path / "copy"
    shutil.copytree(alone.config.database_path, copy)
    run_some_more(alone)
    signed = alone.config.last_signed_path.read_bytes()
    shutil.rmtree(alone.config.database_path)
    shutil.move(copy, alone.config.database_path)
    with Opened(alone.config) as opened:
        opened.step(events.Started(NOW_MS))
        opened.step(events.Submitted(7, alone.sign(7).raw, NOW_MS))
        assert opened.node.replica.view().head.height == 2, "alone it can decide nothing now"
    assert alone.config.last_signed_path.read_bytes() == signed, "it signed nothing"


def run_some_more(place: Place) -> None:
    with Opened(place.config) as opened:
        opened.step(events.Started(NOW_MS))
        opened.step(events.Submitted(5, place.sign(5).raw, NOW_MS))
        assert opened.node.replica.view().head.height == 3


def test_an_engine_state_of_a_later_height_than_the_chain_is_refused(alone: Place) -> None:
    run_some(alone)
    state = initial_state(Height(9), NEVER_SIGNED)
    change(alone.config, Put(Column.META, keys.CONSENSUS, encode_engine_state(state)))
    assert refuse(alone.config) == (
        "Corruption VT-3023: The engine's state is of height 9, but the next height to decide is 4."
    )


@pytest.mark.parametrize(
    ("key", "what"),
    [
        (keys.CONSENSUS, "the consensus state does not decode"),
        (keys.VALID, "the kept transactions do not decode"),
        (keys.HEAD, "the head does not decode"),
    ],
)
def test_a_damaged_record_is_damage_of_this_disk(alone: Place, key: bytes, what: str) -> None:
    run_some(alone)
    change(alone.config, Put(Column.META, key, b"\xc1"))
    assert refuse(alone.config) == f"Corruption VT-6012: {what}."


def test_a_store_that_lost_its_head_is_not_begun_anew(alone: Place) -> None:
    run_some(alone)
    change(alone.config, Put(Column.META, keys.HEAD, None))
    assert refuse(alone.config) == ("Corruption VT-6012: there is no head, but blocks holds data.")
    with RocksStore(alone.config.database_path) as store:
        assert store.get(Column.META, keys.HEAD) is None, "nothing is repaired silently"


def test_a_block_that_is_missing_is_noticed_at_the_start(alone: Place) -> None:
    run_some(alone)
    change(alone.config, Put(Column.BLOCKS, keys.block(Height(2)), None))
    assert refuse(alone.config).startswith("Corruption VT-6010: ")


def test_what_the_engine_was_locked_on_is_taken_back(alone: Place) -> None:
    run_some(alone)
    transaction = alone.sign(8)
    kept = encode(KeptTransactions((transaction.raw,)))
    change(alone.config, Put(Column.META, keys.VALID, kept))
    with Opened(alone.config) as opened:
        assert opened.node.replica._proposals.find(transaction.id) == transaction


def torn(config: NodeConfig, target: Path) -> None:
    """Make the folder look as if power had failed in the middle of the last write."""
    log = max(target.glob("*.log"), key=lambda file: file.stat().st_size)
    log.write_bytes(log.read_bytes()[:-7])
    shutil.rmtree(config.database_path)
    shutil.move(target, config.database_path)


def test_an_unfinished_last_write_is_dropped_and_the_node_runs(alone: Place) -> None:
    copy = alone.config.home_path / "copy"
    with Opened(alone.config) as opened:
        opened.step(events.Started(NOW_MS))
        opened.step(events.Submitted(1, alone.sign(1).raw, NOW_MS))
        shutil.copytree(alone.config.database_path, copy)
    torn(alone.config, copy)
    with Opened(alone.config) as opened:
        assert opened.node.head.height == 1


def test_the_last_signed_file_is_read_before_anything_is_signed(alone: Place) -> None:
    with Opened(alone.config):
        pass
    last = LastSigned(Height(5), 0, SignedStep.PRECOMMIT, NEVER_SIGNED.digest)  # type: ignore[arg-type]
    with LastSignedFile(alone.config.last_signed_path, must_exist=True) as file:
        file.store(encode_last_signed(last))
    with Opened(alone.config) as opened:
        opened.step(events.Started(NOW_MS))
        assert opened.node.replica.view().head.height == 0
        assert opened.node.signed_file.load() == encode_last_signed(last)


def test_a_node_that_followed_without_ever_signing_starts_again(
    alone: Place, tmp_path: Path
) -> None:
    home = tmp_path / "observer"
    home.mkdir()
    shutil.copy(alone.config.genesis_path, home / "genesis.json")
    observer = NodeConfig(node=NodeName("observer"), home=str(home))
    run_some(alone)
    with Opened(alone.config) as source, Opened(observer) as follower:
        peer = alone.config.node
        follower.step(events.Started(NOW_MS), events.PeerUp(peer, NOW_MS))
        server = BlockServer(source.node.store, source.node.genesis.limits)
        summary = source.node.replica.view().summary
        status = Status(source.node.head.height, source.node.head.block, summary, ())
        (asked,) = follower.step(events.FrameReceived(peer, encode_frame(status), NOW_MS))
        assert isinstance(asked, effects.SendTo)
        assert isinstance(asked.message, BlocksRequest)
        blocks = server.answer(asked.message, source.node.head)
        follower.step(events.FrameReceived(peer, encode_frame(blocks), NOW_MS))
        assert follower.node.replica.view().head.height == 3
    with Opened(observer) as follower:
        assert follower.node.head.height == 3


def test_a_genesis_that_is_missing_is_named(tmp_path: Path) -> None:
    network = found(tmp_path, "acme")
    home = network.homes[NodeName("acme-1")]
    (home / "genesis.json").unlink()
    config = NodeConfig(node=NodeName("acme-1"), home=str(home))
    with pytest.raises(InvalidInput, match=r"^VT-1305: .*genesis.json cannot be read"):
        open_node(config, IdleExecutor())
