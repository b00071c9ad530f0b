import pytest

from contracts.advice import give_advice
from contracts.checker import check_source

HEAD = """from contracts.author import Map, Update, Var, call, on_update

rows = Map(int)
names = Var(list, [])


"""


def advise(body: str) -> list[tuple[int, str]]:
    checked = check_source(HEAD + body)
    assert checked.findings == ()
    return [(one.line, one.reason) for one in give_advice(checked)]


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("@call\ndef f() -> None:\n    for k in rows.keys():\n        pass\n", 9, "100 entries"),
        ("@call\ndef f() -> int:\n    return len([k for k in rows.keys()])\n", 9, "100 entries"),
        (
            '@on_update(model="pump", properties=["p"])\ndef f(u: Update) -> None:\n'
            '    for k, v in rows.items("", 10):\n        pass\n',
            9,
            "every reading that wakes",
        ),
        (
            "@call\ndef f() -> None:\n    n = 0\n    while rows.get(str(n)) is not None:\n"
            "        n += 1\n",
            10,
            "as long as the state grows",
        ),
        (
            "@call\ndef f(x: str) -> None:\n    all_names = names.get()\n"
            "    all_names.append(x)\n    names.set(all_names)\n",
            10,
            "grows with each call",
        ),
        (
            "@call\ndef f(x: str) -> None:\n    all_names = names.get()\n"
            "    names.set([*all_names, x])\n",
            10,
            "all_names comes from state and grows with each call, up to 16,384 bytes",
        ),
        (
            "@call\ndef f(x: str) -> None:\n    names.set([x, *names.get()])\n",
            9,
            "the list comes from state and grows with each call",
        ),
        (
            "@call\ndef f(x: str) -> None:\n    match x:\n        case 'all':\n"
            "            for k in rows.keys():\n                rows[k] = 0\n",
            11,
            "100 entries",
        ),
        ("TABLE = [1, 2]\n", 7, "built anew"),
    ],
)
def test_what_costs_is_said_with_its_line(body, line, words):
    ((found, reason),) = advise(body)
    assert found == line
    assert words in reason


@pytest.mark.parametrize(
    "body",
    [
        '@call\ndef f() -> None:\n    for k in rows.keys("", 10):\n        pass\n',
        "@call\ndef f(xs: list[int]) -> None:\n    for x in xs:\n        rows[str(x)] = x\n",
        "@call\ndef f(xs: list[int]) -> list[int]:\n    return [*xs, *names.get()[:5]]\n",
        "@call\ndef f() -> list[int]:\n    return [*names.get()]\n",
        "TABLE = (1, 2)\n",
    ],
)
def test_what_is_bounded_needs_no_advice(body):
    assert advise(body) == []
