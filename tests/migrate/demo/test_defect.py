from __future__ import annotations

from gateway.core.exchange import Request
from migrate.demo.defect import forgetful
from tests.apps.table import route, table


def test_the_defect_loses_all_but_the_last_of_repeated_parameters() -> None:
    """Other parameters keep their bytes and order; a request without a query stays as it is."""
    made = table("http://127.0.0.1:1", route("audit.logs", "front", "GET /audit/logs", "GET /api/v1/audit/logs"))
    matched = made.exposed.find("GET", "/api/v1/audit/logs")
    assert matched is not None
    sent = forgetful(made, matched, Request("GET", "/api/v1/audit/logs?a=1&b=%2F&a=2"))
    assert sent.target == "/audit/logs?a=2&b=%2F"
    assert forgetful(made, matched, Request("GET", "/api/v1/audit/logs")).target == "/audit/logs"
