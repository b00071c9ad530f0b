from collections.abc import Callable
from pathlib import Path

from chain.operations import (
    DeployContract,
    PropertyDefinition,
    Reading,
    RegisterTwin,
    RunTimers,
    Telemetry,
    TwinReadings,
)
from chain.scalars import TwinId
from chain.values import encode_value
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
    assert not none.err
    none = command("actions", "list", "--status", "open", "--node", served.address)
    assert "No action is like that; without options all are listed." in none.err


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


LATE = """from contracts.author import Update, ctx, on_update


@on_update(model="room", properties=["temperature"])
def watch(update: Update) -> None:
    ctx.open_action(
        kind="look", twin=update.twin, key="warm", title="warm", addressee="certis",
        deadline_ms=ctx.time_ms + 1000, escalate_to="gridlink",
    )
"""


def test_the_list_says_until_when_and_what_is_late(command: Command, served: Served) -> None:
    chain = served.node.chain
    deploy = DeployContract("late", LATE, encode_value({}))
    temperature = PropertyDefinition("temperature", "CEL")
    twin = RegisterTwin(TwinId("room-1"), "system", "room", None, (temperature,))
    for operation in (deploy, twin):
        chain.add_block(chain.transaction(operation, "borne-energie"))
    time_ms = chain.head.time_ms
    reading = Reading("temperature", "9", time_ms, "CEL")
    told = Telemetry((TwinReadings(TwinId("room-1"), (reading,)),))
    chain.add_block(chain.transaction(told, "borne-energie"))
    words = ("actions", "list", "--twin", "room-1", "--node", served.address)
    (line,) = command(*words).out.splitlines()[1:]
    assert "open    certis" in line
    assert "Z, then gridlink, too" in line
    while not chain.add_block(chain.transaction(RunTimers(), "certis")).receipts[-1].is_ok:
        assert chain.head.time_ms < time_ms + 60_000
    (line,) = command(*words).out.splitlines()[1:]
    assert "open, overdue  certis" in line
