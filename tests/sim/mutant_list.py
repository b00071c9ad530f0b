"""All planted bugs, and the controls: runs without any bug, in which nothing may be found."""

from typing import Final

from tests.sim.mutant import EngineName, Engines, Mutant, Search, Seeds, Tests, Twins
from tests.sim.mutant_members import MEMBERS_MUTANTS
from tests.sim.mutant_node import NODE_MUTANTS
from tests.sim.mutant_raft import RAFT_MUTANTS
from tests.sim.mutant_voting import VOTING_MUTANTS

ALL_MUTANTS: Final[tuple[Mutant, ...]] = (
    *VOTING_MUTANTS,
    *NODE_MUTANTS,
    *MEMBERS_MUTANTS,
    *RAFT_MUTANTS,
)


def _all_tests() -> Tests:
    """Name every test that is to find a mutant, each once."""
    searches = [mutant.search for mutant in ALL_MUTANTS]
    found = [name for one in searches if isinstance(one, Tests) for name in one.names]
    return Tests(tuple(dict.fromkeys(found)))


def _control(name: str, search: Search, engine: EngineName = "bft") -> Mutant:
    return Mutant(name, "nothing", (), search, engine)


CONTROLS: Final = (
    _control("control-seeds-bft", Seeds()),
    _control("control-seeds-raft", Seeds(), "raft"),
    _control("control-engines-bft", Engines(count=300)),
    _control("control-engines-raft", Engines(count=100), "raft"),
    _control("control-twins", Twins(count=500)),
    _control("control-tests", _all_tests()),
)
"""A red test, or a seed that fails by itself, would find every mutant."""


def find_mutant(name: str) -> Mutant:
    """Give the mutant or control of that name.

    Raises: KeyError: there is none.
    """
    return {mutant.name: mutant for mutant in (*ALL_MUTANTS, *CONTROLS)}[name]


def to_row(mutant: Mutant) -> str:
    """Give the mutant's line in the table of `docs/TESTING.md`."""
    match mutant.search:
        case Seeds():
            found_by = "simulator" if mutant.only is None else f"simulator, `{mutant.only}` alone"
        case Engines():
            found_by = "bare engines"
        case Twins():
            found_by = "Twins"
        case Tests(names):
            found_by = ", ".join(f"`{name.rpartition('/')[2]}`" for name in names)
    return f"| `{mutant.name}` | {mutant.engine} | {mutant.breaks} | {found_by} |"
