from collections.abc import Callable
from pathlib import Path

from chain.operations import RegisterKey
from tests.unit.node.chain_builder import seed_of
from tests.unit.node.cli.conftest import Command, Served


def test_a_new_key_is_shown_without_its_secret(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "gateway.json"
    made = command(
        "keys", "new", "gateway", "--organisation", "acme", "--out", path, "--no-passphrase",
        "--json",
    )  # fmt: skip
    assert made.code == 0, made.err
    shown = command("keys", "show", path, "--json")
    assert shown.json == {
        "label": "gateway",
        "organisation": "acme",
        "public_key": made.json["public_key"],
        "encryption": "none",
    }


def test_a_key_is_encrypted_with_a_passphrase_from_a_file(command: Command, tmp_path: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse\n")
    passphrase.chmod(0o600)
    path = tmp_path / "key.json"
    made = command(
        "keys", "new", "k", "--organisation", "acme", "--out", path,
        "--passphrase-file", passphrase, "--json",
    )  # fmt: skip
    assert made.code == 0, made.err
    assert command("keys", "show", path, "--json").json["encryption"] != "none"


def test_an_administrator_registers_and_revokes_a_key(
    command: Command, served: Served, identity: Callable[[str, str], Path]
) -> None:
    from chain.keys import SigningKey

    admin = identity("borne-energie", "borne-energie")
    public = SigningKey(seed_of("new gateway")).public_key.hex()
    words = ("--identity", admin, "--node", served.address, "--json")
    done = command("keys", "register", public, "--label", "g-7", "--role", "gateway", *words)
    assert done.code == 0, done.err
    assert done.json["state"] == "final"
    last = served.node.chain.blocks[-1].transactions[-1].body.operation
    assert isinstance(last, RegisterKey)
    assert last.roles == ("gateway",)
    assert command("keys", "revoke", public, "--reason", "lost", *words).code == 0


def test_a_key_that_is_no_key_is_a_usage_error(command: Command, tmp_path: Path) -> None:
    done = command("keys", "revoke", "abc", "--identity", tmp_path / "x")
    assert done.code == 2
    assert "'abc' is not a public key: 64 hex digits are expected." in done.err
