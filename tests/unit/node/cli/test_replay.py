from collections.abc import Callable
from pathlib import Path

from tests.unit.node.cli.conftest import Command, Served


def test_a_chain_is_executed_again_and_certified(
    command: Command, served: Served, identity: Callable[[str, str], Path], tmp_path: Path
) -> None:
    where = ("--node", served.address)
    out = tmp_path / "replay.json"
    key = identity("certis", "certis")
    done = command("replay", "--out", out, "--sign-with", key, *where)
    assert done.code == 0, done.err
    assert served.node.chain.head.state_root.hex() in done.out
    assert "low-power" in done.out
    again = command("replay", "--check", out, *where)
    assert again.code == 0
    assert "found the same" in again.err


def test_a_certificate_that_says_another_thing_fails(
    command: Command, served: Served, identity: Callable[[str, str], Path], tmp_path: Path
) -> None:
    out = tmp_path / "replay.json"
    key = identity("certis", "certis")
    where = ("--node", served.address, "--json")
    first = command("replay", "--to", 3, "--out", out, "--sign-with", key, *where)
    assert first.json["height"] == 3
    assert first.json["decisions"] == []
    assert command("replay", "--to", 4, "--check", out, *where).code == 6
    out.write_text(out.read_text().replace('"transactions": ', '"transactions": 1'))
    assert command("replay", "--to", 3, "--check", out, *where).code == 6
