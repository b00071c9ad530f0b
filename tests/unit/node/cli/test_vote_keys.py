"""`veritwin keys list`: which of a node's vote keys the chain names, and when."""

from pathlib import Path

from chain.changes import RemoveValidator
from chain.keyfile import seal_key
from chain.keys import SigningKey
from node.keystore import save_key
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.chain_builder import ChainBuilder, seed_of
from tests.unit.node.cli.conftest import Command, serving
from tests.unit.node.governed_chain import WINDCARE, build_governed, rotation


def make_home(tmp_path: Path, *names: str) -> Path:
    """A home of windcare-1 whose files of vote keys hold these keys, in their order."""
    home = tmp_path / "windcare-1"
    for number, name in enumerate(names, 1):
        file = "vote.json" if number == 1 else f"vote-{number}.json"
        data = seal_key(seed_of(name), "vote", "windcare", None, bytes(16), bytes(24))
        save_key(home / "keys" / file, data)
    (home / "node.yaml").write_text("node: windcare-1\n")
    return home


def say_of(command: Command, chain: ChainBuilder, home: Path) -> list[str]:
    """What `keys list` says of each file, and after them."""
    with serving(FakeNode(chain)) as served:
        done = command("keys", "list", "--home", home, "--node", served.address)
    assert done.code == 0, done.err
    rows = [line.split("  ") for line in done.out.splitlines()]
    return [row[-1].strip() for row in rows]


def test_each_vote_key_says_when_it_is_in_force(command: Command, tmp_path: Path) -> None:
    home = make_home(tmp_path, "vote windcare", "vote windcare again", "of a lost rotation")
    assert say_of(command, build_governed(), home) == [
        "on the chain",
        "was the vote key of windcare-1 up to height 6",
        "is the vote key of windcare-1 since height 7",
        "never named by the chain",
    ]


def test_a_planned_rotation_shows_in_both_keys(command: Command, tmp_path: Path) -> None:
    chain = ChainBuilder()
    chain.add_block(chain.transaction(rotation(chain), "windcare"))
    home = make_home(tmp_path, "vote windcare", "vote windcare again")
    assert say_of(command, chain, home)[1:] == [
        "is the vote key of windcare-1 up to height 2",
        "will be the vote key of windcare-1 from height 3 on",
    ]


def test_a_key_that_is_in_no_file_is_missed(command: Command, tmp_path: Path) -> None:
    home = make_home(tmp_path, "vote windcare")
    again = SigningKey(seed_of("vote windcare again")).public_key.hex()
    assert say_of(command, build_governed(), home)[1:] == [
        "was the vote key of windcare-1 up to height 6",
        f"No file holds {again}, the newest vote key of windcare-1: without it the node does not "
        "vote.",
    ]
    with serving(FakeNode(build_governed())) as served:
        shown = command("keys", "list", "--home", home, "--node", served.address, "--json").json
    assert shown["missing"] == again
    assert [(one["state"], one["up_to_height"]) for one in shown["items"]] == [("past", 6)]


def test_a_node_that_was_removed_has_no_key_in_force(command: Command, tmp_path: Path) -> None:
    chain = ChainBuilder()
    chain.govern(RemoveValidator(WINDCARE))
    home = make_home(tmp_path, "vote windcare")
    assert say_of(command, chain, home)[1:] == ["was the vote key of windcare-1 up to height 2"]
