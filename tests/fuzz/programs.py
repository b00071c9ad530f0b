"""Random programs of the contract language, mostly valid, from one seed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

from tests.fuzz.expressions import TEXTS, TYPES, Expressions
from tests.fuzz.patterns import OTHER, Patterns
from tests.fuzz.program import HEAD, Program

ANNOTATIONS: Final = {
    "int": "int",
    "dec": "Decimal",
    "str": "str",
    "bytes": "bytes",
    "bool": "bool",
    "ints": "list[int]",
    "strs": "list[str]",
    "table": "dict[str, int]",
    "pair": "tuple[int, str]",
    "maybe": "int | None",
    "row": "Row",
}
ARGUMENTS: Final[dict[str, tuple[Any, ...]]] = {
    "int": (0, 1, -5, 12, 10**20),
    "str": ("", "ab", "x,y", "A b c"),
    "bool": (True, False),
    "ints": ([], [1], [3, 1, 2]),
    "table": ({}, {"a": 5}, {"k": 1, "b": -2}),
    "bytes": (b"", b"ab\x00"),
}
ERRORS: Final = (
    "Exception", "ArithmeticError", "LookupError", "ValueError", "TypeError", "KeyError",
    "IndexError", "ZeroDivisionError", "OverflowError",
)  # fmt: skip
DECLARATIONS: Final = """
LIMIT = 7
TABLE = [4, 5]

@record
class Row:
    tags: list[int]
    amount: int = 0
    label: str = "x"
    price: Decimal = Decimal("1.50")
    extra: int | None = None
    values: int = 2

total = Var(int, 3)
rows = Map(Row)
names = Map(str)
lists = Map(list)

def mirror(x: int) -> int:
    return -x % 5

def width(x: str) -> int:
    return len(x)

"""
BLOCKS_MAX: Final = 2


def make_program(seed: int) -> Program:
    """Make the program of a seed: the same one on every machine."""
    return _Writer(Random(seed)).program()


class _Writer:
    """Writes one program."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.expressions = Expressions(rng, wide=rng.random() < 0.2)
        self.scope = self.expressions.scope
        self.patterns = Patterns(rng, self.scope)
        self.lines: list[str] = []
        self._loops = 0
        self._gives = "int"
        self._makers: list[Callable[[int], None]] = [
            self._assign, self._assign, self._assign, self._change, self._change, self._if,
            self._if, self._for, self._while, self._try, self._touch, self._touch, self._keep,
            self._keep, self._unpack, self._leave, self._match, self._match,
        ]  # fmt: skip

    def program(self) -> Program:
        """Write helpers and handlers, and choose the calls."""
        rng = self.rng
        for index in range(rng.randint(0, 1)):
            takes = tuple(rng.choice(TYPES) for _ in range(rng.randint(0, 2)))
            self._function(f"helper{index}", takes, rng.choice(TYPES), "")
        handlers = []
        for index in range(rng.randint(1, 2)):
            takes = tuple(rng.choice(list(ARGUMENTS)) for _ in range(rng.randint(0, 2)))
            self._function(f"main{index}", takes, rng.choice(TYPES), "@call")
            handlers.append((f"main{index}", takes))
        calls = []
        for _ in range(rng.randint(1, 3)):
            name, takes = rng.choice(handlers)
            given = {f"p{at}": rng.choice(ARGUMENTS[kind]) for at, kind in enumerate(takes)}
            calls.append((name, given))
        return Program(HEAD + DECLARATIONS + "\n".join(self.lines) + "\n", tuple(calls))

    def _function(self, name: str, takes: tuple[str, ...], gives: str, mark: str) -> None:
        parameters = [f"p{at}: {ANNOTATIONS[kind]}" for at, kind in enumerate(takes)]
        self.lines += [mark] if mark else []
        self.lines.append(f"def {name}({', '.join(parameters)}) -> {ANNOTATIONS[gives]}:")
        self.scope.variables = {f"p{at}": kind for at, kind in enumerate(takes)}
        self._gives = gives
        for _ in range(self.rng.randint(1, 5)):
            self._statement(1)
        self._say(1, f"return {self.make(gives)}")
        self.lines.append("")
        if not mark:
            self.scope.functions[name] = (takes, gives)

    def make(self, kind: str, depth: int = 3) -> str:
        """Make an expression."""
        return self.expressions.make(kind, depth)

    def _say(self, level: int, text: str) -> None:
        self.lines.append("    " * level + text)

    def _statement(self, level: int) -> None:
        self.rng.choice(self._makers)(level)

    def _block(self, level: int) -> None:
        """Write a block; what it alone defines is not in sight after it."""
        seen = dict(self.scope.variables)
        for _ in range(self.rng.randint(1, 2)):
            if level > BLOCKS_MAX:
                self._assign(level)
            else:
                self._statement(level)
        self.scope.variables = seen

    def _target(self, kind: str) -> str:
        known = self.scope.of_type(kind)
        return self.rng.choice(known) if known and self.rng.random() < 0.5 else ""

    # Statements.

    def _assign(self, level: int) -> None:
        kind = self.rng.choice(TYPES)
        value = self.make(kind)
        name = self._target(kind) or self.scope.new_name(kind)
        self._say(level, f"{name} = {value}")
        self.scope.variables[name] = kind

    def _change(self, level: int) -> None:
        kind = self.rng.choice(("int", "int", "dec", "str", "ints", "bytes"))
        name = self._target(kind)
        if not name:
            return self._assign(level)
        operator = {"int": ("+", "-", "*", "//", "|"), "dec": ("+", "-", "*")}.get(kind, ("+",))
        self._say(level, f"{name} {self.rng.choice(operator)}= {self.make(kind)}")
        return None

    def _if(self, level: int) -> None:
        self._say(level, f"if {self.make('bool')}:")
        self._block(level + 1)
        if self.rng.random() < 0.3:
            self._say(level, f"elif {self.make(self.rng.choice(TYPES))}:")
            self._block(level + 1)
        if self.rng.random() < 0.5:
            self._say(level, "else:")
            self._block(level + 1)

    def _for(self, level: int) -> None:
        form, kinds = self.rng.choice(
            [
                (f"range({self.expressions.pick('2', '3', '4')})", ("int",)),
                (self.make("ints"), ("int",)),
                (self.make("strs"), ("str",)),
                (self.make("str"), ("str",)),
                (self.make("table"), ("str",)),
                (f"{self.make('table')}.items()", ("str", "int")),
                (f"enumerate({self.make('strs')})", ("int", "str")),
                (f"zip({self.make('ints')}, {self.make('strs')})", ("int", "str")),
                ("rows.items()", ("str", "row")),
                (f"names.keys({self.expressions.pick(*TEXTS)}, 3)", ("str",)),
            ]
        )
        names = [self.scope.new_name(kind) for kind in kinds]
        self._say(level, f"for {', '.join(names)} in {form}:")
        seen = dict(self.scope.variables)
        self.scope.variables.update(zip(names, kinds, strict=True))
        self._loop_body(level)
        self.scope.variables = seen

    def _loop_body(self, level: int) -> None:
        self._loops += 1
        if self.rng.random() < 0.25:
            self._say(level + 1, f"if {self.make('bool')}:")
            self._say(level + 2, self.expressions.pick("break", "continue"))
        self._block(level + 1)
        self._loops -= 1
        if self.rng.random() < 0.15:
            self._say(level, "else:")
            self._block(level + 1)

    def _while(self, level: int) -> None:
        # The counter is nobody else's, so the loop ends.
        name = f"turn{len(self.lines)}"
        self._say(level, f"{name} = {self.rng.randint(0, 4)}")
        self._say(level, f"while {name} > 0 and {self.make('bool')}:")
        self._say(level + 1, f"{name} -= 1")
        self._loop_body(level)

    def _try(self, level: int) -> None:
        self._say(level, "try:")
        if self.rng.random() < 0.4:
            self._say(level + 1, f"raise {self.rng.choice(ERRORS)}({self.make('str')})")
        else:
            self._block(level + 1)
        for error in self.rng.sample(ERRORS, self.rng.randint(1, 2)):
            self._say(level, f"except {error}:")
            self._block(level + 1)
        if self.rng.random() < 0.2:
            self._say(level, "else:")
            self._block(level + 1)

    def _touch(self, level: int) -> None:
        """Change a list, dict or record in place."""
        make, pick = self.make, self.expressions.pick
        items, table, row = self._target("ints"), self._target("table"), self._target("row")
        forms = ["TABLE.append(1)"]
        if items:
            forms += [
                f"{items}.append({make('int')})", f"{items}.extend({make('ints')})",
                f"{items}.insert({make('int', 1)}, {make('int')})",
                f"{items}.pop({pick('', '0', '-1')})", f"{items}.remove({make('int')})",
                f"{items}.reverse()", f"{items}.sort({pick('', 'reverse=True', 'key=mirror')})",
                f"{items}[{pick('0', '-1', '1')}] = {make('int')}",
                f"del {items}[{pick('0', '-1')}]", f"{items}[{pick('0', '-1')}] += {make('int')}",
                f"{items} *= 2", f"{items}.clear()",
            ]  # fmt: skip
        if table:
            key = make("str", 1)
            forms += [
                f"{table}[{key}] = {make('int')}", f"{table}[{pick(*TEXTS)}] += {make('int')}",
                f"del {table}[{key}]", f"{table}.pop({key}{pick('', ', 0')})",
                f"{table}.update({make('table')})", f"{table}.setdefault({key}, {make('int')})",
            ]  # fmt: skip
        if row:
            forms += [
                f"{row}.amount = {make('int')}", f"{row}.amount += {make('int')}",
                f"{row}.label = {make('str')}", f"{row}.tags.append({make('int')})",
                f"{row}.extra = {make('maybe')}", f"{row}.price -= {make('dec')}",
                f"{row}.values += {make('int')}",
            ]  # fmt: skip
        self._say(level, self.rng.choice(forms))

    def _keep(self, level: int) -> None:
        """Read and write state, emit an event."""
        make, key = self.make, self.expressions.pick(*TEXTS)
        forms = [
            f"total.set({make('int')})", f"rows[{key}] = {make('row')}", f"del rows[{key}]",
            f"names[{key}] = {make('str')}", f"names.pop({key})", f"lists[{key}] = {make('ints')}",
            f"ctx.emit('seen', {make(self.rng.choice(TYPES))})",
        ]  # fmt: skip
        self._say(level, self.rng.choice(forms))

    def _unpack(self, level: int) -> None:
        first, second = self.scope.new_name("int"), self.scope.new_name("str")
        if self.rng.random() < 0.7:
            self._say(level, f"{first}, {second} = {self.make('pair')}")
            kind = "str"
        else:
            self._say(level, f"{first}, {second} = {self.make('ints')}")
            kind = "int"
        self.scope.variables.update({first: "int", second: kind})

    def _leave(self, level: int) -> None:
        chance = self.rng.random()
        if self._loops and chance < 0.4:
            self._say(level, f"if {self.make('bool')}:")
            self._say(level + 1, self.expressions.pick("break", "continue"))
        elif chance < 0.6:
            self._say(level, f"if {self.make('bool')}:")
            self._say(level + 1, f"return {self.make(self._gives)}")
        elif chance < 0.8:
            self._say(level, f"if {self.make('bool')}:")
            self._say(level + 1, f"fail({self.make('str')})")
        else:
            self._say(level, f"if {self.make('bool')}:")
            self._say(level + 1, f"raise {self.rng.choice(ERRORS)}({self.make('str')})")

    def _match(self, level: int) -> None:
        """Match one value, or two; at times look at names of patterns that did not fit."""
        rng, make = self.rng, self.make
        kinds = [rng.choice(TYPES) for _ in range(1 if rng.random() < 0.8 else 2)]
        subject = ", ".join(make(kind) for kind in kinds)
        if rng.random() < 0.1:
            kinds, subject = ["ints"], f"range({make('int', 1)}, {make('int', 1)})"
        self._say(level, f"match {subject}:")
        count = rng.randint(1, 3)
        for at in range(count):
            seen = dict(self.scope.variables)
            is_guarded = rng.random() < 0.3
            parts, names = [], {}
            for kind in kinds:
                anything = is_guarded or at == count - 1 or len(kinds) > 1
                parts.append(self.patterns.make(kind, takes_anything=anything))
                names |= self.patterns.names
                self.scope.variables |= dict.fromkeys(self.patterns.names, OTHER)
            self.scope.variables = seen | names
            guard = f" if {self._guard()}" if is_guarded else ""
            self._say(level + 1, f"case {', '.join(parts)}{guard}:")
            self._block(level + 2)
            if rng.random() > 0.1:
                self.scope.variables = seen

    def _guard(self) -> str:
        """Make a condition, at times one that changes what is looked at."""
        items = self._target("ints")
        if items and self.rng.random() < 0.3:
            return f"{items}.{self.expressions.pick('pop()', 'append(1)', 'clear()')} is None"
        return self.make("bool", 2)
