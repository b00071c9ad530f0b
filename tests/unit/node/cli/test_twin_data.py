"""Twins and readings by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain.operations import DeployContract
from chain.values import encode_value
from tests.unit.node.cli.conftest import Command, Ended, Served

Twins = Callable[..., Ended]
WATCH = """from contracts.author import Update, ctx, on_update


@on_update(model="pump", properties=["temperature"])
def watch(update: Update) -> None:
    for reading in update.readings:
        if reading.value is None:
            continue
        ctx.emit("seen", {"share": 1 / reading.value})
        if reading.value > 80:
            ctx.open_action(
                kind="look", twin=update.twin, key="hot", title="hot", addressee="certis",
            )
"""


@pytest.fixture
def twins(command: Command, served: Served, identity: Callable[[str, str], Path]) -> Twins:
    key = identity("borne-energie", "borne-energie")

    def call(*words: object) -> Ended:
        return command("twins", *words, "--identity", key, "--node", served.address)

    return call


@pytest.fixture
def pump(twins: Twins) -> str:
    done = twins(
        "register", "pump-7", "--model", "pump", "--property", "temperature=CEL",
        "--property", "strokes", "--description", "the old one",
    )  # fmt: skip
    assert (done.code, done.out) == (0, "pump-7 is registered at height 8\n"), done.err
    assert "veritwin twins send pump-7 temperature=.. strokes=.." in done.err
    return "pump-7"


def shown(command: Command, served: Served, twin: str) -> Any:
    return command("twins", "show", twin, "--node", served.address, "--json").json


def test_a_twin_is_registered_and_fed(
    command: Command, served: Served, twins: Twins, pump: str
) -> None:
    at = "2018-02-02T00:00:00Z"
    done = twins("send", pump, "temperature=81.5", "strokes=", "--at", at)
    assert (done.code, done.out[:25]) == (0, "2 accepted at height 9 (t"), done.err
    twin = shown(command, served, pump)
    assert (twin["model"], twin["description"]) == ("pump", "the old one")
    temperature, strokes = twin["properties"]["temperature"], twin["properties"]["strokes"]
    assert (temperature["value"], temperature["unit"]) == ("81.5", "CEL")
    assert temperature["time"] == "2018-02-02T00:00:00.000Z"
    assert (strokes["value"], strokes["quality"]) == (None, 0x809B0000)
    again = twins("send", pump, "temperature=81.5", "--at", at)
    assert again.out.startswith("1 duplicate at height 10")


def test_what_contracts_did_about_it_is_told(served: Served, twins: Twins, pump: str) -> None:
    chain = served.node.chain
    chain.add_block(chain.transaction(DeployContract("watch", WATCH, encode_value({}))))
    at = chain.head.time_ms
    hot = twins("send", pump, "temperature=100", "--at", at)
    assert "watch opened look for certis:\n  hot\n" in hot.err
    assert "watch says seen: {'share': '0.01'}\n" in hot.err
    assert "veritwin actions list --twin pump-7" in hot.err
    stopped = twins("send", pump, "temperature=0", "--at", at + 1)
    assert "watch stopped: VT-4102, watch.watch raised ZeroDivisionError.\n" in stopped.err
    assert f"veritwin tx debug {chain.blocks[-1].transactions[0].id.hex()}" in stopped.err
    as_json = twins("send", pump, "temperature=5", "--at", at + 2, "--json").json
    assert (as_json["accepted"], as_json["events"][-1]["name"]) == (1, "seen")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("pump-7", "flow=3"), 2, "pump-7 has no flow; it has temperature, strokes."),
        (("pump-7", "temperature"), 2, "'temperature' is not NAME=VALUE."),
        (("pump-8", "temperature=3"), 3, "VT-7004"),
        (("pump-7", "temperature=3", "--at", "noon"), 1, "VT-7002"),
        (("pump-7", "temperature=warm"), 2, "'warm' is no number."),
    ],
)
def test_what_cannot_be_sent_says_why(
    twins: Twins, pump: str, words: tuple[str, ...], code: int, told: str
) -> None:
    done = twins("send", *words)
    assert (done.code, told in done.err) == (code, True), done.err
