"""Small contracts that touch every part of the language: what an engine must do with each is known.

Each program is deployed alone, with an empty state, and its handlers run one after the other. What
they come to stands in `contracts.conformance_results`; together they are part of the engine's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from chain.values import Value
from contracts.executor import Kind

NORMAL_GAS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Run:
    """One handler to run; see `contracts.executor.Invocation` for what its arguments are."""

    handler: str
    arguments: Mapping[str, Value] = field(default_factory=dict)
    kind: Kind = "call"
    gas_limit: int = NORMAL_GAS


@dataclass(frozen=True, slots=True)
class Program:
    """A contract and what is done with it."""

    name: str
    source: str
    runs: tuple[Run, ...]


_HEAD: Final = '''"""A program of the conformance vectors."""
from contracts.author import Decimal, Map, Update, Var, call, ctx, fail, initial, on_update, record
'''

_NUMBERS: Final = """
@call
def ints(a: int, b: int) -> list[int]:
    return [a + b, a - b, a * b, a // b, a % b, -a, ~b, a ** 3, a << 5, a >> 2, a & b, a | b, a ^ b]

@call
def decimals(a: Decimal, b: Decimal) -> list[Decimal]:
    return [a + b, a - b, a * b, a / b, a // b, a % b, a ** 7, -a, abs(a), b.sqrt(), round(a, 2),
            Decimal(round(a)), Decimal(int(a)), max(a, b), min(a, b), sum([a, b, 1])]

@call
def chains(a: int) -> list[bool]:
    return [1 < a < 9, a == 5 and a != 6, not a, a in (1, 5), a is None, 3 >= a > 2 or a <= 5]

@call
def too_large(a: int) -> int:
    return a ** 200

@call
def by_zero(a: int) -> int:
    return a // 0
"""

_TEXTS: Final = """
@call
def texts(word: str) -> list[str]:
    number = Decimal("-12.3450")
    return [f"{word:>9}|{number:.1f}|{number}|{42:05d}|{1234567:,}|{True}|{None}", word.upper(),
            word.replace("a", "bc"), "-".join(word.split(",")), word[1:4], word[::-1], word.strip(),
            str(number), word.zfill(12), word.encode().hex(), b"ab".decode()]

@call
def kinds(word: str) -> list[bool]:
    return [word.isdigit(), word.isalpha(), word.startswith("a"), "n" in word, word < "b",
            isinstance(word, str), isinstance(word, (int, bytes))]

@call
def no_number(word: str) -> int:
    return int(word)
"""

_CONTAINERS: Final = """
TABLE = {"x": [1, 2], "y": []}

@call
def lists(size: int) -> dict[str, object]:
    items = [n * 3 % 7 for n in range(size) if n != 2]
    items.append(9)
    items.insert(1, 8)
    items += [5, 5]
    items.remove(5)
    pairs = {str(n): m for n, m in enumerate(items, start=1)}
    pairs["11"] = items.pop()
    TABLE["x"].append(size)
    return {"items": sorted(items, reverse=True), "pairs": pairs, "zipped": list(zip(items, "abc")),
            "table": TABLE["x"], "found": [items.index(8), items.count(0), len(pairs)],
            "ends": [any(items), all(items), divmod(17, size), items[-1], items[1:-1:2]]}

@call
def loops(limit: int) -> int:
    total = 0
    n = 0
    while True:
        n += 1
        if n % 3 == 0:
            continue
        if n > limit:
            break
        for letter in "abc":
            if letter == "b":
                total += n
    return total

@call
def missing() -> int:
    return {"a": 1}["b"]
"""

_ENDS: Final = """
def deeper(n: int) -> int:
    return deeper(n + 1)

@call
def without_end() -> int:
    return deeper(0)

@call
def for_ever() -> None:
    while True:
        try:
            missing = [1][3]
        except Exception:
            pass

@call
def refuses(reason: str) -> None:
    try:
        fail(reason)
    except Exception:
        pass

@call
def caught(word: str) -> str:
    try:
        if word == "raise":
            raise KeyError("none")
        return str(int(word))
    except LookupError:
        return "lookup"
    except ValueError:
        return "value"
    else:
        return "else"

@call
def raises() -> None:
    raise OverflowError("mine")
"""

_STATE: Final = """
@record
class Row:
    name: str
    amount: Decimal = Decimal("1.5")
    note: str | None = None

total = Var(int, 7)
rows = Map(Row)
counts = Map(int)

@initial
def begin() -> None:
    total.set(ctx.parameter("begin", 3))

@call
def write(names: list[str]) -> int:
    for name in names:
        row = rows.get(name, Row(name))
        row.amount *= 3
        row.note = None if "a" in name else name
        rows[name] = row
        counts[name] = counts.get(name, 0) + 1
    total.set(total.get() + len(names))
    ctx.emit("written", {"names": names, "row": rows[names[0]]})
    return total.get()

@call
def read(start: str) -> dict[str, object]:
    return {"keys": rows.keys(start), "items": counts.items("", 2), "has": start in rows,
            "popped": counts.pop(start), "left": counts.items()}

@call
def clear(name: str) -> None:
    del rows[name]
    del rows[name]

@call
def surroundings() -> list[object]:
    return [ctx.contract, ctx.height, ctx.time_ms, ctx.sender, ctx.transaction, ctx.twin("none")]
"""

_UPDATES: Final = """
@record
class Seen:
    hot: int = 0
    last: Decimal | None = None

seen = Map(Seen)

@on_update(model="pump", properties=["temperature"])
def watch(update: Update) -> None:
    pump = seen.get(update.twin, Seen())
    for sample in update.by_time():
        value = sample.value("temperature")
        reading = sample.reading("temperature")
        if value is None or reading is None or not reading.is_good:
            continue
        pump.last = value
        if value > ctx.parameter("limit", Decimal(80)):
            pump.hot += 1
            ctx.open_action(kind="maintenance_order", twin=update.twin, key=f"hot-{sample.time_ms}",
                            title=f"{update.twin} is at {value:.1f}", addressee="windcare",
                            details={"value": value, "hot": pump.hot}, deadline_ms=ctx.time_ms + 5)
    seen[update.twin] = pump
"""

_READINGS: Final[list[Value]] = [
    ["temperature", "79.5", 1_000, "CEL", 0, 1],
    ["temperature", "81.25", 3_000, "CEL", 0, 3],
    ["temperature", "90", 2_000, "CEL", 0x80000000, 2],
    ["flow", "3", 2_000, "", 0, 9],
    ["temperature", "", 4_000, "CEL", 0x809B0000, 4],
]

PROGRAMS: Final = (
    Program(
        "numbers",
        _HEAD + _NUMBERS,
        (
            Run("ints", {"a": 37, "b": 5}),
            Run("ints", {"a": -37, "b": 5}),
            Run("decimals", {"a": Decimal("-7.125"), "b": Decimal("3.30")}),
            Run("decimals", {"a": Decimal("1e30"), "b": Decimal("0.0000007")}),
            Run("decimals", {"a": Decimal(1), "b": Decimal(0)}),
            Run("chains", {"a": 5}),
            Run("too_large", {"a": 3}),
            Run("by_zero", {"a": 3}),
            Run("by_zero", {"a": "three"}),
            Run("by_zero", {}),
            Run("unknown", {}),
        ),
    ),
    Program(
        "texts",
        _HEAD + _TEXTS,
        (
            Run("texts", {"word": "banana, split"}),
            Run("texts", {"word": " \u00e9\u00df\u4e2d "}),
            Run("kinds", {"word": "anna"}),
            Run("kinds", {"word": "\u0661\u0662"}),
            Run("no_number", {"word": "12"}),
            Run("no_number", {"word": "\u0661"}),
        ),
    ),
    Program(
        "containers",
        _HEAD + _CONTAINERS,
        (
            Run("lists", {"size": 6}),
            Run("lists", {"size": 6}),
            Run("loops", {"limit": 40}),
            Run("missing"),
        ),
    ),
    Program(
        "ends",
        _HEAD + _ENDS,
        (
            Run("without_end"),
            Run("for_ever", gas_limit=20_000),
            Run("for_ever", gas_limit=999),
            Run("refuses", {"reason": "no"}),
            Run("caught", {"word": "raise"}),
            Run("caught", {"word": "x"}),
            Run("caught", {"word": "7"}),
            Run("raises"),
        ),
    ),
    Program(
        "state",
        _HEAD + _STATE,
        (
            Run("begin", kind="initial"),
            Run("write", {"names": ["b", "a", "b"]}),
            Run("write", {"names": ["c" * 201]}),
            Run("read", {"start": "b"}),
            Run("clear", {"name": "a"}),
            Run("surroundings"),
        ),
    ),
    Program(
        "updates",
        _HEAD + _UPDATES,
        (
            Run("watch", {"twin": "P-1", "model": "pump", "readings": _READINGS}, "update"),
            Run("watch", {"twin": "P-1", "model": "pump", "readings": _READINGS[:1]}, "update"),
            Run("watch", {"twin": "P-2", "model": "pump", "readings": []}, "update", 3_000),
        ),
    ),
)
"""All programs; a new part of the language gets one here, and the results are written anew."""
