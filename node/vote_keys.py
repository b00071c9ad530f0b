"""The vote keys in a node's home: one, or two while it changes from one to the next.

HOME/keys/vote.json       made with the node
HOME/keys/vote-2.json     made for a rotation; the committee of each height says which one votes
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, overload

from chain.errors import InvalidInput
from chain.keyfile import KeyFile
from chain.keys import SigningKey
from chain.scalars import PublicKey
from node.config import NodeConfig
from node.keystore import create_key, load_key
from node.logs import get_log

log = get_log(__name__)
_FIRST: Final = "vote.json"
_NUMBERED: Final = re.compile(r"vote-([1-9][0-9]{0,5})\.json")


class VoteKeys(Sequence[SigningKey]):
    """All vote keys of a node; `look` finds those that were made while it runs.

    The list is replaced as a whole, so whoever reads it in another thread sees the old one or the
    new one.

    Raises: InvalidInput: VT-1302, VT-1309: a key file cannot be used.
    """

    def __init__(self, config: NodeConfig) -> None:
        self._folder = config.home_path / "keys"
        self._keys: tuple[SigningKey, ...] = ()
        for path in list_vote_keys(self._folder):
            self._add(path)

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, index: int) -> SigningKey: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[SigningKey]: ...
    def __getitem__(self, index: int | slice) -> SigningKey | Sequence[SigningKey]:
        return self._keys[index]

    def holds(self, key: PublicKey) -> bool:
        """Tell whether one of them is this key."""
        return any(one.public_key == key for one in self._keys)

    def look(self, wanted: PublicKey) -> bool:
        """Look for new files; tell whether the wanted key is here now.

        A name says nothing: the file of a rotation that was refused gives its own to the next one.
        """
        for path in list_vote_keys(self._folder):
            try:
                self._add(path)
            except InvalidInput as error:
                log.warning("a vote key cannot be used", path=str(path), why=error.why)
        return self.holds(wanted)

    def _add(self, path: Path) -> None:
        key = load_key(path, None).key
        if not self.holds(key.public_key):
            self._keys = (*self._keys, key)


def list_vote_keys(folder: Path) -> list[Path]:
    """Name the files of vote keys, the oldest first."""
    numbered = [
        (int(found[1]), path)
        for path in folder.glob("vote-*.json")
        if (found := _NUMBERED.fullmatch(path.name))
    ]
    first = [folder / _FIRST] if (folder / _FIRST).exists() else []
    return [*first, *(path for _, path in sorted(numbered))]


def create_vote_key(config: NodeConfig, organisation: str) -> tuple[Path, KeyFile]:
    """Make one more vote key in a node's home; give its file.

    Raises: InvalidInput: VT-1302, the file cannot be written.
    """
    folder = config.home_path / "keys"
    names = (_NUMBERED.fullmatch(path.name) for path in list_vote_keys(folder))
    number = max((int(found[1]) for found in names if found), default=1) + 1
    path = folder / f"vote-{number}.json"
    return path, create_key(path, f"vote-{number}-{config.node}", organisation)
