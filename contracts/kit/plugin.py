"""The pytest plugin: `chain`, `orgs`, `twins`, `clock`, `deploy` and `expect_reject`.

It registers itself where Veritwin is installed. `pytest --gas` prints what handlers cost,
`--gas-file FILE` compares with what FILE says and writes it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from contracts.kit import gas_report
from contracts.kit.chain import Chain, Rejected
from contracts.kit.executor import Run
from contracts.kit.members import Clock, KitContract, Organisations, Twins, propose
from contracts.manifest import compute_source_hash

_RUNS = pytest.StashKey[list[Run]]()
ExpectReject = Callable[..., AbstractContextManager[None]]


class Deploy(Protocol):
    """What the fixture `deploy` gives."""

    def __call__(
        self, source: str | Path, name: str | None = None, **parameters: object
    ) -> KitContract:
        """Let the members deploy a contract.

        Args: source: a file beside the test, or the source itself; name: the file's unless given.
        """
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the gas report."""
    group = parser.getgroup("veritwin contracts")
    group.addoption("--gas", action="store_true", help="Print what contracts' handlers cost.")
    group.addoption(
        "--gas-file", metavar="FILE", help="Compare the costs with FILE, and write it anew."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin to remember what runs."""
    config.stash[_RUNS] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the gas report."""
    config = terminalreporter.config
    runs, file = config.stash[_RUNS], config.getoption("--gas-file")
    if not runs or not (config.getoption("--gas") or file):
        return
    prices = gas_report.gather(runs)
    path = Path(file) if file else None
    before = None
    if path is not None:
        if path.exists():
            before = gas_report.load(path.read_text(encoding="utf-8"))
        path.write_text(gas_report.dump(prices), encoding="utf-8")
    terminalreporter.section("gas of contracts")
    terminalreporter.write_line(gas_report.render(prices, before))


@pytest.fixture
def chain(request: pytest.FixtureRequest) -> Iterator[Chain]:
    """A new chain of four organisations, in memory."""
    made = Chain()
    yield made
    request.config.stash[_RUNS].extend(made.executor.runs)


@pytest.fixture
def orgs(chain: Chain) -> Organisations:
    """The members: owner, workshop, inspector, grid."""
    return Organisations(chain.organisations)


@pytest.fixture
def twins(chain: Chain) -> Twins:
    """Registers twins, which then send readings."""
    return Twins(chain)


@pytest.fixture
def clock(chain: Chain) -> Clock:
    """Moves the time of blocks."""
    return Clock(chain)


@pytest.fixture
def deploy(chain: Chain, request: pytest.FixtureRequest) -> Deploy:
    """Deploys contracts: the owner proposes, the others approve."""

    def deploy_contract(
        source: str | Path, name: str | None = None, **parameters: object
    ) -> KitContract:
        path, text = read_source(source, request.path.parent)
        known_as = name or (path.stem if path is not None else "contract")
        if path is not None:
            chain.executor.files[compute_source_hash(text)] = str(path)
        propose(chain, known_as, text, parameters)
        return KitContract(chain, known_as)

    return deploy_contract


@pytest.fixture
def expect_reject() -> ExpectReject:
    """Expects the operations inside to be refused: with this code, and these words."""

    @contextmanager
    def expect(code: str = "", words: str = "") -> Iterator[None]:
        try:
            yield
        except Rejected as rejected:
            if code in ("", rejected.code) and words in rejected.message:
                return
            pytest.fail(f"expected {code} {words!r}, but it was {rejected}")
        pytest.fail(f"nothing was refused; {code or 'a refusal'} was expected")

    return expect


def read_source(source: str | Path, folder: Path) -> tuple[Path | None, str]:
    """Give a contract's file and its text; what has several lines is the text itself."""
    if isinstance(source, str) and "\n" in source:
        return None, source
    path = folder / source
    return path, path.read_text(encoding="utf-8")
