"""A chain is executed again on a machine that has nothing of it, and what was found is signed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chain.keyfile import seal_key
from chain.keys import SigningKey
from chain.operations import RegisterKey, RevokeKey
from node.keystore import save_key
from node.replaying import certificate_from_json, is_signed
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.chain_builder import seed_of
from tests.unit.node.cli.conftest import Command, Served, serving
from tests.unit.node.standard_chain import STORIES, build_standard_chain


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


def test_a_certificate_is_compared_at_its_own_height(
    command: Command, served: Served, identity: Callable[[str, str], Path], tmp_path: Path
) -> None:
    out = tmp_path / "replay.json"
    where = ("--node", served.address)
    key = identity("certis", "certis")
    assert command("replay", "--to", 3, "--out", out, "--sign-with", key, *where).code == 0
    assert served.node.chain.head.height > 3
    later = command("replay", "--check", out, *where)
    assert later.code == 0, later.err
    assert later.out.startswith("Height      3\n")
    assert "found the same" in later.err


def test_a_certificate_that_says_another_thing_fails_and_says_what(
    command: Command, served: Served, identity: Callable[[str, str], Path], tmp_path: Path
) -> None:
    out = tmp_path / "replay.json"
    key = identity("certis", "certis")
    where = ("--node", served.address, "--json")
    first = command("replay", "--to", 3, "--out", out, "--sign-with", key, *where)
    assert first.json["height"] == 3
    assert first.json["decisions"] == []
    other = command("replay", "--to", 4, "--check", out, *where)
    assert other.code == 6
    assert "does not hold: height is 3 there and 4 here; block is " in other.err
    out.write_text(out.read_text().replace('"transactions": ', '"transactions": 1'))
    changed = command("replay", "--check", out, *where)
    assert changed.code == 6
    assert "does not hold: it is not signed by its key." in changed.err


def signed_by(
    key: SigningKey, command: Command, served: Served, tmp_path: Path, *words: object
) -> str:
    """Let somebody sign what a replay found; give what is said when that is checked."""
    out, path = tmp_path / "replay.json", tmp_path / "signer.json"
    save_key(path, seal_key(key.seed, "somebody", "certis", None, bytes(16), bytes(24)))
    where = ("--node", served.address)
    done = command("replay", *words, "--out", out, "--sign-with", path, *where)
    assert done.code == 0, done.err
    done = command("replay", "--check", out, *where)
    assert done.code == 0, done.err
    return done.err.splitlines()[-1].partition("holds: ")[2]


def test_whose_key_signed_is_said(command: Command, served: Served, tmp_path: Path) -> None:
    key = served.node.chain.signer("certis")
    assert signed_by(key, command, served, tmp_path) == (
        f"key {key.public_key.hex()} of certis found the same."
    )


def test_a_key_that_was_revoked_by_then_is_told_as_such(
    command: Command, served: Served, tmp_path: Path
) -> None:
    chain = served.node.chain
    key = SigningKey(seed_of("auditor"))
    chain.add_block(chain.transaction(RegisterKey(key.public_key, "auditor", ("partner",))))
    chain.add_block(chain.transaction(RevokeKey(key.public_key, "left")))
    height = chain.head.height
    assert signed_by(key, command, served, tmp_path) == (
        f"key {key.public_key.hex()} of borne-energie, revoked at height {height}, found the same."
    )


def test_a_vote_key_is_its_organisation_s(command: Command, served: Served, tmp_path: Path) -> None:
    chain = served.node.chain
    key = next(iter(chain.vote_keys.values()))
    (member,) = [one for one in chain.genesis.validators.members if one.vote_key == key.public_key]
    assert signed_by(key, command, served, tmp_path) == (
        f"key {key.public_key.hex()} of {member.organisation}, the vote key of {member.node}, "
        "found the same."
    )


def test_a_key_that_nobody_registered_is_told_as_such(
    command: Command, served: Served, tmp_path: Path
) -> None:
    key = SigningKey(seed_of("a stranger"))
    height = served.node.chain.head.height
    assert signed_by(key, command, served, tmp_path) == (
        f"key {key.public_key.hex()} found the same, but it is unknown: no organisation had "
        f"registered it by height {height}."
    )


def test_what_is_no_certificate_is_refused_before_any_node_is_asked(
    command: Command, tmp_path: Path
) -> None:
    out = tmp_path / "replay.json"
    out.write_text("{}")
    done = command("replay", "--check", out, "--node", "http://127.0.0.1:1")
    assert done.code == 1
    assert "VT-1312" in done.err


def test_all_standard_contracts_and_an_upgrade_are_certified_on_a_clean_machine(
    command: Command,
    identity: Callable[[str, str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chain = build_standard_chain()
    key = identity("certis", "certis")
    clean = tmp_path / "clean"
    clean.mkdir()
    monkeypatch.chdir(clean)
    Path("genesis.json").write_bytes(chain.genesis_json)
    with serving(FakeNode(chain)) as served:
        where = ("--genesis", "genesis.json", "--node", served.address)
        done = command("replay", "--out", "replay.json", "--sign-with", key, "--json", *where)
        assert done.code == 0, done.err
        again = command("replay", "--check", "replay.json", *where)
        assert again.code == 0, again.err
    found = done.json
    assert (found["height"], found["block"]) == (chain.head.height, chain.head.block.hex())
    assert found["state_root"] == chain.head.state_root.hex()
    assert len({one["contract"] for one in found["decisions"]} & set(STORIES)) >= 9
    signed = certificate_from_json(Path("replay.json").read_bytes())
    assert is_signed(signed)
    assert signed.key == chain.signer("certis").public_key
    assert signed.certificate.state_root == chain.head.state_root
    assert signed.certificate.transactions == chain.head.log.size
    assert signed.certificate.decisions == len(found["decisions"])
