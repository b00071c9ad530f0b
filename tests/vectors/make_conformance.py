"""Write what the conformance programs come to: `python -m tests.vectors.make_conformance`.

The result is part of the contract engine's id: when a run of this changes the file, the engine is
another one, and chains that are pinned to the old one need the old program.
"""

from pathlib import Path
from typing import Final

from contracts import conformance_results
from contracts.conformance import run_programs
from contracts.executor import Executor
from contracts.inprocess import InProcessExecutor

HEAD: Final = '''"""What the conformance programs come to, by program and number of the run.

Written by `python -m tests.vectors.make_conformance`. Each is status, error, gas, and the start of
the hash over value, writes, events and actions.
"""

from typing import Final

RESULTS: Final = {
'''


def render_results(executor: Executor) -> str:
    """Give the module's text."""
    rows = [f'    "{name}": "{result}",\n' for name, result in run_programs(executor).items()]
    return HEAD + "".join(rows) + "}\n"


if __name__ == "__main__":
    path = Path(conformance_results.__file__)
    path.write_text(render_results(InProcessExecutor()), encoding="utf-8")
