"""What to type next: it works when pasted, from any folder."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chain.scalars import TwinId
from node.demo.suggestions import suggest, write_environment

NODES = ("http://127.0.0.1:8000", "http://127.0.0.1:8001")


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    folder = tmp_path / "my home's"
    folder.mkdir()
    return write_environment(folder, NODES, folder / "genesis.json", folder / "key.json")


def test_the_file_tells_the_shell_node_chain_and_identity(
    environment: Path, tmp_path: Path
) -> None:
    source = suggest(environment, None)[0]
    script = f'{source}; printf "%s|" "$VERITWIN_NODE" "$VERITWIN_GENESIS" "$VERITWIN_IDENTITY"'
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run(
        [bash, "-c", f'{script}; echo "$PATH"'],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    nodes, genesis, identity, path = done.stdout.strip().split("|")
    assert nodes.split() == list(NODES)
    assert genesis == str(environment.parent / "genesis.json")
    assert identity == str(environment.parent / "key.json")
    assert path == f"{Path(sys.executable).parent}:/usr/bin:/bin"


def test_lines_are_short_enough_for_a_terminal_of_eighty_columns() -> None:
    lines = suggest(Path("/tmp/veritwin-demo-12345678/env"), TwinId("R80790"))
    assert all(len(line) <= 76 for line in lines)
    assert "veritwin twins show R80790" in lines
    assert lines[-1] == "veritwin verify report.txt.receipt.json"


def test_without_twins_there_is_still_something_to_look_at() -> None:
    assert suggest(Path("/tmp/env"), None)[1:] == ("veritwin status", "veritwin blocks list")
