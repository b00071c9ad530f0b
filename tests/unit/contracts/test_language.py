"""One table: what the checker, the runtime, the author's module and the page say must agree."""

import ast
import re
from pathlib import Path

from contracts import author
from contracts import language as lang
from contracts.compiler import check_contract
from contracts.language_tables import render_tables
from contracts.runtime import dispatch
from contracts.runtime.meter import CAUGHT
from contracts.runtime.namespace import HELPERS
from contracts.runtime.objects import Reading, Sample, Twin, Update


def test_every_node_has_a_price_or_a_refusal() -> None:
    nodes = {
        name
        for name, kind in vars(ast).items()
        if isinstance(kind, type)
        and issubclass(kind, ast.stmt | ast.expr | ast.pattern | ast.match_case)
        and kind not in (ast.stmt, ast.expr, ast.pattern)
        and not name.startswith("_")
    }
    old = {"Num", "Str", "Bytes", "NameConstant", "Ellipsis"}  # names of Constant before 3.14
    structural = {"FunctionDef", "Interpolation"}
    known = set(lang.GAS) | set(lang.REFUSED_SYNTAX_BY_NAME) | old | structural
    assert nodes <= known


def test_no_node_is_both_allowed_and_refused() -> None:
    both = set(lang.GAS) & set(lang.REFUSED_SYNTAX_BY_NAME)
    assert both == set()


def test_every_builtin_has_its_helper_and_no_other_has() -> None:
    helpers = {name.removeprefix("_b_") for name in HELPERS if name.startswith("_b_")}
    assert helpers == set(lang.BUILTIN_BY_NAME)


def test_every_method_of_the_table_is_implemented_and_no_other() -> None:
    names = {kind: name for name, kind in dispatch._TYPES.items()}
    implemented = {(names[kind], name) for kind, name in dispatch.METHODS}
    assert implemented == {(owner, name) for owner, all_ in lang.METHODS.items() for name in all_}


def test_every_exception_can_be_caught() -> None:
    assert set(CAUGHT) == set(lang.EXCEPTIONS)


def test_the_author_module_offers_exactly_the_names_of_the_table() -> None:
    assert set(author.__all__) == lang.AUTHOR_NAMES


def test_the_author_module_has_the_fields_and_methods_of_the_table() -> None:
    kinds = {
        "Var": author.Var,
        "Map": author.Map,
        "ctx": author.Context,
        "Update": Update,
        "Reading": Reading,
        "Sample": Sample,
        "Twin": Twin,
    }
    for owner, kind in kinds.items():
        for name in (*lang.METHODS.get(owner, ()), *lang.FIELDS.get(owner, ())):
            assert hasattr(kind, name), f"{owner}.{name}"


def test_the_page_has_the_tables_of_this_version(repository: Path) -> None:
    page = (repository / "docs" / "contracts.md").read_text()
    found = re.search(r"<!-- language tables[^>]*-->\n\n(.*)<!-- end", page, re.DOTALL)
    assert found is not None
    assert found.group(1) == render_tables(), "run: python -m contracts.language_tables"


def test_the_page_s_example_is_a_contract(repository: Path) -> None:
    page = (repository / "docs" / "contracts.md").read_text()
    [first, second, test, *_] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert check_contract(first).findings == ()
    assert check_contract(second).findings == ()
    assert test.startswith("def test_"), "tests/unit/contracts/kit/test_plugin.py runs it"
