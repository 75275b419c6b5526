"""CORS, header for header as recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.migrate.demo.platform.conftest import Call

ORIGIN = "http://localhost:3001"
ASK = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}


@pytest.mark.parametrize("service", ["orchestration", "data", "guardrail"])
async def test_an_open_service_echoes_the_origin_in_a_preflight(call: Call, service: str) -> None:
    """The preflight's headers stand in the recorded order with the recorded values."""
    headers = ASK | {"Access-Control-Request-Headers": "authorization,x-anything"}
    answer = await call(service, "OPTIONS", "/health", headers=headers)
    assert answer.text == "OK"
    assert list(answer.headers.items()) == [
        ("vary", "Origin"),
        ("access-control-allow-methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        ("access-control-max-age", "600"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-origin", ORIGIN),
        ("access-control-allow-headers", "authorization,x-anything"),
        ("content-length", "2"),
        ("content-type", "text/plain; charset=utf-8"),
    ]


async def test_a_simple_answer_is_open_to_all(call: Call) -> None:
    """Without a cookie the origin is `*`, with one it is echoed and varies; without Origin there is nothing."""
    plain = await call("data", "GET", "/health", headers={"Origin": ORIGIN})
    assert plain.headers["access-control-allow-origin"] == "*"
    assert "vary" not in plain.headers
    cookie = await call("data", "GET", "/health", headers={"Origin": ORIGIN, "Cookie": "a=b"})
    assert (cookie.headers["access-control-allow-origin"], cookie.headers["vary"]) == (ORIGIN, "Origin")
    assert "access-control-allow-origin" not in (await call("data", "GET", "/health")).headers


async def test_inference_knows_its_origins(call: Call) -> None:
    """A foreign origin's preflight is 400 and names the fault; its simple answers carry no origin."""
    refused = await call("inference", "OPTIONS", "/v1/models", headers=ASK | {"Origin": "http://evil.example"})
    assert (refused.status_code, refused.text) == (400, "Disallowed CORS origin")
    simple = await call("inference", "GET", "/v1/models", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in simple.headers
    assert simple.headers["access-control-allow-credentials"] == "true"


async def test_inference_knows_its_headers_and_methods(call: Call) -> None:
    """X-Request-ID and PATCH are not on inference's lists."""
    headers = ASK | {"Access-Control-Request-Headers": "authorization, x-request-id"}
    refused = await call("inference", "OPTIONS", "/v1/models", headers=headers)
    assert (refused.status_code, refused.text) == (400, "Disallowed CORS headers")
    wrong = await call("inference", "OPTIONS", "/v1/models", headers=ASK | {"Access-Control-Request-Method": "PATCH"})
    assert (wrong.status_code, wrong.text) == (400, "Disallowed CORS method")
    good = await call(
        "inference", "OPTIONS", "/v1/models", headers=ASK | {"Access-Control-Request-Headers": "Authorization"}
    )
    assert good.status_code == 200


async def test_no_header_is_exposed_anywhere(call: Call) -> None:
    """X-Request-ID is not readable by a browser."""
    answer = await call("filtration", "GET", "/health", headers={"Origin": ORIGIN})
    assert "x-request-id" in answer.headers
    assert "access-control-expose-headers" not in answer.headers
