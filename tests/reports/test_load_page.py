from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from gateway.core.objectives import Aim
from loadtests import verdict
from loadtests.intervals import Interval
from loadtests.judge import Judgement, Outcome
from reports.load_page import html, junit
from tests.loadtests.test_results import KNEE, RESULT

if TYPE_CHECKING:
    from loadtests.results import LoadResult

SLOW = Judgement("a", Aim.P95, 5.0, Interval(20.0, 19.0, 21.0), 100, Outcome.MISSED)
FEW = Judgement("b", Aim.P99, 5.0, None, 3, Outcome.FEW)
FAILED = replace(
    RESULT,
    judgements=(SLOW, FEW),
    reasons=("worker <2> was lost", verdict.sentence(SLOW)),
    notes=("a note",),
    partial=True,
)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@pytest.mark.parametrize("result", [RESULT, KNEE, FAILED])
def test_the_page_stands_alone(result: LoadResult) -> None:
    """No script, nothing loaded from anywhere, charts inline."""
    page, tags = html(result), _Tags()
    tags.feed(page)
    names = [tag for tag, _ in tags.seen]
    assert not {"script", "link", "img", "iframe"} & set(names)
    assert not [attributes for _, attributes in tags.seen if {"src", "href"} & set(attributes)]
    assert "url(" not in page
    assert names.count("svg") >= 2


def test_the_page_says_what_failed_and_why() -> None:
    """Verdict, reasons, notes, objectives; recorded text is escaped."""
    page = html(FAILED)
    assert "failed, partial" in page
    assert "worker &lt;2&gt; was lost" in page
    assert "a note" in page
    assert "a: p95 20 ms (19 ms to 21 ms; 100 answers) exceeds 5 ms" in page
    assert "b: p99 is not proven to be within 5 ms: 3 answers, where it takes 368" in page
    assert ">passed<" in html(RESULT)


def test_the_page_compares_and_says_under_which_conditions() -> None:
    """Ratios with intervals, target, environment, digests, left-out routes."""
    page = html(RESULT)
    for words in ("Beside legacy", "p50 2.00 (1.90 to 2.10)", "http://127.0.0.1:8800", "0123456789abcdef", "cpus 2"):
        assert words in page
    assert "personas api=1 dashboard=5" in html(replace(RESULT, environment={"personas": {"dashboard": 5, "api": 1}}))
    assert "Beside legacy" not in html(KNEE)
    assert "Knee" in html(KNEE)


def test_junit_has_a_case_for_each_objective() -> None:
    """Failures carry the sentence, what few answers leave open is skipped; the run itself is a case of its own."""
    root = ET.fromstring(junit(FAILED).partition("\n")[2])
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("3", "2", "1")
    cases = [(case.get("name"), case.find("failure")) for case in root.iter("testcase")]
    failed = {name: failure.get("message") for name, failure in cases if failure is not None}
    assert failed == {"the run": "worker <2> was lost", "p95 within 5 ms": verdict.sentence(SLOW)}
    (few,) = root.iter("skipped")
    assert few.get("message") == "b: p99 is not proven to be within 5 ms: 3 answers, where it takes 368"
    healthy = ET.fromstring(junit(RESULT).partition("\n")[2])
    assert (healthy.get("tests"), healthy.get("failures")) == ("3", "0")


def test_colours_come_from_the_style_sheet() -> None:
    """So that the page reads in the dark as well."""
    assert not re.search(r'(fill|stroke)="#', html(RESULT))
