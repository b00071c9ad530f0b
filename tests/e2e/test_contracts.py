"""The lines of docs/contracts.md, typed as they stand there on a network of four organisations."""

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import reserved_base_port
from tests.e2e.network import Network, found, veritwin

pytestmark = pytest.mark.e2e
PAGE = Path(__file__).parents[2] / "docs" / "contracts.md"
COMMANDS_MAX = 5


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


def typed_lines() -> list[list[str]]:
    """The words of each `veritwin contract` line of the page's first part."""
    part = PAGE.read_text(encoding="utf-8").split("## Five commands")[1].split("\n## ")[0]
    lines = re.findall(r"^    (veritwin contract .*)$", part, flags=re.MULTILINE)
    return [shlex.split(line)[1:] for line in lines]


def test_from_nothing_to_an_active_contract_in_five_commands(
    asking: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = typed_lines()
    assert [words[1] for words in lines] == ["new", "test", "propose", "approve", "approve"]
    assert len(lines) <= COMMANDS_MAX
    monkeypatch.setitem(os.environ, "VERITWIN_NODE", asking.apis[0])
    proposal, out = "", ""
    for words in lines:
        done = veritwin(*(proposal if word == "PROPOSAL" else word for word in words), cwd=tmp_path)
        assert done.code == 0, f"{words}: {done.out}{done.err}"
        out = done.out
        named = re.search(r"Proposal ([0-9a-f]{64}) waits", done.out)
        proposal = named[1] if named else proposal
    assert out.startswith("Approved")
    shown = veritwin("contract", "show", "pump_watch", "--json", cwd=tmp_path)
    (version,) = shown.json["versions"]
    assert version["status"] == "active"
    assert [one["organisation"] for one in version["approvals"]] == ["alpha", "beta", "gamma"]
    assert all(len(one["signature"]) == 128 for one in version["approvals"])
    replayed = veritwin("replay", "--json", cwd=tmp_path)
    assert replayed.code == 0, replayed.err
