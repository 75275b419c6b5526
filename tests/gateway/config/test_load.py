from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import Problem, load_table, problems
from gateway.core.errors import ConfigError
from tests.apps.route_tables import GOOD, told, written

BAD = (
    GOOD.replace("effect: read", "effect: reed")
    .replace("rate: 5", "rate: x")
    .replace("platform: demo", "platfrom: x")
)


def test_a_good_file_is_a_frozen_table() -> None:
    """Its lookups work at once."""
    table = load_table(written(GOOD), {})
    assert table.platform == "demo"
    matched = table.legacy("main").find("POST", "/dropPool/7")
    assert matched
    assert matched.route.id == "pools.delete"
    with pytest.raises(AttributeError):
        table.platform = "x"  # type: ignore[misc]


def test_every_problem_is_told_at_once() -> None:
    """In the order of lines, each as `file:line: what; mend`."""
    path = written(BAD)
    found = problems(path, {})
    assert [problem.line for problem in found] == sorted(problem.line for problem in found)
    assert {problem.line for problem in found} == {1, 2, 16, 22, 38}
    with pytest.raises(ConfigError) as refusal:
        load_table(path, {})
    assert str(refusal.value).splitlines() == [problem.text(path) for problem in found]
    assert f"{path}:2: key platfrom is not known; write platform" in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "version: 2\nroutes: 5\n",
            "1: version 2 of the format is not known to this Cutover; write version: 1, or upgrade",
        ),
        ("- a\n- b\n", "1: the file must be a mapping"),
        ("hello\n", "1: the file must be a mapping"),
        ("a: [1\n", "2: not valid YAML"),
    ],
)
def test_a_file_that_is_no_table_at_all_is_one_problem(text: str, problem: str) -> None:
    """Nothing that would only follow from it is told."""
    found = told(text)
    assert len(found) == 1
    assert found[0].startswith(problem)


@pytest.mark.parametrize(
    ("version", "problem"),
    [
        ("", "version is missing; write `version: …` here"),
        ("version: 0\n", "version '0' is not acceptable; write a whole number"),
        ("version: soon\n", "version 'soon' is not acceptable; write a whole number"),
        ("version: [1]\n", "version must be a single value; write `version: value` on one line"),
        ("version:\n", "version has no value; write one"),
    ],
)
def test_a_wrong_version_hides_no_other_problem(version: str, problem: str) -> None:
    """Only a newer format ends the reading; a version that is missing or no number is one problem among all."""
    others = [problem.message for problem in problems(written(BAD), {})]
    found = [
        found.text(Path()).partition(": ")[2] for found in problems(written(BAD.replace("version: 1\n", version)), {})
    ]
    assert found[0].startswith(problem)
    assert len(found) == len(others) + 1


def test_a_missing_file_is_one_problem(tmp_path: Path) -> None:
    """Without a line number."""
    path = tmp_path / "cutover.yaml"
    assert [problem.line for problem in problems(path)] == [0]
    with pytest.raises(ConfigError, match=r"cutover\.yaml: no such file; write one with: cutover init"):
        load_table(path)


def test_a_problem_is_a_value() -> None:
    """For --json."""
    assert problems(written(GOOD), {}) == []
    assert len({Problem(1, "a", "b"), Problem(1, "a", "b")}) == 1


_LINES = GOOD.splitlines()


@given(st.integers(0, len(_LINES) - 1), st.sampled_from(["", "x", "  - ", ": ", "a: [", "\t", "{}", "5", "*", "&a"]))
def test_no_broken_line_breaks_the_reader(line: int, text: str) -> None:
    """Whatever stands in a line, the answer is a table or problems with lines of the file."""
    lines = list(_LINES)
    lines[line] = text
    for found in told("\n".join(lines)):
        assert 0 <= int(found.partition(":")[0]) <= len(lines) + 1
