"""Who explains a difference, in which order, and what that makes of the pair."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.observation import Difference, DifferenceKind, Rule, Verdict
from shadow.classes.breaking import BREAKING
from shadow.classify import EXPLAINING, breaking, explained, routine, verdict
from shadow.diff.found import Found
from shadow.observe import observe
from tests.shadow.cases import answer, case, pair, request, setting
from tests.shadow.classes import test_breaking as told_breaking
from tests.shadow.classes import test_construction as construction
from tests.shadow.classes import test_generated as generated

LOCATIONS = (
    "status",
    "header",
    "cookie",
    "cors",
    "body",
    "stream",
    "frame",
    "upstream.method",
    "upstream.path",
    "upstream.query",
    "upstream.header",
    "upstream.body",
)
CHANGED = Found("body", "$.a", DifferenceKind.CHANGED, 1, 2)
VIA = Found("header", "via", DifferenceKind.EXTRA, None, "1.1 gw")
SHUT_OUT = Found("cors", "access", DifferenceKind.CHANGED, "allowed", "no Access-Control-Allow-Origin")


def rule(found: Found, decision: str, expires: float | None = None) -> dict[str, Rule]:
    """One reviewed rule on the signature of a difference of `items.list`."""
    signature = Difference(found.location, found.path, found.kind).signature("items.list")
    return {signature: Rule(signature, decision, "qa", "seen", 1.0, expires)}


@pytest.mark.parametrize(
    ("found", "rules", "by"),
    [
        (CHANGED, {}, ""),
        (CHANGED, rule(CHANGED, "tolerated"), "rule:tolerated"),
        (CHANGED, rule(CHANGED, "expected", 2000.0), "rule:expected"),
        (CHANGED, rule(CHANGED, "expected", 900.0), ""),
        (VIA, {}, "via"),
        (VIA, rule(VIA, "rejected"), ""),
        (SHUT_OUT, {}, ""),
        (SHUT_OUT, rule(SHUT_OUT, "ignored"), "rule:ignored"),
    ],
)
def test_rules_come_first_and_expire(found: Found, rules: dict[str, Rule], by: str) -> None:
    """A live rule explains, an expired one does not, and a rejected signature is explained by nothing."""
    assert explained(found, case(pair(answer({}), answer({}))), rules, 1000.0) == by


def test_a_change_explains_what_is_breaking() -> None:
    """A declared change covers a status that no class may excuse."""
    one = case(pair(answer({}, status=500), answer({}, status=401), asked=request("GET", "/users"), refused=True))
    found = Found("status", "500→401", DifferenceKind.CHANGED, 500, 401)
    assert breaking(found, one) == "gateway-made"
    assert explained(found, one, {}, 0.0) == "change:say-401"


def test_routine_classes_are_no_difference() -> None:
    """What comes with every answer is told from what is only expected."""
    assert routine("via")
    assert not routine("problem")
    assert not routine("")
    assert len({one.name for one in EXPLAINING}) == len(EXPLAINING)


def test_every_class_is_documented() -> None:
    """docs/differences.md names every class, breaking class, kind, verdict and location."""
    text = (Path(__file__).parents[2] / "docs" / "differences.md").read_text()
    names = [one.name for one in (*EXPLAINING, *BREAKING)] + [*DifferenceKind, *Verdict, *LOCATIONS]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_the_verdict_follows_the_explanations() -> None:
    """No difference is a match, only explained ones are expected, any other is a mismatch."""
    assert verdict([]) is Verdict.MATCH
    assert verdict(["via", "change:x"]) is Verdict.EXPECTED
    assert verdict(["via", ""]) is Verdict.MISMATCH


def test_every_class_is_declared_once() -> None:
    """Each has a name of its own and a reason."""
    every = (*EXPLAINING, *BREAKING)
    assert len({one.name for one in every}) == len(every)
    assert [one.name for one in every if not one.reason] == []


def test_every_class_has_an_example() -> None:
    """Of each that explains, the tests show a pair for which it holds; of each that breaks, a difference."""
    shown = {name for name, *_ in construction.HOLDS} | construction.ELSEWHERE
    shown |= {
        difference.by
        for asked, legacy, gateway in generated.EXCUSED
        for difference in observe(pair(legacy, gateway, asked=asked), setting()).differences
    }
    assert {one.name for one in EXPLAINING} - shown == set()
    assert {one.name for one in BREAKING} - {name for *_, name in told_breaking.EXAMPLES} == set()
