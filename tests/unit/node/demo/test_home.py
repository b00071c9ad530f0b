"""The demo's folder: kept or gone, and never somebody else's."""

from pathlib import Path

import pytest

from chain.errors import InvalidInput
from node.demo.home import open_home, write_whole, writing


def test_a_temporary_folder_goes_away_whatever_happens() -> None:
    with open_home(None) as folder:
        (folder / "file").touch()
    assert not folder.exists()
    with pytest.raises(KeyboardInterrupt), open_home(None) as folder:
        raise KeyboardInterrupt
    assert not folder.exists()


def test_a_named_folder_is_made_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_home(Path("deep/home")) as folder:
        assert folder == tmp_path / "deep" / "home"
    assert folder.is_dir()
    with open_home(folder):
        pass  # It is empty, so it may be used.


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "b").touch()
    (tmp_path / "a").touch()
    with pytest.raises(InvalidInput, match=r"VT-8010: .* holds a and 1 more already"):
        open_home(tmp_path).__enter__()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match=r"VT-8012: .*file: it is a file, not a folder\."):
        open_home(tmp_path / "file").__enter__()


def test_a_folder_that_cannot_be_made_says_why() -> None:
    with pytest.raises(InvalidInput, match=r"VT-8012: /dev/null/x: not a directory\."):
        open_home(Path("/dev/null/x")).__enter__()


def test_a_full_disk_is_explained(tmp_path: Path) -> None:
    full = r"VT-8012: .*: no space left on device\."
    with pytest.raises(InvalidInput, match=full), writing(tmp_path):
        raise OSError(28, "No space left on device")


def test_a_file_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    write_whole(path, "{}\n")
    assert path.read_text() == "{}\n"
    assert list(tmp_path.iterdir()) == [path]
