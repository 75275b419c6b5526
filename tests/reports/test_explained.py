from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.noise import Noise
from gateway.core.observation import Difference, DifferenceKind, Verdict
from gateway.store.profile import Profile
from reports.explained import Explanations, refusal_signature, signature_of
from tests.reports.builders import NOW, OPEN, ROUTE, differing, rule, seen

SIGNATURE = OPEN.signature(ROUTE)


@pytest.mark.parametrize(
    ("recorded", "explained"),
    [("", ""), ("ws-url", "ws-url"), ("change:c1", "change:c1"), ("change:gone", ""), ("rule:whatever", "")],
)
def test_what_was_recorded_counts_as_of_now(recorded: str, explained: str) -> None:
    """A class stays, a change counts while declared, a rule counts only while it is live."""
    assert Explanations({}, ["c1"], NOW).by(SIGNATURE, recorded) == explained


@pytest.mark.parametrize("decision", ["expected", "ignored", "tolerated"])
def test_a_live_rule_explains(decision: str) -> None:
    """Each explaining decision names itself, until its expiry."""
    item = rule(decision, expires=NOW + 1)
    assert Explanations({SIGNATURE: item}, (), NOW).by(SIGNATURE, "") == f"rule:{decision}"
    assert Explanations({SIGNATURE: item}, (), NOW + 1).by(SIGNATURE, "") == ""


def test_a_rule_with_a_meaning_counts_for_values_so_near() -> None:
    """Also for what was recorded before it; what lies beyond, or was recorded without a distance, stays open."""
    known = Explanations({SIGNATURE: rule("tolerated", meaning="timestamp 2s")}, (), NOW)
    assert known.by(SIGNATURE, "~timestamp 1s") == known.by(SIGNATURE, "rule:tolerated~timestamp") == "rule:tolerated"
    for recorded in ("", "~timestamp 5s", "rule:tolerated", "~uuid"):
        assert known.by(SIGNATURE, recorded) == ""
    near, far = (differing(replace(OPEN, alike=alike)) for alike in ("timestamp 1s", "timestamp 60s"))
    assert [known.judged(one).verdict for one in (near, far)] == [Verdict.EXPECTED, Verdict.MISMATCH]
    both = Profile.of(differing(replace(OPEN, alike="timestamp"), replace(OPEN, alike="timestamp 60s")))
    assert known.verdict(both) is Verdict.MISMATCH
    assert known.verdict(Profile.of(near) | Profile.of(far)) is Verdict.MISMATCH
    assert known.verdict(Profile.of(near)) is Verdict.EXPECTED


def test_noise_explains_while_it_lasts() -> None:
    """What nothing else explains is noise as long as legacy's own variation accounts for it; then it is open."""
    noisy, too_much = ({SIGNATURE: Noise(40, 3, gateway, 0)} for gateway in (2, 20))
    for recorded in ("", "noise", "rule:gone"):
        assert Explanations({}, (), NOW, noisy).by(SIGNATURE, recorded) == "noise"
        assert Explanations({}, (), NOW, too_much).by(SIGNATURE, recorded) == ""
    assert Explanations({}, (), NOW).by(SIGNATURE, "noise") == ""
    assert Explanations({SIGNATURE: rule("rejected")}, (), NOW, noisy).by(SIGNATURE, "noise") == ""
    assert Explanations({}, (), NOW, noisy).by(SIGNATURE, "ws-url") == "ws-url"


def test_rejecting_beats_every_explanation() -> None:
    """A rejected signature is explained neither by a class nor by a change."""
    explanations = Explanations({SIGNATURE: rule("rejected")}, ["c1"], NOW)
    assert explanations.rejected(SIGNATURE)
    assert [explanations.by(SIGNATURE, recorded) for recorded in ("ws-url", "change:c1")] == ["", ""]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_verdicts_without_differences_stand(verdict: Verdict) -> None:
    """Only differences can be explained."""
    assert Explanations({}, (), NOW).verdict(Profile.of(seen(verdict))) is verdict


def test_of_several_verdicts_the_worst_counts() -> None:
    """A mismatch before a failure, before what is expected, before a match; a race says nothing."""
    explanations = Explanations({}, (), NOW)
    profile = Profile()
    for verdict in (Verdict.INCONCLUSIVE, Verdict.MATCH, Verdict.EXPECTED, Verdict.FAILED, Verdict.MISMATCH):
        profile |= Profile.of(seen(verdict))
        assert explanations.verdict(profile) is verdict
    explained = Explanations({SIGNATURE: rule()}, (), NOW)
    assert explained.verdict(Profile.of(differing()) | Profile.of(seen())) is Verdict.EXPECTED
    assert explained.verdict(Profile.of(differing()) | Profile.of(seen(Verdict.FAILED))) is Verdict.FAILED


def test_an_observation_is_judged_like_its_profile() -> None:
    """Judging the value and judging what it is counted as agree."""
    for rules in ({}, {SIGNATURE: rule()}):
        explanations = Explanations(rules, (), NOW)
        item = differing()
        judged = explanations.judged(item)
        assert judged.verdict == explanations.verdict(Profile.of(item))
        assert bool(judged.differences[0].by) == bool(rules)
    assert Explanations({}, (), NOW).judged(seen()).verdict is Verdict.MATCH


def test_signatures_are_the_shared_ones() -> None:
    """A stored difference has the signature of the difference it was."""
    assert signature_of(ROUTE, "body", "$[id=9].name", "changed") == SIGNATURE
    assert signature_of(ROUTE, "body", "$.name", "changed") != SIGNATURE


def test_refusals_have_signatures_of_their_own() -> None:
    """Status, reason and route tell would-be refusals apart, and none is a difference's."""
    named = {
        refusal_signature(*key) for key in ((ROUTE, 403, "a"), (ROUTE, 401, "a"), (ROUTE, 403, "b"), ("x", 403, "a"))
    }
    assert len(named) == 4
    assert Difference("status", "", DifferenceKind.CHANGED).signature(ROUTE) not in named
