"""Declared changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.observation import DifferenceKind
from gateway.core.routes import Change
from shadow.classes.changes import covering
from shadow.classes.rule import Case
from shadow.diff.found import Found
from tests.shadow.cases import GATEWAY, answer, pair, table

STATUS = Found("status", "500→401", DifferenceKind.CHANGED, 500, 401)
BODY = Found("body", "$.items[id=4].name", DifferenceKind.CHANGED, "a", "b")
SENT = Found("upstream.header", "accept", DifferenceKind.MISSING, "a", None)


@pytest.mark.parametrize(
    ("change", "found", "covers"),
    [
        (Change("c", ("items.*",), "r", 500, 401), STATUS, True),
        (Change("c", ("items.*",), "r", 500, 401), BODY, True),
        (Change("c", ("items.*",), "r", 500, 401), SENT, False),
        (Change("c", ("items.*",), "r", None, 401), STATUS, True),
        (Change("c", ("items.*",), "r", 404, 401), STATUS, False),
        (Change("c", ("users.*",), "r", 500, 401), STATUS, False),
        (Change("c", ("*",), "r", at="body:$.items[*].name"), BODY, True),
        (Change("c", ("*",), "r", at="body:$.items[id=4].name"), BODY, True),
        (Change("c", ("*",), "r", at="status"), STATUS, True),
        (Change("c", ("*",), "r", at="body:$.items"), BODY, False),
        (Change("c", ("*",), "r", at="upstream.header:accept"), SENT, True),
        (Change("c", ("*",), "r", 500, 200, at="body:$.items[*].name"), BODY, False),
        (Change("c", ("*",), "r"), BODY, False),
    ],
)
def test_covering(change: Change, found: Found, covers: bool) -> None:  # noqa: FBT001 - a table
    """A pair of statuses covers the answer on its routes, a place that place, and nothing more."""
    one = pair(answer({}, status=500), answer({}, status=401))
    assert (covering(found, Case(one, table(change), GATEWAY)) is change) is covers


@pytest.mark.parametrize(
    ("reason", "refused", "covers"), [("scope", True, True), ("scope", False, False), ("no-route", True, False)]
)
def test_a_reason_narrows_a_change(reason: str, refused: bool, covers: bool) -> None:  # noqa: FBT001 - a table
    """Only what the gateway itself refused for this reason is meant, and no other 404."""
    change = Change("c", ("*",), "r", gateway_status=404, gateway_reason="scope")
    said = answer({"detail": "Not Found", "reason": reason}, status=404)
    one = replace(pair(answer({}), said), refused=refused)
    found = Found("status", "200→404", DifferenceKind.CHANGED, 200, 404)
    assert (covering(found, Case(one, table(change), GATEWAY)) is change) is covers
