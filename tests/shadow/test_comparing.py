from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.digest import route_digest
from gateway.core.exchange import Failure
from gateway.core.mirroring import Mirroring
from gateway.core.noise import Noise, Place
from gateway.core.observation import REJECTED, Difference, DifferenceKind, Rule
from shadow.comparing import all_explained, answers, failure, sent, status, unseen, with_itself
from shadow.pairing import DRY_RUN, SERVED, Pair
from tests.shadow.cases import TABLE, answer, pair, passed, request, setting

CHANGED = pair(answer({"n": 1}), answer({"n": 2}))
DIGEST = route_digest(TABLE, CHANGED.route, "1")
NOISY = {("items.list", DIGEST, Place("body", "$.n", "changed")): Noise(40, 3, 2, 0)}


def told(found: list[tuple[object, str]]) -> list[str]:
    """What explains each difference."""
    return [by for _, by in found]


def test_noise_explains_a_difference_in_its_place_only() -> None:
    """Elsewhere in the answer, under another digest, and of another kind, nothing is explained."""
    assert told(answers(CHANGED, setting(noise=NOISY))) == ["noise"]
    assert told(answers(CHANGED, setting(noise=NOISY, version="2"))) == [""]
    other = pair(answer({"n": 1, "m": 1}), answer({"n": "1", "m": 2}))
    assert told(answers(other, setting(noise=NOISY))) == ["", ""]


def test_a_gateway_noisier_than_legacy_is_not_explained() -> None:
    """The counts decide, with every comparison anew."""
    worse = dict.fromkeys(NOISY, Noise(40, 3, 20, 0))
    assert told(answers(CHANGED, setting(noise=worse))) == [""]


def test_noise_explains_nothing_that_was_rejected_or_is_breaking() -> None:
    """What QA called a defect is one; a class of breaking differences is not excused by legacy's being as bad."""
    name = Difference("body", "$.n", DifferenceKind.CHANGED).signature("items.list")
    rejected = {name: Rule(name, REJECTED, "qa", "a defect", 0.0)}
    assert told(answers(CHANGED, setting(rejected, noise=NOISY))) == [""]
    caching = pair(answer({}, ("cache-control", "no-store")), answer({}))
    place = {("items.list", DIGEST, Place("header", "cache-control", "missing")): Noise(40, 9, 9, 9)}
    assert told(answers(caching, setting(noise=place))) == [""]


def test_a_rule_with_a_meaning_explains_what_is_so_near_and_no_more() -> None:
    """Two seconds apart is tolerated, a minute is a mismatch; no rule, or another meaning, explains neither."""
    name = Difference("body", "$.at", DifferenceKind.CHANGED).signature("items.list")
    rules = {name: Rule(name, "tolerated", "qa", "clocks", 0.0, meaning="timestamp 2s")}
    near = pair(answer({"at": "2026-11-22T18:33:20Z"}), answer({"at": "2026-11-22T18:33:22Z"}))
    far = pair(answer({"at": "2026-11-22T18:33:20Z"}), answer({"at": "2026-11-22T18:34:20Z"}))
    other = pair(answer({"at": "yesterday"}), answer({"at": "today"}))
    assert [told(answers(one, setting(rules))) for one in (near, far, other)] == [["rule:tolerated"], [""], [""]]
    assert told(answers(near, setting({name: Rule(name, "expected", "qa", "ids", 0.0, meaning="uuid")}))) == [""]
    plain = {name: Rule(name, "expected", "qa", "clocks", 0.0)}
    noted = [[one.alike for one, _ in answers(near, setting(known))] for known in (rules, {}, plain)]
    assert noted == [["timestamp 2s"], ["timestamp 2s"], [""]]  # told where it may decide, and not counted by else
    expired = {name: Rule(name, "tolerated", "qa", "clocks", 0.0, 1.0, meaning="timestamp 2s")}
    assert told(answers(near, setting(expired))) == [""]


def test_a_rule_comes_before_noise() -> None:
    """What was reviewed is named as reviewed."""
    name = Difference("body", "$.n", DifferenceKind.CHANGED).signature("items.list")
    rule = {name: Rule(name, "tolerated", "qa", "known", 0.0)}
    assert told(answers(CHANGED, setting(rule, noise=NOISY))) == ["rule:tolerated"]


def test_legacy_is_compared_with_itself() -> None:
    """Its second answer stands where the gateway's would, and what the gateway said is left out."""
    one = replace(CHANGED, again=replace(CHANGED.legacy, response=answer({"n": 1, "m": 1})))
    assert [found.path for found, _ in with_itself(one, setting())] == ["$.m"]


def test_all_is_explained_when_nothing_differs() -> None:
    """One open difference is enough to spoil it."""
    assert all_explained([])
    assert not all_explained(answers(CHANGED, setting()))


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (CHANGED, ""),
        (pair(answer({}), Failure("timeout", "10 s")), "gateway: timeout 10 s"),
        (pair(answer({}, truncated=True), answer({})), "legacy: the answer is cut off"),
        (
            pair(answer({}), answer({}), asked=request("POST", "/items"), mode=DRY_RUN),
            "gateway: the dry run's answer says no upstream request",
        ),
    ],
)
def test_what_cannot_be_compared_says_why(one: Pair, why: str) -> None:
    """A side that gave nothing, half of it, or not what was asked for."""
    assert failure(one) == why


def test_the_request_sent_upstream_is_compared_with_the_dashboards() -> None:
    """What the gateway changed on the way is listed."""
    asked = request("GET", "/items?a=1")
    one = pair(answer({}), answer({}), asked=asked, upstream=passed(asked, target="/items"))
    assert [found.location for found, _ in sent(one, setting())] == ["upstream.query"]


def test_no_answer_has_no_status() -> None:
    """A failure counts as 0."""
    assert [status(side) for side in (CHANGED.legacy, pair(Failure("x"), answer({})).legacy)] == [200, 0]


def test_what_another_gateway_does_not_show_is_told() -> None:
    """Beside a gateway that is not ours a live read says that its upstream request was not compared."""
    read = CHANGED
    ours = setting()
    foreign = replace(ours, table=replace(ours.table, mirroring=Mirroring(candidate="http://gw.example")))
    assert unseen(read, ours) == ""
    assert "not compared: the request upstream" in unseen(read, foreign)
    assert unseen(replace(read, source="replay"), foreign) == ""
    assert unseen(replace(read, mode=SERVED), foreign) == ""
