"""The vote keys of a home: one, several, and one that comes while the node runs."""

from pathlib import Path

import pytest

from chain.errors import InvalidInput
from node.config import NodeConfig
from node.keystore import create_key
from node.vote_keys import VoteKeys, create_vote_key, list_vote_keys
from tests.unit.node.conftest import Place


def test_a_new_home_has_one(alone: Place) -> None:
    keys = VoteKeys(alone.config)
    member = alone.network.genesis.validators.members[0]
    assert [key.public_key for key in keys] == [member.vote_key]
    assert keys.holds(member.vote_key)
    assert keys[0:] == (keys[0],)


def test_a_key_that_was_made_meanwhile_is_found(alone: Place) -> None:
    keys = VoteKeys(alone.config)
    path, file = create_vote_key(alone.config, "acme")
    assert path.name == "vote-2.json"
    assert not keys.holds(file.key.public_key)
    assert keys.look(file.key.public_key)
    assert len(keys) == 2
    assert [key.public_key for key in VoteKeys(alone.config)] == [key.public_key for key in keys]


def test_a_key_is_found_that_has_the_file_name_of_a_refused_one(alone: Place) -> None:
    keys = VoteKeys(alone.config)
    path, refused = create_vote_key(alone.config, "acme")
    assert keys.look(refused.key.public_key)
    path.unlink()
    again, file = create_vote_key(alone.config, "acme")
    assert again == path
    assert keys.look(file.key.public_key)
    assert keys.holds(refused.key.public_key), "what was found is kept until the node stops"


def test_keys_are_numbered_on(alone: Place) -> None:
    names = [create_vote_key(alone.config, "acme")[0].name for _ in range(10)]
    assert names == [f"vote-{number}.json" for number in range(2, 12)]
    listed = list_vote_keys(alone.config.home_path / "keys")
    assert [path.name for path in listed] == ["vote.json", *names], "by number, not by letter"


def test_other_files_are_no_vote_keys(alone: Place) -> None:
    folder = alone.config.home_path / "keys"
    for name in ("vote-x.json", "vote-01.json", "note.json"):
        create_key(folder / name, "other", "acme")
    assert len(VoteKeys(alone.config)) == 1


def test_a_key_that_others_can_read_is_refused_at_the_start_and_skipped_later(
    alone: Place, caplog: pytest.LogCaptureFixture
) -> None:
    keys = VoteKeys(alone.config)
    path, file = create_vote_key(alone.config, "acme")
    path.chmod(0o644)
    assert not keys.look(file.key.public_key)
    assert "a vote key cannot be used" in caplog.text
    with pytest.raises(InvalidInput, match="VT-1309"):
        VoteKeys(alone.config)


def test_a_home_without_any_follows(tmp_path: Path) -> None:
    config = NodeConfig(node="acme-1", home=str(tmp_path))  # type: ignore[arg-type]
    assert list(VoteKeys(config)) == []
