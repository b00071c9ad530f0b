"""The pytest plugin: `chain`, `orgs`, `twins`, `clock`, `deploy`, `new_ledger`, `expect_reject`.

It registers itself where Veritwin is installed. `pytest --gas` prints what handlers cost,
`--gas-file FILE` compares with what FILE says and writes it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from contracts.kit import gas_report
from contracts.kit.chain import Chain, Rejected
from contracts.kit.executor import Run
from contracts.kit.members import Clock, KitContract, Organisations, load_source, propose
from contracts.kit.twins import Twins

_RUNS = pytest.StashKey[list[Run]]()
ExpectReject = Callable[..., AbstractContextManager[None]]


class Deploy(Protocol):
    """What the fixture `deploy` gives."""

    def __call__(
        self,
        source: str | Path,
        name: str | None = None,
        *,
        sender: str | None = None,
        approvers: Sequence[str] | None = None,
        **parameters: object,
    ) -> KitContract:
        """Let the members deploy a contract.

        Args: source: a file beside the test, or the source itself; name: the file's unless given;
        sender, approvers: who proposes it and who approves; the first one, and the others in turn.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ledger:
    """A chain with all that tests hold in their hands, under the names of the fixtures."""

    chain: Chain
    orgs: Organisations
    twins: Twins
    clock: Clock
    deploy: Deploy

    @classmethod
    def on(cls, chain: Chain, folder: Path) -> Ledger:
        """Give what belongs to a chain.

        Args: folder: where files of contracts are looked for.
        """

        def deploy(
            source: str | Path,
            name: str | None = None,
            *,
            sender: str | None = None,
            approvers: Sequence[str] | None = None,
            **parameters: object,
        ) -> KitContract:
            text = load_source(chain, source, folder)
            known_as = name or ("contract" if text == source else Path(source).stem)
            propose(chain, known_as, text, parameters, sender=sender, approvers=approvers)
            return KitContract(chain, known_as, folder)

        orgs = Organisations(chain.organisations)
        return cls(chain, orgs, Twins(chain), Clock(chain), deploy)


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


@pytest.fixture(scope="module")
def new_ledger(request: pytest.FixtureRequest) -> Iterator[Callable[[], Ledger]]:
    """Makes new chains, with all that belongs to one: for tests that need many, as Hypothesis'."""
    made: list[Chain] = []

    def make() -> Ledger:
        made.append(Chain())
        return Ledger.on(made[-1], request.path.parent)

    yield make
    for one in made:
        request.config.stash[_RUNS].extend(one.executor.runs)


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
    return Ledger.on(chain, request.path.parent).deploy


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
