"""Contracts that could stop or split the network: what a node dies of, every node dies of.

A source must be refused by a finding, never by an exception of the compiler. A run must end with a
status that is the same on every node, within its gas and within the time that gas stands for.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import pytest

from contracts.compiler import check_contract
from contracts.runtime.containers import del_item
from contracts.runtime.dispatch import METHODS
from contracts.runtime.meter import Meter
from contracts.sandbox import SandboxExecutor
from tests.attacks.harness import PREFIX, prepare
from tests.unit.contracts.memory_host import Deployed


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxExecutor]:
    executor = SandboxExecutor()
    yield executor
    assert executor.restarts == 0, "a worker died"
    executor.close()


SLOW = {
    "a_default_of_many_parts": (
        "kept = Var(list, [[]] * 5500)\ndef attack():\n    while True:\n        kept.get()\n"
    ),
    "long_keys": (
        "def attack():\n    k = '\\u4e00' * 1000000\n    while True:\n        try:\n"
        "            state.get(k)\n        except ValueError:\n            pass\n"
    ),
    "long_event_names": (
        "def attack():\n    k = '\\u4e00' * 1000000\n    while True:\n        try:\n"
        "            emit(k, 1)\n        except ValueError:\n            pass\n"
    ),
    "long_twins": (
        "def attack():\n    k = '\\u4e00' * 1000000\n    while True:\n        ctx.twin(k)\n"
    ),
    "long_places_to_start": (
        "def attack():\n    k = 'a' * 1000000\n    while True:\n        try:\n"
        "            state.items(k, 1)\n        except ValueError:\n            pass\n"
    ),
    "long_texts_in_patterns": (
        "def attack():\n    x = '\\u4e00' * 60000\n    y = x + 'b'\n    while True:\n"
        f"        match y:\n            case {' | '.join([repr('b' * 20)] * 12)}:\n"
        "                pass\n"
    ),
    "patterns_that_fit_up_to_the_end": (
        "def attack():\n    x = range(99)\n    while True:\n        match x:\n"
        f"            case [{', '.join('_' * 98)}, 0]:\n                pass\n"
    ),
    "values_of_many_parts": (
        "many = Map(list)\ndef attack():\n    many['a'] = [1] * 16000\n    while True:\n"
        "        many.get('a')\n"
    ),
}


@pytest.mark.parametrize("name", SLOW)
def test_gas_bounds_time(name: str, sandbox: SandboxExecutor) -> None:
    deployed = Deployed(prepare(SLOW[name]), sandbox)
    deployed.gas_limit = 800_000
    begin = time.perf_counter()
    execution = deployed.call("attack")
    # The limit stands for 0.08 seconds. The margin is for busy machines; the holes took longer.
    assert time.perf_counter() - begin < 4
    assert execution.status == "out_of_gas"


@pytest.mark.parametrize("remove", [del_item, lambda *given: METHODS[dict, "pop"](*given)])
def test_a_dict_gives_back_the_room_of_what_was_deleted(
    remove: Callable[[Meter, object, str], object],
) -> None:
    """Else each walk over what is left pays for nothing and passes all that is gone."""
    meter = Meter(10_000_000)
    table = {str(number): number for number in range(100_000)}
    for number in range(99_990):
        remove(meter, table, str(number))
    assert list(table) == [str(number) for number in range(99_990, 100_000)]
    assert sys.getsizeof(table) < 2_000
    assert meter.left > 8_000_000


@pytest.mark.parametrize("text", ["'''\\ud800'''", "'''a'''\nX = '\\ud800'"])
def test_half_a_character_stays_out_of_manifests(text: str) -> None:
    verdict = check_contract(text + "\n")
    assert verdict.findings[0].reason == "a lone surrogate is no character"


@pytest.mark.parametrize(
    "form", ["model='\\ud800', properties=['a']", "model='a', properties=['\\ud800']"]
)
def test_half_a_character_stays_out_of_triggers(form: str) -> None:
    source = f"from contracts.author import on_update\n@on_update({form})\ndef f(u):\n    pass\n"
    verdict = check_contract(source)
    assert verdict.findings[0].reason == "a lone surrogate is no character"


@pytest.mark.parametrize(
    ("limits", "default", "path"),
    [
        ([{"a": 1}], "()", "[0]"),
        ([[{"a": 1}]], "()", "[0][0]"),
        ({"b": [{"a": 1}]}, "{}", "['b'][0]"),
        ({"b": {"a": 1}}, "{}", "['b']"),
    ],
)
def test_nothing_changed_in_a_parameter_outlives_the_invocation(
    limits: object, default: str, path: str, sandbox: SandboxExecutor
) -> None:
    source = (
        f"{PREFIX}@call\ndef attack():\n    limits = ctx.parameter('limits', {default})\n"
        f"    limits{path}['a'] += 1\n    return limits{path}['a']\n"
    )
    deployed = Deployed(source, sandbox, {"limits": limits})
    assert [deployed.value("attack") for _ in range(3)] == [2, 2, 2]
