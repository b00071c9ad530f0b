"""From source to a loaded contract. The only module that compiles and runs generated code.

The steps, each a fence of its own: shape limits, allow-list (`contracts.checker`), rewriting
(`contracts.metering`), an independent look at the result (`contracts.output_check`), compiling, and
evaluating the module's constants under a small gas limit in a namespace without built-ins.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any, Final

from chain.errors import ChainError, InvalidInput
from contracts import language as lang
from contracts.checker import Checked, build_manifest, check_source
from contracts.executor import HostFault
from contracts.findings import Finding
from contracts.manifest import Manifest
from contracts.metered_expressions import REBUILD
from contracts.metering import Rewriter
from contracts.outline import FieldDef, Outline, StateDef
from contracts.output_check import UnmeteredCode, check_output
from contracts.runtime.context import Context
from contracts.runtime.meter import Meter, OutOfGas
from contracts.runtime.namespace import HELPERS, new_namespace
from contracts.runtime.objects import (
    MapState,
    RecordField,
    RecordType,
    VarState,
    encode_plain,
    types_of,
)
from contracts.runtime.session import STATE_VALUE_SIZE_MAX

CONTRACT_FILE: Final = "<contract>"
"""Where a contract's lines stand when nobody says another file."""
_HELPER_NAMES: Final = frozenset(HELPERS)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checker says about a source; `manifest` is None when there are findings."""

    findings: tuple[Finding, ...]
    manifest: Manifest | None

    @property
    def accepted(self) -> bool:
        """Say whether the source is a contract."""
        return self.manifest is not None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A contract ready to run; its meter and context serve one invocation at a time."""

    manifest: Manifest
    meter: Meter
    context: Context
    handlers: dict[tuple[str, str], Callable[..., Any]]
    rebuild: Callable[[], None]


def check_contract(source: str) -> Verdict:
    """Check a source as deployment does, down to evaluating its constants.

    Returns: findings, or the manifest that deployment stores. Equal on every node and version.
    Raises: HostFault: this machine ran out of stack or memory, which is no verdict.
    """
    verdict, _ = _load(source)
    return verdict


def load_contract(source: str, file: str = CONTRACT_FILE) -> Loaded:
    """Compile a source that `check_contract` accepts.

    Args: file: what tracebacks, debuggers and coverage take for the file of its lines.
    Raises: InvalidInput: VT-4001 with the number of findings and the first of them; HostFault: as
    `check_contract`.
    """
    verdict, loaded = _load(source, file)
    if loaded is None:
        first = verdict.findings[0]
        raise InvalidInput(
            "VT-4001",
            count=len(verdict.findings),
            line=first.line,
            rule=f"{first.rule}: {first.reason}",
        )
    return loaded


def _load(source: str, file: str = CONTRACT_FILE) -> tuple[Verdict, Loaded | None]:
    try:
        return _judge(source, file)
    except (RecursionError, MemoryError) as error:
        raise HostFault(f"{type(error).__name__} while checking a contract") from error


def _judge(source: str, file: str) -> tuple[Verdict, Loaded | None]:
    checked = check_source(source)
    if checked.findings:
        return Verdict(checked.findings, None), None
    manifest = build_manifest(source, checked.outline)
    try:
        loaded = _compile(checked, manifest, file)
    except UnmeteredCode as error:
        return _refused("rewriting", f"the compiler cannot meter {error}", "simpler code"), None
    except (SyntaxError, AssertionError) as error:
        # The checker let it through, which is our bug: but one that must not stop every node.
        name = type(error).__name__
        return _refused("rewriting", f"the compiler gave up: {name}", "simpler code"), None
    except OutOfGas:
        return _refused("constant", "the module's constants cost too much", "smaller ones"), None
    except (ChainError, ArithmeticError, LookupError, ValueError, TypeError) as error:
        name = type(error).__name__
        return _refused("constant", f"a module constant fails: {name}", "correct it"), None
    return Verdict((), manifest), loaded


def _refused(rule: str, reason: str, instead: str) -> Verdict:
    return Verdict((Finding(1, 1, rule, reason, instead),), None)


def _compile(checked: Checked, manifest: Manifest, file: str) -> Loaded:
    outline = checked.outline
    tree = Rewriter(outline).module()
    check_output(tree, _HELPER_NAMES, frozenset(outline.functions))
    code = _compile_tree(tree, file)
    meter = Meter(lang.LOAD_GAS_MAX)
    context = Context()
    namespace = new_namespace(meter)
    namespace["ctx"] = context
    exec(code, namespace)  # noqa: S102 (checked, rewritten, checked again; no built-ins)
    namespace[REBUILD]()
    evaluate = _Evaluator(outline, namespace)
    for name, fields in outline.records.items():
        meter.records[name] = RecordType(name, tuple(map(evaluate.record_field, fields)))
    for entry in outline.state.values():
        namespace[entry.name] = evaluate.state(entry, meter)
    handlers = {
        (entry.handler, entry.name): namespace[entry.name]
        for entry in outline.functions.values()
        if entry.handler
    }
    return Loaded(manifest, meter, context, handlers, namespace[REBUILD])


def _compile_tree(tree: ast.Module, file: str = CONTRACT_FILE) -> CodeType:
    """Compile quietly: which warnings there are differs between versions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(tree, file, "exec", dont_inherit=True, optimize=0)


class _Evaluator:
    """Evaluates the defaults of fields and Vars: metered code like everything else."""

    def __init__(self, outline: Outline, namespace: dict[str, Any]) -> None:
        self._rewriter = Rewriter(outline)
        self._namespace = namespace

    def value(self, node: ast.expr) -> Any:
        """Evaluate one constant expression."""
        body = ast.Assign([ast.Name("default", ast.Store())], self._rewriter.expression(node))
        tree = ast.fix_missing_locations(ast.Module([body], []))
        check_output(tree, _HELPER_NAMES, frozenset())
        names = dict(self._namespace)
        exec(_compile_tree(tree), names)  # noqa: S102 (as above)
        return names["default"]

    def record_field(self, field: FieldDef) -> RecordField:
        """Make a record's field and check its default."""
        kinds = types_of(field.kinds)
        if field.default is None:
            return RecordField(field.name, kinds, None)
        value = self.value(field.default)
        if type(value) not in kinds:
            raise TypeError("a default has another type than its field")
        return RecordField(field.name, kinds, (value,))

    def state(self, entry: StateDef, meter: Meter) -> VarState | MapState:
        """Make a Var or Map."""
        if entry.is_map:
            record = meter.records.get(entry.kind)
            return MapState(entry.name, record or types_of((entry.kind,))[0])
        assert entry.default is not None, "a Var is declared with a default"
        value = self.value(entry.default)
        kind = types_of((entry.kind,))[0]
        if type(value) is not kind:
            raise TypeError("a default has another type than its Var")
        return VarState(entry.name, kind, encode_plain(meter, value, STATE_VALUE_SIZE_MAX))
