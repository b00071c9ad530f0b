"""What the checker says about a source: where, which rule, why, and what to write instead."""

from __future__ import annotations

import ast
from typing import NamedTuple


class Finding(NamedTuple):
    """One thing that is not in the contract language; `line` and `column` count from 1."""

    line: int
    column: int
    rule: str
    reason: str
    instead: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.rule}: {self.reason}; write: {self.instead}"


def find_at(node: ast.AST, rule: str, reason: str, instead: str) -> Finding:
    """Make a finding at the place of a syntax node."""
    line = getattr(node, "lineno", 1)
    return Finding(line, getattr(node, "col_offset", 0) + 1, rule, reason, instead)
