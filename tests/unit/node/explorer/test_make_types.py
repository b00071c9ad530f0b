"""The explorer's TypeScript knows the API's answers as they are."""

import re

from msgspec import Struct

from node.api.app import ROUTES
from node.explorer.make_types import FILE, render_types


def test_the_explorer_compiles_against_the_answers_of_today() -> None:
    assert FILE.read_text() == render_types(), "run: python -m node.explorer.make_types"


def test_every_answer_of_the_api_has_an_interface() -> None:
    written = set(re.findall(r"^export interface (\w+)", FILE.read_text(), re.MULTILINE))
    answers = [
        one
        for route in ROUTES
        for one in (route.answer if isinstance(route.answer, tuple) else (route.answer,))
        if isinstance(one, type) and issubclass(one, Struct)
    ]
    assert len(answers) > 20
    assert {one.__name__ for one in answers} <= written


def test_types_are_written_as_typescript_has_them() -> None:
    text = render_types()
    for line in (
        '  readonly consequence: "recorded" | "suspended";',
        "  readonly points: readonly (readonly [number, string | null, string])[];",
        "  readonly properties: Readonly<Record<string, PropertyView>>;",
        "  readonly first: Readonly<Record<string, unknown>>;",
        "  readonly effective_height: number | null;",
        "  readonly tx_id?: string | null;",
        "  readonly result: unknown;",
    ):
        assert line in text.splitlines(), line
