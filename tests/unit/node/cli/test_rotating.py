"""`veritwin member rotate-key`: what it leaves in the node's home, whatever the chain says."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from chain.keyfile import seal_key
from chain.scalars import NodeName, OrganisationId, PublicKey
from node.home import NodePlan, create_node, create_organisation, load_card, save_card
from node.keystore import load_key, save_key
from node.p2p.settings import Address
from tests.unit.node.chain_builder import seed_of
from tests.unit.node.cli.conftest import Command, Ended, Served
from tests.unit.node.conftest import FOUNDED_MS

WINDCARE = OrganisationId("windcare")
Rotate = Callable[..., Ended]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of windcare-1, with the vote key that its chain knows."""
    own, home = tmp_path / "windcare", tmp_path / "windcare-1"
    create_organisation(own, WINDCARE, FOUNDED_MS)
    plan = NodePlan(
        "haute-borne", WINDCARE, "Windcare", NodeName("windcare-1"), Address("w.example", 9000)
    )
    card = create_node(home, own, plan, FOUNDED_MS)
    (home / "keys" / "vote.json").unlink()
    data = seal_key(seed_of("vote windcare"), "v", WINDCARE, None, bytes(16), bytes(24))
    save_key(home / "keys" / "vote.json", data)
    save_card(home / "card.json", replace(card, vote_key=vote_key(home, "vote.json")))
    (home / "node.yaml").write_text("node: windcare-1\n")
    return home


@pytest.fixture
def rotate(
    command: Command, served: Served, identity: Callable[[str, str], Path], home: Path
) -> Rotate:
    """Rotate the key of the node whose home it is, as somebody of windcare."""

    made: dict[str, Path] = {}

    def call(*words: object, name: str = "windcare") -> Ended:
        made[name] = made.get(name) or identity(name, "windcare")
        return command(
            "member", "rotate-key", "--home", home, "--identity", made[name],
            "--node", served.address, *words,
        )  # fmt: skip

    return call


def vote_key(home: Path, name: str) -> PublicKey:
    """The public key in one of the home's files of vote keys."""
    return load_key(home / "keys" / name).key.public_key


def test_a_vote_key_is_rotated_in_the_home(
    rotate: Rotate, command: Command, served: Served, home: Path
) -> None:
    done = rotate("--json")
    assert done.code == 0, done.err
    assert done.json["file"] == str(home / "keys" / "vote-2.json")
    assert done.json["effective_height"] == done.json["height"] + 2
    planned = command("member", "list", "--node", served.address, "--json").json["planned"]
    assert [one["cause"] for one in planned] == ["rotate_vote_key"]
    assert planned[0]["members"][2]["vote_key"] == done.json["vote_key"]


def test_the_card_is_written_anew_with_the_new_key(rotate: Rotate, home: Path) -> None:
    before = load_card(home / "card.json")
    done = rotate()
    assert done.out.splitlines()[:2] == [
        f"Wrote {home / 'keys' / 'vote-2.json'}",
        f"Wrote {home / 'card.json'} anew; a card from before brings the node back no more",
    ]
    new = vote_key(home, "vote-2.json")
    assert load_card(home / "card.json") == replace(before, vote_key=new)


def test_a_home_without_a_card_gets_none(rotate: Rotate, home: Path) -> None:
    (home / "card.json").unlink()
    done = rotate()
    assert done.code == 0, done.err
    assert " anew" not in done.out
    assert not (home / "card.json").exists()


def test_the_card_of_another_node_stops_it_before_anything_is_made(
    rotate: Rotate, home: Path
) -> None:
    other = replace(load_card(home / "card.json"), node=NodeName("certis-1"))
    save_card(home / "card.json", other)
    done = rotate()
    assert done.code == 2
    assert f"{home / 'card.json'} is the card of certis-1, not of windcare-1." in done.err
    assert [path.name for path in (home / "keys").iterdir()] == ["vote.json"]
    assert load_card(home / "card.json") == other


def test_a_refused_rotation_leaves_the_home_as_it_was(rotate: Rotate, home: Path) -> None:
    assert rotate().code == 0
    card = (home / "card.json").read_bytes()
    again = rotate()
    assert "VT-2065" in again.err
    assert "windcare has another rotation that is not in force yet" in again.err
    assert sorted(path.name for path in (home / "keys").iterdir()) == ["vote-2.json", "vote.json"]
    assert (home / "card.json").read_bytes() == card


def test_a_rotation_by_who_may_not_leaves_the_home_as_it_was(rotate: Rotate, home: Path) -> None:
    card = (home / "card.json").read_bytes()
    assert "VT-2010" in rotate(name="stranger").err
    assert [path.name for path in (home / "keys").iterdir()] == ["vote.json"]
    assert (home / "card.json").read_bytes() == card


def test_a_rotation_that_may_still_come_keeps_its_key(
    rotate: Rotate, served: Served, home: Path
) -> None:
    served.node.is_committing = False
    done = rotate("--timeout", "0.2")
    assert done.code == 5
    path = home / "keys" / "vote-2.json"
    assert (
        f"Keep {path}: the chain may still name the key in it. "
        f"See which key votes: veritwin keys list --home {home}"
    ) in done.err
    assert load_card(home / "card.json").vote_key == vote_key(home, "vote-2.json")


def test_a_node_that_does_not_vote_has_no_key_to_rotate(rotate: Rotate, home: Path) -> None:
    (home / "node.yaml").write_text("node: nobody-1\n")
    (home / "card.json").unlink()
    done = rotate()
    assert done.code == 2
    assert "The chain has no validator nobody-1." in done.err
    assert [path.name for path in (home / "keys").iterdir()] == ["vote.json"]
