"""From source to loaded contract: what a check accepts loads, and nothing else does."""

import sys
from contextlib import suppress
from types import SimpleNamespace

import pytest

from chain.errors import InvalidInput
from contracts import compiler
from contracts.compiler import check_contract, load_contract
from contracts.executor import HostFault
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


def outcome(source: str) -> object:
    """What a check comes to; the machine's faults by their class."""
    try:
        return check_contract(source)
    except Exception as error:  # noqa: BLE001 (whatever class comes out is what is tested)
        return type(error)


def deep(frames: int, source: str) -> object:
    """Check a source with so many frames more on the stack."""
    return outcome(source) if frames == 0 else deep(frames - 1, source)


def dig(source: str) -> list[object]:
    """Check a source with one frame less left each time, until not even that is possible."""
    found: list[object] = []
    with suppress(RecursionError):
        found.extend(deep(frames, source) for frames in range(sys.getrecursionlimit()))
    return found


@pytest.mark.parametrize("source", [SOURCE, "X = (((1 + 2) * 3\n", "import os\n"])
def test_a_full_stack_is_this_machine_s_fault_and_never_a_verdict(source: str) -> None:
    verdict = check_contract(source)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit // 2)
    try:
        found = dig(source)
    finally:
        sys.setrecursionlimit(limit)
    assert len(found) > 100
    assert found[0] == verdict
    assert [one for one in found if one not in (verdict, HostFault, RecursionError)] == []
    # Where there is no room for the call itself, it is the caller who has overrun the stack.
    assert found.count(RecursionError) <= 3
    assert HostFault in found


@pytest.mark.parametrize("place", ["check_source", "_compile"])
@pytest.mark.parametrize("kind", [RecursionError, MemoryError])
def test_a_machine_without_memory_or_stack_gives_no_verdict(
    place: str, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise kind

    monkeypatch.setattr(compiler, place, fail)
    with pytest.raises(HostFault, match=f"{kind.__name__} while checking a contract"):
        check_contract(SOURCE)


@pytest.mark.parametrize("kind", [RecursionError, MemoryError])
def test_a_parser_without_memory_or_stack_gives_no_verdict(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise kind

    monkeypatch.setattr("contracts.source.ast", SimpleNamespace(parse=fail))
    with pytest.raises(HostFault, match=f"{kind.__name__} while checking a contract"):
        check_contract(SOURCE)
