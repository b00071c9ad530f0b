"""One thing that is wrong: what, since when, how one can see it, what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from chain.catalogue import CATALOGUE
from chain.catalogue_diagnosis import GRAVE, MINOR
from chain.catalogue_entry import Entry
from chain.scalars import UnixMillis

_CRITICAL: Final = frozenset(entry.code for entry in GRAVE)
_WARNINGS: Final = frozenset(entry.code for entry in MINOR)


class Severity(IntEnum):
    """How bad it is: the chain stands or is in doubt, a node is out of order, or it will be."""

    CRITICAL = 0
    ERROR = 1
    WARNING = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `nodes` are the nodes it is about, the one to look at first."""

    code: str
    nodes: tuple[str, ...]
    what: str
    since_ms: UnixMillis | None
    evidence: tuple[str, ...]

    @property
    def entry(self) -> Entry:
        """The catalogue entry of this kind of finding."""
        return CATALOGUE[self.code]

    @property
    def severity(self) -> Severity:
        """How bad it is, by the part of the catalogue that the entry stands in."""
        if self.code in _CRITICAL:
            return Severity.CRITICAL
        return Severity.WARNING if self.code in _WARNINGS else Severity.ERROR


def make_finding(
    code: str,
    nodes: Sequence[str],
    /,
    *,
    since_ms: UnixMillis | None = None,
    evidence: Sequence[str] = (),
    **values: object,
) -> Finding:
    """Make a finding.

    Args: values: fill the sentence of the catalogue entry.
    """
    what = CATALOGUE[code].why.format(**values)
    return Finding(code, tuple(nodes), what, since_ms, tuple(evidence))
