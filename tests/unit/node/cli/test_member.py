from collections.abc import Callable
from pathlib import Path

from chain.keyfile import seal_key
from node.keystore import save_key
from tests.unit.node.chain_builder import seed_of
from tests.unit.node.cli.conftest import Command, Served

Identity = Callable[[str, str], Path]
FIRST = ("borne-energie", "borne-energie")


def propose_removal(command: Command, served: Served, key: Path) -> str:
    """Propose that certis-1 goes; give the proposal's id."""
    done = command(
        "member", "propose", "remove", "certis-1", "--note", "it left",
        "--identity", key, "--node", served.address, "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert (done.json["status"], done.json["effective_height"]) == ("open", None)
    return str(done.json["proposal"])


def test_the_validators_are_listed(command: Command, served: Served) -> None:
    listed = command("member", "list", "--node", served.address)
    assert listed.code == 0, listed.err
    assert listed.out.splitlines()[0] == (
        "Height 8, by bft: weight 3 of 4 decides; the same since height 1."
    )
    assert "borne-energie-1" in listed.out
    plain = command("member", "list", "--at", "3", "--node", served.address, "--json").json
    assert [one["node"] for one in plain["items"]][3] == "certis-1"


def test_a_change_is_proposed_approved_and_planned(
    command: Command, served: Served, identity: Identity
) -> None:
    proposal = propose_removal(command, served, identity(*FIRST))
    listed = command("member", "proposals", "--status", "open", "--node", served.address)
    assert f"{proposal}  remove node certis-1  open    1 of 3    borne-energie" in listed.out
    waiting = f"Proposal {proposal} waits for more approvals: 2 of 3 (borne-energie, gridlink)\n"
    for name, text in (
        ("gridlink", waiting),
        ("windcare", "Approved: in force from height 12 on\n"),
    ):
        done = command(
            "member", "approve", proposal, "--identity", identity(name, name),
            "--node", served.address,
        )  # fmt: skip
        assert (done.code, done.out) == (0, text), done.err
    assert "From height 12 on: certis-1 removed." in (
        command("member", "list", "--node", served.address).out
    )
    closed = command("member", "proposals", "--node", served.address, "--json").json["items"]
    assert [one["status"] for one in closed] == ["approved"]
    history = command("member", "changes", "--node", served.address)
    assert [line.split("  ")[0] for line in history.out.splitlines()] == ["from height", "12", "1"]
    assert "genesis, 4 validators" in history.out


def test_a_second_approval_of_one_member_is_denied(
    command: Command, served: Served, identity: Identity
) -> None:
    key = identity(*FIRST)
    proposal = propose_removal(command, served, key)
    again = command("member", "approve", proposal, "--identity", key, "--node", served.address)
    assert again.code != 0
    assert "error VT-2063: The organisation has approved already" in again.err


def test_a_proposal_is_withdrawn_by_its_own(
    command: Command, served: Served, identity: Identity
) -> None:
    key = identity(*FIRST)
    proposal = propose_removal(command, served, key)
    refused = command(
        "member", "withdraw", proposal, "--identity", identity("gridlink", "gridlink"),
        "--node", served.address,
    )  # fmt: skip
    assert "VT-2069" in refused.err
    done = command("member", "withdraw", proposal, "--identity", key, "--node", served.address)
    assert done.out == "Withdrawn at height 10\n"


def test_what_nobody_proposed_does_not_exist(
    command: Command, served: Served, identity: Identity
) -> None:
    done = command(
        "member", "approve", "0" * 64, "--identity", identity(*FIRST), "--node", served.address
    )
    assert done.code == 3
    assert "error VT-2060" in done.err


def test_a_vote_key_is_rotated_in_the_home(
    command: Command, served: Served, identity: Identity, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    data = seal_key(seed_of("vote windcare"), "v", "windcare", None, bytes(16), bytes(24))
    save_key(home / "keys" / "vote.json", data)
    (home / "node.yaml").write_text("node: windcare-1\n")
    done = command(
        "member", "rotate-key", "--home", home, "--identity", identity("windcare", "windcare"),
        "--node", served.address, "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["file"] == str(home / "keys" / "vote-2.json")
    assert done.json["effective_height"] == done.json["height"] + 2
    planned = command("member", "list", "--node", served.address, "--json").json["planned"]
    assert [one["cause"] for one in planned] == ["rotate_vote_key"]
    assert planned[0]["members"][2]["vote_key"] == done.json["vote_key"]


def test_a_node_that_does_not_vote_has_no_key_to_rotate(
    command: Command, served: Served, identity: Identity, tmp_path: Path
) -> None:
    (tmp_path / "node.yaml").write_text("node: nobody-1\n")
    done = command(
        "member", "rotate-key", "--home", tmp_path, "--identity", identity(*FIRST),
        "--node", served.address,
    )  # fmt: skip
    assert done.code == 2
    assert "The chain has no validator nobody-1." in done.err
    assert not (tmp_path / "keys" / "vote-2.json").exists()
