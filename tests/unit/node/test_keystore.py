"""Key files on disk: private, never written over, refused when others can reach them."""

import os
import stat
from pathlib import Path
from typing import Final

import pytest

from chain.errors import InvalidInput
from chain.keyfile import Cost
from node.keystore import create_key, load_key, load_passphrase, save_key

CHEAP: Final = Cost(passes=1, memory_bytes=8192)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refuse(path: Path, passphrase: bytes | None = None) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as caught:
        load_key(path, passphrase)
    return caught.value.code, caught.value.why


@pytest.mark.parametrize("passphrase", [None, b"correct horse"])
def test_a_new_key_is_saved_and_loads(tmp_path: Path, passphrase: bytes | None) -> None:
    path = tmp_path / "keys" / "gateway.key"
    made = create_key(path, "gateway-1", "borne-energie", passphrase, CHEAP)
    loaded = load_key(path, passphrase)
    assert loaded.key.public_key == made.key.public_key
    assert (loaded.label, loaded.organisation) == ("gateway-1", "borne-energie")


def test_two_new_keys_differ(tmp_path: Path) -> None:
    one = create_key(tmp_path / "one.key", "a", "b", b"p", CHEAP)
    two = create_key(tmp_path / "two.key", "a", "b", b"p", CHEAP)
    assert one.key.public_key != two.key.public_key


def test_only_the_owner_can_reach_a_new_key_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = tmp_path / "a" / "b" / "gateway.key"
        create_key(path, "gateway-1", "borne-energie")
    finally:
        os.umask(before)
    assert mode_of(path) == 0o600
    assert mode_of(tmp_path / "a" / "b") == 0o700
    assert mode_of(tmp_path / "a") == 0o700


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "gateway.key"
    first = create_key(path, "gateway-1", "borne-energie")
    with pytest.raises(InvalidInput) as caught:
        create_key(path, "gateway-2", "borne-energie")
    assert caught.value.code == "VT-1310"
    assert caught.value.why == f"{path} exists, and a key file is never written over."
    assert load_key(path).key.public_key == first.key.public_key


def test_a_link_is_not_followed_when_writing(tmp_path: Path) -> None:
    (tmp_path / "link.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidInput, match="VT-1310"):
        save_key(tmp_path / "link.key", b"data")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "gateway.key"
    create_key(path, "gateway-1", "borne-energie")
    path.chmod(mode)
    assert refuse(path) == (
        "VT-1309",
        f"{path} has mode {mode:04o}, so other users of this machine can reach it.",
    )
    path.chmod(0o400)
    assert load_key(path).label == "gateway-1"


def test_the_fix_for_an_open_key_can_be_copied() -> None:
    assert "chmod 600 FILE" in InvalidInput("VT-1309", path="x", mode="0644").entry.fix


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    missing = tmp_path / "missing.key"
    assert refuse(missing) == ("VT-1302", f"{missing}: no such file or directory.")
    assert refuse(tmp_path)[0] == "VT-1302"
    damaged = tmp_path / "damaged.key"
    save_key(damaged, b"{")
    assert refuse(damaged) == (
        "VT-1302",
        f"{damaged}: it is damaged: Input data was truncated.",
    )
    large = tmp_path / "large.key"
    save_key(large, b" " * 5000)
    assert refuse(large) == ("VT-1302", f"{large}: it has more than 4096 bytes.")


def test_a_pipe_does_not_hold_the_node_up(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.key"
    os.mkfifo(pipe, 0o600)
    assert refuse(pipe) == ("VT-1302", f"{pipe}: it is not a regular file.")


def test_a_wrong_passphrase_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "gateway.key"
    create_key(path, "gateway-1", "borne-energie", b"right", CHEAP)
    for passphrase in (b"wrong", None):
        assert refuse(path, passphrase) == (
            "VT-1303",
            f"{path} is encrypted and the passphrase given does not fit.",
        )


def test_a_file_that_cannot_be_written_whole_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    path = tmp_path / "gateway.key"
    with pytest.raises(InvalidInput) as caught:
        save_key(path, b"data")
    assert caught.value.why == f"{path}: no space left on device."
    assert not path.exists()


def test_file_and_folder_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    save_key(tmp_path / "gateway.key", b"data")
    assert synced == [False, True]


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InvalidInput, match="VT-1302"):
        save_key(tmp_path / "file" / "gateway.key", b"data")


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        (b"correct horse", b"correct horse"),
        (b"a\n", b"a"),
        (b"a\r\n", b"a"),
        (b" a \n\n", b" a \n"),
    ],
)
def test_one_line_end_is_not_part_of_a_passphrase(
    tmp_path: Path, content: bytes, passphrase: bytes
) -> None:
    save_key(tmp_path / "passphrase", content)
    assert load_passphrase(tmp_path / "passphrase") == passphrase


def test_a_bad_passphrase_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    save_key(path, b"\n")
    with pytest.raises(InvalidInput, match=r"VT-1302: .*: the passphrase in it is empty"):
        load_passphrase(path)
    path.chmod(0o644)
    with pytest.raises(InvalidInput, match="VT-1309"):
        load_passphrase(path)
    save_key(tmp_path / "long", b"a" * 1025)
    with pytest.raises(InvalidInput, match="more than 1024 bytes"):
        load_passphrase(tmp_path / "long")
