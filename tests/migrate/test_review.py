from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import UsageError
from gateway.core.observation import Difference, DifferenceKind
from gateway.store.audit import trail
from gateway.store.counts import count_refusal
from gateway.store.observations import rules
from migrate.review import Decided, decide, expiry, find
from reports.explained import refusal_signature
from tests.reports.builders import NOW, OPEN, ROUTE, WRITE, differing, store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reports.builders import Filled

SIGNATURE = OPEN.signature(ROUTE)


def decided(filled: Filled, action: str = "accept", beginning: str = SIGNATURE, reason: str = "why") -> Decided:
    """A decision by Ann that never expires."""
    return decide(filled.db, action, beginning, reason=reason, by="ann", expires=None)


def test_a_decision_is_a_rule_and_an_audit_entry(tmp_path: Path) -> None:
    """Who, what, why and what it was before are kept."""
    filled = store(tmp_path, [differing(), differing()])
    assert decided(filled, "reject").before is None
    done = decided(filled, reason="  agreed with QA ")
    assert done.before is not None
    assert (done.before.decision, done.rule.decision, done.rule.reason) == ("rejected", "expected", "agreed with QA")
    assert (done.subject.what, done.subject.count) == ("body $[*].name changed", 2)
    newest, oldest = trail(filled.db)
    assert (newest.action, newest.by, newest.subject) == ("accept", "ann", SIGNATURE)
    assert (newest.detail["before"], oldest.detail["before"]) == ("rejected", None)


@pytest.mark.parametrize(
    ("meaning", "message"),
    [
        ("timestamp 3s", "distances are told apart in steps; write one of: timestamp, timestamp 1ms"),
        ("number", "write one of: number 1e-06"),
        ("text", "only where the route says it"),
        ("date", "write"),
        ("uuid 5", "only number and timestamp can"),
    ],
)
def test_a_meaning_that_cannot_be_judged_is_refused(tmp_path: Path, meaning: str, message: str) -> None:
    """Nothing is stored, and the line says what can be written."""
    filled = store(tmp_path, [differing()])
    with pytest.raises(UsageError, match=f"--as {meaning}: .*{message}"):
        decide(filled.db, "accept", SIGNATURE, reason="why", by="ann", expires=None, meaning=meaning)
    assert rules(filled.db) == {}


def test_a_meaning_needs_two_values(tmp_path: Path) -> None:
    """A member that is missing, a status or a would-be refusal has nothing to be compared by meaning."""
    missing = Difference("body", "$.a", DifferenceKind.MISSING)
    status = Difference("status", "200→201", DifferenceKind.CHANGED, "200", "201")
    filled = store(tmp_path, [differing(missing, status)])
    count_refusal(filled.db, route=ROUTE, subject="ann", status=403, reason="scope", at=NOW)
    for signature in (missing.signature(ROUTE), status.signature(ROUTE), refusal_signature(ROUTE, 403, "scope")):
        with pytest.raises(UsageError, match="has no two values that could mean the same"):
            decide(filled.db, "tolerate", signature, reason="why", by="ann", expires=None, meaning="uuid")


def test_a_unique_beginning_is_enough(tmp_path: Path) -> None:
    """Any beginning that one signature has names it, in either case."""
    filled = store(tmp_path, [differing()])
    assert find(filled.db, SIGNATURE[:3].upper()).signature == SIGNATURE


def test_would_be_refusals_can_be_decided_on(tmp_path: Path) -> None:
    """They have signatures too, and their counts are added up over subjects."""
    filled = store(tmp_path)
    for subject in ("ann", "bob"):
        count_refusal(filled.db, route=ROUTE, subject=subject, status=403, reason="scope", at=NOW)
    found = find(filled.db, refusal_signature(ROUTE, 403, "scope"))
    assert (found.what, found.count) == ("would refuse 403 scope", 2)


def test_an_ambiguous_beginning_lists_its_signatures(tmp_path: Path) -> None:
    """The first ones are named and nothing is stored."""
    filled = store(tmp_path)
    for status in range(400, 440):
        count_refusal(filled.db, route=WRITE, subject="s", status=status, reason="x", at=NOW)
    signatures = [refusal_signature(WRITE, status, "x") for status in range(400, 440)]
    common = next(one[0] for one in signatures if sum(other[0] == one[0] for other in signatures) > 1)
    with pytest.raises(UsageError, match="write more of it"):
        decided(filled, beginning=common)
    assert rules(filled.db) == {}


@pytest.mark.parametrize(
    ("wrong", "hint"), [(f"f{SIGNATURE}", f"did you mean {SIGNATURE}"), ("zzz", "cutover diffs")]
)
def test_an_unknown_signature(tmp_path: Path, wrong: str, hint: str) -> None:
    """The nearest one is suggested, else the command that lists them."""
    with pytest.raises(UsageError, match=hint):
        decided(store(tmp_path, [differing()]), beginning=wrong)


def test_an_argument_that_is_no_utf8(tmp_path: Path) -> None:
    """Broken bytes of a reason are kept as escapes."""
    assert decided(store(tmp_path, [differing()]), reason="\udcff").rule.reason == "\\udcff"


@pytest.mark.parametrize("wrong", ["", " "])
def test_nothing_is_decided_without_signature_or_reason(tmp_path: Path, wrong: str) -> None:
    """An empty beginning would match all, an empty reason says nothing."""
    filled = store(tmp_path, [differing()])
    with pytest.raises(UsageError):
        decided(filled, beginning=wrong)
    with pytest.raises(UsageError, match="--reason"):
        decided(filled, reason=wrong)


def test_a_day_is_included() -> None:
    """An expiry is the end of its day in UTC; without a day it is never, or the default from now."""
    assert expiry("2027-01-15", NOW) == NOW + 16 * 3600
    assert expiry("", NOW) is None
    assert expiry("", NOW, 100.5) == NOW + 101


@pytest.mark.parametrize("text", ["2027-01-14", "tomorrow", "2027-02-30"])
def test_a_bad_day_is_told(text: str) -> None:
    """A day that has passed or does not exist is an error that names the option."""
    with pytest.raises(UsageError, match="--expires"):
        expiry(text, NOW)
