"""What to type next: short lines, and one file that makes them short.

Every command takes its node, chain and identity from the environment, so one `source` in another
terminal replaces three long options on each line.
"""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chain.scalars import TwinId
from node.demo.home import write_whole

ENVIRONMENT: Final = "env"
"""Name of the file in the demo's folder."""
REPORT: Final = "report.txt"


def write_environment(folder: Path, nodes: Sequence[str], genesis: Path, identity: Path) -> Path:
    """Write the file that a shell reads to be the inspection partner.

    Raises: InvalidInput: VT-8012.
    """
    here = Path(sys.executable).parent
    lines = (
        "# For bash, zsh and fish: source this file, then use veritwin without more options.",
        f"export VERITWIN_NODE={shlex.quote(' '.join(nodes))}",
        f"export VERITWIN_GENESIS={shlex.quote(str(genesis))}",
        f"export VERITWIN_IDENTITY={shlex.quote(str(identity))}",
        f'export PATH={shlex.quote(str(here))}:"$PATH"',
    )
    path = folder / ENVIRONMENT
    write_whole(path, "\n".join(lines) + "\n")
    return path


def suggest(environment: Path, twin: TwinId | None) -> tuple[str, ...]:
    """Give lines to paste into another terminal, in whatever folder, one after the other."""
    source = f"source {shlex.quote(str(environment))}"
    if twin is None:
        return (source, "veritwin status", "veritwin blocks list")
    return (
        source,
        f"veritwin twins show {twin}",
        "veritwin actions list",
        f"date >{REPORT}; veritwin attest --twin {twin} --file {REPORT}",
        f"veritwin verify {REPORT}.receipt.json",
    )
