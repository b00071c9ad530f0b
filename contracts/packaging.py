"""Put a contract together for its proposal: source, tests, typed stubs, and what the checker says.

The same parts give the same package on every machine, so whoever has the source can make it again
and compare its hash with what members approve.
"""

from __future__ import annotations

import re
from typing import Final

from chain.errors import InvalidInput
from chain.package import Package, compute_build
from chain.plain_text import CONTROL_PATTERN
from contracts import language as lang
from contracts.advice import give_advice
from contracts.checker import Checked, check_source, render_type
from contracts.compiler import check_contract
from contracts.outline import FunctionDef

_CONTROL: Final = re.compile(CONTROL_PATTERN)


def make_package(name: str, source: str, tests: str = "", report: str = "") -> Package:
    """Make the package of a source that the checker accepts.

    Args: tests: the tests' source; report: what it would have done with recorded data.
    Raises: InvalidInput: VT-4001 with the number of findings and the first of them, VT-4004 the
    report has a character that would steer the terminal of who reads it.
    """
    _check_report(report)
    verdict = check_contract(source)
    if verdict.findings:
        first = verdict.findings[0]
        raise InvalidInput(
            "VT-4001",
            count=len(verdict.findings),
            line=first.line,
            rule=f"{first.rule}: {first.reason}",
        )
    checked = check_source(source)
    stubs = render_stubs(checked)
    build = compute_build(name, lang.ENGINE, source, tests, stubs)
    return Package(name, lang.ENGINE, source, tests, stubs, _render_check(checked), report, build)


def _check_report(report: str) -> None:
    for number, line in enumerate(report.split("\n"), start=1):
        found = _CONTROL.search(line.replace("\t", " "))
        if found is not None:
            raise InvalidInput("VT-4004", line=number, character=f"U+{ord(found[0]):04X}")


def render_stubs(checked: Checked) -> str:
    """Write the typed outside of a contract: what may be called, with types and summaries."""
    calls = [one for one in checked.outline.functions.values() if one.handler == "call"]
    head = [f'"""{checked.outline.summary}"""', "", "from decimal import Decimal", ""]
    return "\n".join(head + [_render_call(one) for one in calls])


def _render_call(function: FunctionDef) -> str:
    node = function.node
    given = node.args
    required = len(given.args) - len(given.defaults)
    parts = [
        _render_parameter(one.arg, render_type(one.annotation), index >= required)
        for index, one in enumerate(given.args)
    ]
    if given.kwonlyargs:
        parts.append("*")
        parts += [
            _render_parameter(one.arg, render_type(one.annotation), default is not None)
            for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
        ]
    returns = f" -> {render_type(node.returns)}" if node.returns is not None else ""
    return f"def {function.name}({', '.join(parts)}){returns}: ...\n"


def _render_parameter(name: str, kind: str, has_default: bool) -> str:
    typed = f"{name}: {kind}" if kind else name
    return f"{typed} = ..." if has_default else typed


def _render_check(checked: Checked) -> str:
    advice = give_advice(checked)
    lines = [f"accepted by {lang.ENGINE}", *(str(one) for one in advice)]
    return "\n".join(lines) + "\n"
