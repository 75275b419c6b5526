"""Records."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gateway.access_log import AccessLog
from gateway.metrics import Metrics
from gateway.record import SWITCHED, Entry, line, record, shown, shown_path
from tests.apps.table import route, table

if TYPE_CHECKING:
    import pytest


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
    assert 'cutover_request_seconds_count{route="r"} 1' in metrics.text({})


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
