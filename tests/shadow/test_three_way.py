"""Three-way reads: what is a race, what is a mismatch, and what comes and goes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.exchange import Failure, Response
from gateway.core.observation import REJECTED, Difference, DifferenceKind, Rule, Verdict
from shadow.comparing import answers, sent
from shadow.pairing import SERVED, Pair
from shadow.three_way import Ask, judge, wanted
from tests.shadow.cases import GATEWAY, answer, pair, passed, request, setting

CREATE = request("POST", "/items", body={"name": "x"})
RACE = "legacy changed between its two reads; the gateway gave the second"


def reads(first: Any, gateway: Any, second: Any = None, third: Any = None, **more: Any) -> Pair:
    """Legacy's first answer, the gateway's, legacy's second, the gateway's second; each a JSON value."""
    one = pair(answer(first), answer(gateway), **more)
    again = replace(one.legacy, response=answer(second)) if second is not None else None
    retried = replace(one.gateway, response=answer(third)) if third is not None else None
    return replace(one, again=again, retried=retried)


def judged(one: Pair, **more: Any) -> tuple[Verdict, str, list[str]]:
    """Verdict, note, and the kinds of what is not explained."""
    using = setting(**more)
    seen = judge(one, using, answers(one, using), sent(one, using))
    return seen.verdict, seen.note, [str(found.kind) for found, by in seen.found if not by]


def test_it_is_a_race_only_if_legacy_moved_on_to_what_the_gateway_said() -> None:
    """Legacy changing between its reads excuses a gateway that gives what legacy gave last, and no other."""
    assert judged(reads({"n": 1}, {"n": 2}, {"n": 2})) == (Verdict.INCONCLUSIVE, RACE, ["changed"])
    neither = judged(reads({"n": 1}, {"n": 3}, {"n": 2}))
    assert neither[:2] == (Verdict.MISMATCH, "legacy changed between its two reads; the gateway gave neither")


def test_legacy_saying_the_same_twice_is_a_mismatch() -> None:
    """A difference that stands is one of its own kind; asked again, the gateway says the same wrong thing."""
    same = (Verdict.MISMATCH, "legacy gave the same answer twice", ["changed"])
    assert judged(reads({"n": 1}, {"n": 2}, {"n": 1})) == same
    assert judged(reads({"n": 1}, {"n": 2}, {"n": 1}, {"n": 2})) == same
    assert judged(reads({"n": 1}, {"n": 2}, {"n": 1}, {"n": 3})) == same


def test_a_gateway_that_agrees_when_asked_again_is_intermittent_and_never_excused() -> None:
    """A stale cache or a wrong tenant now and then: the re-read changes the kind, and never the verdict."""
    note = "legacy gave the same answer twice; the gateway gave it when asked again"
    assert judged(reads({"n": 1}, {"n": 2}, {"n": 1}, {"n": 1})) == (Verdict.MISMATCH, note, ["intermittent"])
    one_write = reads({"n": 1}, {"n": 2}, {"n": 1}, {"n": 1}, writes=1)
    assert judged(one_write) == (Verdict.MISMATCH, note, ["intermittent"])


@settings(deadline=None, max_examples=60)
@given(*[st.integers(0, 2)] * 4, st.integers(0, 3))
def test_no_re_read_turns_a_mismatch_into_anything_else(a: int, b: int, c: int, d: int, writes: int) -> None:
    """Without writes of the subject's own, what the gateway says a second time decides the kind alone."""
    without, with_it = reads({"n": a}, {"n": b}, {"n": c}), reads({"n": a}, {"n": b}, {"n": c}, {"n": d})
    assert judged(without)[0] is judged(with_it)[0]
    raced = a != b and c == b and a != c
    assert (judged(without)[0] is Verdict.INCONCLUSIVE) == raced
    if a == c != b and writes < 2:
        assert judged(replace(with_it, writes=writes))[0] is Verdict.MISMATCH


def test_two_writes_may_undo_each_other_and_one_cannot() -> None:
    """An item made and deleted between the reads is seen by the gateway alone: no mismatch, and no match either."""
    seen = judged(reads({"n": 1}, {"n": 2}, {"n": 1}, {"n": 1}, writes=2))
    assert seen[:2] == (Verdict.INCONCLUSIVE, "the same subject wrote between the reads and may have undone it")
    stands = reads({"n": 1}, {"n": 2}, {"n": 1}, {"n": 2}, writes=2)
    assert judged(stands)[0] is Verdict.MISMATCH
    assert judged(replace(stands, writes=3))[0] is Verdict.INCONCLUSIVE
    served = reads({"n": 1}, {"n": 2}, {"n": 1}, {"n": 1}, writes=1, mode=SERVED)
    assert judged(served)[0] is Verdict.INCONCLUSIVE
    assert judged(replace(served, writes=0))[0] is Verdict.MISMATCH


def test_a_write_under_way_excuses_a_state_in_between() -> None:
    """After an own write legacy changed where the gateway differs, or the gateway followed; else it is a mismatch."""
    between = reads({"s": "running"}, {"s": "stopping"}, {"s": "stopped"}, {"s": "stopped"}, writes=1)
    assert judged(between)[:2] == (
        Verdict.INCONCLUSIVE,
        "the same subject wrote between the reads; the gateway followed",
    )
    assert judged(replace(between, writes=0))[0] is Verdict.MISMATCH
    assert judged(replace(between, writes=0, settling=True))[0] is Verdict.INCONCLUSIVE
    same_twice = reads({"s": "running"}, {"s": "stopping"}, {"s": "running"}, {"s": "running"}, settling=True)
    assert judged(same_twice)[0] is Verdict.MISMATCH
    busy = reads({"s": "running"}, {"s": "stopping"}, {"s": "stopped"}, {"s": "starting"}, writes=1)
    assert judged(busy)[0] is Verdict.INCONCLUSIVE
    elsewhere = reads({"s": "running", "id": 1}, {"s": "stopping", "id": 2}, {"s": "stopped", "id": 1}, writes=1)
    assert judged(elsewhere)[0] is Verdict.MISMATCH
    made = reads({"a": 1}, {"a": 1, "b": 1}, {"a": 2}, {"a": 2}, writes=1)
    assert judged(made)[0] is Verdict.INCONCLUSIVE


def test_a_status_in_between_is_one_place() -> None:
    """An item that is being made may be missing, on its way and there: whichever the gateway saw."""
    one = pair(answer({}, status=404), answer({}, status=409), writes=1)
    one = with_second(one, answer({}, status=200))
    assert judged(one)[0] is Verdict.INCONCLUSIVE


def test_what_no_write_can_change_stays_a_mismatch() -> None:
    """Headers, cookies and the request sent upstream are the gateway's doing, whoever wrote meanwhile."""
    cookie = answer({"a": 2}, ("set-cookie", "s=1; Path=/"))
    one = pair(answer({"a": 1}), cookie, writes=3)
    again, retried = (replace(side, response=answer({"a": 1})) for side in (one.legacy, one.gateway))
    assert judged(replace(one, again=again, retried=retried))[0] is Verdict.MISMATCH
    assert judged(one)[0] is Verdict.MISMATCH
    asked = request("GET", "/items?a=1")
    lost = pair(answer({"n": 1}), answer({"n": 2}), asked=asked, upstream=passed(asked, target="/items"), writes=3)
    assert judged(replace(lost, again=replace(lost.legacy, response=answer({"n": 2}))))[0] is Verdict.MISMATCH


def test_without_a_second_answer_only_an_own_write_excuses() -> None:
    """Legacy that cannot be asked again proves nothing in the gateway's favour."""
    one = reads({"n": 1}, {"n": 2})
    gone = replace(one, again=replace(one.legacy, response=Failure("timeout")))
    assert judged(gone) == (Verdict.MISMATCH, "legacy gave no second answer", ["changed"])
    cut = replace(one, again=replace(one.legacy, response=replace(answer({"n": 2}), truncated=True)))
    assert judged(cut)[0] is Verdict.MISMATCH
    assert judged(replace(one, writes=1))[0] is Verdict.INCONCLUSIVE
    assert judged(replace(gone, writes=1))[0] is Verdict.INCONCLUSIVE


def test_an_intermittent_difference_is_reviewed_under_a_signature_of_its_own() -> None:
    """A rule on the standing difference says nothing of it; one on itself does, until QA calls it a defect."""
    one = reads({"n": 1}, {"n": 2}, {"n": 1}, {"n": 1})
    standing, own = (
        Difference("body", "$.n", kind) for kind in (DifferenceKind.CHANGED, DifferenceKind.INTERMITTENT)
    )
    name = own.signature("items.list")
    assert standing.signature("items.list") != name
    rule = Rule(name, "tolerated", "qa", "known", 0.0)
    assert judged(one, rules={name: rule})[0] is Verdict.EXPECTED
    assert judged(one, rules={name: replace(rule, decision=REJECTED)})[0] is Verdict.MISMATCH
    assert judged(one, rules={name: replace(rule, expires=1.0)})[0] is Verdict.MISMATCH


def with_second(one: Pair, response: Response | Failure) -> Pair:
    """The pair after legacy was asked again."""
    return replace(one, again=replace(one.legacy, response=response))


def test_legacy_is_asked_again_only_when_it_helps() -> None:
    """A second read is wanted for a safe read that differs unexplained, and for nothing else."""
    different = reads({"n": 1}, {"n": 2})
    assert wanted(different, setting()) is Ask.LEGACY
    for other in (
        replace(different, refused=True),
        reads({}, {}),
        pair(answer({}), Failure("timeout")),
        pair(answer({"n": 1}), answer({"n": 2}), asked=CREATE),
    ):
        assert wanted(other, setting()) is Ask.NOBODY
    endless = pair(answer([{"v": n} for n in range(3000)]), answer([{"v": -n} for n in range(1, 3000)]))
    assert wanted(endless, setting(seconds=0.0)) is Ask.NOBODY


@pytest.mark.parametrize(
    ("second", "writes", "whom"),
    [
        (answer({"n": 1}), 0, Ask.GATEWAY),
        (answer({"n": 2}), 0, Ask.NOBODY),
        (answer({"n": 3}), 0, Ask.NOBODY),
        (answer({"n": 2}), 1, Ask.NOBODY),
        (answer({"n": 3}), 1, Ask.GATEWAY),
        (Failure("timeout"), 1, Ask.NOBODY),
    ],
)
def test_the_gateway_is_asked_again_only_when_it_helps(second: Response | Failure, writes: int, whom: Ask) -> None:
    """When legacy says the same twice, or the subject's own write is under way; once."""
    one = with_second(replace(reads({"n": 1}, {"n": 2}), writes=writes), second)
    assert wanted(one, setting()) is whom
    assert wanted(replace(one, retried=one.gateway), setting()) is Ask.NOBODY


def test_a_second_answer_is_compared_with_the_first_as_legacy_gave_it() -> None:
    """A redirect that legacy gives twice is the same answer twice, though it leads past the gateway."""
    there = ("location", "http://api.example:8000/items/7")
    one = pair(answer({"n": 1}, there, status=307), answer({"n": 2}, ("location", "/api/v1/items/7"), status=307))
    seen = judged(replace(one, again=replace(one.legacy, response=answer({"n": 1}, there, status=307))))
    assert seen[1] == "legacy gave the same answer twice"


def test_a_match_stays_one_whatever_legacy_says_next() -> None:
    """A sampled second read that differs teaches, and takes nothing from the gateway's agreement."""
    one = reads({"n": 1}, {"n": 1}, {"n": 2}, sampled=True)
    assert judged(one) == (Verdict.MATCH, "", [])


def test_two_equal_redirects_of_legacy_are_the_same_answer() -> None:
    """A Location that the gateway passes as it is differs in meaning only; legacy did not change for that."""
    there = answer(b"", ("location", "http://api.example:8000/items/7"), status=307)
    one = with_second(pair(there, there), there)
    assert judged(one)[:2] == (Verdict.MISMATCH, "legacy gave the same answer twice")
    right = replace(one.gateway, response=answer(b"", ("location", f"{GATEWAY}/api/v1/items/7"), status=307))
    assert judged(replace(one, retried=right))[2] == ["intermittent"]
