from __future__ import annotations

import json

from gateway.core.observation import Bucket, Difference, DifferenceKind, Observation, Verdict
from migrate.replay.outcome import Outcome, Played
from shadow.replay import Account

ACCOUNT = Account(4, {"a": 3}, {"no route for GET /x on s": 1}, {"unmirrored": 3, "unmatched": 1})


def observed(verdict: Verdict, *differences: Difference, note: str = "") -> Observation:
    """An observation of route `a`."""
    return Observation("o", "a", 0.0, verdict, "read", "replay", "d", differences=differences, note=note)


def played(*extra: Played) -> tuple[Played, ...]:
    """An unmatched exchange, one not compared, and these."""
    return (
        Played(0, "", Bucket.UNMATCHED, "no route for GET /x on s"),
        Played(1, "a", Bucket.UNMIRRORED, "no answer recorded"),
        *extra,
    )


GOOD = Played(2, "a", Bucket.COMPARED, observation=observed(Verdict.MATCH))
EXPECTED = Played(3, "a", Bucket.COMPARED, observation=observed(Verdict.EXPECTED))


def test_a_clean_outcome_accounts_for_everything() -> None:
    """Verdicts by route, buckets and reasons cover every exchange."""
    outcome = Outcome(ACCOUNT, played(GOOD, EXPECTED))
    assert outcome.clean
    value = json.loads(json.dumps(outcome.to_json()))
    assert value["exchanges"] == sum(value["buckets"].values()) == 4
    assert value["verdicts"] == {"a": {"match": 1, "expected": 1}}
    assert value["not_compared"] == {"no answer recorded": 1}
    assert value["mismatches"] == []
    assert sum(outcome.counts.values()) == 4


def test_mismatches_name_their_places() -> None:
    """Each unexplained difference is an entry with both values; explained ones are left out."""
    open_ = Difference("body", "$.a", DifferenceKind.CHANGED, "1", "2")
    explained = Difference("header", "x", DifferenceKind.EXTRA, "", "1", by="class:x")
    bad = Played(3, "a", Bucket.COMPARED, observation=observed(Verdict.MISMATCH, open_, explained))
    outcome = Outcome(ACCOUNT, played(GOOD, bad))
    assert not outcome.clean
    assert outcome.to_json()["mismatches"] == [
        {
            "exchange": 3,
            "route": "a",
            "verdict": "mismatch",
            "location": "body",
            "path": "$.a",
            "kind": "changed",
            "legacy": "1",
            "gateway": "2",
        }
    ]


def test_a_failure_without_a_place_says_its_note() -> None:
    """When there is no answer to compare, the note stands in."""
    bad = Played(3, "a", Bucket.FAILED, observation=observed(Verdict.FAILED, note="timeout"))
    (entry,) = Outcome(ACCOUNT, played(bad)).to_json()["mismatches"]
    assert (entry["verdict"], entry["note"]) == ("failed", "timeout")


def test_a_stray_request_or_nothing_compared_is_not_clean() -> None:
    """An upstream request that belongs to no exchange is a fault, and no comparison is no proof."""
    assert not Outcome(ACCOUNT, played(GOOD), ("s: GET /x",)).clean
    assert not Outcome(ACCOUNT, played()).clean
