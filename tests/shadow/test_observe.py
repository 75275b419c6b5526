"""Observations: verdicts, what is recorded beside them, second reads, and hostile answers."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace

import pytest

from gateway.core.digest import route_digest
from gateway.core.exchange import Failure, Response
from gateway.core.observation import Verdict
from shadow.observe import observe, observed
from shadow.pairing import DRY_RUN, READ, SERVED, Pair
from tests.shadow.cases import JSON, PAGE, TABLE, answer, pair, passed, request, setting, told

CREATE = request("POST", "/items", body={"name": "x"})
SLOW = 8.0
"""Generous: the deadline is 2 s for each of at most three comparisons."""


def test_an_observation_says_what_was_seen() -> None:
    """Route, time, mode, digest, subject, shape, statuses and latencies are recorded."""
    seen = observe(pair(answer({}), answer({}), asked=request("GET", "/items/42?a=1")), setting())
    assert (seen.id, seen.route, seen.at, seen.mode, seen.source) == ("one", "items.get", 500.0, "read", "live")
    assert (seen.subject, seen.shape) == ("user-1", "path:id query:a")
    assert (seen.legacy_status, seen.gateway_status, seen.refused) == (200, 200, 0)
    assert (seen.legacy_seconds, seen.gateway_seconds) == (0.2, 0.3)
    assert seen.digest == route_digest(TABLE, TABLE.routes[1], "1")
    assert seen.legacy["request"]["target"] == "/items/42?a=1"
    assert seen.gateway["request"]["target"] == "/api/v1/items/42?a=1"


def test_an_exchange_without_time_or_id_gets_them() -> None:
    """The setting's clock and a new id stand in where a recording has none."""
    one = pair(answer({}), answer({}))
    seen = observe(replace(one, legacy=replace(one.legacy, id="", started=0.0)), setting())
    assert seen.at == 1000.0
    assert len(seen.id) == 32


def test_a_dry_run_compares_the_request_only() -> None:
    """The answer to a dry run is no answer: only the upstream request counts, and no latency is claimed."""
    dry = answer({"upstream": {}}, ("content-type", "application/vnd.cutover.dry-run+json"))
    made = answer({"id": 1}, status=201)
    seen = observe(pair(made, dry, asked=CREATE, mode=DRY_RUN, upstream=passed(CREATE)), setting())
    assert (seen.verdict, seen.gateway_status, seen.gateway_seconds) == (Verdict.MATCH, 0, 0.0)
    wrong = observe(pair(made, dry, asked=CREATE, mode=DRY_RUN, upstream=passed(CREATE, body=b"{}")), setting())
    assert told(wrong) == ["upstream.body $.name missing"]


def test_a_dry_run_that_says_nothing_has_failed() -> None:
    """An answer without the upstream request proves nothing."""
    seen = observe(pair(answer({}), answer({}), asked=CREATE, mode=DRY_RUN), setting())
    assert (seen.verdict, seen.note) == (Verdict.FAILED, "gateway: the dry run's answer says no upstream request")
    broken = observe(pair(answer({}), answer({}, status=500), asked=CREATE, mode=DRY_RUN), setting())
    assert told(broken) == ["status 200→500 changed"]


def test_a_refused_copy_is_recorded_with_its_status() -> None:
    """A refusal by the gateway's own policy goes into `refused`."""
    seen = observe(pair(answer({}), answer({"detail": "x"}, status=403), mode=DRY_RUN, refused=True), setting())
    assert (seen.refused, seen.verdict) == (403, Verdict.MISMATCH)


@pytest.mark.parametrize("mode", [SERVED, "read"])
def test_a_missing_legacy_answer_fails(mode: str) -> None:
    """When legacy gave no answer there is nothing to compare, and the note says so."""
    seen = observe(pair(Failure("timeout", "10 s"), answer({}), mode=mode), setting())
    assert (seen.verdict, seen.note, seen.legacy_status) == (Verdict.FAILED, "legacy: timeout 10 s", 0)


def test_only_a_sampled_second_read_teaches() -> None:
    """A second read made because the answers differ would find noise too often; a sampled one tells every place."""
    second = pair(answer({"n": 2, "m": 1}), answer({})).legacy
    one = pair(answer({"n": 1, "m": 1}), answer({"n": 1, "m": 2}), again=second)
    assert observed(one, setting()).lesson is None
    lesson = observed(replace(one, sampled=True), setting()).lesson
    assert lesson is not None
    assert (lesson.route, lesson.at) == ("items.list", 500.0)
    assert {place.pattern: (seen.legacy, seen.gateway) for place, seen in lesson.places.items()} == {
        "$.n": (True, False),
        "$.m": (False, True),
    }
    failed = replace(one, sampled=True, again=replace(second, response=Failure("timeout")))
    assert observed(failed, setting()).lesson is None
    assert observed(replace(one, sampled=True, refused=True), setting()).lesson is None


def test_a_lesson_names_no_secret() -> None:
    """Places are patterns, and what is redacted in an observation is redacted there."""
    token = "sk-live0123456789abcdef"
    first, second = answer({"by": {token: 1}}), pair(answer({"by": {token: 2}}), answer({})).legacy
    lesson = observed(pair(first, first, again=second, sampled=True), setting()).lesson
    assert lesson is not None
    assert lesson.places
    assert token not in repr(lesson)


def test_a_lesson_bars_what_is_breaking() -> None:
    """A difference that no class excuses is marked, so that its place is never taken for noise."""
    kept = answer({}, ("cache-control", "no-store"))
    one = pair(kept, answer({}), again=pair(kept, answer({})).legacy, sampled=True)
    lesson = observed(one, setting()).lesson
    assert lesson is not None
    assert [seen.breaking for seen in lesson.places.values()] == [True]
    unsampled = observed(replace(one, sampled=False), setting()).lesson
    assert unsampled is not None
    assert (unsampled.reads, [seen.breaking for seen in unsampled.places.values()]) == (0, [True])


def test_a_preflight_has_no_upstream_request() -> None:
    """A preflight is compared by its outcome alone, whatever its body and status."""
    asked = request("OPTIONS", "/items", ("Origin", PAGE), ("Access-Control-Request-Method", "GET"))
    allowed = ("access-control-allow-origin", "*")
    seen = observe(pair(answer("OK", allowed), answer("", allowed, status=204), asked=asked), setting())
    assert seen.verdict is Verdict.MATCH


def test_time_is_bounded() -> None:
    """A comparison that takes too long fails with its reason and stores what was exchanged."""
    seen = observe(_endless(), setting(seconds=0.0))
    assert (seen.verdict, seen.note) == (Verdict.FAILED, "deadline: comparing took more than 0 s")


def _endless() -> Pair:
    return pair(answer([{"v": n} for n in range(3000)]), answer([{"v": -n} for n in range(1, 3000)]))


HOSTILE = {
    "deep nesting": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "almost too deep": b"[" * 127 + b"]" * 127,
    "a huge list": json.dumps(list(range(150_000))).encode(),
    "a list of ten thousand objects": json.dumps([{"x": n % 7, "y": [n]} for n in range(10_000)]).encode(),
    "ten thousand keys": json.dumps({f"k{n}": n for n in range(10_000)}).encode(),
    "duplicate keys": b'{"a":1,"a":2,"a":{"a":1,"a":2}}',
    "not a number": b'{"a":NaN,"b":Infinity,"c":-Infinity,"d":1e999}',
    "a number of many digits": b'{"a":' + b"9" * 6_000 + b"}",
    "broken UTF-8": b'{"a":"\xff\xfe"}',
    "lone surrogates": b'{"a":"\\ud800","\\udfff":1}',
    "a truncated document": b'{"a":[1,2,',
    "nothing but spaces": b"   ",
    "control characters": bytes(range(32)),
    "a long text": b'"' + b"a" * 500_000 + b'"',
    "a long line of e-mail characters": b'"' + b"a.b-c_" * 20_000 + b'@"',
    "quotes without end": b'["' + b"password=\\'" * 10_000 + b'"]',
    "an empty document": b"",
}
KINDS = (
    "application/json",
    "text/plain",
    "text/event-stream",
    "multipart/form-data; boundary=a",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "text/html; charset=nonsense",
    "",
)


@pytest.mark.proof
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_are_survived(name: str) -> None:
    """No body raises or takes long, on either side, under any content type; a body is equal to itself."""
    for kind in KINDS:
        headers = (("content-type", kind),) if kind else ()
        hostile, plain = Response(200, headers, HOSTILE[name]), Response(200, headers, b'{"a":[1,{"b":2}]}')
        started = time.monotonic()
        assert observe(pair(hostile, replace(hostile)), setting()).verdict is Verdict.MATCH
        assert observe(pair(hostile, plain), setting()).verdict is not Verdict.MATCH
        assert observe(pair(plain, hostile), setting()).verdict is not Verdict.MATCH
        tweaked = replace(hostile, body=hostile.body[: len(hostile.body) // 2] + b"1" + hostile.body[-1:])
        json.dumps(asdict(observe(pair(hostile, tweaked), setting())))
        assert time.monotonic() - started < SLOW


def test_hostile_requests_are_survived() -> None:
    """A request of hostile size and bytes is compared and stored like any other."""
    query = "&".join(f"p{n}=%zz" for n in range(5_000))
    asked = request("GET", f"/items?{query}&&=&%", *((f"x-{n}", "\xff") for n in range(2_000)))
    seen = observe(pair(answer({}), answer({}), asked=asked, upstream=passed(asked)), setting())
    assert seen.verdict is Verdict.MATCH
    json.dumps(asdict(seen))


def test_broken_json_on_both_sides_is_compared_as_bytes() -> None:
    """Two bodies that are both no JSON are equal when their bytes are."""
    same = observe(pair(answer(b"{x", *JSON), answer(b"{x", *JSON, ("via", "g"))), setting())
    other = observe(pair(answer(b"{x", *JSON), answer(b"{y", *JSON)), setting())
    assert same.verdict is Verdict.MATCH
    assert told(other) == ["body digest changed"]


@pytest.mark.parametrize("mode", [READ, DRY_RUN])
def test_live_and_recorded_traffic_are_judged_by_one_core(mode: str) -> None:
    """The same two exchanges give the same observation, signatures included, wherever the traffic passed."""
    live = pair(answer({"n": 1, "token": "secret-token-value"}), answer({"n": "1"}), mode=mode)
    seen, replayed = observe(live, setting()), observe(replace(live, source="replay"), setting())
    assert seen.source == "live"
    assert replace(replayed, source="live") == seen
    if mode == READ:
        assert seen.differences
