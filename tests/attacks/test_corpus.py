"""The shared corpus of escapes, leaks, divergences and denials of service."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from contracts.sandbox import SandboxExecutor
from tests.attacks.harness import attack

CORPUS: Final = Path(__file__).resolve().parents[3] / "shared" / "attacks" / "attacks.py"


def load() -> dict[str, tuple[str, str]]:
    """Give the corpus, name to (kind, source); empty where the folder is missing."""
    if not CORPUS.is_file():
        return {}
    corpus: dict[str, tuple[str, str]] = runpy.run_path(str(CORPUS))["A"]
    return corpus


ATTACKS: Final = load()
HARMLESS: Final = {"codec_decl": "no", "state_leak": "STATE 1"}
"""Sources that are contracts after all, and what they rightly return."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxExecutor]:
    executor = SandboxExecutor()
    yield executor
    assert executor.restarts == 0, "a worker died"
    executor.close()


def test_the_corpus_is_there() -> None:
    if not ATTACKS:
        pytest.skip("needs shared/attacks/attacks.py beside the repository")
    assert len(ATTACKS) > 90


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_an_attack_gets_nowhere(name: str, sandbox: SandboxExecutor, tmp_path: Path) -> None:
    mark, secret = tmp_path / "mark", tmp_path / "secret"
    secret.write_text("s3cret")
    _, source = ATTACKS[name]
    source = source.replace("@MARK@", str(mark)).replace("@SECRET@", str(secret))
    result = attack(source, sandbox)
    assert not mark.exists()
    if result.execution is not None and result.execution.status == "ok":
        assert result.execution.value[1:].decode() == HARMLESS[name]
