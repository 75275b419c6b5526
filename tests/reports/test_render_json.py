from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reports import render_json
from tests.reports import rendering
from tests.reports.builders import NOW, OPEN, ROUTE, WRITE, differing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.core.observation import Observation


def test_the_diff_document(tmp_path: Path) -> None:
    """Schema, version, moment and counts; each signature with place, standing, share, rule and sample."""
    document = render_json.diffs(rendering.diffs(tmp_path))
    assert document["schema"] == "cutover/diffs/1"
    assert document["generated"] == "2027-01-15T08:00:00.000+00:00"
    assert (document["open"], document["explained"]) == (2, 1)
    route = document["routes"][0]
    assert (route["route"], route["stale"], route["observed"]["mismatch"]) == (ROUTE, 1, 2)
    (line,) = [item for item in route["signatures"] if item["signature"] == OPEN.signature(ROUTE)]
    assert (line["standing"], line["open"], line["rule"]["owner"]) == ("rejected", True, "qa")
    assert line["sample"]["legacy"] == "old"
    (refusal,) = route["would_refuse"]
    assert refusal["status"] == 403
    assert refusal["first_seen"] == refusal["last_seen"]
    assert [(one["subject"], one["count"], one["first_seen"]) for one in refusal["who"]] == [
        ("bob", 1, refusal["first_seen"])
    ]


def test_the_readiness_document(tmp_path: Path) -> None:
    """Schema, targets, and for each route its step, bound, latency and checks."""
    document = render_json.readiness(rendering.readiness(tmp_path))
    assert document["schema"] == "cutover/readiness/1"
    assert document["ready"] is False
    assert document["targets"]["parity"] == 0.999
    route = document["routes"][0]
    assert route["step"] == {"from": "canary", "to": "gateway"}
    assert {"check", "passed", "evidence", "missing"} == set(route["checks"][0])


def test_documents_survive_a_round_trip_and_carry_their_digest(tmp_path: Path) -> None:
    """Read back from its text a document is the same, and its digest recomputes; any change breaks it."""
    document = render_json.diffs(rendering.diffs(tmp_path))
    text = render_json.text(document)
    assert text.isascii()
    read = json.loads(text)
    assert read == document
    assert render_json.digest(read) == document["digest"]
    read["routes"][0]["stale"] += 1
    assert render_json.digest(read) != document["digest"]


def test_samples_as_stored() -> None:
    """Observations are given as they are stored, redacted, under the digest that any document has."""
    for items in ([], [differing()], [differing(), differing(rendering.HOSTILE)]):
        text = "".join(render_json.samples(items, NOW))
        document = json.loads(text)
        assert document["schema"] == "cutover/observations/1"
        assert [item["id"] for item in document["observations"]] == [item.id for item in items]
        assert document["digest"] == render_json.digest(document)
        assert text == render_json.text(document)
    assert document["observations"][0]["differences"][0]["legacy"] == "old"
    assert render_json.iso(0) is None


def test_samples_are_written_as_they_are_read() -> None:
    """No second observation is asked for before the first is written."""
    read: list[str] = []

    def source() -> Iterator[Observation]:
        for _ in range(3):
            item = differing()
            read.append(item.id)
            yield item

    pieces = render_json.samples(source(), NOW)
    next(pieces)
    assert read == []
    first = json.loads(next(pieces))
    assert read == [first["id"]]


def test_exercises_by_shape(tmp_path: Path) -> None:
    """Each shape with its verdicts and when it was tried first and last."""
    (route,) = [one for one in render_json.diffs(rendering.diffs(tmp_path))["routes"] if one["route"] == WRITE]
    tallies = [one["verdicts"] for one in route["exercises"]]
    assert [(tally["match"], tally["failed"]) for tally in tallies] == [(0, 1), (2, 0)]
    assert route["exercises"][0]["shape"] == ""
    assert route["exercises"][1]["last_seen"] == "2027-01-15T07:59:30.000+00:00"
