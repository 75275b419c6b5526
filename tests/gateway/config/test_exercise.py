from __future__ import annotations

import pytest

from gateway.config import load_table, problems
from gateway.core.digest import route_digest
from gateway.core.exercise import Example
from tests.apps.route_tables import GOOD, written


def table_with(examples: str) -> str:
    """The good table with examples on its first route."""
    lines = GOOD.splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if "- id:" in line and n > GOOD[: GOOD.index("routes:")].count("\n"))
    indent = " " * (lines[at].index("-") + 2)
    return "".join([*lines[: at + 1], f"{indent}exercise: {examples}\n", *lines[at + 1 :]])


def test_examples_are_read_and_part_of_no_digest() -> None:
    """In legacy terms; to write another example starts no new evidence."""
    plain = load_table(written(GOOD), {})
    found = load_table(written(table_with("""[{query: "?limit=5&limit=6", body: '{"a": 1}'}, {}]""")), {})
    route = found.routes[0]
    assert found.examples == {route.id: (Example({}, "limit=5&limit=6", '{"a": 1}'), Example())}
    assert route_digest(found, route, "1") == route_digest(plain, plain.routes[0], "1")
    assert found == plain


@pytest.mark.parametrize(
    ("examples", "word"),
    [
        ("[{path: {nonsense: x}}]", "nonsense is no parameter"),
        ("[{body: 'no json'}]", "is no JSON"),
        ("[{bodies: x}]", "bodies is not known"),
    ],
)
def test_what_is_no_example_is_told(examples: str, word: str) -> None:
    """With its line."""
    found = problems(written(table_with(examples)), {})
    assert any(word in problem.message for problem in found), found
