"""Orchestration put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.migrate.demo.platform.conftest import Call


async def test_health_is_compact(call: Call) -> None:
    """The body is the recorded one; no request id is made or kept."""
    answer = await call("orchestration", "GET", "/health", headers={"X-Request-ID": "r"})
    assert answer.text == '{"status":"healthy","service":"Orchestration Service","version":"1.0.0"}'
    assert "x-request-id" not in answer.headers


async def test_nobody_is_asked_who_they_are(call: Call) -> None:
    """No credential, a wrong one and a right one are answered alike."""
    answers = [await call("orchestration", "GET", "/deployment/deployments", who=who) for who in ("", "x", "admin")]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
