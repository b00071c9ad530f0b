"""What a planted bug is, and how one is planted: in memory, while its module is being loaded.

No file is changed. A module that is loaded after `plant` is compiled from its source with the
mutant's text in it, so everything that imports it, a simulator as well as a test, meets the bug.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final, Literal

REPOSITORY: Final = Path(__file__).resolve().parents[2]

EngineName = Literal["bft", "raft"]


class StaleMutant(Exception):
    """The source changed: the text to replace is not there exactly once. The mutant must follow."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One place: `find` stands in `file` exactly once, and `put` takes its place."""

    file: str
    find: str
    put: str

    @property
    def module(self) -> str:
        """Name of the module in `file`."""
        return self.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def apply(self, source: str) -> str:
        """Give the source with the bug.

        Raises: StaleMutant: the text is missing, or there more than once.
        """
        count = source.count(self.find)
        if count != 1:
            raise StaleMutant(f"{self.file} holds this {count} times, not once:\n{self.find}")
        return source.replace(self.find, self.put)


@dataclass(frozen=True, slots=True)
class Seeds:
    """Search with the simulator, seeds from `first` on, until one fails or all were run.

    With `kinds` only seeds in which one of these faults happens are run, and counted.
    """

    first: int = 0
    count: int = 40
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Engines:
    """Search with the network of bare engines, seeds from `first` on: power fails between effects.

    Nodes join several events in one write, so what an engine does between two effects is not seen
    in whole nodes.
    """

    first: int = 0
    count: int = 2_000


@dataclass(frozen=True, slots=True)
class Twins:
    """Search with sampled scenarios of Twins, from `first` on."""

    first: int = 0
    count: int = 3_000


@dataclass(frozen=True, slots=True)
class Tests:
    """Run these tests: `path::name`, as pytest takes them."""

    names: tuple[str, ...]


Search = Seeds | Engines | Twins | Tests


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted bug.

    `breaks` says in words what is lost; `search` should find it. `only` names the one checker of
    the simulator that sees it: without that checker the same seeds pass.
    """

    name: str
    breaks: str
    edits: tuple[Edit, ...]
    search: Search
    engine: EngineName = "bft"
    only: str | None = None


class _Loader(SourceFileLoader):
    """Compiles a module with edits in its source, and keeps no compiled copy."""

    def __init__(self, name: str, path: str, edits: Sequence[Edit]) -> None:
        super().__init__(name, path)
        self._edits = edits

    def get_code(self, fullname: str) -> CodeType:
        """Give the code of the module with the bug."""
        source = Path(self.path).read_text(encoding="utf-8")
        for edit in self._edits:
            source = edit.apply(source)
        return compile(source, self.path, "exec", dont_inherit=True)


class _Planter(MetaPathFinder):
    """Stands before all other finders and hands out the loader of each module with an edit."""

    def __init__(self, mutant: Mutant) -> None:
        self._edits: dict[str, list[Edit]] = {}
        for edit in mutant.edits:
            self._edits.setdefault(edit.module, []).append(edit)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find a module that is to hold the bug; None for all others."""
        edits = self._edits.get(fullname)
        found = PathFinder.find_spec(fullname, path) if edits else None
        if edits is None or found is None or found.origin is None:
            return None
        found.loader = _Loader(fullname, found.origin, edits)
        return found


def plant(mutant: Mutant) -> None:
    """Plant the bug in this process, for good. Its modules must not be loaded yet.

    Raises: RuntimeError: one of them is.
    """
    loaded = [edit.module for edit in mutant.edits if edit.module in sys.modules]
    if loaded:
        raise RuntimeError(f"too late to plant {mutant.name}: {loaded} are loaded")
    sys.meta_path.insert(0, _Planter(mutant))


def check_text(mutant: Mutant) -> None:
    """See that every edit fits the source as it is, and gives Python.

    Raises: StaleMutant: it does not.
    """
    sources: dict[str, str] = {}
    for edit in mutant.edits:
        before = sources.get(edit.file) or (REPOSITORY / edit.file).read_text(encoding="utf-8")
        sources[edit.file] = edit.apply(before)
    for file, source in sources.items():
        try:
            compile(source, file, "exec")
        except SyntaxError as error:
            raise StaleMutant(f"{mutant.name} gives no Python in {file}: {error}") from error
