"""The sources of the conformance programs; `contracts.conformance_programs` says what is run."""

from typing import Final

HEAD: Final = '''"""A program of the conformance vectors."""
from contracts.author import Decimal, Map, Update, Var, call, ctx, fail, initial, on_update, record
from contracts.author import ActionChange, Attestation, Timer, on_action, on_attestation, on_timer
'''

NUMBERS: Final = """
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

TEXTS: Final = """
@call
def texts(word: str) -> list[str]:
    number = Decimal("-12.3450")
    return [f"{word:>9}|{number:.1f}|{number}|{42:05d}|{1234567:,}|{True}|{None}", word.upper(),
            word.replace("a", "bc"), "-".join(word.split(",")), word[1:4], word[::-1], word.strip(),
            str(number), word.zfill(12), word.encode().hex(), b"ab".decode()]

@call
def signs(number: Decimal, count: int) -> str:
    return f"{number:+.2f}|{number:+}|{number:>+9}|{number:+09}|{count:+d}|{count:<+7}|{count:+,}"

@call
def kinds(word: str) -> list[bool]:
    return [word.isdigit(), word.isalpha(), word.startswith("a"), "n" in word, word < "b",
            isinstance(word, str), isinstance(word, (int, bytes))]

@call
def no_number(word: str) -> int:
    return int(word)
"""

CONTAINERS: Final = """
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
def spread(size: int) -> list[object]:
    items = [*range(size), *"ab", size, *TABLE]
    return [items, [*items[1:3]], {**TABLE, "x": size, **{"z": {**TABLE}}}, {"y": 1, **TABLE}]

@call
def missing() -> int:
    return {"a": 1}["b"]
"""

ENDS: Final = """
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

STATE: Final = """
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

UPDATES: Final = """
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

HAPPENINGS: Final = """
@on_attestation(type="https://example.org/inspection/v1")
def inspected(statement: Attestation) -> None:
    ctx.emit("inspected", {"id": statement.id, "files": list(statement.files)})
    ctx.emit(statement.issuer, statement.height + statement.time_ms)

@on_action
def changed(change: ActionChange) -> None:
    ctx.set_timer("again", ctx.time_ms + len(change.note))

@on_timer
def ring(timer: Timer) -> None:
    ctx.set_timer(timer.name, timer.due_ms * 2)
    ctx.cancel_timer("other")

@call
def statements(twin: str) -> int:
    return len(ctx.attestations(twin, 3, 20)) + len(ctx.history(twin, "flow", 7))

@call
def ask(contract: str) -> object:
    try:
        return ctx.call(contract, "pay", amount=Decimal("1.50"))
    except Exception:
        return "caught"

@call
def late(at_ms: int) -> None:
    ctx.set_timer("late", at_ms)
"""

MATCHING: Final = """
@record
class Order:
    kind: str
    amount: int = 0
    parts: list[int] | None = None

def describe(value: object) -> object:
    match value:
        case None | True:
            return "one"
        case 0 | -1 | 256 as number:
            return ["literal", number]
        case int(number) if number > 99 and number % 2 == 0:
            return ["large", number]
        case bool() | Decimal() as other:
            return ["other", other]
        case "" | "pump" | b"pump":
            return "known text"
        case str(text) | bytes(text) if len(text) > 3:
            return ["text", text]
        case []:
            return "empty"
        case [[x, y], *_] | ["pair", x, y]:
            return ["pair", x, y]
        case [first, *rest, "end"]:
            return ["ended", first, rest]
        case {"kind": "order", "amount": int(amount), **rest}:
            return describe(Order("order", amount, [len(rest)]))
        case {"kind": [*parts], "open": None | False}:
            return ["parts", parts]
        case {**rest} if "again" in rest:
            return describe(rest["again"])
        case Order(amount=0 | 1):
            return "few"
        case Order(kind=kind, parts=[count]) as order:
            return [kind, count, order]
    return ["no case", number > 0]

@call
def match_all(values: list[object]) -> list[object]:
    return [describe(value) for value in values]

@call
def match_one(value: object) -> object:
    return describe(value)
"""
