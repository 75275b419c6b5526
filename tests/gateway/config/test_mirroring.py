from __future__ import annotations

from gateway.config.document import parse
from gateway.config.mirroring import read_mirroring
from gateway.config.problem import Findings
from gateway.config.section import Section
from gateway.core.mirroring import Mirroring


def read(text: str) -> tuple[Mirroring, list[str]]:
    """What a section says, and what is wrong with it."""
    findings = Findings()
    found = read_mirroring(Section.of("shadow", parse(text), findings))
    return found, [problem.message for problem in findings.problems]


def test_what_is_not_said_is_usual() -> None:
    """An empty section copies as usual."""
    assert read("{}") == (Mirroring(), [])


def test_the_share_of_second_reads() -> None:
    """It is read as a share; anything else is one clear line."""
    assert read("second: 20%") == (Mirroring(second=0.2), [])
    assert read("second: 7")[1] == ["shadow: second '7' is no share"]
    assert read("seconds: 1")[1] == ["shadow: key seconds is not known"]
