"""What a test holds in its hands: organisations, a clock and deployed contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from chain.changes import AnyContractChange, PauseContract, ResumeContract, RollBackContract
from chain.operations import (
    Acknowledge,
    ApproveChange,
    Call,
    Consent,
    Outcome,
    ProposeChange,
    ProposeContract,
)
from chain.receipt import Receipt
from chain.scalars import Hash, Height
from chain.values import Value, encode_value
from contracts import state_keys
from contracts.kit.chain import Chain
from contracts.kit.seen import SeenAction, SeenEvent, value_of
from contracts.manifest import compute_source_hash
from contracts.packaging import make_package
from contracts.records import ContractRecord
from contracts.settings import carry_over

MINUTE_MS: Final = 60_000


class Clock:
    """Block time, which stands still unless a test moves it."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    @property
    def time_ms(self) -> int:
        """The next block's time."""
        return self._chain.time_ms

    def forward(
        self, *, days: int = 0, hours: int = 0, minutes: int = 0, milliseconds: int = 0
    ) -> None:
        """Let time pass; timers and deadlines that are due meanwhile ring."""
        total = ((days * 24 + hours) * 60 + minutes) * MINUTE_MS + milliseconds
        self._chain.forward(total)


class Organisations:
    """The members by name: `orgs.workshop` is "workshop"; `orgs[0]` the one that deploys."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)

    def __getattr__(self, name: str) -> str:
        if name in self._names:
            return name
        raise AttributeError(f"{name} is no member; members are {', '.join(self._names)}")

    def __getitem__(self, index: int) -> str:
        return self._names[index]

    def __len__(self) -> int:
        return len(self._names)


class KitContract:
    """A contract of a test, as organisations agreed on it.

    Args: folder: where files of its sources are looked for; the present one unless given.
    """

    def __init__(self, chain: Chain, name: str, folder: Path | None = None) -> None:
        self._chain = chain
        self._folder = folder or Path()
        self.name = name

    @property
    def record(self) -> ContractRecord:
        """The contract as it is in force."""
        record = self._chain.record(state_keys.contract_key(self.name), ContractRecord)
        assert record is not None, "a kit contract was deployed"
        return record

    def call(self, method: str, /, sender: str | None = None, **arguments: object) -> Value:
        """Call a method; give what it returned.

        Raises: Rejected: the call was refused, or the contract stopped.
        """
        operation = Call(self.name, method, encode_value(arguments))
        return value_of(self._chain.apply(operation, sender).result)

    def upgrade(
        self,
        source: str | Path,
        *,
        sender: str | None = None,
        approvers: Sequence[str] | None = None,
        **parameters: object,
    ) -> None:
        """Let the members put another source in force in the place of this one.

        Args: source: a file beside the test, or the source itself; sender, approvers: as `propose`
        says; parameters: those that are not given stay as they are.
        Raises: as `propose`.
        """
        text = load_source(self._chain, source, self._folder)
        version = self.record.version
        propose(
            self._chain, self.name, text, parameters, version, sender=sender, approvers=approvers
        )

    def consent(self, sender: str, *, is_given: bool = True) -> None:
        """Let an organisation consent to the source in force, or take that back.

        Who approved it has consented already, and who proposed it needs not.
        """
        operation = Consent(self.name, Hash(self.record.source_hash), is_given)
        self._chain.apply(operation, sender)

    def pause(self) -> None:
        """Let the members pause the contract."""
        decide(self._chain, PauseContract(self.name))

    def resume(self) -> None:
        """Let the members resume the contract."""
        decide(self._chain, ResumeContract(self.name))

    def roll_back(self, version: int) -> None:
        """Let the members put an earlier version in force again."""
        decide(self._chain, RollBackContract(self.name, version, self.record.version))

    def state(self) -> dict[str, Value]:
        """Everything that the contract keeps, by its keys: `name` of a Var, `name/key` of a Map."""
        prefix = state_keys.contract_state_prefix(self.name)
        pairs = self._chain.state.range(*state_keys.prefix_range(prefix), 10_000)
        return {key[len(prefix) :].decode(): value_of(value) for key, value in pairs}

    def events(self, name: str | None = None) -> list[SeenEvent]:
        """What the contract emitted, in order."""
        return [one for one in self._chain.events(name) if one.source == self.name]

    def actions(self, status: str | None = None) -> list[SeenAction]:
        """The actions that it opened, in order."""
        return [one for one in self._chain.actions(status) if one.contract == self.name]

    def answer(
        self,
        action: SeenAction,
        outcome: Outcome = "acknowledged",
        note: str = "",
        sender: str | None = None,
    ) -> None:
        """Answer an action: "acknowledged" first, then "completed"; or "declined".

        Args: sender: who answers; the addressee unless given.
        Raises: Rejected: it may not; HandlerFailed: the contract stopped when it was told.
        """
        self._chain.apply(Acknowledge(action.id, outcome, note), sender or action.addressee)


def propose(
    chain: Chain,
    name: str,
    source: str,
    parameters: Mapping[str, object],
    replaces: int = 0,
    not_before: int = 0,
    *,
    sender: str | None = None,
    approvers: Sequence[str] | None = None,
) -> None:
    """Let a member propose a source, and others approve until it is decided.

    Args: sender: who proposes, the first member unless given; approvers: who approves, in this
    order, all others unless given. Who is left over has consented to nothing.
    Raises: InvalidInput: VT-4001, it is no contract, or VT-4002, a parameter does not fit it;
    Rejected: it cannot start; ValueError: these approvals are not enough.
    """
    package = make_package(name, source)
    present = chain.record(state_keys.contract_key(name), ContractRecord) if replaces else None
    kept = value_of(present.parameters) if present is not None else {}
    given = value_of(encode_value(dict(parameters)))
    assert isinstance(kept, dict), "the ledger has looked"
    assert isinstance(given, dict), "it was one"
    chosen, _ = carry_over(kept, given, source)
    operation = ProposeContract(package, encode_value(chosen), replaces, Height(not_before))
    proposer = sender or chain.organisations[0]
    others = [one for one in chain.organisations if one != proposer]
    approved = _approve(
        chain, chain.apply(operation, proposer), others if approvers is None else approvers
    )
    if not approved:
        raise ValueError(f"{name} needs more approvals than those of {proposer} and approvers")


def load_source(chain: Chain, source: str | Path, folder: Path) -> str:
    """Give a contract's text, and let debuggers know its file; several lines are the text itself.

    Raises: OSError: there is no such file.
    """
    if isinstance(source, str) and "\n" in source:
        return source
    path = folder / source
    text = path.read_text(encoding="utf-8")
    chain.executor.files[compute_source_hash(text)] = str(path)
    return text


def decide(chain: Chain, change: AnyContractChange) -> None:
    """Let the members make a change of a contract."""
    _approve(chain, chain.apply(ProposeChange(change)), chain.organisations[1:])


def _approve(chain: Chain, proposed: Receipt, approvers: Sequence[str]) -> bool:
    """Let organisations approve until that is enough; tell whether it is."""
    newest = proposed
    for organisation in approvers:
        if _is_decided(newest):
            break
        newest = chain.apply(ApproveChange(Hash(proposed.transaction)), organisation)
    return _is_decided(newest)


def _is_decided(receipt: Receipt) -> bool:
    result = value_of(receipt.result)
    assert isinstance(result, dict), "the ledger wrote it"
    return result["status"] != "open"
