from __future__ import annotations

import json

from migrate.probe.result import NotAsked, ProbeRun, Wrong, judged

WRONG = Wrong("status", "401", "200", "no credential")


def run(*results: object, not_asked: tuple[NotAsked, ...] = ()) -> ProbeRun:
    """A run with these results."""
    return ProbeRun("p", 1.0, "gateway", 0.5, 3, results, not_asked)  # type: ignore[arg-type]


def test_nothing_wrong_passes() -> None:
    """The result says in how many ways was asked."""
    found = judged("anonymous", "a", "401", [None, None])
    assert (found.passed, found.location, found.seen, found.detail) == (True, "", "401", "asked in 2 ways")


def test_the_first_wrong_answer_is_told() -> None:
    """The others are counted."""
    found = judged("anonymous", "a", "401", [None, WRONG, Wrong("header:allow", "x", "y")])
    assert (found.passed, found.location, found.expected, found.seen) == (False, "status", "401", "200")
    assert found.detail == "no credential; 1 more of 3"


def test_a_run_passes_when_everything_was_asked_and_passed() -> None:
    """A failure, something not asked, or nothing at all keeps it from passing."""
    good, bad = judged("p", "a", "401", [None]), judged("p", "b", "401", [WRONG])
    assert run(good).passed
    assert not run(good, bad).passed
    assert run(good, bad).failed == (bad,)
    assert not run(good, not_asked=(NotAsked("q", "a", "no token"),)).passed
    assert not run().passed


def test_the_document_is_json() -> None:
    """Results and what was not asked stand in it whole."""
    document = json.loads(json.dumps(run(judged("p", "a", "401", [WRONG])).to_json()))
    assert document["results"][0]["location"] == "status"
    assert (document["passed"], document["not_asked"]) == (False, [])
