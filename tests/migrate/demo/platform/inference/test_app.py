"""Inference put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.migrate.demo.platform.conftest import Call


async def test_a_bare_options_is_405(call: Call) -> None:
    """The Status page takes anything below 500 for online."""
    answer = await call("inference", "OPTIONS", "/v1/chat/completions")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_a_dashboard_s_jwt_is_no_key(call: Call) -> None:
    """A JWT opens nothing here, and no request id comes back."""
    answer = await call("inference", "GET", "/v1/models", who="admin", headers={"X-Request-ID": "r"})
    assert answer.status_code == 401
    assert "x-request-id" not in answer.headers
