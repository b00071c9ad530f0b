"""The command that says what is wrong: its words, its JSON, its exit codes."""

import re
from pathlib import Path

import click
import msgspec
import pytest

from chain.scalars import NodeName
from node.alarm import NAME
from node.cli import diagnose
from node.diagnosis.rules import find_all
from tests.unit.node.cli.conftest import Command, Served
from tests.unit.node.conftest import found
from tests.unit.node.diagnosis.scenes import (
    NAMES,
    alarm,
    attendee,
    difference,
    observe,
    sight,
)

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VERITWIN_NODE", raising=False)
    monkeypatch.setenv("COLUMNS", "80")


def test_a_healthy_network_takes_one_calm_line(command: Command, served: Served) -> None:
    done = command("diagnose", "--nodes", served.address)
    assert (done.code, done.err) == (0, "")
    healthy = "Healthy: 1 of 4 nodes, height 7, last block [0-9]+ m?s ago, round 0, version 1.2.3."
    assert re.fullmatch(f"{healthy}\n", done.out)
    assert command("diagnose", "--nodes", served.address, "--json").json["healthy"] is True


def test_a_folder_that_is_no_nodes_is_a_mistake_of_typing(command: Command, tmp_path: Path) -> None:
    done = command("diagnose", "--home", str(tmp_path))
    assert done.code == 2
    assert f"There is no node's folder at {tmp_path}: it holds no node.yaml." in done.err


@pytest.mark.parametrize("url", ["http://bad url:xx", "http://127.0.0.1:99999", "ftp://somewhere"])
def test_an_address_that_is_none_is_called_so(command: Command, url: str) -> None:
    done = command("diagnose", "--nodes", url)
    assert done.code == 7
    said = " ".join(done.out.split())
    assert f"{url} does not answer: it is no address of the form http://HOST:PORT." in said


def test_findings_are_written_for_80_columns(command: Command, served: Served) -> None:
    served.node.reasons = ("No block was committed for 99 s; consensus is at round 0.",)
    done = command("diagnose", "--nodes", f"{served.address},{NOWHERE}")
    assert done.code == 1
    assert max(len(line) for line in done.out.splitlines()) <= 80
    assert done.out == (
        "1 of 2 nodes answer. 2 findings, the gravest first:\n"
        "\n"
        "VT-8121 warning: The API of a node does not answer\n"
        "  what   http://127.0.0.1:9 does not answer: connection refused.\n"
        "  do     If other nodes are connected to it, it runs: check the address, its\n"
        "         port and firewalls.\n"
        "\n"
        "VT-8126 warning: A node is not ready\n"
        "  what   certis-1 (certis) says: No block was committed for 99 s; consensus is\n"
        "         at round 0.\n"
        "  do     Ask again in a moment; a node that was just started needs its first\n"
        "         block.\n"
        "\n"
        "More: veritwin explain VT-8121\n"
    )


def test_json_holds_every_finding_whole(command: Command, served: Served) -> None:
    done = command("diagnose", "--node", served.address, "--nodes", NOWHERE, "--json")
    assert done.code == 1
    shown = done.json
    assert shown["healthy"] is False
    assert [one["node"] for one in shown["nodes"]] == ["certis-1"]
    assert shown["silent"] == [{"node": None, "address": NOWHERE, "reason": "connection refused"}]
    (finding,) = shown["findings"]
    assert finding == {
        "code": "VT-8121",
        "name": "api-silent",
        "severity": "warning",
        "nodes": [],
        "since_ms": None,
        "title": "The API of a node does not answer",
        "what": f"{NOWHERE} does not answer: connection refused.",
        "evidence": [],
        "fix": finding["fix"],
    }


def test_when_no_node_answers_the_exit_code_says_so(command: Command) -> None:
    done = command("diagnose", "--nodes", NOWHERE)
    assert done.code == 7
    assert "0 of 1 nodes answer. 1 finding:" in done.out
    assert command("diagnose", "--nodes", NOWHERE, "--json").json["healthy"] is False


def test_a_home_tells_why_its_node_stopped(command: Command, tmp_path: Path) -> None:
    network = found(tmp_path / "network", "acme", "bolt")
    home = network.homes[NodeName("bolt-1")]
    kept = difference(damaged=[b"twin/pump-1".hex()])
    (home / NAME).write_bytes(msgspec.json.encode(alarm(difference=kept)))
    for words in (("--home", home), ("--network", tmp_path / "network")):
        done = command("diagnose", *words)
        assert done.code == 7
        assert done.out.splitlines()[2:5] == [
            "VT-8102 critical: A node gets another state than the others",
            "  what   bolt-1 (bolt) gets another state at height 150: its disk holds another",
            "         value of twin/pump-1.",
        ]


def test_words_of_nodes_cannot_move_the_cursor(command: Command, served: Served) -> None:
    served.node.reasons = ("\x1b[2Jhello",)
    done = command("diagnose", "--nodes", served.address)
    assert "\\u001b[2Jhello" in done.out
    assert "\x1b" not in done.out


def test_a_folder_without_nodes_is_a_wrong_word(command: Command, tmp_path: Path) -> None:
    done = command("diagnose", "--network", tmp_path)
    assert (done.code, "no node's folder" in done.err) == (2, True)


def test_members_and_those_that_only_follow_are_counted_apart() -> None:
    echo = sight("echo-1", [attendee("echo-1", name) for name in NAMES])
    four = tuple(sight(name) for name in NAMES)
    for sights, said in (
        (four, "Healthy: 4 of 4 nodes, height 200,"),
        ((*four, echo), "Healthy: 4 of 4 nodes and echo-1, no member now, height 200,"),
    ):
        seen = observe(*sights)
        assert find_all(seen) == []
        assert click.unstyle(diagnose._to_text(seen, [])).startswith(said)


@pytest.mark.parametrize("seconds", ["-1", "0", "nan", "inf", "1e9"])
def test_a_time_to_wait_that_is_none_is_refused(command: Command, seconds: str) -> None:
    done = command("diagnose", "--nodes", NOWHERE, "--timeout", seconds)
    assert (done.code, "--timeout" in done.err) == (2, True)


def test_addresses_may_be_short() -> None:
    assert diagnose._with_scheme(" a.example:8000/ ") == "http://a.example:8000"
    assert diagnose._with_scheme("https://a.example") == "https://a.example"
