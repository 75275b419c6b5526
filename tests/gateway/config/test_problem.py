from __future__ import annotations

from pathlib import Path

from gateway.config.problem import Findings, Lined, Problem, Wrong


def test_a_problem_names_file_line_and_mend() -> None:
    """One line; without a line number where the file as a whole is meant."""
    assert Problem(7, "x is wrong", "write y").text(Path("a.yaml")) == "a.yaml:7: x is wrong; write y"
    assert Problem(0, "no such file", "make it").text(Path("a.yaml")) == "a.yaml: no such file; make it"


def test_findings_come_in_the_order_of_lines_and_once() -> None:
    """The same problem found twice is told once."""
    findings = Findings()
    for line in (9, 2, 9):
        findings.add(line, "m", "w")
    assert [problem.line for problem in findings.problems] == [2, 9]


def test_a_wrong_value_carries_its_mend() -> None:
    """Until the line is known."""
    wrong = Wrong("is odd", "make it even")
    assert (wrong.message, wrong.mend, str(wrong)) == ("is odd", "make it even", "is odd")
    assert Lined(1, 2) == Lined(1, 2)
