from pathlib import Path

from tests.unit.node.cli.conftest import Command, Served


def test_without_a_genesis_the_command_says_whose_word_it_takes(
    command: Command, served: Served, genesis_path: Path
) -> None:
    done = command("twins", "list", "--node", served.address)
    assert done.err.startswith("Taking the node's word for genesis ")
    quiet = command("twins", "list", "--node", served.address, "--genesis", genesis_path)
    assert quiet.err == ""


def test_the_next_node_is_asked_when_the_first_is_down(command: Command, served: Served) -> None:
    done = command(
        "twins", "list", "--node", "http://127.0.0.1:1", "--node", served.address, "--json"
    )
    assert done.code == 0, done.err


def test_a_wrong_passphrase_is_told(command: Command, served: Served, tmp_path: Path) -> None:
    right = tmp_path / "right"
    right.write_text("one\n")
    wrong = tmp_path / "wrong"
    wrong.write_text("two\n")
    for file in (right, wrong):
        file.chmod(0o600)
    key = tmp_path / "k.json"
    command(
        "keys", "new", "k", "--organisation", "certis", "--out", key, "--passphrase-file", right
    )
    done = command(
        "keys", "revoke", "ab" * 32, "--identity", key, "--passphrase-file", wrong,
        "--node", served.address,
    )  # fmt: skip
    assert done.code == 1
    assert "error VT-1303" in done.err
