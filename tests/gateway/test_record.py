"""Records."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.access_log import AccessLog
from gateway.core.trace import trace_of
from gateway.metrics import Metrics
from gateway.problem import RateLimited, Unreachable
from gateway.record import SWITCHED, Entry, line, named, record, refused, shown, shown_path
from tests.apps.exposition import parse
from tests.apps.table import route, table

if TYPE_CHECKING:
    import pytest

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def entry(**changes: object) -> Entry:
    """An entry of a served request."""
    values = {"route": "r", "standing": "served", "status": 200, **changes}
    return Entry("id", "GET", "/a", "1.2.3.4", **values)  # type: ignore[arg-type]


def test_requests_and_copies_are_counted_apart() -> None:
    """A copy moves no live number."""
    metrics = Metrics()
    record(metrics, entry(), None)
    record(metrics, entry(copy="read"), None)
    assert metrics.value("cutover_requests_total") == 1
    assert metrics.value("cutover_copies_total", mode="read") == 1
    assert 'cutover_request_seconds_count{route="r",stage="served"} 1' in metrics.text({})


def test_service_is_counted_by_what_it_answered() -> None:
    """An answer counts with its speed, a failure without, and a copy not at all."""
    metrics = Metrics()
    asked = time.perf_counter() - 2
    record(metrics, entry(service="s", answered=200, waited=0.5, asked=asked, received=3, size=4), None)
    record(metrics, entry(service="s", asked=asked), None)
    record(metrics, entry(service="s", answered=200, waited=0.5, asked=asked, copy="read"), None)
    assert metrics.value("cutover_upstream_requests_total", service="s", status="200") == 1
    assert metrics.value("cutover_upstream_requests_total", service="s", status="none") == 1
    assert metrics.value("cutover_received_bytes_total", route="r") == 3
    assert metrics.value("cutover_sent_bytes_total", route="r") == 4
    seen = parse(metrics.text({}))
    assert seen["cutover_upstream_first_byte_seconds"].value("_sum") == 0.5
    assert seen["cutover_upstream_seconds"].value("_count") == 1
    assert 2 <= seen["cutover_upstream_seconds"].value("_sum") < 60


def test_refusals_are_counted_by_reason_and_limit() -> None:
    """A service that failed is told apart from a refusal, and a limit names its class."""
    metrics = Metrics()
    refused(metrics, entry(), RateLimited("read", 1))
    refused(metrics, entry(), Unreachable("s", reason="connect", sent=False))
    assert metrics.value("cutover_refused_total", route="r", status="429", reason="limit") == 1
    assert metrics.value("cutover_limited_total", limit="read") == 1
    assert metrics.value("cutover_upstream_failures_total", status="502", reason="connect") == 1


def test_page_explains_every_member_of_the_log() -> None:
    """The table in docs/metrics.md names the members of a line that has everything, in their order."""
    full = entry(
        copy="read", scheme="jwt", subject="u", organisation="o", reason="r", failure="f", limit="read", service="s"
    )
    full.trace, full.answered = trace_of(()), 200
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ", PAGE.read_text().partition("## Access log")[2], re.MULTILINE)
    assert re.findall(r"\w+", " ".join(rows)) == list(json.loads(line(full)))


def test_line_of_the_ordinary_log_is_found_by_request_and_trace() -> None:
    """Both ids are named where both are known."""
    assert named(entry()) == "request id"
    trace = trace_of(())
    assert named(entry(trace=trace)) == f"request id, trace {trace.id}"


def test_sockets_say_nothing_about_speed() -> None:
    """A WebSocket is counted and not timed."""
    metrics = Metrics()
    record(metrics, entry(status=SWITCHED, seconds=3600.0), None)
    assert metrics.value("cutover_requests_total", status="101") == 1
    assert "cutover_request_seconds_count" not in metrics.text({})


def test_truncation_is_counted_by_who_broke_off() -> None:
    """An answer that broke off says who broke it off."""
    metrics = Metrics()
    record(metrics, entry(failure="broken"), None)
    assert metrics.value("cutover_truncated_total", route="r", by="broken") == 1


def test_line_is_written_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """The access log is one JSON object on stderr, without empty members."""
    record(Metrics(), entry(), None)
    assert capsys.readouterr().err == ""
    record(Metrics(), entry(subject="u"), AccessLog())
    document = json.loads(capsys.readouterr().err)
    assert (document["route"], document["subject"], document["status"]) == ("r", "u", 200)
    assert "failure" not in document
    assert line(entry()).startswith('{"at":')


def test_a_line_holds_what_there_is_of_every_member() -> None:
    """Whatever the values hold, the line is the JSON object of those that are not empty."""
    odd = 'a"\\\n\u00fc\U0001f600'
    full = entry(subject=odd, copy="read", reason="r", failure="broken", scheme="jwt", size=7, seconds=0.25)
    document = json.loads(line(full))
    assert document.pop("at") > 1.7e9
    assert document == {
        "request_id": "id",
        "method": "GET",
        "path": "/a",
        "route": "r",
        "stage": "served",
        "status": 200,
        "bytes": 7,
        "seconds": 0.25,
        "client": "1.2.3.4",
        "auth": "jwt",
        "subject": odd,
        "copy": "read",
        "reason": "r",
        "failure": "broken",
    }
    assert "\n" not in line(full)


def test_secret_in_a_path_is_not_logged() -> None:
    """A parameter that is secret by its name becomes a fingerprint; where no route matched, long segments go."""
    known = table("http://s", route("invitation", "front", "GET /i/{token}", "GET /api/i/{token}/for/{name}"))
    matched = known.exposed.find("GET", "/api/i/abc%20def/for/me")
    assert matched is not None
    path = shown_path(matched, b"k" * 32)
    assert path.startswith("/api/i/fp:")
    assert path.endswith("/for/me")
    assert "abc" not in path
    assert shown(entry(route="")) == "/a"
    assert shown(Entry("id", "GET", "/auth/invitations/3mJpQ8vXz7LkRtYw2NbC/", "")) == "/auth/invitations/*/"
