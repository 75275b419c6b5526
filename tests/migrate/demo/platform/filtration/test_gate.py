"""Around filtration's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.migrate.demo.platform.conftest import INTERNAL

if TYPE_CHECKING:
    from tests.migrate.demo.platform.conftest import Call

HIDDEN = (
    '{"error":"internal_server_error","message":"An unexpected error occurred","request_id":"unknown","details":null}'
)


@pytest.mark.parametrize(
    "path", ["/auth/me", "/unknown", "/health/", "/auth/login/", "/internal/models", "/internal"]
)
async def test_a_missing_credential_is_500(call: Call, path: str) -> None:
    """The body is exact; CORS, request id and WWW-Authenticate are absent, whatever the client sent."""
    headers = {"Origin": "http://localhost:3001", "X-Request-ID": "r-1"}
    answer = await call("filtration", "GET", path, headers=headers)
    assert (answer.status_code, answer.text) == (500, HIDDEN)
    assert sorted(answer.headers) == ["content-length", "content-type"]


async def test_a_wrong_internal_key_is_500_too(call: Call) -> None:
    """Both header names are read, and the key has to fit; a JWT opens nothing there."""
    for headers in ({"X-Internal-Key": "wrong"}, {"X-Internal-API-Key": ""}):
        assert (
            await call("filtration", "GET", "/internal/config/provider", who="admin", headers=headers)
        ).text == HIDDEN
    for name in ("X-Internal-Key", "X-Internal-API-Key"):
        answer = await call("filtration", "GET", "/internal/config/provider", headers={name: INTERNAL})
        assert answer.status_code == 200


async def test_with_a_token_an_unknown_path_is_404(call: Call) -> None:
    """Beyond the gate the router answers."""
    answer = await call("filtration", "GET", "/unknown", who="member")
    assert (answer.status_code, answer.text) == (404, '{"detail":"Not Found"}')


async def test_ids_are_kept_or_made(call: Call) -> None:
    """A client's request and trace id come back; absent ones are made; the time is a number."""
    kept = await call("filtration", "GET", "/health", headers={"X-Request-ID": "r-1", "X-Trace-ID": "t-1"})
    assert (kept.headers["x-request-id"], kept.headers["x-trace-id"]) == ("r-1", "t-1")
    assert float(kept.headers["x-processing-time-ms"]) >= 0
    made = await call("filtration", "GET", "/health")
    assert len(made.headers["x-request-id"]) == 36


async def test_a_fault_beyond_the_gate_names_its_request(call: Call) -> None:
    """The catch-all's request id is the request's when it had one by then."""
    answer = await call("filtration", "GET", "/management/models", who="admin", headers={"X-Request-ID": "r-9"})
    assert (answer.status_code, answer.json()["request_id"]) == (500, "r-9")
    assert "x-request-id" not in answer.headers


async def test_options_needs_no_token(call: Call) -> None:
    """A bare OPTIONS reaches the router and is 405."""
    answer = await call("filtration", "OPTIONS", "/management/users")
    assert answer.status_code == 405
