"""Making names durable; tests/e2e/test_disks.py cuts the power for real."""

import os
from pathlib import Path

import pytest

from node.storage.folders import sync_folder


def test_the_folder_itself_is_synced_and_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append((file, os.fstat(file))))
    sync_folder(tmp_path)
    ((file, found),) = synced
    assert os.path.samestat(found, tmp_path.stat())
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(file)


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "missing")
