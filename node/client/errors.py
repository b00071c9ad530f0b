"""Errors of the client: what a node reported, and what only a client can meet.

All are `ChainError`s with a code of the catalogue, so `except Busy` means the same here as inside a
node, and `error.entry.fix` says what to do.
"""

from typing import Final

from chain.catalogue import CATALOGUE
from chain.catalogue_entry import Entry
from chain.errors import Busy, ChainError, InvalidInput, Refused
from chain.scalars import Hash
from node.api.views.status import ProblemView

UNKNOWN_CODES: Final = frozenset({"VT-7004", "VT-7015"})
"""What a node says of an id that it does not know: others may."""


class NotFinal(Busy):
    """A transaction was not final in time. It may still become so: ask again with `id`."""

    def __init__(self, id: Hash, seconds: float) -> None:
        super().__init__("VT-7021", id=id, seconds=round(seconds, 1))
        self.id: Final = id


class Unreachable(Busy):
    """No node answers."""

    def __init__(self, nodes: str, reason: str) -> None:
        super().__init__("VT-7020", nodes=nodes, reason=reason)


class _Reported(ChainError):
    """An error that a node reported; `why` is what the node said."""

    def __init__(self, problem: ProblemView) -> None:
        self.problem: Final = problem
        values = {"id": problem.tx_id} if problem.tx_id is not None else {}
        self.code = problem.code
        self.values = dict(values)
        Exception.__init__(self, f"{problem.code}: {problem.why}")

    @property
    def entry(self) -> Entry:
        """The entry in this program's catalogue, or what a newer node says about its own."""
        known = CATALOGUE.get(self.code)
        if known is not None:
            return known
        problem = self.problem
        return Entry(problem.code, problem.code, problem.title, problem.why, problem.fix)

    @property
    def why(self) -> str:
        """The cause in the node's words."""
        return self.problem.why


class ReportedInvalidInput(_Reported, InvalidInput):
    """A node says that the request can never be right, or that something does not exist."""


class ReportedRefused(_Reported, Refused):
    """A node says that rules or state say no."""


class ReportedBusy(_Reported, Busy):
    """A node cannot do it now."""


class ReportedFailure(_Reported):
    """A node failed at it."""


def error_from_problem(problem: ProblemView) -> ChainError:
    """Give the exception that says what a node reported."""
    if problem.status in (408, 429, 503) or problem.code == "VT-7005":
        return ReportedBusy(problem)
    if problem.status in (403, 409):
        return ReportedRefused(problem)
    if 400 <= problem.status < 500:
        return ReportedInvalidInput(problem)
    return ReportedFailure(problem)


def error_from_receipt(transaction: str | None, code: str, detail: str | None) -> ChainError:
    """Give the exception for a transaction that was rejected, before or in its block."""
    entry = CATALOGUE.get(code)
    why = detail or (entry.title + "." if entry else code)
    return ReportedRefused(
        ProblemView(
            type="about:blank",
            title=entry.title if entry else code,
            status=409,
            detail=why,
            instance="",
            code=code,
            why=why,
            fix=entry.fix if entry else "",
            retryable=False,
            tx_id=transaction,
        )
    )
