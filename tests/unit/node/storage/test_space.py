"""Room on the disk."""

from pathlib import Path

import pytest

from chain.errors import Busy
from node.storage import space


def test_ballast_takes_its_size_once_and_gives_it_back(tmp_path: Path) -> None:
    assert space.keep_ballast(tmp_path, 1 << 20)
    assert space.keep_ballast(tmp_path, 1 << 20)
    assert (tmp_path / space.BALLAST_NAME).stat().st_size == 1 << 20
    assert space.release_ballast(tmp_path)
    assert not space.release_ballast(tmp_path)


def test_ballast_that_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    assert not space.keep_ballast(tmp_path, 1 << 60)
    assert list(tmp_path.iterdir()) == []


def test_too_little_space_is_refused(tmp_path: Path) -> None:
    space.check_free_space(tmp_path, 1)
    with pytest.raises(Busy) as caught:
        space.check_free_space(tmp_path, 1 << 60)
    assert caught.value.code == "VT-6004"
