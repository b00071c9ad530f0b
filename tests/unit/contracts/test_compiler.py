"""From source to loaded contract: what a check accepts loads, and nothing else does."""

import pytest

from chain.errors import InvalidInput
from contracts import compiler
from contracts.compiler import check_contract, load_contract
from contracts.manifest import compute_source_hash
from contracts.metering import Rewriter

SOURCE = """\
from contracts.author import Decimal, call

LIMITS = {"low": [Decimal(1)], "high": []}
PAIR = (1, "a")


@call
def main() -> int:
    return len(LIMITS)
"""


def test_an_accepted_source_loads() -> None:
    loaded = load_contract(SOURCE)
    assert list(loaded.handlers) == [("call", "main")]
    assert loaded.manifest.source_hash == compute_source_hash(SOURCE)


def test_a_refused_source_does_not_load() -> None:
    with pytest.raises(InvalidInput) as refused:
        load_contract("import os\nX = 1.5\n")
    assert str(refused.value) == (
        "VT-4001: 2 finding(s); the first at line 1: import: a contract reaches nothing outside "
        "itself."
    )


def test_compiled_code_has_no_python_builtins() -> None:
    namespace = load_contract(SOURCE).handlers["call", "main"].__globals__
    assert namespace["__builtins__"] == {}


def test_what_the_rewriter_forgets_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rewriter, "_expression", lambda self, node: node)
    verdict = check_contract("def f(x):\n    return x + 1\n")
    assert [finding.rule for finding in verdict.findings] == ["rewriting"]
    assert not verdict.accepted


def test_the_cost_of_constants_is_bounded() -> None:
    verdict = compiler.check_contract("X = 'a' * 999999\nY = X + X\n")
    assert [finding.rule for finding in verdict.findings] == ["constant"]


def test_the_verdict_is_the_same_every_time() -> None:
    assert check_contract(SOURCE) == check_contract(SOURCE)
