import pytest
from msgspec.structs import replace

from chain.package import Package, compute_build, compute_package_hash, hash_part
from chain.scalars import Hash

PARTS = ("tally", "veritwin-python/1", "x = 1\n", "def test(): ...", "")
PACKAGE = Package(*PARTS, "accepted", "nothing differs", compute_build(*PARTS))


@pytest.mark.parametrize("index", range(5))
def test_every_part_is_in_the_build(index):
    changed = (*PARTS[:index], PARTS[index] + "x", *PARTS[index + 1 :])
    assert compute_build(*changed) != compute_build(*PARTS)


def test_no_part_can_be_moved_into_another():
    assert compute_build("a", "b", "cd", "e", "") != compute_build("a", "b", "c", "de", "")


def test_members_approve_the_whole_package():
    other = replace(PACKAGE, report="something differs")
    assert other.build == PACKAGE.build
    assert compute_package_hash(other) != compute_package_hash(PACKAGE)


def test_a_part_is_named_by_its_text():
    assert hash_part("a") != hash_part("b")
    assert len(hash_part("")) == len(Hash(bytes(32)))
