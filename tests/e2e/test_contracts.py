"""What the README and docs/contracts.md tell contract authors, typed as it stands there."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import reserved_base_port
from tests.e2e.demo import REPOSITORY, running
from tests.e2e.network import Network, found, veritwin, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
COMMANDS_MAX = 5
STEPS = ["new", "test", "propose", "approve", "approve"]


@dataclass
class Shell:
    """A shell in a folder that looks like this repository's: `.venv/bin/veritwin` runs our code."""

    folder: Path
    node: str
    proposal: str = "PROPOSAL"
    """The id that `propose` printed, once it has."""

    def __post_init__(self) -> None:
        program = self.folder / ".venv" / "bin" / "veritwin"
        program.parent.mkdir(parents=True)
        program.write_text(
            f'#!/bin/sh\nPYTHONPATH="{REPOSITORY}" exec "{sys.executable}" -m node "$@"\n'
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def type_in(self, line: str) -> str:
        """Run a line as it stands, with the id in the place of PROPOSAL; give what it printed."""
        done = subprocess.run(
            ["bash", "-c", re.sub(r"\bPROPOSAL\b", self.proposal, line)],
            cwd=self.folder,
            env={
                **os.environ,
                "PATH": f"{self.folder / '.venv' / 'bin'}:{os.environ['PATH']}",
                "VERITWIN_NODE": self.node,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
        named = re.search(r"Proposal ([0-9a-f]{64}) waits", done.stdout)
        self.proposal = named[1] if named else self.proposal
        return done.stdout


def part_of(page: str, heading: str) -> str:
    """A part of a page, with lines that go on joined."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    part = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.sub(r"\\\n\s*", "", part)


def check_active(apis: list[str], organisations: list[str]) -> None:
    """Check that a contract is in force on all nodes, approved once by each of these."""

    def ask(api: str) -> Any:
        shown = veritwin("contract", "show", "pump_watch", "--json", "--node", api)
        return shown.json if shown.code == 0 else None

    first = ask(apis[0])
    wait_for(lambda: all(ask(api) == first for api in apis[1:]))
    (version,) = first["versions"]
    assert version["status"] == "active"
    assert [one["organisation"] for one in version["approvals"]] == organisations
    assert all(len(one["signature"]) == 128 for one in version["approvals"])


def test_the_readme_leads_from_nothing_to_an_active_contract_on_the_demo(tmp_path: Path) -> None:
    part = part_of("README.md", "Write a contract")
    blocks = re.findall(r"^```sh\n(.*?)^```", part, flags=re.MULTILINE | re.DOTALL)
    lines, (show,) = (block.splitlines() for block in blocks)
    assert [line.split()[2] for line in lines] == STEPS
    assert len(lines) <= COMMANDS_MAX
    with running(tmp_path, "--json", "--home", tmp_path / "try-out") as demo:
        apis = [node["api"] for node in demo.wait_ready()["nodes"]]
        shell = Shell(tmp_path, apis[0])
        told = [shell.type_in(line) for line in lines]
        assert told[-1].startswith("Approved")
        assert "active" in shell.type_in(show)
        check_active(apis, ["borne-energie", "gridlink", "windcare"])


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Network]:
    """A running network on which three of four organisations must approve contracts."""
    with reserved_base_port() as base:
        made = found(tmp_path / "try-out", base, approvals=0)
        try:
            made.start()
            yield made
        finally:
            made.stop()


def test_the_guide_leads_from_nothing_to_an_active_contract(
    asking: Network, tmp_path: Path
) -> None:
    part = part_of("docs/contracts.md", "Five commands")
    lines = re.findall(r"^    (veritwin contract .*)$", part, flags=re.MULTILINE)
    assert [line.split()[2] for line in lines] == STEPS
    shell = Shell(tmp_path, asking.apis[0])
    told = [shell.type_in(line) for line in lines]
    assert told[-1].startswith("Approved")
    check_active(asking.apis, ["alpha", "beta", "gamma"])
    replayed = veritwin("replay", "--json", "--node", asking.apis[0], cwd=tmp_path)
    assert replayed.code == 0, replayed.err
