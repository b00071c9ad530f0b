"""The last-signed file: what was stored is found again, and damage never looks like nothing."""

from pathlib import Path

import pytest

from chain.errors import Corruption
from node.storage.last_signed import SLOT_SIZE, LastSignedFile


def _stored(path: Path, *payloads: bytes) -> Path:
    with LastSignedFile(path, must_exist=False) as file:
        for payload in payloads:
            file.store(payload)
    return path


def _flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0x20
    path.write_bytes(data)


def test_new_node_has_signed_nothing(tmp_path: Path) -> None:
    with LastSignedFile(tmp_path / "signed", must_exist=False) as file:
        assert file.load() is None
    with LastSignedFile(tmp_path / "signed", must_exist=False) as file:
        assert file.load() is None


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_newest_is_found_again(tmp_path: Path, count: int) -> None:
    path = _stored(tmp_path / "signed", *(b"vote %d" % n for n in range(count)))
    with LastSignedFile(path, must_exist=True) as file:
        assert file.load() == b"vote %d" % (count - 1)
        file.store(b"next")
        assert file.load() == b"next"
    with LastSignedFile(path, must_exist=True) as file:
        assert file.load() == b"next"
        assert file.damaged_slots == 0


def test_missing_file_is_refused_when_the_node_has_blocks(tmp_path: Path) -> None:
    path = tmp_path / "signed"
    with pytest.raises(Corruption) as caught:
        LastSignedFile(path, must_exist=True)
    assert str(caught.value) == (f"VT-6021: The database holds blocks, but {path} does not exist.")
    assert not path.exists()


def test_write_that_was_cut_short_leaves_the_one_before(tmp_path: Path) -> None:
    path = _stored(tmp_path / "signed", b"first", b"second")
    data = bytearray(path.read_bytes())
    data[10:SLOT_SIZE] = bytes(SLOT_SIZE - 10)  # "second" has sequence 2: the slot at 0
    path.write_bytes(data)
    with LastSignedFile(path, must_exist=True) as file:
        assert file.load() == b"first"
        assert file.damaged_slots == 1
        file.store(b"third")
    with LastSignedFile(path, must_exist=True) as file:
        assert file.load() == b"third"
        assert file.damaged_slots == 0


@pytest.mark.parametrize("place", [0, 9, 16, 20, 25, 60, SLOT_SIZE - 1])
def test_only_slot_damaged_anywhere_is_refused(tmp_path: Path, place: int) -> None:
    path = _stored(tmp_path / "signed", b"only")
    _flip(path, SLOT_SIZE + place)
    for must_exist in (True, False):
        with pytest.raises(Corruption) as caught:
            LastSignedFile(path, must_exist=must_exist)
        assert caught.value.code == "VT-6020"


def test_both_slots_damaged_is_refused(tmp_path: Path) -> None:
    path = _stored(tmp_path / "signed", b"first", b"second")
    _flip(path, 30)
    _flip(path, SLOT_SIZE + 25)
    with pytest.raises(Corruption):
        LastSignedFile(path, must_exist=True)


def test_emptied_file_is_refused_when_the_node_has_blocks(tmp_path: Path) -> None:
    path = _stored(tmp_path / "signed", b"first")
    path.write_bytes(b"")
    with pytest.raises(Corruption):
        LastSignedFile(path, must_exist=True)
