"""Looks for one mutant in a process of its own: `python -m tests.sim.mutant_run NAME`.

The bug is planted before anything of the project is loaded, then the simulator, Twins or tests run
until something fails. The answer is one JSON line.
"""

import argparse
import importlib
import io
import json
import os
import re
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any, Final

from tests.sim.mutant import Engines, Mutant, Seeds, Tests, Twins, plant
from tests.sim.mutant_list import find_mutant

Found = tuple[str, str, str]
"""By whom, where, and the text."""
CPU_LIMIT_S: Final = 120
"""How long one mutant may compute, however busy the machine is."""
BROKEN: Final = re.compile(r"\b(Name|UnboundLocal|Attribute|Type|Import|Syntax)Error\b")
"""What Python says of a mutant whose own code does not fit any more; that is no finding."""


def choose_seeds(mutant: Mutant, seeds: Seeds) -> Iterator[int]:
    """Give the seeds to run: those whose plan holds a wanted kind of fault, if any is wanted."""
    run: Any = importlib.import_module("tests.sim.run")
    left, seed = seeds.count, seeds.first
    while left:
        streams = run.Streams(seed)
        plan = run.draw_plan(streams, run.draw_genesis(streams, mutant.engine))
        if not seeds.kinds or set(seeds.kinds) & set(plan.kinds):
            yield seed
            left -= 1
        seed += 1


def search_seeds(mutant: Mutant, seeds: Seeds) -> Found | None:
    """Run seeds of the simulator with all checkers."""
    run: Any = importlib.import_module("tests.sim.run")
    for seed in choose_seeds(mutant, seeds):
        failure = run.run_seed(seed, mutant.engine).failure
        if failure is not None:
            return failure.checker, f"seed {seed}", failure.message
    return None


def search_survivor(mutant: Mutant, seeds: Seeds) -> Found | None:
    """Find a seed that fails with the checker `mutant.only` and passes without it."""
    run: Any = importlib.import_module("tests.sim.run")
    known = importlib.import_module("tests.sim.checkers").ALL_CHECKERS
    others = [checker for checker in known if checker.name != mutant.only]
    assert len(others) == len(known) - 1, f"no checker is named {mutant.only}"
    for seed in choose_seeds(mutant, seeds):
        failure = run.run_seed(seed, mutant.engine).failure
        if failure is None or failure.checker != mutant.only:
            continue
        if run.run_seed(seed, mutant.engine, others).failure is None:
            return failure.checker, f"seed {seed}", failure.message
    return None


def search_engines(mutant: Mutant, engines: Engines) -> Found | None:
    """Run seeds of the network of bare engines; what stops an engine is a finding, too."""
    folder = "tests.unit.consensus" + (".raft" if mutant.engine == "raft" else "")
    module: Any = importlib.import_module(f"{folder}.network")
    errors: Any = importlib.import_module("chain.errors")
    for seed in range(engines.first, engines.first + engines.count):
        try:
            module.Network(seed).play()
        except (module.Violation, errors.ChainError, AssertionError) as error:
            return "engines", f"seed {seed}", str(error)
    return None


def search_twins(twins: Twins) -> Found | None:
    """Play sampled scenarios of Twins."""
    module: Any = importlib.import_module("tests.sim.twins")
    for seed in range(twins.first, twins.first + twins.count):
        fault = module.find_violation(module.sampled(seed))
        if fault is not None:
            return "twins", f"seed:{seed}", fault
    return None


def search_tests(tests: Tests) -> Found | None:
    """Run tests until one fails."""
    pytest: Any = importlib.import_module("pytest")
    noted: list[tuple[str, str]] = []

    class Noting:
        """Notes the tests that fail."""

        def pytest_runtest_logreport(self, report: Any) -> None:
            """Take a report of pytest."""
            if report.failed:
                noted.append((report.nodeid, str(report.longrepr).splitlines()[-1]))

    # Where pytest rewrites assertions it finds modules before the planter does: packages that bring
    # a plugin of their own are rewritten, and `contracts` does.
    options = ["-q", "-x", "-p", "no:cacheprovider", "--assert=plain"]
    code = pytest.main([*options, *tests.names], plugins=[Noting()])
    if not noted:
        assert code == 0, f"pytest ended with {code}: is there such a test?"
        return None
    name, text = noted[0]
    return "tests", name, text


def search(mutant: Mutant, *, survivor: bool) -> Found | None:
    """Look for a planted mutant where it says it will be found."""
    match mutant.search:
        case Seeds():
            find = search_survivor if survivor else search_seeds
            return find(mutant, mutant.search)
        case Engines():
            return search_engines(mutant, mutant.search)
        case Twins():
            return search_twins(mutant.search)
        case Tests():
            return search_tests(mutant.search)


def main() -> None:
    """Plant, search, answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument(
        "--survivor", action="store_true", help="find a seed that only one checker sees"
    )
    options = parser.parse_args()
    mutant = find_mutant(options.name)
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S + 5))
    plant(mutant)
    begun = time.monotonic()
    with redirect_stdout(io.StringIO()):
        found = search(mutant, survivor=options.survivor)
    by, where, text = found or ("", "", "")
    seconds = round(time.monotonic() - begun, 1)
    is_broken = bool(mutant.edits) and BROKEN.search(text) is not None
    if is_broken:
        text = f"the mutant itself is broken: {text}"
    is_found = found is not None and not is_broken
    answer = {"found": is_found, "by": by, "where": where, "text": text}
    sys.stdout.write(json.dumps(answer | {"seconds": seconds}) + "\n")


if __name__ == "__main__":
    main()
