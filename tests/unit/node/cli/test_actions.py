from collections.abc import Callable
from pathlib import Path

from tests.unit.node.cli.conftest import Command, Served


def test_actions_are_listed_and_answered_by_their_addressee(
    command: Command, served: Served, identity: Callable[[str, str], Path]
) -> None:
    listed = command("actions", "list", "--node", served.address, "--json")
    assert [action["status"] for action in listed.json["items"]] == ["acknowledged"]
    action = listed.json["items"][0]["id"]
    done = command(
        "actions", "answer", action, "--outcome", "completed", "--note", "done",
        "--identity", identity("windcare", "windcare"), "--node", served.address, "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    none = command("actions", "list", "--status", "open", "--node", served.address, "--json")
    assert none.json["items"] == []


def test_another_organisation_may_not_answer(
    command: Command, served: Served, identity: Callable[[str, str], Path]
) -> None:
    listed = command("actions", "list", "--node", served.address, "--json")
    done = command(
        "actions", "answer", listed.json["items"][0]["id"], "--outcome", "completed",
        "--identity", identity("certis", "certis"), "--node", served.address,
    )  # fmt: skip
    assert done.code == 4
    assert "error VT-2051" in done.err
