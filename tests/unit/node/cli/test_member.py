from collections.abc import Callable
from pathlib import Path

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
