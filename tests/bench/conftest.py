"""How a part is measured: CPU time, in short rounds, of which the fastest counts.

The chains are imported where they are asked for. In a tree that lacks something they need, only the
parts that use them are left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import pytest

import chain

if TYPE_CHECKING:
    from tests.bench.material import Executing


CPU_SECONDS: Final = 0.12
"""How long a part is measured in one process, about."""
ROUNDS_MIN: Final = 5
ROUNDS_MAX: Final = 30


class Measure(Protocol):
    """Runs a part some times; what `setup` gives is its argument, made anew each time.

    A test checks what comes of its part before: one that fails then has no figure.
    """

    def __call__(
        self, part: Callable[..., object], setup: Callable[[], object] | None = None
    ) -> None: ...


@pytest.fixture
def measure(benchmark: Any) -> Measure:
    """Give what measures the part of a test."""
    # The paired run looks here: a tree is never compared with itself by mistake.
    benchmark.extra_info["tree"] = str(Path(chain.__file__).resolve().parents[1])

    def run(part: Callable[..., object], setup: Callable[[], object] | None = None) -> None:
        def prepare() -> tuple[tuple[object, ...], dict[str, object]]:
            return (() if setup is None else (setup(),)), {}

        given, _ = prepare()
        begin = time.process_time()
        part(*given)
        took = time.process_time() - begin
        rounds = min(max(int(CPU_SECONDS / max(took, 1e-6)), ROUNDS_MIN), ROUNDS_MAX)
        benchmark.pedantic(part, setup=prepare, rounds=rounds, iterations=1)

    return run


@pytest.fixture(scope="session")
def singles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executing]:
    """A block of 1,000 updates of one reading, about to be executed."""
    from tests.bench.material import prepare_in

    with prepare_in(
        tmp_path_factory.mktemp("singles"), "single", twins=250, updates=1_000
    ) as prepared:
        yield prepared


@pytest.fixture(scope="session")
def batches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executing]:
    """A block of 100 updates of 100 readings each."""
    from tests.bench.material import prepare_in

    with prepare_in(
        tmp_path_factory.mktemp("batches"), "batch100", twins=50, updates=100
    ) as prepared:
        yield prepared


@pytest.fixture(scope="session")
def woken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executing]:
    """A block of 50 updates, each of which wakes a contract in this process."""
    from tests.bench.material import prepare_in

    with prepare_in(tmp_path_factory.mktemp("woken"), "contract", twins=25, updates=50) as prepared:
        yield prepared
